"""The fates of a ledger: two runs at once, its loss, a replay that overlaps, a source that is renamed."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from tests.commands import Command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "name", "email", "title")
TASKS = schema_of("tasks", "name", "due_date")


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


def titles(emulator):
    return {found["name"]: found["title"] for found in emulator.copper.records("people")}


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(settings, request):
    """Settings whose ledger is empty, of each kind."""
    if request.param == "sqlite":
        return settings
    return settings | {"ledger_url": request.getfixturevalue("postgres")}


@pytest.fixture
def start(shared, tmp_path):
    """Start target-crm as a process; its input is given to ``communicate``."""

    def start(name, **config):
        file = tmp_path / f"{name}.json"
        own = {"report_path": str(tmp_path / f"{name}-report.json")}
        file.write_text(json.dumps({**shared, **own, **config}))
        return Command("target-crm", "--config", file)

    return start


def at_work(process, emulator):
    """Wait until a process has written, and holds its locks."""
    while not emulator.copper.count("people"):  # pytest's own timeout ends a wait that is in vain
        assert process.returncode is None, "the first run wrote nothing"
        threading.Event().wait(0.01)


@pytest.mark.parametrize("waits", [0, 240])
def test_of_two_runs_at_once_the_second_stops_or_waits_and_nothing_is_written_twice(start, emulator, tmp_path, waits):
    people = [PEOPLE, *map(person, range(30)), state_of(1)]
    first, second = start("first", batch_size_rows=10), start("second", lock_wait_seconds=waits)
    first.stdin.write(as_lines(people))  # and its input stays open: it goes on holding its locks
    at_work(first, emulator)
    second.stdin.write(as_lines(people))
    second.stdin.close()
    if waits:
        first.stdin.close()
    errors = second.stderr.read().decode()
    code = second.wait()
    if waits:
        assert code == 0, errors
        report = json.loads((tmp_path / "second-report.json").read_text())
        assert report["streams"]["people"]["unchanged"] == 30
    else:
        assert code == 5
        assert f"process {first.pid} on" in errors
        assert "lock_wait_seconds" in errors
        assert second.stdout.read() == b""
        first.stdin.close()
    assert first.wait() == 0
    for process in (first, second):
        process.stdout.close()
        process.stderr.close()
    assert emulator.copper.count("people") == 30


def test_two_runs_at_once_on_different_objects_do_not_wait_for_each_other(start, emulator):
    first, second = start("first", batch_size_rows=10), start("second")
    first.stdin.write(as_lines([PEOPLE, *map(person, range(30))]))
    at_work(first, emulator)
    second.communicate(as_lines([TASKS, record_of("tasks", id=1, name="T")]))
    assert second.returncode == 0
    first.communicate()
    assert first.returncode == 0
    assert (emulator.copper.count("people"), emulator.copper.count("tasks")) == (30, 1)


def test_a_lost_ledger_costs_searches_and_no_copies(run, emulator, tmp_path):
    companies = schema_of("companies", "name", "domain")
    messages = [
        PEOPLE,
        *map(person, range(25)),
        companies,
        *(record_of("companies", id=n, name=f"C{n}", domain=f"c{n}.example") for n in range(12)),
        schema_of("leads", "name", "email"),
        *(record_of("leads", id=n, name=f"L{n}", email=f"l{n}@x.org") for n in range(5)),
        TASKS,
        *(record_of("tasks", id=n, name=f"T{n}", due_date="2026-05-01T10:00:00Z") for n in range(5)),
    ]
    streams = {"tasks": {"match_on": [["name", "due_date"]]}}
    run(messages, streams=streams)
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    done = run(messages, streams=streams)
    assert done.code == 0
    assert all(done.report["streams"][stream]["created"] == 0 for stream in done.report["streams"])
    counts = [emulator.copper.count(of) for of in ("people", "companies", "leads", "tasks")]
    assert counts == [25, 12, 5, 5]


def test_a_replay_that_overlaps_ends_with_the_last_version_of_each_record(run, emulator):
    old = [person(number, title="old") for number in range(20)]
    new = [person(number, title="new") for number in range(10, 30)]
    run([PEOPLE, *old, state_of(1)])
    run([PEOPLE, *new, state_of(2)])
    done = run([PEOPLE, *old[5:], state_of(1), *new, state_of(2)], batch_size_rows=7)
    assert done.report["closed"]
    assert done.states[-1] == {"position": 2}
    assert titles(emulator) == {f"P{n}": "old" if n < 10 else "new" for n in range(30)}
    assert run([PEOPLE, *old[:10], *new]).of("people") == {"input": 30, "unchanged": 30}


def test_a_replay_in_one_batch_sends_only_what_differs(run, writes):
    run([PEOPLE, *(person(number, title="new") for number in range(20))])
    before = len(writes())
    both = [person(number, title=title) for title in ("old", "new") for number in range(20)]
    assert run([PEOPLE, *both]).of("people") == {"input": 40, "superseded": 20, "unchanged": 20}
    assert len(writes()) == before


def test_a_source_under_another_name_finds_what_it_wrote_before(run, emulator):
    run([PEOPLE, *map(person, range(5))])
    done = run([PEOPLE, *map(person, range(5))], source_name="renamed")
    assert done.of("people") == {"input": 5, "unchanged": 5}
    assert emulator.copper.count("people") == 5


def test_the_default_ledger_lies_in_the_users_state_folder_whatever_the_working_directory(run, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    run([PEOPLE, person(1)], ledger_url=None)
    assert (tmp_path / "state" / "singer-crm" / "ledger.sqlite").is_file()
    assert not list(Path().glob("*.sqlite"))
