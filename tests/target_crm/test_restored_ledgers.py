"""A ledger that is removed, replaced or restored from a backup is noticed: in mid-run at once, else by the report."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace as replaced
from pathlib import Path

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.store import Store
from target_crm.ledger.values import Entry, Intent, LedgerReplacedError, Source
from target_crm.ledger.witness import Witness, step_back
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TASKS = schema_of("tasks", "name")
PEOPLE = schema_of("people", "name", "email", "title")
DAY = 86_400.0


def tasks(*numbers):
    return [record_of("tasks", id=number, name=f"T{number}") for number in numbers]


def people(*numbers, **more):
    return [record_of("people", id=number, name=f"P{number}", email=f"p{number}@x.org", **more) for number in numbers]


@pytest.fixture
def file(settings):
    return Path(settings["ledger_url"].removeprefix("sqlite:///"))


@pytest.fixture
def run(run, settings):
    """Run the target; the report of the last run stays, as where nobody removes it."""
    kept = Path(settings["report_path"]).with_name("kept.json")

    def run_beside_the_last_report(messages, input_file=None, **config):
        done = run(messages, file=input_file, **{"report_path": str(kept), **config})
        report = json.loads(kept.read_text()) if kept.exists() else None
        return type(done)(done.code, done.output, done.errors, report)

    return run_beside_the_last_report


@pytest.fixture
def operate(settings, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**settings, "report_path": str(tmp_path / "kept.json")}))
    return lambda *words: CliRunner().invoke(main, ["ledger", *words, "--config", str(config)])


class Interrupted(io.BytesIO):
    """An input in whose middle something happens."""

    def __init__(self, messages, after, happening):
        super().__init__(as_lines(messages))
        self._left = after
        self._happening = happening

    def __next__(self):
        self._left -= 1
        if self._left == 0:
            self._happening()
        return super().__next__()


def replace(file):
    other = file.with_name("other")
    shutil.copy(file, other)
    other.rename(file)


@pytest.mark.parametrize("happening", [Path.unlink, replace, lambda file: file.rename(file.with_name("moved"))])
def test_a_ledger_that_is_removed_in_mid_run_ends_the_run_without_state(run, emulator, file, happening):
    messages = [TASKS, *tasks(*range(10)), state_of(1), *tasks(*range(10, 30)), state_of(2)]
    done = run(messages, Interrupted(messages, 15, lambda: happening(file)), batch_size_rows=10)
    assert done.code not in {0, 2}
    assert [state["position"] for state in done.states] == [1]
    assert "removed or replaced" in done.errors
    assert emulator.copper.count("tasks") == 10, "nothing was sent once it could be known"
    assert file.exists() == (happening is replace), "no empty ledger was made in its place"


def empty(file):
    os.truncate(file, 0)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_a_journal_that_is_removed_or_a_file_that_is_emptied_ends_the_run_without_state(run, emulator, file, ending):
    messages = [TASKS, *tasks(*range(10)), state_of(1), *tasks(*range(10, 30)), state_of(2)]
    harm = (lambda: file.with_name(file.name + ending).unlink()) if ending else (lambda: empty(file))
    done = run(messages, Interrupted(messages, 15, harm), batch_size_rows=10)
    assert done.code == 4
    assert [state["position"] for state in done.states] == [1]
    assert "removed or replaced" in done.errors
    assert emulator.copper.count("tasks") == 10, "nothing was sent once it could be known"


def test_a_backup_of_before_a_run_that_was_killed_is_older_than_the_report_says(run, settings, file, emulator):
    run([TASKS, *tasks(1)])
    shutil.copy(file, file.with_name("backup"))
    messages = [TASKS, *tasks(2)]
    report = Path(settings["report_path"]).with_name("kept.json")
    said = []
    run(messages, Interrupted(messages, 2, lambda: said.append(report.read_bytes())))
    report.write_bytes(said[0])  # as a run leaves it that is killed here
    shutil.copy(file.with_name("backup"), file)
    refused = run(messages, require_ledger=True)
    assert refused.code == 2
    assert "is an older copy of itself" in refused.errors
    assert emulator.copper.count("tasks") == 2


def test_an_open_ledger_notices_at_the_next_commit(settings, file):
    store = Store(settings["ledger_url"], "run")
    ledger = Ledger(store)
    scope = ledger.scope(Source("copper", "1", "s"), "tasks", "tasks")
    intent = Intent("1", "create", {"name": "T"}, {}, b"h", "d")
    ledger.intend(scope, [intent])
    file.unlink()
    with pytest.raises(LedgerReplacedError):
        ledger.intend(scope, [intent])
    with pytest.raises(LedgerReplacedError):
        ledger.settle(scope, [Entry("1", 7, "created", "created", b"h", "d")])
    with pytest.raises(LedgerReplacedError):
        ledger.known(scope, ["1"])
    store.close()


def test_a_ledger_that_is_gone_or_empty_is_told_by_the_last_report(run, file):
    run([TASKS, *tasks(1)])
    for name in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        name.unlink(missing_ok=True)
    file.touch()
    refused = run([TASKS, *tasks(1)], require_ledger=True)
    assert refused.code == 2
    done = run([TASKS, *tasks(1)])
    assert done.code == 0


@pytest.fixture
def stepped_back(run, file):
    """A ledger that was restored: the backup lacks record 2, and a change of record 1."""
    run([PEOPLE, *people(1)])
    shutil.copy(file, file.with_name("backup"))
    run([PEOPLE, *people(1, title="New"), *people(2)])
    for journal in file.parent.glob(f"{file.name}-*"):
        if not journal.name.endswith(".lock"):
            journal.unlink()
    shutil.copy(file.with_name("backup"), file)


@pytest.mark.usefixtures("stepped_back")
def test_an_older_backup_is_a_warning(run):
    done = run([PEOPLE, *people(1)])
    assert done.code == 0
    assert "is an older copy of itself" in done.errors
    assert "singer-crm ledger accept-restore" in done.errors


@pytest.mark.usefixtures("stepped_back")
def test_an_older_backup_is_an_error_where_a_ledger_is_required(run, emulator):
    before = len(emulator.requests)
    done = run([PEOPLE, *people(1)], require_ledger=True)
    assert done.code == 2
    assert "is an older copy of itself" in done.errors
    assert {request.method for request in emulator.requests[before:]} <= {"GET"}
    assert run([PEOPLE, *people(1)], require_ledger=True).code == 2, "asking twice changes nothing"


@pytest.mark.usefixtures("stepped_back")
def test_what_an_older_backup_lacks_is_told_by_each_run_and_report_until_it_is_accepted(run, operate):
    """The runs that follow count it up beyond what it was: what it lacked then it still lacks."""
    for _ in range(4):
        done = run([PEOPLE, *people(1)])
        assert "older copy of itself" in done.errors
        assert "older copy of itself" in done.report["ledger"]["warning"]
    assert run([PEOPLE, *people(1)], require_ledger=True).code == 2
    assert operate("accept-restore").exit_code == 0
    for _ in range(2):
        done = run([PEOPLE, *people(1)], require_ledger=True)
        assert "older copy" not in done.errors
        assert "warning" not in done.report["ledger"]


def test_the_newer_ledger_that_is_put_back_lacks_nothing(run, copy_and_go_back, file):
    run([PEOPLE, *people(1)])
    copy, go_back = copy_and_go_back
    copy()
    run([PEOPLE, *people(1, 2)])
    shutil.copy(file, newer := file.with_name("newer"))
    go_back()
    assert "older copy" in run([PEOPLE, *people(1)]).errors
    shutil.copy(newer, file)
    for _ in range(2):
        assert "accept-restore" not in run([PEOPLE, *people(1, 2)], require_ledger=True).errors


@pytest.fixture
def check(settings, tmp_path):
    """Check the settings with ``singer-crm check``."""

    def check(**more):
        config = tmp_path / "check.json"
        config.write_text(json.dumps({**settings, "report_path": str(tmp_path / "kept.json"), **more}))
        return CliRunner().invoke(main, ["check", "--config", str(config)])

    return check


@pytest.mark.usefixtures("stepped_back")
def test_the_check_tells_an_older_backup(check, operate):
    done = check()
    assert done.exit_code == 0
    assert "is an older copy of itself" in done.stdout
    assert check(require_ledger=True).exit_code == 2
    assert operate("accept-restore").exit_code == 0
    assert "older copy" not in check(require_ledger=True).output


def test_the_check_tells_a_ledger_that_is_gone_and_nothing_of_a_healthy_one(run, check, file):
    assert "removed" not in check().output
    run([PEOPLE, *people(1)])
    assert "accept-restore" not in check().output
    for name in file.parent.glob(f"{file.name}*"):
        name.unlink()
    assert "removed or replaced" in check().stdout
    assert not file.exists()


@pytest.mark.usefixtures("stepped_back")
def test_a_dry_run_says_so_as_well_and_changes_nothing(run):
    assert "is an older copy of itself" in run([PEOPLE, *people(1)], dry_run=True).errors
    assert "is an older copy of itself" in run([PEOPLE, *people(1)], dry_run=True).errors


@pytest.mark.usefixtures("stepped_back")
def test_a_restored_ledger_that_is_accepted_compares_each_record_with_the_crm(run, operate, emulator):
    done = operate("accept-restore")
    assert done.exit_code == 0, done.output
    done = run([PEOPLE, *people(1, title="Old"), *people(2)], require_ledger=True)
    assert "older copy" not in done.errors
    assert done.of("people") == {"input": 2, "updated": 1, "unchanged": 1}
    assert emulator.copper.count("people") == 2
    assert "older copy" not in run([PEOPLE, *people(1)], require_ledger=True).errors


# The store of a shared quota as the witness


@pytest.fixture
def copy_and_go_back(file):
    """Return what copies the ledger, and what puts the copy back."""
    kept = file.with_name("backup")

    def copy():
        with closing(sqlite3.connect(file)) as there, closing(sqlite3.connect(kept)) as here:
            there.backup(here)

    def go_back():
        for journal in file.parent.glob(f"{file.name}-*"):
            if not journal.name.endswith(".lock"):
                journal.unlink()
        shutil.copy(kept, file)

    return copy, go_back


@pytest.fixture
def run_elsewhere(run, tmp_path):
    """Run the target on a machine that keeps no report, but shares the quota's store."""
    quota = f"sqlite:///{tmp_path / 'quota.sqlite'}"
    return lambda messages, **more: run(messages, report_path=None, quota_url=quota, **more)


