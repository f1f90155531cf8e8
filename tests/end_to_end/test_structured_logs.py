"""With a log of JSON every line of stderr is JSON: tables, progress, dry runs and errors, too."""

from __future__ import annotations

import json

import pytest

from crm_emulator import Emulator
from tests.commands import run_command

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


@pytest.fixture(scope="module")
def emulator():
    with Emulator(
        seed=1, people=5, companies=2, leads=2, opportunities=2, projects=1, tasks=1, activities=2
    ) as running:
        yield running


@pytest.fixture
def start(tmp_path, copper_account, emulator):
    """Run a plugin with a log of JSON; returns its exit code and the lines of stderr, decoded."""
    (tmp_path / "log.yaml").write_text(LOGGING.format(formatter="singer_sdk.logging.StructuredFormatter"))

    def start(name, *arguments, messages=(), **config):
        given = {**copper_account(emulator), "requests_per_minute": 0, **config}
        if name == "target-crm":
            given |= {"crm": "copper", "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}"}
        (tmp_path / "config.json").write_text(json.dumps(given))
        lines = "".join(f"{json.dumps(each)}\n" for each in messages)
        env = {"SINGER_SDK_LOG_CONFIG": str(tmp_path / "log.yaml")}
        done = run_command(name, "--config", tmp_path / "config.json", *arguments, given=lines, env=env)
        return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]

    return start


def facts_of(lines, event):
    (found,) = [line["extra"]["facts"] for line in lines if line.get("extra", {}).get("event") == event]
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
    shown = [line["message"] for line in lines if line.get("extra", {}).get("event") == "dry_run"]
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
