"""An undo that is killed at any commit, or whose answers are lost, and is repeated: each record goes back once."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from click.testing import CliRunner

from target_crm.cli import apply as applying
from target_crm.cli import main as operator
from target_crm.cli import undo as command
from target_crm.ledger.ledger import Ledger
from target_crm.target import TargetCrm
from tests.commands import Command
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.messages import as_lines, record_of, schema_of
from tests.target_crm.test_killed_at_commits import strike_at_a_commit

COMPANIES = schema_of("companies", "name", "city", "gone")
PEOPLE = schema_of("people", "name", "email", "title", "company", "gone")
STREAMS = {
    "companies": {"hard_delete": True, "delete_when": "gone"},
    "people": {
        "hard_delete": True,
        "delete_when": "gone",
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    },
}
MANY_COMMITS = 10


def killed_at_a_commit() -> None:
    """Undo, and die at the commit whose number, and side, the environment tells."""
    strike_at_a_commit()
    waited = []

    class Hurried(TargetCrm):
        clock = staticmethod(lambda: time.monotonic() + sum(waited))
        sleep = staticmethod(waited.append)

    command.TargetCrm = applying.TargetCrm = Hurried
    operator.main()


def killed_at_its_first_answer() -> None:
    """Run target-crm, and die when the first answer is to be kept."""
    Ledger.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    main()


def company(n, **more):
    return record_of("companies", **{"id": n, "name": f"C{n}", "city": "Bern"} | more)


def person(n, **more):
    return record_of("people", **{"id": n, "name": f"P{n}", "email": f"p{n}@x.org", "title": "A"} | more)


BEFORE = [COMPANIES, company(1), company(2), PEOPLE, person(1, company=1), person(2, company=2), person(3), person(4)]
RUN = [
    COMPANIES,
    company(1, gone="yes"),
    company(2, city="Biel"),
    company(3),
    PEOPLE,
    person(2, company=3, title="B"),
    person(3, gone="yes"),
    person(4, title="B"),
    person(5, company=3),
]


class Story:
    """Updates, deletes, a link and creates in one run, of which the undo is disturbed."""

    def __init__(self, emulator, run, settings):
        self._emulator = emulator
        self._settings = settings | {"streams": STREAMS, "keep_values_days": 30, "request_timeout_seconds": 1}
        self._run = run

    @property
    def config(self):
        return self._settings

    def begin(self):
        """Write twice; returns the id of the second run."""
        copper = self._emulator.copper
        for name in ("people", "companies"):
            for each in copper.records(name):
                copper.delete(name, each["id"])
        assert self._run(BEFORE, **self._settings).code == 0
        self._before = self.state
        done = self._run(RUN, **self._settings)
        assert done.code == 0, done.errors
        return done.report["run_id"]

    @property
    def state(self):
        """The state as people see it: no ids, the company by its name."""
        found = self._emulator.copper.records
        companies = {each["id"]: each["name"] for each in found("companies")}
        people = [(each["name"], each["title"], companies.get(each["company_id"])) for each in found("people")]
        return sorted(people), sorted((each["name"], each["address"]["city"]) for each in found("companies"))

    def check(self):
        assert self.state == self._before

    def untouched(self, writes):
        """The source's values are not sent again."""
        before = writes()
        done = self._run(RUN, **self._settings)
        assert done.code == 0, done.errors
        assert writes() == before
        self.check()


@pytest.fixture
def story(emulator, run, settings):
    return Story(emulator, run, settings)


def test_an_undo_of_everything_at_once(emulator, run, settings, ledger_url, undo, writes):
    settings["ledger_url"] = ledger_url
    story = Story(emulator, run, settings)
    run_id = story.begin()
    done = undo(run_id, **story.config)
    assert done.code == 0, done.output
    story.check()
    story.untouched(writes)


@pytest.mark.daily(one_of=3)
@pytest.mark.parametrize(
    "trouble",
    [
        "lost:route=PUT *,every=2",
        "lost:route=POST */bulk_update",
        "lost:route=DELETE *,every=2",
        "lost:route=POST /companies",
        "lost:route=POST /people",
        "error:status=500,route=POST /companies",
        "error_after:status=500,route=POST /people",
    ],
)
def test_lost_answers_take_nothing_back_twice(story, undo, emulator, writes, trouble):
    run_id = story.begin()
    emulator.trouble(trouble if "every" in trouble else f"{trouble},times=1")
    done = undo(run_id, **story.config)
    emulator.no_trouble()
    if done.code:
        done = undo(run_id, **story.config)
    assert done.code == 0, done.output
    story.check()
    story.untouched(writes)


