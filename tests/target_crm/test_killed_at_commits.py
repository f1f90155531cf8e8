"""Runs that are killed at each commit of the ledger: before it and after it. The next run ends as it should."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager

import pytest

from target_crm.ledger.store import Store
from tests.commands import Command
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.messages import as_lines, record_of, schema_of

COMPANIES = schema_of("companies", "name")
PEOPLE = schema_of("people", "name", "email", "title", "company", "gone", "assignee_id")
MANY_COMMITS, FEW_COMMITS = 10, 6
TO_COMPANY = {"company_id": {"stream": "companies", "source_id": "company"}}


def killed_at_a_commit() -> None:
    """Run the command, and kill it at the commit whose number, and side, the environment tells."""
    strike_at_a_commit()
    main()


def strike_at_a_commit() -> None:
    """Let this process be killed at the commit whose number, and side, the environment tells."""
    left, after = int(os.environ["KILL_AT"]), os.environ["KILL_SIDE"] == "after"
    write = Store.write

    @contextmanager
    def struck(self):
        nonlocal left
        left -= 1
        with write(self) as connection:
            yield connection
            if left == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    Store.write = struck


def person(n, **more):
    return record_of("people", **{"id": n, "name": f"P{n}", "email": f"p{n}@x.org", "title": "A", **more})


FIRST = [COMPANIES, PEOPLE, *(person(n, company=9 if n == 3 else None) for n in (1, 2, 3, 4))]
"""A conflict to be, an update, a link that waits, a delete."""
SECOND = [
    COMPANIES,
    record_of("companies", id=9, name="Acme"),
    PEOPLE,
    person(1, title="B"),
    person(2, title="B"),
    person(3, company=9),
    person(4, gone="yes"),
    person(5),
    person(6, assignee_id="nobody at all"),
]


class Story:
    """A conflict, an update, a link, a delete, a create and a rejection, all in one run."""

    def __init__(self, emulator, run, folder, settings):
        self._emulator, self._run, self._folder, self._settings = emulator, run, folder, settings
        self.send(FIRST)
        emulator.copper.change("people", self.people["P1"]["id"], {"title": "typed"})

    @property
    def people(self):
        found = self._emulator.copper.records("people")
        people = {each["name"]: each for each in found}
        assert len(people) == len(found), "one was doubled"
        return people

    def send(self, messages=SECOND):
        return self._run(messages, **self._settings)

    def kill(self, number, side):
        """Kill the second run at a commit; tells whether it had so many."""
        file = self._folder / "config.json"
        file.write_text(json.dumps(self._settings))
        env = {"KILL_AT": str(number), "KILL_SIDE": side}
        process = Command("target-crm", "--config", file, main=killed_at_a_commit, env=env)
        process.communicate(as_lines(SECOND))
        until_all_is_read(self._emulator.url)
        return process.returncode == -signal.SIGKILL

    def check(self, policy):
        done, people = self.send(), self.people
        (company,) = self._emulator.copper.records("companies")
        titles = {"P1": "B" if policy == "source" else "typed", "P2": "B", "P3": "A", "P5": "A"}
        assert {name: each["title"] for name, each in people.items()} == titles
        assert people["P3"]["company_id"] == company["id"]
        assert done.report["pending"] == 1 + (policy == "review")


@pytest.mark.long
@pytest.mark.parametrize("policy", ["source", "crm", "review"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_run_killed_at_any_commit_ends_as_it_should(
    emulator, run, settings, writes, tmp_path, ledger_url, policy, side
):
    people = {"conflicts": policy, "delete_when": "gone", "hard_delete": True, "missing_reference": "link_later"}
    settings = settings | {"streams": {"people": people | {"references": TO_COMPANY}, "companies": {}}}
    settings |= {"max_rejected": 9, "ledger_url": ledger_url, "keep_values_days": 30 if side == "after" else 0}
    was_killed, number = True, 0
    while was_killed:
        for name in ("people", "companies"):
            for each in emulator.copper.records(name):
                emulator.copper.delete(name, each["id"])
        number += 1
        story = Story(emulator, run, tmp_path, settings | {"source_name": f"source {number}"})
        was_killed = story.kill(number, side)
        story.check(policy)
        before = writes()
        story.send()
        assert writes() == before
    assert number > MANY_COMMITS


CREATE = {"path": "/people", "answer": {"id": "$.id"}, "idempotency_header": "Idempotency-Key"}
FIND = {"path": "/people", "query": {"email": "{email}"}, "answer": {"items": "$.data", "id": "$.id"}}


@pytest.mark.long
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("find", [{}, {"find": FIND}], ids=["with keys", "found"])
def test_a_run_into_endpoints_killed_at_any_commit_is_made_good_by_the_next(
    emulator, run, settings, tmp_path, side, find
):
    api = emulator.anything
    api.switches.idempotency_header = "Idempotency-Key"
    calls = {"create": CREATE, "update": {"method": "PUT", "path": "/people/{crm_id}"}, **find}
    own = {"crm": "http", "base_url": api.base_url, "streams": {"links": {"endpoints": calls}}}
    for name in ("api_key", "user_email", "bulk_requests_per_second", "date_order"):
        settings.pop(name)  # of Copper, and refused with crm http
    common = {name: settings[name] for name in ("report_path", "index_lag_seconds", "request_timeout_seconds")}
    was_killed, number = True, 0
    while was_killed:
        number += 1
        rows = [{"id": f"{number}-{n}", "b": 1, "email": f"p{n}@x{number}.org"} for n in range(5)]
        later = [each | {"b": 2} if each in rows[1:3] else each for each in rows]
        first, second = (
            [schema_of("links", "b", "email"), *(record_of("links", **each) for each in given)]
            for given in (rows[:3], later)
        )
        config = common | own | {"ledger_url": f"sqlite:///{tmp_path / f'ledger-{number}.sqlite'}"}
        assert run(first, **config).code == 0
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config))
        env = {"KILL_AT": str(number), "KILL_SIDE": side}
        process = Command("target-crm", "--config", file, main=killed_at_a_commit, env=env)
        process.communicate(as_lines(second))
        until_all_is_read(emulator.url)
        was_killed = process.returncode == -signal.SIGKILL
        assert run(second, **config).report["pending"] == 0
        bodies = [each["body"] for each in api.records("records") if each["body"]["id"].startswith(f"{number}-")]
        assert sorted(bodies, key=lambda body: body["id"]) == later
    assert number > FEW_COMMITS
