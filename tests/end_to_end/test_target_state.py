"""STATE passes when everything before it is done, and never otherwise: real processes, signals, silent inputs."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.commands import Command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TASKS = schema_of("tasks", "name")


@pytest.fixture
def start(new_emulator, tmp_path, copper_account):
    """Start target-crm; what it is given goes to its stdin."""
    started = []

    def start(**config):
        file = tmp_path / "config.json"
        file.write_text(
            json.dumps(
                {
                    "crm": "copper",
                    "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
                    "requests_per_minute": 0,
                    "index_lag_seconds": 0,
                    "request_timeout_seconds": 60,
                    **copper_account(new_emulator),
                    **config,
                }
            )
        )
        process = Command("target-crm", "--config", file, env={"TARGET_CRM_LOGLEVEL": "WARNING"})
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def send(process, messages):
    process.stdin.write(as_lines(messages))
    process.stdin.flush()


def until(condition):
    """Wait for what another process does; pytest's own timeout ends a wait that is in vain."""
    while not condition():
        time.sleep(0.02)


def tasks(count):
    return [record_of("tasks", id=number, name=f"T{number}") for number in range(count)]


def written(new_emulator):
    return {task["name"] for task in new_emulator.copper.records("tasks")}


def signal_during(new_emulator, process, count, number):
    """Signal a process while its n-th task is being written, before the answer can reach it."""
    left = [count]

    def strike(request):
        if (request.method, request.route) == ("POST", "/tasks"):
            left[0] -= 1
            if left[0] == 0:
                process.send_signal(number)

    new_emulator.between_requests(strike)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_batch_ends_the_run_after_the_requests_in_flight(start, new_emulator, number):
    process = start(batch_size_rows=100, max_concurrency=2)
    signal_during(new_emulator, process, 4, number)
    send(process, [TASKS, *tasks(30), state_of(30), *tasks(100)])
    output, errors = process.communicate()
    assert process.returncode == 128 + number
    assert output == b"", "STATE for records that were not written"
    assert b"Traceback" not in errors
    assert 4 <= len(written(new_emulator)) < 30
    assert all(request.status == 200 for request in new_emulator.requests), "a request in flight was cut off"


def test_the_run_after_a_signal_writes_the_rest_and_nothing_twice(start, new_emulator):
    process = start(max_concurrency=2)
    signal_during(new_emulator, process, 5, signal.SIGTERM)
    send(process, [TASKS, *tasks(40), state_of(40)])
    process.stdin.close()
    assert process.wait() == 143
    assert new_emulator.copper.count("tasks") < 40
    process = start()
    output, errors = process.communicate(as_lines([TASKS, *tasks(40), state_of(40)]))
    assert process.returncode == 0, errors.decode()
    assert output == b'{"position": 40}\n'
    assert new_emulator.copper.count("tasks") == 40


def test_a_request_that_does_not_end_is_left_behind_after_shutdown_seconds(start, new_emulator):
    new_emulator.trouble("latency:seconds=3600,route=POST /tasks")
    process = start(shutdown_seconds=0.5, request_timeout_seconds=3600)
    send(process, [TASKS, *tasks(3), state_of(3)])
    process.stdin.close()
    until(lambda: any(request.route == "/tasks" for request in new_emulator.requests))
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    assert process.stdout.read() == b""


def test_a_signal_while_the_input_is_silent_is_noticed(start, new_emulator):
    process = start()
    send(process, [TASKS, *tasks(3), state_of(3)])
    until(lambda: any(request.route == "/account" for request in new_emulator.requests))
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143


def test_state_passes_after_so_many_records_while_the_input_goes_on(start, new_emulator):
    process = start(batch_size_rows=10)
    send(process, [TASKS, *tasks(9), state_of(9), *tasks(10)])
    assert process.stdout.readline() == b'{"position": 9}\n'
    assert len(written(new_emulator)) >= 9
    process.stdin.close()
    assert process.wait() == 0


def test_state_is_the_very_text_that_came(start):
    text = b'{"b":1.10, "a" : "\\u00e9", "n": 12345678901234567890.10}'
    process = start()
    output, _ = process.communicate(
        as_lines([TASKS]) + b'{"type": "STATE", "value": ' + text + b"}\n",
    )
    assert output == text + b"\n"


def test_records_after_the_last_state_are_written_all_the_same(start, new_emulator):
    process = start()
    output, _ = process.communicate(as_lines([TASKS, *tasks(2), state_of(2), *tasks(5)]))
    assert output == b'{"position": 2}\n'
    assert len(written(new_emulator)) == 5
