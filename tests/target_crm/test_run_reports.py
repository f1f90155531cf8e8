"""Each run reports how it ended, whatever ended it: with its exit code, a sentence, and whether to run it again."""

from __future__ import annotations

import json
import os
import signal
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from target_crm.ledger.values import LedgerError
from target_crm.target import TargetCrm
from tests.commands import Command, run_command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "name", "email")
UNREACHABLE = "http://127.0.0.1:9/copper/developer_api/v1"


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


@pytest.fixture
def report(tmp_path):
    """The report as it stands; a run that succeeded has left one before."""
    file = tmp_path / "report.json"

    def report():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.glob(".report*")] == []
        return json.loads(file.read_text())

    file.write_text('{"ended": "done", "run_id": "an earlier run"}')
    return report


@pytest.fixture
def command(settings, tmp_path, report):
    """Run the command; returns its exit code, what it said, and the report."""

    def command(messages, *arguments, env=None, **config):
        file = tmp_path / "config.json"
        file.write_text(
            json.dumps({name: value for name, value in {**settings, **config}.items() if value is not None})
        )
        given = as_lines(messages).decode()
        env = {"TARGET_CRM_LOGLEVEL": "WARNING", **(env or {})}
        done = run_command("target-crm", "--config", file, *arguments, given=given, env=env)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr, report()

    return command


@pytest.mark.parametrize(
    ("messages", "config", "code", "named", "retry"),
    [
        ([person(1)], {}, 1, "before its SCHEMA", "no"),
        ([PEOPLE, person(1), "}{"], {}, 1, "line 3", "no"),
        ([], {}, 0, "done", "no"),
        ([PEOPLE, person(1)], {"api_key": "0" * 32}, 2, "api_key", "no"),
        ([PEOPLE, person(1)], {"batch_size_row": 5}, 2, "batch_size_rows", "no"),
        ([PEOPLE, person(1)], {"requests_per_minute": "many"}, 2, "requests_per_minute", "no"),
        ([PEOPLE, person(1)], {"base_url": UNREACHABLE, "max_attempts": 1}, 4, "cannot be reached", "later"),
        ([PEOPLE, person(1)], {"ledger_url": "sqlite:////proc/nope/x.sqlite"}, 2, "ledger_url", "no"),
        ([PEOPLE, person(1)], {"ledger_url": "postgresql://u:hidden@127.0.0.1:9/x"}, 4, "ledger", "later"),
        (
            [PEOPLE, person(1)],
            {"ledger_url": "postgresql://u:hidden@127.0.0.1:9/x", "require_ledger": True},
            4,
            "ledger",
            "later",
        ),
        (
            [PEOPLE, person(1)],
            {"ledger_url": "postgresql://u:hidden@127.0.0.1:9/x", "dry_run": True},
            4,
            "ledger",
            "later",
        ),
        ([PEOPLE, person(1)], {"quota_url": "redis://:hidden@127.0.0.1:9/0"}, 4, "quota", "later"),
        ([PEOPLE, person(1)], {"quota_url": "postgresql://u:hidden@127.0.0.1:9/x"}, 4, "quota", "later"),
        ([PEOPLE | {"stream": "peeple"}, person(1) | {"stream": "peeple"}], {}, 2, "peeple", "no"),
    ],
)
def test_whatever_ends_a_run_its_report_takes_the_place_of_the_last(command, messages, config, code, named, retry):
    ended, said, report = command(messages, **config)
    assert (ended, report["exit_code"], report["retry"]) == (code, code, retry)
    assert named in report["ended"]
    assert named in said or not code
    assert report["run_id"] != "an earlier run"
    assert (report["retry_after_seconds"] is not None) == (retry == "later")
    assert report["closed"]
    assert "hidden" not in said + json.dumps(report)


def test_a_configuration_that_cannot_be_read_is_reported_where_another_names_the_place(command, tmp_path):
    code, _, report = command([], "--config", tmp_path / "nowhere.json")
    assert (code, report["exit_code"]) == (2, 2)
    assert "nowhere.json" in report["ended"]


def test_rejected_records_are_no_reason_to_run_again(command):
    code, said, report = command([PEOPLE, person(1, name=None)])
    assert (code, report["exit_code"], report["retry"], report["pending"]) == (1, 1, "no", 1)
    assert "rejected and kept: see singer-crm rejected list --config " in said


def test_another_run_at_work_is_told_from_anything_else(command, run):
    messages = iter([PEOPLE, person(1)])
    seen = []

    class Slow:
        """An input in whose middle a second run begins."""

        def __iter__(self):
            for message in messages:
                yield as_lines([message])
            seen.append(command([PEOPLE, person(2)], "--run-id", "second"))

    assert run([], file=Slow(), batch_size_rows=1).code == 0
    ((code, said, told),) = seen
    assert (code, told["exit_code"], told["retry"]) == (5, 5, "later")
    assert "Another run" in said
    assert told["run_id"] == "second"


def test_a_429_tells_how_long_to_wait(command, emulator):
    emulator.script("GET /account", ["error:status=429,retry_after=7"] * 3)
    code, _, report = command([PEOPLE, person(1)], max_attempts=1)
    assert (code, report["retry"], report["retry_after_seconds"]) == (4, "later", 7)


