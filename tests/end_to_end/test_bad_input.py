"""Bad input gets one clear sentence on stderr and an exit code; no stack trace; nothing written is lost or repeated."""

from __future__ import annotations

import json

import pytest

from tests.commands import run_command

UNREACHABLE = "http://127.0.0.1:9/copper/developer_api/v1"
SCHEMA = {
    "type": "SCHEMA",
    "stream": "people",
    "schema": {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}}},
    "key_properties": ["id"],
}


def record(number, stream="people"):
    return {"type": "RECORD", "stream": stream, "record": {"id": number, "name": f"Person {number}"}}


@pytest.fixture
def run(tmp_path, copper_account, small_emulator):
    """Run a plugin on a configuration and an input; its exit code, output and what it said."""

    def run(command, config, messages=(), **more):
        settings = {**copper_account(small_emulator), "max_attempts": 1, "requests_per_minute": 0, **config}
        if command == "target-crm":
            settings = {"crm": "copper", "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}", **settings}
        settings = {name: value for name, value in settings.items() if value is not None}
        file = tmp_path / "config.json"
        file.write_text(json.dumps(settings))
        lines = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in messages)
        env = {f"{command.upper().replace('-', '_')}_LOGLEVEL": "WARNING", **more.get("env", {})}
        done = run_command(command, "--config", file, *more.get("arguments", ()), given=lines, env=env)
        return done.returncode, done.stdout, done.stderr

    return run


def sentences(stderr):
    """The lines that say that something is wrong."""
    return [line for line in stderr.splitlines() if line.strip()]


@pytest.mark.parametrize("command", ["tap-copper", "target-crm"])
@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"api_key": "0" * 32}, "api_key"),
        ({"api_key": None}, "api_key"),
        ({"user_email": None}, "user_email"),
        ({"base_url": UNREACHABLE}, "base_url"),
        ({"base_url": "http://copper.example/v1"}, "https"),
        ({"requests_per_minuet": 5}, "requests_per_minute"),
    ],
    ids=["wrong key", "no key", "no e-mail", "unreachable", "plain http", "misspelt setting"],
)
def test_a_wrong_setting_ends_with_one_sentence_that_names_it(run, command, config, named):
    status, output, stderr = run(command, config, [SCHEMA, record(1)])
    assert status != 0
    assert "Traceback" not in stderr
    assert named in stderr
    assert len(sentences(stderr)) == 1, stderr
    assert output == "" or command == "tap-copper"
    assert "RECORD" not in output


def test_target_crm_tells_settings_from_an_unreachable_crm_by_its_exit_code(run):
    assert run("target-crm", {"api_key": None}, [SCHEMA, record(1)])[0] == 2
    assert run("target-crm", {"base_url": UNREACHABLE}, [SCHEMA, record(1)])[0] == 4


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        ([SCHEMA | {"stream": "prospects"}, record(1, "prospects")], "prospects"),
        (["this is not JSON"], "line 1"),
        ([record(1)], "SCHEMA"),
        ([SCHEMA, '{"type": "RECORD", "stream": "people"'], "line 2"),
    ],
    ids=["unknown object", "not JSON", "RECORD before SCHEMA", "cut line"],
)
def test_a_broken_input_ends_with_one_sentence_that_names_it(run, messages, named):
    status, output, stderr = run("target-crm", {}, messages)
    assert status != 0
    assert "Traceback" not in stderr
    assert named in stderr
    assert output == ""


def test_a_record_that_was_cut_off_is_not_shown(run):
    cut = '{"type": "RECORD", "stream": "people", "record": {"id": 1, "email": "ann@acme.exa'
    _, _, stderr = run("target-crm", {}, [cut])
    assert "line 1" in stderr
    assert "people" in stderr
    assert "ann@" not in stderr


def test_what_came_before_a_broken_line_is_written_once_over_two_runs(run, small_emulator):
    before = small_emulator.copper.count("people")
    lines = [SCHEMA, *map(record, range(100, 110))]
    assert run("target-crm", {}, [*lines, "}{"])[0] != 0
    status, _, stderr = run("target-crm", {}, lines)
    assert status == 0, stderr
    assert small_emulator.copper.count("people") == before + 10


def test_a_stack_trace_is_shown_when_the_log_level_is_debug(run):
    for command in ("tap-copper", "target-crm"):
        env = {f"{command.upper().replace('-', '_')}_LOGLEVEL": "DEBUG"}
        status, _, stderr = run(command, {"api_key": "0" * 32}, [SCHEMA, record(1)], env=env)
        assert status != 0
        assert "Traceback" in stderr
        assert "0" * 32 not in stderr


@pytest.mark.parametrize("command", [["tap-copper"], ["target-crm"], ["singer-crm", "check"]])
@pytest.mark.parametrize("text", [None, "{", "[1]"], ids=["no file", "no JSON", "no object"])
def test_a_configuration_file_that_cannot_be_used_is_one_sentence(tmp_path, command, text):
    file = tmp_path / "config.json"
    if text is not None:
        file.write_text(text)
    done = run_command(*command, "--config", file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(sentences(done.stderr)) == 1, done.stderr


def test_no_configuration_at_all_names_what_is_missing(tmp_path):
    file = tmp_path / "config.json"
    file.write_text("{}")
    done = run_command("target-crm", "--config", file)
    assert done.returncode == 2
    assert "The setting crm is missing: set it to one of copper, freshsales, apptivo, http." in done.stderr


@pytest.mark.parametrize(
    ("command", "variable"), [("target-crm", "TARGET_CRM_DRY_RUN"), ("tap-copper", "TAP_COPPER_DELETIONS")]
)
def test_a_misspelt_variable_of_the_environment_stops_the_run_and_writes_nothing(
    run, small_emulator, command, variable
):
    written = small_emulator.journal.count(method="POST", route="/people")
    code, _, stderr = run(command, {}, [SCHEMA, record(9)], arguments=["--config", "ENV"], env={variable: "ture"})
    assert code == 2
    assert f"The environment variable {variable} must be true or false, not 'ture'" in sentences(stderr)[0]
    assert small_emulator.journal.count(method="POST", route="/people") == written
