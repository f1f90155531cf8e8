"""An apply that is killed at each commit of the ledger, before it and after it, and repeated: once each."""

from __future__ import annotations

import json
import signal

import pytest

from tests.commands import Command
from tests.target_crm.hurried import apply_hurriedly, until_all_is_read
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.test_killed_at_commits import strike_at_a_commit

COMPANIES = schema_of("companies", "name", "contact")
PEOPLE = schema_of("people", "name", "email", "title", "company", "_sdc_deleted_at")
STREAMS = {
    "people": {
        "hard_delete": True,
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    },
    "companies": {
        "match_on": ["name"],
        "missing_reference": "link_later",
        "references": {"primary_contact_id": {"stream": "people", "source_id": "contact"}},
    },
}
MANY_COMMITS = 10


def killed_at_a_commit():
    """Apply a plan, and die at the commit whose number, and side, the environment tells."""
    strike_at_a_commit()
    apply_hurriedly()


class Messages:
    """The messages of one round, under names of its own."""

    def __init__(self, number):
        def person(n, **more):
            mail = f"p{n}@x{number}.org"
            return record_of("people", **{"id": n, "name": f"P{n}", "email": mail, "title": "A", **more})

        self.first = [COMPANIES, PEOPLE, *map(person, (1, 2, 3))]
        self.second = [
            COMPANIES,
            record_of("companies", id=9, name=f"Acme {number}", contact=4),
            PEOPLE,
            person(1, title="B"),
            person(2, _sdc_deleted_at="2026-01-01"),
            person(3, title="B", company=9),
            person(4, company=9),
        ]


@pytest.mark.long
@pytest.mark.parametrize("side", ["before", "after"])
def test_an_apply_killed_at_any_commit_and_repeated_does_each_line_once(
    emulator, run, apply, settings, writes, tmp_path, side
):
    copper, path, number, was_killed = emulator.copper, tmp_path / "plan.jsonl", 0, True
    while was_killed:
        number += 1
        for name in ("people", "companies"):
            for each in copper.records(name):
                copper.delete(name, each["id"])
        config = {"streams": STREAMS, "source_name": f"source {number}", "batch_size_rows": 2}
        messages = Messages(number)
        run(messages.first, **config)
        run(messages.second, dry_run=True, plan_path=str(path), **config)
        file = tmp_path / "config.json"
        file.write_text(json.dumps({**settings, **config}))
        env = {"KILL_AT": str(number), "KILL_SIDE": side}
        process = Command("singer-crm", file, path, main=killed_at_a_commit, env=env)
        process.communicate(b"")
        until_all_is_read(emulator.url)
        was_killed = process.returncode == -signal.SIGKILL
        done = apply(path, **config)
        assert done.code in {0, 2}, done.errors
        assert apply(path, **config).code == 2
        (company,) = copper.records("companies")
        people = {each["name"]: each for each in copper.records("people")}
        assert len(people) == len(copper.records("people")) == 3
        assert {name: each["title"] for name, each in people.items()} == {"P1": "B", "P3": "B", "P4": "A"}
        assert people["P3"]["company_id"] == people["P4"]["company_id"] == company["id"]
        assert company["primary_contact_id"] == people["P4"]["id"]
        before = writes()
        run(messages.second, **config)
        assert writes() == before
    assert number > MANY_COMMITS