def test_the_store_of_the_quota_tells_an_older_copy(run_elsewhere, copy_and_go_back, operate):
    copy, go_back = copy_and_go_back
    assert run_elsewhere([PEOPLE, *people(1)]).code == 0
    copy()
    assert run_elsewhere([PEOPLE, *people(1, title="New"), *people(2)]).code == 0
    go_back()
    refused = run_elsewhere([PEOPLE, *people(1)], require_ledger=True)
    assert refused.code == 2
    assert "is an older copy of itself" in refused.errors
    assert "the store that quota_url names" in refused.errors
    assert "older copy" in run_elsewhere([PEOPLE, *people(1)], dry_run=True).errors
    assert operate("accept-restore").exit_code == 0
    assert "accept-restore" not in run_elsewhere([PEOPLE, *people(1)], require_ledger=True).errors


def test_a_copy_of_the_middle_of_a_run_is_told(run_elsewhere, copy_and_go_back):
    copy, go_back = copy_and_go_back
    messages = [TASKS, *tasks(*range(10)), state_of(1), *tasks(*range(10, 20))]
    assert run_elsewhere(messages, input_file=Interrupted(messages, 13, copy), batch_size_rows=10).code == 0
    go_back()
    assert "is an older copy of itself" in run_elsewhere([TASKS, *tasks(1)]).errors


