"""With a log of JSON every line of stderr is JSON: tables, progress, dry runs and errors, too."""

from __future__ import annotations

import json
import os
import signal
import threading
import warnings

import pytest

from target_crm.engine.batch import StreamWriter
from tests.commands import ENTRY_POINTS, Command, run_command

LOGGING = """
version: 1
disable_existing_loggers: false
formatters:
  json:
    (): {formatter}
handlers:
  console: {{class: logging.StreamHandler, formatter: json, stream: ext://sys.stderr}}
root: {{level: INFO, handlers: [console]}}
"""
SCHEMA = {
    "type": "SCHEMA",
    "stream": "people",
    "schema": {"type": "object", "properties": {"id": {}, "name": {}}},
    "key_properties": ["id"],
}


@pytest.fixture(params=["log_format", "SINGER_SDK_LOG_CONFIG"])
def start(request, tmp_path, copper_account, small_emulator):
    """Run a plugin with a log of JSON; returns its exit code and the lines of stderr, decoded."""
    (tmp_path / "log.yaml").write_text(LOGGING.format(formatter="singer_sdk.logging.StructuredFormatter"))
    form = {"log_format": "json"} if request.param == "log_format" else {}

    def start(name, *arguments, messages=(), **config):
        given = {**copper_account(small_emulator), "requests_per_minute": 0, **form, **config}
        if name == "target-crm":
            given |= {"crm": "copper", "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}"}
        (tmp_path / "config.json").write_text(json.dumps(given))
        lines = "".join(f"{json.dumps(each)}\n" for each in messages)
        env = {} if form else {"SINGER_SDK_LOG_CONFIG": str(tmp_path / "log.yaml")}
        done = run_command(name, "--config", tmp_path / "config.json", *arguments, given=lines, env=env)
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        # Meltano ends in a traceback where extra has one more of what it gives itself: the level, or the text as event.
        assert not {key for line in lines for key in line.get("extra", {}) if key in ("level", "event")}
        return done.returncode, lines

    return start


def facts_of(lines, event):
    (found,) = [line["extra"]["facts"] for line in lines if line.get("extra", {}).get("event_name") == event]
    return found


def test_the_table_of_tap_copper_is_one_line_whose_requests_add_up(start):
    code, lines = start("tap-copper")
    assert code == 0
    facts = facts_of(lines, "run_finished")
    table = {each["stream"]: each for each in facts["streams"]}
    assert table["people"]["records"] == 5
    assert sum(each["requests"] for each in table.values()) == facts["requests"]
    assert all(each["requests"] >= 0 for each in table.values())


def test_the_summary_of_target_crm_is_one_line(start):
    messages = [SCHEMA, {"type": "RECORD", "stream": "people", "record": {"id": 1, "name": "Ann"}}]
    code, lines = start("target-crm", messages=messages)
    assert code == 0
    assert facts_of(lines, "run_finished")["streams"]["people"]["created"] == 1


def test_a_dry_run_is_shown_line_by_line(start):
    messages = [SCHEMA, {"type": "RECORD", "stream": "people", "record": {"id": 2, "name": "Bob"}}]
    code, lines = start("target-crm", messages=messages, dry_run=True)
    assert code == 0
    shown = [line["message"] for line in lines if line.get("extra", {}).get("event_name") == "dry_run"]
    assert any("create" in each for each in shown)


@pytest.mark.parametrize("name", ["tap-copper", "target-crm"])
@pytest.mark.parametrize(
    ("arguments", "config", "code", "named"),
    [
        ((), {"api_key": "0" * 32}, 2, "api_key"),
        ((), {"max_attemps": 1}, 2, "max_attempts"),
        (("--bogus",), {}, 2, "--bogus"),
        (("--config", "nowhere.json"), {}, 2, "nowhere.json"),
    ],
)
def test_what_is_wrong_is_a_line_of_json(start, name, arguments, config, code, named):
    ended, lines = start(name, *arguments, messages=[SCHEMA], **config)
    assert ended == code
    assert any(named in line["message"] for line in lines if line["level"] == "error")


