"""Two runs never write the same kind of record of one account at a time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from crm_api.errors import SettingError
from target_crm.cli.main import main
from target_crm.concurrency import Stopping
from target_crm.files import check_ledger_file
from target_crm.ledger.locks import FileLocks, LockedError, LockLostError
from target_crm.ledger.values import LedgerError, Source
from tests.target_crm.messages import record_of, schema_of

TASKS = schema_of("tasks", "name")
HOLD = """
import sys
from pathlib import Path
from target_crm.concurrency import Stopping
from target_crm.ledger.values import Source
from target_crm.ledger.locks import FileLocks
from crm_api.run_id import process_name
source = Source("copper", sys.argv[2], "x")
locks = FileLocks(Path(sys.argv[1]), source, process_name("r1"), Stopping(), wait_seconds=0, clock=float)
locks.take("tasks")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_run(tmp_path, emulator):
    """Another process that writes the account's tasks until it is killed."""
    account = str(emulator.copper.records("account")[0]["id"])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "ledger.sqlite", account], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_the_second_run_stops_and_names_the_first(run, other_run, emulator):
    done = run([TASKS, record_of("tasks", id=1, name="T")])
    assert done.code == 5
    assert f"process {other_run.pid}" in done.errors
    assert emulator.copper.count("tasks") == 0
    # Whose account it is says which lock; nothing else is asked.
    assert [request.route for request in emulator.requests] == ["/account", "/users/me"]


@pytest.mark.usefixtures("other_run")
def test_another_kind_of_record_can_be_written_meanwhile(run):
    assert run([schema_of("projects", "name"), record_of("projects", id=1, name="P")]).code == 0


PEOPLE = schema_of("people", "name", "email")


def person(number, **more):
    return record_of("people", id=number, name=f"P{number}", email=f"p{number}@x.org", **more)


@pytest.fixture
def people_locked(tmp_path, emulator, locks):
    """Lock the account's people, as another run does."""
    account = str(emulator.copper.records("account")[0]["id"])

    def lock():
        held = locks(tmp_path / "ledger.sqlite", "a run of people", account=account)
        held.take("people")
        return held

    return lock


@pytest.mark.parametrize(
    ("left", "streams"),
    [
        ([PEOPLE, record_of("people", id=1, email=5)], {}),  # rejected
        ([PEOPLE, person(1, _sdc_deleted_at="2026-01-01"), "cut off"], {"people": {"hard_delete": True}}),
    ],
)
def test_what_an_earlier_run_left_of_an_object_that_another_run_writes_stops_nobody(
    run, people_locked, emulator, left, streams
):
    run([PEOPLE, person(1)])
    run(left, streams=streams)
    people = emulator.copper.count("people")
    people_locked()
    done = run([TASKS, record_of("tasks", id=1, name="T")], streams=streams, lock_wait_seconds=3600, max_rejected=1)
    assert done.code == 0, done.errors
    assert "is left to a later run" in done.errors
    assert emulator.copper.count("tasks") == 1
    assert emulator.copper.count("people") == people


@pytest.mark.parametrize("words", [["forget", "--stream", "people", "--all"], ["accept-restore"]])
def test_the_operator_changes_nothing_that_a_run_is_writing(run, settings, people_locked, tmp_path, words):
    assert run([PEOPLE, person(1)]).code == 0
    config = tmp_path / "settings.json"
    config.write_text(json.dumps(settings))
    arguments = ["ledger", *words, "--config", str(config)]
    held = people_locked()
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 5
    assert "a run of people" in refused.output
    held.close()
    assert CliRunner().invoke(main, arguments).exit_code == 0


def test_deletes_of_a_stream_that_a_run_does_not_know_are_left_to_one_that_does(run, emulator):
    streams = {"customers": {"object": "people", "hard_delete": True}}
    customers = [{**PEOPLE, "stream": "customers"}, {**person(1), "stream": "customers"}]
    gone = {**person(1, _sdc_deleted_at="2026-01-01"), "stream": "customers"}
    run(customers, streams=streams)
    run([customers[0], gone, "cut off"], streams=streams)
    done = run([TASKS, record_of("tasks", id=1, name="T")])
    assert done.code == 0, done.errors
    assert "customers" in done.errors
    assert emulator.copper.count("people") == 1
    assert run([customers[0]], streams=streams).code == 0
    assert emulator.copper.count("people") == 0


def test_a_crash_frees_the_lock(run, other_run):
    other_run.kill()
    other_run.wait()
    assert run([TASKS, record_of("tasks", id=1, name="T")]).code == 0


def test_a_run_waits_as_long_as_it_is_told(tmp_path, clock):
    ledger, source = tmp_path / "ledger.sqlite", Source("copper", "1", "x")
    stopping = Stopping(clock=clock, sleep=clock.sleep)
    first = FileLocks(ledger, source, "r1", stopping, wait_seconds=0, clock=clock)
    first.take("people")
    second = FileLocks(ledger, source, "r2", stopping, wait_seconds=60, clock=clock)
    began = clock()
    with pytest.raises(LockedError):
        second.take("people")
    assert clock() - began >= 60
    first.close()
    second.take("people")
    second.close()


@pytest.fixture
def locks(clock):
    """Make the locks of a run, which are released at the end."""
    stopping = Stopping(clock=clock, sleep=clock.sleep)
    made = []

    def locks(ledger, holder, crm="copper", account="1", wait_seconds=0):
        source = Source(crm, account, "x")
        made.append(FileLocks(ledger, source, holder, stopping, wait_seconds=wait_seconds, clock=clock))
        return made[-1]

    yield locks
    for each in made:
        each.close()


