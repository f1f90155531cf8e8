"""Captured responses hold the status of each answer, in every CRM."""

from __future__ import annotations

import json


def test_what_is_written_has_the_status_of_its_answer(contract, run, tmp_path):
    file = tmp_path / "responses.singer"
    run(contract.made(1, 2), responses_path=str(file))
    run_of_changes = contract.messages({**contract.case.make(1), **contract.case.change})
    lines = file.read_text().splitlines()[1:]
    run(run_of_changes, responses_path=str(file))
    lines += file.read_text().splitlines()[1:]
    told = [json.loads(line)["record"] for line in lines]
    assert [each["outcome"] for each in told] == ["created", "created", "updated"]
    assert all(200 <= each["status"] < 300 for each in told)


def test_what_is_refused_has_its_status_and_answer(contract, run, tmp_path):
    file = tmp_path / "responses.singer"
    run(contract.messages(contract.case.bad(1)), responses_path=str(file))
    (line,) = file.read_text().splitlines()[1:]
    told = json.loads(line)["record"]
    assert told["outcome"] == "rejected"
    if told["kind"] == "refused":
        assert told["status"] >= 200
        assert told["answer"]