def decoded(errors):
    return [json.loads(line) for line in errors.decode().splitlines()]


@pytest.fixture
def config(tmp_path, copper_account, small_emulator):
    """Write settings with log_format json; returns the file."""
    given = {"crm": "copper", "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}", "log_format": "json"}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**copper_account(small_emulator), "requests_per_minute": 0, **given}))
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_end_by_a_signal_is_a_line_of_json(config, number):
    command = Command("target-crm", "--config", config)
    record = {"type": "RECORD", "stream": "people", "record": {"id": 3, "name": "Cid"}}
    command.stdin.write("".join(f"{json.dumps(each)}\n" for each in (SCHEMA, record)).encode())
    before = b""
    while b"account" not in before:  # the run is opened, and its handlers with it
        before += command.stderr.readline()
    command.send_signal(number)
    _, errors = command.communicate()
    assert command.wait() == 128 + number
    assert "Terminated by a signal" in decoded(before + errors)[-1]["message"] or any(
        "Terminated by a signal" in line["message"] for line in decoded(before + errors)
    )


def everything_goes_wrong():
    """Run target-crm with a bug that tells a secret, a warning, a print to stderr and a thread that fails."""

    def write(*_):
        warnings.warn("the library is old", DeprecationWarning, stacklevel=1)
        os.sys.stderr.write("half a line, ")
        os.sys.stderr.write("and the rest\n")
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        raise RuntimeError(f"a bug that tells {os.environ['SECRET']}")

    StreamWriter.write = write
    ENTRY_POINTS["target-crm"].load()()


def test_bugs_warnings_and_what_others_print_are_lines_of_json_without_secrets(config, small_emulator):
    secret = small_emulator.copper.api_key
    command = Command("target-crm", "--config", config, env={"SECRET": secret}, main=everything_goes_wrong)
    record = {"type": "RECORD", "stream": "people", "record": {"id": 4, "name": "Dot"}}
    _, errors = command.communicate("".join(f"{json.dumps(each)}\n" for each in (SCHEMA, record)).encode())
    lines = decoded(errors)
    assert command.wait() == 1
    assert secret not in errors.decode()
    said = {line["message"]: line for line in lines}
    assert "half a line, and the rest" in said
    (bug,) = [line for line in lines if line.get("exception", {}).get("type") == "RuntimeError"]
    assert bug["exception"]["message"] == "a bug that tells ***"
    assert bug["exception"]["traceback"][-1]["function"] == "write"
    assert any(line.get("exception", {}).get("type") == "ZeroDivisionError" for line in lines)
    assert any("the library is old" in message for message in said)


def test_the_environment_asks_for_it_before_any_file_is_read():
    for arguments in (["--bogus"], ["--config", "nowhere.json"]):
        done = run_command("target-crm", *arguments, env={"TARGET_CRM_LOG_FORMAT": "json"})
        (line,) = [json.loads(each) for each in done.stderr.splitlines()]
        assert (done.returncode, line["level"]) == (2, "error")


def test_settings_that_come_through_a_pipe_may_ask_for_it(config, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = Command("target-crm", "--config", pipe)
    pipe.write_bytes(config.read_bytes())
    _, errors = command.communicate(f"{json.dumps(SCHEMA)}\n".encode())
    assert command.wait() == 0
    assert decoded(errors)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["runs"], 2),  # there is no ledger yet
        (["bogus"], 2),
        (["runs", "--bogus"], 2),
        (["objects", "nothing"], 2),
        (["rejected", "replay"], 2),
    ],
)
def test_what_singer_crm_says_is_json_too(config, arguments, code):
    done = run_command("singer-crm", *arguments, "--config", config)
    lines = [json.loads(each) for each in done.stderr.splitlines()]
    assert (done.returncode, lines[-1]["level"]) == (code, "error")