@pytest.mark.parametrize("gone", [Path.unlink, lambda file: file.write_bytes(b"")])
def test_the_store_of_the_quota_tells_a_ledger_that_began_anew(run_elsewhere, operate, file, gone):
    run_elsewhere([PEOPLE, *people(1)])
    gone(file)
    for _ in range(2):
        assert "removed or replaced, or another machine has its own" in run_elsewhere([PEOPLE, *people(1)]).errors
    assert run_elsewhere([PEOPLE, *people(1)], require_ledger=True).code == 2
    assert operate("accept-restore").exit_code == 0
    assert "accept-restore" not in run_elsewhere([PEOPLE, *people(1)], require_ledger=True).errors


def test_a_healthy_ledger_is_not_doubted_by_the_store_of_the_quota(run_elsewhere):
    for _ in range(3):
        assert "accept-restore" not in run_elsewhere([PEOPLE, *people(1, 2)]).errors
        assert "accept-restore" not in run_elsewhere([PEOPLE, *people(1)], dry_run=True).errors


def test_an_older_line_of_history_of_one_generation_is_a_step_back():
    before = Witness("a", 5, "sqlite:///l", high_water=9, at=100.0)
    assert "is an older copy" in step_back(replaced(before, high_water=8), before, "the store").said
    assert step_back(replaced(before, high_water=8, generation=6), before, "the store") is None
    assert step_back(replaced(before, high_water=8), before, "the store", accepted_at=100.0) is None
    assert step_back(replaced(before, high_water=8), before, "the store", accepted_at=99.0) is not None


def test_a_healthy_ledger_is_never_doubted(run, operate, file, tmp_path):
    run([PEOPLE, *people(1)], dry_run=True)
    for _ in range(2):
        assert "accept-restore" not in run([PEOPLE, *people(1)], require_ledger=file.exists()).errors
        assert "accept-restore" not in run([PEOPLE, *people(1)], dry_run=True, require_ledger=True).errors
    operate("list")
    other = f"sqlite:///{tmp_path / 'other.sqlite'}"
    assert "accept-restore" not in run([PEOPLE, *people(1)], ledger_url=other, require_ledger=False).errors


def test_a_moved_ledger_is_the_same_one(run, operate, tmp_path):
    run([PEOPLE, *people(1)])
    other = f"sqlite:///{tmp_path / 'other.sqlite'}"
    assert operate("migrate", other).exit_code == 0
    done = run([PEOPLE, *people(1)], ledger_url=other, require_ledger=True)
    assert done.of("people") == {"input": 1, "unchanged": 1}
    assert "accept-restore" not in done.errors


def test_whatever_fails_when_the_run_is_counted_the_locks_are_let_go(run, monkeypatch, emulator):
    def fail(_):
        raise RuntimeError("of nobody's knowing")

    with monkeypatch.context() as failing:
        failing.setattr("target_crm.ledger.witness.Generations.at_end", fail)
        assert "of nobody's knowing" in run([TASKS, *tasks(1)]).errors
    assert run([TASKS, *tasks(1, 2)]).code == 0
    assert emulator.copper.count("tasks") == 2