def test_a_bug_of_ours_is_reported_with_what_was_done(run, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("target_crm.engine.deletes.Deleter.carry_out", fail)
    done = run([PEOPLE, person(1), state_of(1)])
    assert done.code == 1
    assert "ZeroDivisionError: oops" in done.report["ended"]
    assert done.report["exit_code"] == 1
    assert done.of("people") == {"input": 1, "created": 1}


def test_a_ledger_that_is_lost_in_mid_run_is_infrastructure(run, monkeypatch):
    def lost(*_):
        raise LedgerError(said="gone")

    monkeypatch.setattr("target_crm.ledger.ledger.Ledger.intend", lost)
    done = run([PEOPLE, person(1)])
    assert (done.code, done.report["exit_code"], done.report["retry"]) == (4, 4, "later")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_is_an_orderly_end(settings, tmp_path, report, number, code):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings | {"batch_size_rows": 1}))
    process = Command("target-crm", "--config", file)
    process.stdin.write(as_lines([PEOPLE, person(1), state_of(1), person(2)]))
    assert json.loads(process.stdout.readline()) == {"position": 1}
    assert report()["ended"] == "running"
    process.send_signal(number)
    assert process.wait() == code
    process.communicate()
    told = report()
    assert (told["exit_code"], told["retry"]) == (code, "now")
    assert told["streams"]["people"]["created"] == 2


def test_a_run_that_is_killed_says_that_it_runs(settings, tmp_path, report):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings | {"batch_size_rows": 1}))
    process = Command("target-crm", "--config", file, "--run-id", "killed")
    process.stdin.write(as_lines([PEOPLE, person(1), state_of(1), person(2)]))
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    told = report()
    assert (told["run_id"], told["ended"], told["exit_code"], told["retry"]) == ("killed", "running", None, "now")


def test_requests_that_do_not_finish_in_time_are_reported_too(settings, tmp_path, report, emulator):
    emulator.script("POST /people/bulk_create", ["latency:seconds=60"])
    emulator.script("POST /people", ["latency:seconds=60"])
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings | {"shutdown_seconds": 0.1, "batch_size_rows": 1}))
    process = Command("target-crm", "--config", file)
    process.stdin.write(as_lines([PEOPLE, person(1)]))
    while not any(request.method == "POST" and "search" not in request.route for request in emulator.requests):
        threading.Event().wait(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    process.communicate()
    assert report()["exit_code"] == 143
    assert "shutdown_seconds" in report()["ended"]


def test_runs_that_share_a_report_do_not_disturb_each_other(settings, tmp_path, report):
    configs = []
    for number in range(4):
        file = tmp_path / f"config{number}.json"
        file.write_text(json.dumps(settings | {"ledger_url": f"sqlite:///{tmp_path / f'l{number}.sqlite'}"}))
        configs.append(file)
    with ThreadPoolExecutor(4) as pool:
        given = as_lines([PEOPLE, person(1)]).decode()
        ended = list(pool.map(lambda file: run_command("target-crm", "--config", file, given=given), configs))
    assert [(each.returncode, each.stderr) for each in ended if each.returncode] == []
    assert report()["ended"] == "done"


def test_a_report_goes_to_a_device_or_through_a_link(run, tmp_path):
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    assert run([PEOPLE, person(1)], report_path=str(tmp_path / "link.json")).code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["ended"] == "done"
    assert run([PEOPLE, person(1)], report_path=os.devnull).code == 0
    assert run([PEOPLE, person(1)], report_path="/dev/full").code == 1


# The name of the run


def test_a_run_has_the_name_that_it_is_given(command, tmp_path):
    code, _, report = command(
        [PEOPLE, person(1, name=None)], env={"SINGER_CRM_RUN_ID": "dag__2026-01-01T00:00:00+00:00"}
    )
    assert (code, report["run_id"]) == (1, "dag__2026-01-01T00:00:00+00:00")
    done = run_command("singer-crm", "ledger", "explain", "--source-id", "1", "--config", tmp_path / "config.json")
    assert {each["run_id"] for each in json.loads(done.stdout)[0]["history"]} == {report["run_id"]}


def test_a_task_that_is_tried_again_under_its_name_closes_its_books(settings, tmp_path):
    for _ in range(3):
        target = TargetCrm(config=settings, run_id="task-1")
        lines = as_lines([PEOPLE, person(1, name=None), person(2)])
        (tmp_path / "in").write_bytes(lines)
        with (tmp_path / "in").open("rb") as file:
            assert target.run(file) == 1
        told = json.loads((tmp_path / "report.json").read_text())
        assert told["closed"]
        assert all(count >= 0 for count in told["streams"]["people"].values()), told
        assert told["run_id"] == "task-1"


def test_each_run_of_one_name_judges_absence_for_itself(run, monkeypatch):
    monkeypatch.setenv("SINGER_CRM_RUN_ID", "nightly")
    streams = {"tasks": {"load_method": "overwrite", "complete": "end_of_input"}}
    tasks = schema_of("tasks", "name")
    for left in (12, 11, 10):
        done = run([tasks, *(record_of("tasks", id=n, name=f"T{n}") for n in range(left))], streams=streams)
        assert done.code == 0, done.errors
        assert done.report["run_id"] == "nightly"


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "x" * 129, "a\nb", "a'b", "ü"])
def test_a_name_that_would_break_something_is_refused(command, name):
    code, said, report = command([PEOPLE, person(1)], "--run-id", name)
    assert (code, report["exit_code"]) == (2, 2)
    assert "--run-id" in said
