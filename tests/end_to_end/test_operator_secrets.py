"""No secret is in what any command says, whatever the settings lack or the commands are asked."""

from __future__ import annotations

import json
import logging
import signal
import stat
import traceback

import pytest
from click.testing import CliRunner

from tap_copper.tap import TapCopper
from target_crm.cli.main import main
from target_crm.target import TargetCrm
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

SECRET = "s3cret-0123456789-that-nobody-may-see"
PEOPLE = schema_of("people", "email", name={"type": "string"})


@pytest.fixture
def config(empty_emulator, tmp_path, copper_account):
    """Settings, with a secret wherever one can stand."""
    return {
        "crm": "copper",
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "rejected_path": str(tmp_path / "rejected.singer"),
        "responses_path": str(tmp_path / "responses.singer"),
        "headers": {"X-Gateway": SECRET},
        "notify_url": f"http://127.0.0.1:9/hooks/{SECRET}?key={SECRET}",
        "proxy": f"http://ann:{SECRET}@127.0.0.1:9",
        "requests_per_minute": 0,
        "index_lag_seconds": 0,
        "max_attempts": 1,
        **copper_account(empty_emulator),
    }


@pytest.fixture
def run(tmp_path, caplog):
    """Run a command in this process: its exit code, and all that it said and logged."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    commands = {"target-crm": TargetCrm.cli, "singer-crm": main, "tap-copper": TapCopper.cli}

    def run(command, config, messages=()):
        file = tmp_path / "config.json"
        file.write_text(config if isinstance(config, str) else json.dumps(config))
        caplog.clear()
        name, *rest = command
        with caplog.at_level(logging.DEBUG):
            done = CliRunner().invoke(commands[name], [*rest, "--config", str(file)], input=as_lines(messages))
        traces = [] if done.exception is None else traceback.format_exception(done.exception)
        return done.exit_code, "".join([done.output, caplog.text, *traces])

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_no_command_shows_a_secret_and_files_are_their_owners_alone(run, config, empty_emulator, tmp_path):
    for name in ("report.json", "rejected.singer", "responses.singer", "ledger.sqlite"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)  # somebody made them so
    people = [record_of("people", id=n, name=f"P{n}", email=f"p{n}@x.org") for n in range(3)]
    _, said = run(["target-crm"], config, [PEOPLE, *people, record_of("people", id=9, name=5), state_of(1)])
    commands = [
        ["check"],
        ["ledger", "list"],
        ["ledger", "explain", "--source-id", "1"],
        ["ledger", "migrate"],
        ["ledger", "rebuild", "--stream", "people", "--source-id", "title"],
        ["ledger", "forget", "--stream", "people", "2"],
        ["runs"],
        ["runs", "--output", "json"],
        ["runs", "--notify", "--not-run-for", "1d"],
        ["log"],
        ["rejected", "list"],
        ["rejected", "show", "1"],
        ["rejected", "replay", "1"],
        ["rejected", "drop", "1"],
        ["rejected", "drop", "99"],
    ]
    everything = [said, *(run(["singer-crm", *command], config)[1] for command in commands)]
    files = [found for found in tmp_path.iterdir() if found.name != "config.json"]
    everything += [found.read_bytes().decode("latin-1") for found in files]
    for text in everything:
        assert SECRET not in text
        assert empty_emulator.copper.api_key not in text
    assert {found.name: oct(stat.S_IMODE(found.stat().st_mode)) for found in files} == {
        found.name: "0o600" for found in files
    }
    assert {"ledger.sqlite", "rejected.singer", "responses.singer", "report.json"} <= {found.name for found in files}


BAD = {
    "a secret that is a list": {"api_key": [SECRET]},
    "a secret that is an object": {"api_key": {"value": SECRET}},
    "a secret with a line end": {"api_key": f"{SECRET}\n"},
    "a secret that is wrong": {"api_key": SECRET},
    "two ways to sign in": {"access_token": SECRET},
    "credentials in base_url": {"base_url": f"https://ann:{SECRET}@api.copper.com/v1"},
    "a key in base_url": {"base_url": f"https://api.copper.com/v1?key={SECRET}"},
    "plain http to another machine": {"base_url": "http://api.copper.com/v1", "api_key": SECRET},
    "a ledger that is not there": {"ledger_url": f"postgresql://ann:{SECRET}@127.0.0.1:9/ledger"},
    "a ledger of no known kind": {"ledger_url": f"oracle9://ann:{SECRET}@127.0.0.1:9/ledger"},
    "a ledger that is no URL": {"ledger_url": f"ann:{SECRET}@127.0.0.1"},
    "a quota that is not there": {"quota_url": f"redis://:{SECRET}@127.0.0.1:9/0"},
    "a quota of no known kind": {"quota_url": f"gopher://:{SECRET}@127.0.0.1:9/0"},
    "a proxy of no known kind": {"proxy": f"socks5://ann:{SECRET}@127.0.0.1:9"},
    "a header that cannot be sent": {"headers": {"X-Gateway": f"{SECRET}\r\nX-Other: 1"}},
    "headers that are a list": {"headers": [SECRET]},
    "a misspelt setting": {"api_kee": SECRET},
    "a webhook that is no URL": {"responses_url": f"hook {SECRET}"},
    "a webhook with credentials": {"responses_url": f"https://ann:{SECRET}@127.0.0.1:9/hook"},
    "a receiver of notices that is no URL": {"notify_url": f"hook {SECRET}"},
    "a receiver of notices with credentials": {"notify_url": f"https://ann:{SECRET}@127.0.0.1:9/hook"},
    "a receiver of notices by plain http": {"notify_url": f"http://hooks.example.com/{SECRET}"},
}

HARMLESS = {"a webhook with credentials", "a proxy of no known kind"}  # this machine is never proxied


@pytest.mark.parametrize("name", BAD)
@pytest.mark.daily(one_of=4)
def test_a_bad_setting_is_named_and_its_secret_is_not_shown(run, config, name):
    given = {**config, "rejected_path": None, "responses_path": None, **BAD[name]}
    settings = {key: value for key, value in given.items() if value is not None}
    for command in (["target-crm"], ["singer-crm", "check"], ["singer-crm", "rejected", "list"]):
        code, said = run(command, settings, [PEOPLE])
        assert SECRET not in said
        if command == ["target-crm"] and name not in HARMLESS:
            assert code == 2 or "not there" in name, said


def test_a_configuration_that_is_no_json_is_not_repeated(run):
    for command in (["target-crm"], ["singer-crm", "check"], ["tap-copper"]):
        code, said = run(command, f'{{"api_key": "{SECRET}", ')
        assert code == 2
        assert SECRET not in said