@pytest.mark.parametrize("name", ["a/b", "ä" * 200, "x" * 4000, "..", "a\0b", "\ud83d"])
def test_names_that_files_cannot_have_are_no_trouble(tmp_path, locks, name):
    ledger = tmp_path / "l"
    locks(ledger, "first", account="../../a b").take(name)
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(LockedError):
        locks(ledger, "second", account="../../a b").take(name)
    locks(ledger, "third", account="../../a b").take(f"{name}!")  # another name, another lock


def test_a_ledger_with_a_long_name_has_locks(tmp_path, locks):
    locks(tmp_path / ("l" * 240), "first").take("people")
    with pytest.raises(LockedError):
        locks(tmp_path / ("l" * 240), "second").take("people")


def test_a_run_that_waits_says_after_a_second_for_whom(tmp_path, locks, caplog):
    caplog.set_level("INFO", "target-crm")
    locks(tmp_path / "l", "the first run").take("people")
    with pytest.raises(LockedError):
        locks(tmp_path / "l", "second", wait_seconds=60).take("people")
    (told,) = [each for each in caplog.messages if each.startswith("Waiting")]
    assert "the first run" in told
    assert "60 seconds" in told


@pytest.mark.parametrize("way", ["link to the file", "link to the folder", "dots", "relative"])
@pytest.mark.usefixtures("other_run")
def test_whichever_path_leads_to_the_ledger_its_locks_are_the_same(run, emulator, tmp_path, monkeypatch, way):
    paths = {
        "link to the file": tmp_path / "elsewhere" / "other.sqlite",
        "link to the folder": tmp_path / "elsewhere" / "folder" / "ledger.sqlite",
        "dots": tmp_path / "elsewhere" / ".." / "ledger.sqlite",
        "relative": "ledger.sqlite",
    }
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "other.sqlite").symlink_to(tmp_path / "ledger.sqlite")
    (tmp_path / "elsewhere" / "folder").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = run([TASKS, record_of("tasks", id=1, name="T")], ledger_url=f"sqlite:///{paths[way]}")
    assert done.code != 0
    assert "Another run is writing the tasks" in done.errors
    assert emulator.copper.count("tasks") == 0


@pytest.mark.parametrize("url", ["sqlite:///file:{}?uri=true", "sqlite:///{}?vfs=unix-none&uri=true"])
def test_a_ledger_whose_url_hides_the_file_is_refused(run, emulator, tmp_path, url):
    done = run([TASKS, record_of("tasks", id=1, name="T")], ledger_url=url.format(tmp_path / "ledger.sqlite"))
    assert done.code == 2
    assert "ledger_url" in done.errors
    assert emulator.copper.count("tasks") == 0


def test_a_ledger_with_two_names_is_refused(run, emulator, tmp_path):
    messages = [TASKS, record_of("tasks", id=1, name="T")]
    assert run(messages).code == 0
    (tmp_path / "second.sqlite").hardlink_to(tmp_path / "ledger.sqlite")
    for name in ("ledger.sqlite", "second.sqlite"):
        done = run(messages, ledger_url=f"sqlite:///{tmp_path / name}")
        assert done.code == 2
        assert "2 names (hard links)" in done.errors
    (tmp_path / "second.sqlite").unlink()
    assert run(messages).of("tasks") == {"input": 1, "unchanged": 1}
    assert emulator.copper.count("tasks") == 1


def test_a_ledger_that_is_mounted_by_itself_is_refused(tmp_path, monkeypatch):
    ledger = tmp_path / "my ledger.sqlite"
    ledger.touch()
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr("target_crm.files.MOUNTS", mounts)
    place = str(tmp_path).replace(" ", "\\040")
    line = "29 1 8:1 / {} rw,relatime - ext4 /dev/sda1 rw\n"
    mounts.write_text(line.format("/") + line.format(place))
    check_ledger_file(ledger)
    mounts.write_text(line.format("/") + line.format(f"{place}/my\\040ledger.sqlite"))
    with pytest.raises(SettingError, match="Mount its folder"):
        check_ledger_file(ledger)


def lock_file(tmp_path):
    (found,) = tmp_path.glob("*.lock")
    return found


def test_a_lock_file_that_somebody_removed_is_locked_again(tmp_path, locks, caplog):
    first = locks(tmp_path / "l", "first")
    first.take("people")
    lock_file(tmp_path).unlink()
    first.check()
    assert "removed or replaced" in caplog.text
    with pytest.raises(LockedError, match="first"):
        locks(tmp_path / "l", "second").take("people")
    first.check()
    assert caplog.text.count("removed or replaced") == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_a_lock_file_that_another_run_locked_in_place_of_ours_is_a_lost_lock(tmp_path, locks, replaced):
    first, second = locks(tmp_path / "l", "first"), locks(tmp_path / "l", "second")
    first.take("people")
    file = lock_file(tmp_path)
    file.unlink()
    if replaced:
        file.touch()
    second.take("people")
    with pytest.raises(LockLostError, match="second"):
        first.check()
    second.check()


def test_a_lock_file_that_cannot_be_locked_is_told(tmp_path, locks):
    first = locks(tmp_path / "l", "first")
    first.take("people")
    first.close()
    file = lock_file(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(LedgerError, match="cannot be locked"):
        first.take("people")
