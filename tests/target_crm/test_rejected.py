"""Rejected records are kept with the reason, in the ledger and in a file, and can be tried again; the rest goes on."""

from __future__ import annotations

import json
import stat

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", "title", name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"Person {number}", "email": f"p{number}@example.org", **more})


BAD = person(7, name=None)


@pytest.fixture
def reject_file(tmp_path):
    return tmp_path / "rejected.singer"


def test_one_bad_record_does_not_stop_the_rest_nor_the_state(run):
    done = run([PEOPLE, *map(person, range(5)), BAD, person(8), state_of(1)])
    assert done.code == 1
    assert done.of("people") == {"input": 7, "created": 6, "rejected": 1}
    assert done.states == [{"position": 1}]
    assert done.report["closed"]


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"name": 5}, "schema"),
        ({"name": None}, "missing_required"),
        ({"id": None}, "no_source_id"),
        ({"title": ["no", "text"]}, "invalid_value"),
    ],
)
def test_each_reason_has_its_kind(run, record, kind):
    done = run([PEOPLE, person(1, **record)])
    assert done.code == 1
    assert done.report["reasons"]["people"] == {f"rejected: {kind}": 1}


@pytest.mark.parametrize("text", ["NaN", "-Infinity", '"\\ud800"'])
def test_what_json_forbids_rejects_the_record_alone(run, emulator, text):
    line = json.dumps(person(1, title="?")).replace('"?"', text)
    done = run([schema_of("people", "name", "email", "title"), line, person(2)])
    assert done.report["reasons"]["people"] == {"rejected: not_json": 1}
    assert emulator.copper.count("people") == 1


def test_a_stream_map_that_fails_rejects_the_record_alone(run):
    maps = {"people": {"name": "name.upper()"}}
    done = run([PEOPLE, BAD, person(1)], stream_maps=maps)
    assert done.of("people") == {"input": 2, "created": 1, "rejected": 1}
    assert done.report["reasons"]["people"] == {"rejected: stream_map": 1}


def test_what_the_crm_refuses_is_kept_with_what_was_sent_and_answered(run, emulator, reject_file):
    emulator.script("POST /people", ["error:status=422"])
    run([PEOPLE, person(1)], rejected_path=str(reject_file))
    schema, record = map(json.loads, reject_file.read_text().splitlines())
    assert schema == PEOPLE
    assert record["record"] == person(1)["record"]
    assert record["rejected"]["kind"] == "refused"
    assert record["rejected"]["status"] == 422
    assert record["rejected"]["sent"]["payload"]["name"] == "Person 1"
    assert record["rejected"]["sent"]["answer"]


def test_the_reject_file_can_be_piped_in_again_and_lands_once(run, emulator, reject_file):
    run([PEOPLE, BAD, person(1)], rejected_path=str(reject_file))
    mended = reject_file.read_text().replace('"name": null', '"name": "Person 7"')
    for expected in ({"input": 1, "created": 1}, {"input": 1, "unchanged": 1}):
        done = run(mended.splitlines(), rejected_path=str(reject_file), retry_rejected=False)
        assert done.of("people") == expected
    assert done.code == 0
    assert done.report["pending"] == 0
    assert emulator.copper.count("people") == 2


def test_the_reject_file_holds_what_is_pending_and_nobody_else_may_read_it(run, reject_file):
    run([PEOPLE, BAD, person(9, name=5)], rejected_path=str(reject_file))
    assert len(reject_file.read_text().splitlines()) == 3
    assert stat.S_IMODE(reject_file.stat().st_mode) == 0o600
    run([PEOPLE, person(9)], rejected_path=str(reject_file))
    assert len(reject_file.read_text().splitlines()) == 2


def test_the_reject_file_cannot_be_the_input_as_well(run, reject_file, monkeypatch):
    reject_file.write_text("")
    with reject_file.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        done = run([PEOPLE], rejected_path=str(reject_file))
    assert done.code == 2
    assert "rejected_path" in done.errors


def test_the_next_run_tries_rejected_records_first(run, emulator):
    emulator.script("POST /people", ["error:status=422"])
    assert run([PEOPLE, person(1), state_of(1)]).code == 1
    done = run([PEOPLE, state_of(2)])
    assert done.code == 0
    assert done.of("people") == {"input": 1, "created": 1}
    assert done.report["carried_over"] == {"people": 1}


def test_rejected_records_stay_where_they_are_without_retry_rejected(run, emulator):
    emulator.script("POST /people", ["error:status=422"])
    run([PEOPLE, person(1)])
    done = run([PEOPLE], retry_rejected=False)
    assert (done.code, done.report["pending"]) == (1, 1)
    assert emulator.copper.count("people") == 0


def test_a_rejected_version_gives_way_to_a_newer_one(run, emulator):
    run([PEOPLE, BAD])
    done = run([PEOPLE, person(7)])
    assert done.code == 0
    assert done.report["pending"] == 0
    assert emulator.copper.count("people") == 1


def test_a_rejected_version_older_than_what_was_written_is_superseded(run, emulator):
    run([PEOPLE, person(7)])
    run([PEOPLE, BAD], retry_rejected=False)
    run([PEOPLE, person(7, title="Boss")], retry_rejected=False)
    done = run([PEOPLE])
    assert (done.code, done.report["pending"]) == (0, 0)
    (only,) = emulator.copper.records("people")
    assert only["title"] == "Boss"


@pytest.mark.parametrize(("allowed", "code"), [(1, 1), (2, 0), ("20%", 1), ("50%", 0)])
def test_max_rejected_decides_the_exit_code(run, allowed, code):
    messages = [PEOPLE, BAD, person(8, name=5), person(1), person(2)]
    assert run(messages, max_rejected=allowed).code == code


def test_a_record_without_its_key_property_means_a_broken_tap_and_stops_the_run(run):
    done = run([PEOPLE, {"type": "RECORD", "stream": "people", "record": {"name": "Nobody"}}, state_of(1)])
    assert (done.code, done.output) == (1, "")
    assert "'id'" in done.errors


@pytest.mark.parametrize(
    ("again", "expected"),
    [(BAD, {"rejected": 1}), (person(7), {"created": 1})],
    ids=["still bad", "mended"],
)
def test_a_held_record_that_comes_anew_is_superseded_and_counted_once(run, again, expected):
    run([PEOPLE, BAD])
    done = run([PEOPLE, *map(person, range(3)), again])
    assert done.of("people") == {"input": 5, "superseded": 1, "created": 3 + expected.pop("created", 0), **expected}
    assert done.report["carried_over"]["people"] == 1
    assert done.report["closed"]


def test_the_end_of_the_run_says_in_words_why_a_record_is_held(run):
    done = run([PEOPLE, BAD])
    assert "name is missing" in done.errors
    assert [(each["kind"], each["source_id"]) for each in done.report["examples"]] == [("missing_required", "7")]
