"""The promises that hold in every CRM; a CRM is added to ``cases.py``."""

from __future__ import annotations

import logging
import random
import signal
import threading
from fnmatch import fnmatchcase

import pytest

from tests.commands import Command
from tests.target_crm.hurried import main, main_killed_in_its_first_wait, until_all_is_read
from tests.target_crm.messages import as_lines, state_of


@pytest.mark.only(lambda case: case.finds)
def test_what_is_found_once_is_updated(contract, run):
    contract.case.insert(contract.vendor, 1)
    done = run(contract.messages({**contract.case.make(1), **contract.case.change}))
    assert done.code == 0, done.errors
    assert contract.of(done) == {"input": 1, "updated": 1}
    assert contract.names == contract.called(1)
    assert contract.case.shows_change(contract.vendor, 1)


def test_what_is_never_found_is_created(contract, run):
    contract.case.insert(contract.vendor, 7)
    done = run(contract.made(*range(1, 4)))
    assert done.code == 0, done.errors
    assert contract.of(done) == {"input": 3, "created": 3}
    assert contract.names == contract.called(1, 2, 3, 7)


@pytest.mark.only(lambda case: case.ambiguous and case.finds)
def test_what_is_found_twice_is_ambiguous_and_nothing_is_written(contract, run):
    contract.case.insert(contract.vendor, 1)
    contract.case.insert(contract.vendor, 1)
    done = run(contract.messages({**contract.case.make(1), **contract.case.change}))
    assert done.code == 1
    assert done.report["reasons"][contract.case.stream] == {"rejected: ambiguous": 1}
    assert contract.writes == []


@pytest.mark.parametrize("kind", ["lost", "error_after", "reset"])
@pytest.mark.daily(one_of=4)
def test_a_lost_answer_leaves_no_copy_and_loses_nothing(contract, run, kind):
    contract.trouble(kind, every=2)
    done = run([*contract.made(*range(9)), state_of(9)])
    assert done.code == 0, done.errors
    assert contract.of(done) == {"input": 9, "created": 9}
    assert contract.names == contract.called(*range(9))
    assert done.states == [{"position": 9}]
    contract.emulator.no_trouble()
    assert contract.of(run(contract.made(*range(9)))) == {"input": 9, "unchanged": 9}


def test_a_429_is_waited_for(contract, run, clock):
    contract.trouble("error", status=429, retry_after=1, times=1)
    began = clock()
    done = run(contract.made(1, 2))
    assert done.code == 0, done.errors
    assert contract.of(done) == {"input": 2, "created": 2}
    assert contract.names == contract.called(1, 2)
    assert clock() - began >= 1


def test_what_is_refused_is_kept_and_the_next_record_is_written(contract, run):
    done = run([*contract.messages(contract.case.make(1), contract.case.bad(2), contract.case.make(3)), state_of(3)])
    assert done.code == 1
    assert contract.of(done) == {"input": 3, "created": 2, "rejected": 1}
    assert done.report["reasons"][contract.case.stream] == {"rejected: refused": 1}
    assert contract.names == contract.called(1, 3)
    assert done.states == [{"position": 3}]


@pytest.mark.daily(one_of=2)
def test_what_has_not_changed_costs_no_request_that_writes_or_searches(contract, run):
    run(contract.made(1, 2, 3))
    idle = len(contract.emulator.requests)
    run(contract.made())
    empty = len(contract.emulator.requests)
    done = run(contract.made(1, 2, 3))
    assert contract.of(done) == {"input": 3, "unchanged": 3}
    assert len(contract.emulator.requests) - empty == empty - idle, "more than an empty input"


@pytest.mark.daily(one_of=2)
def test_what_changed_is_updated_once(contract, run):
    run(contract.made(1, 2))
    before = len(contract.writes)
    done = run(contract.messages({**contract.case.make(1), **contract.case.change}, contract.case.make(2)))
    assert contract.of(done) == {"input": 2, "updated": 1, "unchanged": 1}
    assert len(contract.writes) - before == 1
    assert contract.case.shows_change(contract.vendor, 1)
    assert contract.names == contract.called(1, 2)