@pytest.mark.parametrize(
    ("sent", "called"),
    [(person(1, title="B"), "people 1 (CRM record "), (person(2), "people 2 (perhaps a new record)")],
)
def test_what_a_killed_run_got_no_answer_to_is_told(run, undo, settings, emulator, tmp_path, writes, sent, called):
    config = settings | {"streams": {"people": {}}, "keep_values_days": 30}
    run([PEOPLE, person(1)], **config)
    file = tmp_path / "killed.json"
    file.write_text(json.dumps(config))
    process = Command("target-crm", "--config", file, "--run-id", "killed", main=killed_at_its_first_answer)
    process.communicate(as_lines([PEOPLE, sent]))
    assert process.returncode == -signal.SIGKILL
    until_all_is_read(emulator.url)
    before = writes()
    done = undo("killed", streams={"people": {}})
    assert done.code == 0, done.output
    (left,) = done.left
    assert left.startswith(called)
    assert "got no answer" in left
    assert writes() == before


@pytest.mark.parametrize("trouble", ["lost", "error_after:status=500"])
def test_a_run_whose_answer_was_lost_goes_back_to_what_was_there_before_its_first_try(write, undo, emulator, trouble):
    write(person(1, details="A"))
    (before,) = emulator.copper.records("people")
    emulator.script("PUT /people/{id}", [trouble])
    taken = write(person(1, title="B", details="B"))
    (written,) = emulator.copper.records("people")
    assert (written["title"], written["details"]) == ("B", "B")
    done = undo(taken)
    assert (done.code, done.left) == (0, [])
    (back,) = emulator.copper.records("people")
    assert {name for name in before if before[name] != back[name]} <= {"date_modified"}


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "matched"])
@pytest.mark.parametrize("next_title", ["B", "C"])
def test_a_run_that_ends_what_a_killed_one_began_goes_back_to_what_was_there_before_that(
    run, undo, settings, emulator, tmp_path, ledger_url, is_known, next_title
):
    config = settings | {"streams": {"people": {}}, "keep_values_days": 30, "ledger_url": ledger_url}
    run([PEOPLE, person(1, details="A")], **config)
    if not is_known:
        config["source_name"] = "another"
    (before,) = emulator.copper.records("people")
    file = tmp_path / "killed.json"
    file.write_text(json.dumps(config))
    process = Command("target-crm", "--config", file, "--run-id", "killed", main=killed_at_its_first_answer)
    process.communicate(as_lines([PEOPLE, person(1, title="B", details="B")]))
    assert process.returncode == -signal.SIGKILL
    until_all_is_read(emulator.url)
    assert emulator.copper.records("people")[0]["title"] == "B"
    done = run([PEOPLE, person(1, title=next_title, details="B")], **config)
    assert done.code == 0, done.errors
    back = undo(done.report["run_id"], **config)
    assert (back.code, back.left) == (0, []), back.output
    (after,) = emulator.copper.records("people")
    assert {name for name in before if before[name] != after[name]} <= {"date_modified"}


@pytest.mark.long
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_plan_of_an_undo_killed_at_any_commit_is_carried_out_once(story, emulator, undo, tmp_path, writes, side):
    number, was_killed = 0, True
    while was_killed:
        number += 1
        for file in tmp_path.glob("ledger.sqlite*"):
            file.unlink()
        run_id, plan, file = story.begin(), tmp_path / "undo.plan", tmp_path / "killed.json"
        assert undo(run_id, "--plan", str(plan), **story.config).code == 0
        file.write_text(json.dumps(story.config))
        env = {"KILL_AT": str(number), "KILL_SIDE": side}
        process = Command("singer-crm", "apply", plan, "--config", file, main=killed_at_a_commit, env=env)
        process.communicate()
        until_all_is_read(emulator.url)
        was_killed = process.returncode == -signal.SIGKILL
        done = CliRunner().invoke(operator.main, ["apply", str(plan), "--config", str(file)])
        assert done.exit_code in {0, 2}, (number, done.output)
        story.check()
        story.untouched(writes)
        assert CliRunner().invoke(operator.main, ["apply", str(plan), "--config", str(file)]).exit_code == 2
    assert number > MANY_COMMITS


@pytest.mark.long
@pytest.mark.parametrize("side", ["before", "after"])
def test_an_undo_killed_at_any_commit_goes_on_where_it_was(story, emulator, undo, tmp_path, writes, side):
    number, was_killed = 0, True
    while was_killed:
        number += 1
        for file in tmp_path.glob("ledger.sqlite*"):
            file.unlink()
        run_id = story.begin()
        file = tmp_path / "killed.json"
        file.write_text(json.dumps(story.config))
        env = {"KILL_AT": str(number), "KILL_SIDE": side}
        process = Command("singer-crm", "undo", run_id, "--yes", "--config", file, main=killed_at_a_commit, env=env)
        process.communicate()
        until_all_is_read(emulator.url)
        was_killed = process.returncode == -signal.SIGKILL
        done = undo(run_id, **story.config)
        assert done.code == 0, (number, done.output)
        story.check()
        story.untouched(writes)
    assert number > MANY_COMMITS