@pytest.mark.only(lambda case: case.deletes)
@pytest.mark.daily(one_of=2)
def test_what_the_source_deletes_is_deleted(contract, run):
    run(contract.made(1, 2))
    gone = {**contract.case.make(1), "_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    done = run(contract.messages(gone, contract.case.make(2)), streams=contract.stream_settings(hard_delete=True))
    assert done.code == 0, done.errors
    assert contract.of(done) == {"input": 2, "deleted": 1, "unchanged": 1}
    assert contract.names == contract.called(2)


@pytest.mark.only(lambda case: case.deletes)
@pytest.mark.daily(one_of=3)
def test_a_record_that_goes_and_returns_in_runs_of_their_own_is_there_once(contract, run):
    given = {"streams": contract.stream_settings(hard_delete=True), "index_lag_seconds": 60}
    record = contract.case.make(1)
    for _ in range(3):
        came = run(contract.messages(record), **given)
        assert contract.of(came) == {"input": 1, "created": 1}, came.errors
        assert contract.names == contract.called(1)
        went = run(contract.messages({**record, "_sdc_deleted_at": "2026-01-01T00:00:00Z"}), **given)
        assert contract.of(went) == {"input": 1, "deleted": 1}, went.errors
        assert contract.names == []


@pytest.mark.daily(one_of=2)
def test_a_dry_run_sends_no_write_and_shows_each(contract, run):
    if contract.case.finds:
        contract.case.insert(contract.vendor, 1)
    else:
        run(contract.made(1))
    before = len(contract.writes)
    messages = contract.messages({**contract.case.make(1), **contract.case.change}, contract.case.make(2))
    done = run(messages, dry_run=True)
    assert len(contract.writes) == before
    assert contract.names == contract.called(1)
    assert f"{contract.case.stream} 1: update" in done.errors
    assert f"{contract.case.stream} 2: create" in done.errors
    assert contract.of(run(messages)) == {"input": 2, "created": 1, "updated": 1}


@pytest.mark.parametrize("trouble", [None, pytest.param("error_after", marks=pytest.mark.long), "error", "malformed"])
@pytest.mark.daily(one_of=7)
def test_no_secret_is_in_any_output(contract, run, tmp_path, caplog, trouble):
    for logger in (None, "target-crm"):
        caplog.set_level(logging.DEBUG, logger=logger)
    if trouble is not None:
        contract.trouble(trouble, **({"status": 401} if trouble == "error" else {}))
    written = tmp_path / "written"
    written.mkdir()
    more = {
        "ledger_url": f"sqlite:///{written / 'ledger.sqlite'}",
        "report_path": str(written / "report.json"),
        "rejected_path": str(written / "rejected.singer"),
        "responses_path": str(written / "responses.singer"),
        "max_attempts": 1,
    }
    lines = contract.messages(contract.case.make(1), contract.case.bad(2))
    done = run(lines, **more)
    assert "GET " in done.errors or "POST " in done.errors, "the log tells of every request"
    everything = (done.output + done.errors).encode() + b"".join(found.read_bytes() for found in written.iterdir())
    assert contract.case.stream.encode() in everything, done.errors
    for secret in contract.case.secrets(contract.vendor):
        assert secret.encode() not in everything


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 5))])
@pytest.mark.daily(one_of=3)
def test_a_run_that_is_killed_and_run_again_leaves_one_copy_of_each(contract, tmp_path, seed):
    print(f"seed {seed}")
    dice = random.Random(f"{contract.case} {seed}")
    file = contract.file(tmp_path, batch_size_rows=4)
    lines = [*contract.made(*range(12)), state_of(12)]
    for _ in range(3):
        process = _process(file, lines)
        left = [dice.randrange(1, 14)]

        def kill(_, process=process, left=left):
            left[0] -= 1
            if left[0] == 0:
                threading.Timer(dice.choice([0, 0.01]), process.send_signal, [signal.SIGKILL]).start()

        undo = contract.emulator.between_requests(kill)
        process.communicate()
        undo()
        until_all_is_read(contract.emulator.url)
    process = _process(file, lines)
    output, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    assert contract.names == contract.called(*range(12))
    assert b'"position": 12' in output


@pytest.mark.daily(one_of=3)
def test_a_run_that_is_killed_while_it_waits_after_a_429_leaves_nothing_in_doubt(contract, tmp_path):
    contract.trouble("error", status=429, retry_after=3600, times=1)
    file = contract.file(tmp_path, max_concurrency=1)
    lines = contract.made(*range(5))
    killed = _process(file, lines, main_killed_in_its_first_wait)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert contract.names == []
    again = _process(file, lines)
    _, errors = again.communicate()
    assert again.returncode == 0, errors.decode()
    assert b"no answer" not in errors
    assert contract.names == contract.called(*range(5))


def _process(file, lines, run=main):
    process = Command("target-crm", "--config", file, env={"TARGET_CRM_LOGLEVEL": "WARNING"}, main=run)
    try:
        process.stdin.write(as_lines(lines))
        process.stdin.flush()
    except BrokenPipeError:  # killed before it had read them
        pass
    return process


@pytest.mark.daily(one_of=2)
def test_a_quota_store_that_fails_while_a_write_is_on_its_way_makes_no_copy(contract, run, tmp_path):
    store = tmp_path / "quota.sqlite"
    shared = {"quota_url": f"sqlite:///{store}", "requests_per_minute": 60_000, "max_concurrency": 1}
    if contract.case.vendor != "anything":
        shared["streams"] = contract.stream_settings(match_on=[])  # only the ledger keeps it from making a copy

    def fail(request):
        if any(fnmatchcase(f"{request.method} {request.route}", pattern) for pattern in contract.case.writes):
            store.write_bytes(b"no database" * 1000)

    undo = contract.emulator.between_requests(fail)
    assert run(contract.made(*range(3)), **shared).code in {0, 2, 4}  # 0 where all go in one request
    undo()
    store.unlink()
    assert run(contract.made(*range(3)), **shared).code == 0
    assert contract.names == contract.called(*range(3))
