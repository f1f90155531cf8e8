"""Whatever is wrong is said in one sentence, with an exit code and without a stack trace; what can be read is read."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Emulator
from tests.commands import run_command
from tests.machine import find_file
from tests.tap_copper.running import TAP, command_line, run, run_program, selecting, settings_of

SECRET = "0123456789abcdef0123456789abcdef"


def only_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1, said
    return lines[0]


@pytest.mark.parametrize(
    ("changed", "sentence", "status"),
    [
        ({"api_key": SECRET}, "did not accept the credentials", 2),
        ({"api_key": None}, "api_key is missing", 2),
        ({"user_email": None}, "user_email is missing", 2),
        ({"api_kee": "x"}, "There is no setting 'api_kee': the nearest one is 'api_key'", 2),
        ({"start_date": "yesterday"}, "start_date must be a date such as", 2),
        ({"start_date": "2062-02-01"}, "start_date, 2062-02-01, lies in the future: nothing would be read", 2),
        ({"search_filters": {"people": {"minimum_modified_date": [1]}}}, "must be a date, or relative such as -30d", 2),
        ({"search_filters": {"people": {"minimum_created_date": "-999999w"}}}, "not '-999999w'", 2),
        (
            {"deletions": True, "snapshot_url": "nonsense"},
            "snapshot_url cannot be used: ArgumentError: Could not parse",
            2,
        ),
        (
            {"deletions": True, "snapshot_url": f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/x"},
            "The store of the snapshots failed: OperationalError: connection failed",
            4,
        ),
        ({"extra_streams": [5]}, "extra_streams.0 must be an object, not 5", 2),
        ({"stream_maps": {"people": {"shout": "name.upper("}}}, "stream_maps is wrong", 2),
        ({"stream_maps": {"people": {"shout": ""}}}, "stream_maps is wrong: an expression is empty", 2),
        ({"flattening_enabled": True}, "flattening_max_depth is missing", 2),
        (
            {"search_filters": {"people": {"name": "\ud83d"}}},
            "a text in it holds half a character",
            2,
        ),
        ({"ca_bundle": "/nowhere/ca.pem"}, "ca_bundle, '/nowhere/ca.pem', cannot be read: No such file", 2),
        ({"ca_bundle": __file__}, "holds no certificates in PEM form", 2),
        ({"quota_url": "redis://:pa/ss@host:1/0"}, "quota_url must be like redis://:password@host:6379/0", 2),
        ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, "end_date lies before start_date", 2),
        ({"lookback_seconds": "soon"}, "lookback_seconds", 2),
        ({"base_url": "http://127.0.0.1:9/v1", "max_attempts": 1}, "cannot be reached", 4),
        (
            {"resync": ["peple"]},
            "resync: 'peple' is not a stream that is searched by date: the nearest one is 'people'",
            2,
        ),
        ({"search_filters": {"people": {"page_size": 5}}}, "must not set page_size", 2),
        ({"search_filters": {"leads": {"minimum_created_date": "-30 days"}}}, "or relative such as -30d", 2),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    account: Emulator, tmp_path: Path, changed: dict[str, Any], sentence: str, status: int
) -> None:
    given = {name: value for name, value in settings_of(account, **changed).items() if value is not None}
    output = run_program(tmp_path, given)
    assert sentence in only_line(output.said)
    assert output.status == status
    assert SECRET not in output.said
    assert not any(each["type"] == "RECORD" for each in output.messages)


@pytest.mark.parametrize("arguments", [["--discover"], ["--test"]])
def test_discovery_and_the_connection_test_complain_likewise(
    account: Emulator, tmp_path: Path, arguments: list[str]
) -> None:
    output = run_program(tmp_path, settings_of(account, api_key=SECRET), *arguments)
    assert "did not accept the credentials" in only_line(output.said)
    assert output.status == 2


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"config": "{"}, "not valid JSON"),
        ({"catalog": "nonsense"}, "not valid JSON"),
        ({"state": "{]"}, "not valid JSON"),
        ({"config": "5"}, "config.json must hold a JSON object"),
        ({"state": "\n"}, "state.json is empty. Leave it out, or make it anew"),
        ({"state": '{"bookmarks": {"\\ud83d": {}}}'}, "holds half a character"),
        ({"state": {"type": "STATE", "value": {"bookmarks": {}}}}, "it has no bookmarks, but 'value' in it does"),
        ({"state": {"people": "2026-01-01"}}, "The state cannot be used: it has no bookmarks; give the value"),
        ({"state": "[]"}, 'The state cannot be used: [] is not of type "object"'),
        ({"state": {"bookmarks": {"people": 5}}}, "The state cannot be used: bookmarks.people: 5 is not of type"),
        ({"state": '{"bookmarks": {"people": {"replication_key_value": NaN}}}'}, "NaN is not JSON"),
        ({"catalog": {}}, 'The catalog cannot be used: "streams" is a required property; make one with --discover'),
        ({"catalog": {"streams": [5]}}, "streams.0: 5 is not of type"),
        ({"catalog": {"streams": [{"stream": "people"}]}}, 'streams.0: "tap_stream_id" is a required property'),
        (
            {"catalog": {"streams": [{"tap_stream_id": "people", "metadata": [{"breadcrumb": 5}]}]}},
            "streams.0.metadata.0.breadcrumb: 5 is not of type",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    account: Emulator, tmp_path: Path, files: dict[str, Any], sentence: str
) -> None:
    output = run_program(tmp_path, settings_of(account), files=files)
    assert sentence in only_line(output.said)
    assert output.status != 0


@pytest.mark.parametrize("option", ["--config", "--catalog", "--state"])
def test_a_file_that_is_not_there_is_one_sentence(account: Emulator, tmp_path: Path, option: str) -> None:
    output = run_program(tmp_path, settings_of(account), option, str(tmp_path / "nowhere.json"))
    assert "nowhere.json" in only_line(output.said)
    assert output.status == 2


def test_a_file_that_is_no_text_is_one_sentence(account: Emulator, tmp_path: Path) -> None:
    (tmp_path / "picture.json").write_bytes(b"\xff\xfe")
    output = run_program(tmp_path, settings_of(account), "--catalog", str(tmp_path / "picture.json"))
    assert "picture.json is not text in UTF-8" in only_line(output.said)


def test_a_file_may_begin_as_windows_begins_it(account: Emulator, tmp_path: Path) -> None:
    files = {"catalog": "\ufeff" + json.dumps(selecting("users")), "state": '\ufeff{"bookmarks": {}}'}
    output = run_program(tmp_path, settings_of(account), files=files)
    assert output.status == 0, output.said
    assert output.records("users")


def test_a_catalog_may_name_a_stream_that_does_not_exist_and_the_others_still_run(
    account: Emulator, tmp_path: Path
) -> None:
    catalog = selecting("people")
    entry = json.loads(json.dumps(next(each for each in catalog["streams"] if each["tap_stream_id"] == "people")))
    catalog["streams"].append({**entry, "tap_stream_id": "peoples", "stream": "peoples"})
    output = run_program(tmp_path, settings_of(account), files={"catalog": catalog})
    assert "selects the stream 'peoples', which does not exist: the nearest one is 'people'" in only_line(output.said)
    assert output.status == 1
    assert len(output.records("people")) == 250


def test_a_state_may_know_a_stream_that_is_gone_and_the_others_still_run(account: Emulator, tmp_path: Path) -> None:
    state = {"bookmarks": {"campaigns": {"replication_key": "x", "replication_key_value": "2026-01-01T00:00:00Z"}}}
    output = run_program(tmp_path, settings_of(account), files={"catalog": selecting("people"), "state": state})
    assert "The state has a bookmark of the stream 'campaigns', which does not exist" in only_line(output.said)
    assert output.status == 0  # nothing that was asked for is missing
    assert len(output.records("people")) == 250
    assert "campaigns" in output.state["bookmarks"]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("soon", "The state's bookmark of people must be a date, not 'soon'"),
        ({"a": 1}, "must be a date, not {'a': 1}"),
        (True, "must be a date, not True"),
        ("2062-01-01T00:00:00Z", "The state's bookmark of people, 2062-01-01T00:00:00Z, lies in the future"),
        (1_700_000_000_000, "lies in the future"),
    ],
)
def test_a_bookmark_that_cannot_be_stops_its_stream_alone_unless_it_is_to_be_forgotten(
    account: Emulator, value: object, sentence: str
) -> None:
    state = {"bookmarks": {"people": {"replication_key": "date_modified", "replication_key_value": value}}}
    output = run(account, "people", "companies", state=state)
    assert sentence in str(output.error)
    assert "put it right, or name the stream in resync" in str(output.error)
    assert len(output.records("companies")) == 30
    again = run(account, "people", "companies", state=output.state, resync=["people"])
    assert again.error is None
    assert len(again.records("people")) == 250


@pytest.mark.parametrize(
    ("key", "value"),
    [("id", 1_760_000_000), ("date_created", "2026-01-01T00:00:00Z"), (["date_modified"], 1_700_000_000)],
)
def test_a_bookmark_of_another_attribute_stops_its_stream_alone(account: Emulator, key: object, value: object) -> None:
    state = {"bookmarks": {"people": {"replication_key": key, "replication_key_value": value}}}
    output = run(account, "people", "companies", state=state)
    assert f"The state's bookmark of people must be one of date_modified, not {key!r}" in str(output.error)
    assert len(output.records("companies")) == 30
    assert output.records("people") == []
    again = run(account, "people", state=output.state, resync=["people"])
    assert again.error is None
    assert len(again.records("people")) == 250


def test_a_catalog_that_selects_nothing_is_remarked_upon(account: Emulator, tmp_path: Path) -> None:
    output = run_program(tmp_path, settings_of(account), files={"catalog": {"streams": []}})
    assert "nothing_selected" in only_line(output.said)


@pytest.mark.parametrize("expression", ["nme.upper()", "1 / (id - id)", "id + name", "int(name)", "record['none']"])
def test_a_map_that_cannot_be_applied_stops_its_stream_alone(account: Emulator, expression: str) -> None:
    output = run(account, "people", "companies", stream_maps={"people": {"shout": expression}})
    assert "stream_maps cannot be applied to a record of people" in str(output.error)
    assert len(output.records("companies")) == 30


def test_a_filter_that_copper_refuses_stops_its_stream_alone(account: Emulator, tmp_path: Path) -> None:
    settings = settings_of(account, search_filters={"companies": {"shoe_size": 38}})
    output = run_program(tmp_path, settings, files={"catalog": selecting("companies", "people")})
    line = only_line(output.said)
    assert line.startswith("tap-copper: companies: The CRM refused on POST /companies/search (HTTP 422)")
    assert "Unrecognized attributes specified: shoe_size" in line
    assert output.status == 1
    assert len(output.records("people")) == 250


def test_a_stack_trace_is_shown_where_the_log_level_is_debug(account: Emulator, tmp_path: Path) -> None:
    output = run_program(tmp_path, settings_of(account, api_key=SECRET), level="DEBUG")
    assert "Traceback" in output.said
    assert SECRET not in output.said


def test_no_log_shows_a_secret_or_a_record(account: Emulator, tmp_path: Path) -> None:
    output = run_program(tmp_path, settings_of(account), level="DEBUG", files={"catalog": selecting("people")})
    assert output.status == 0
    assert account.copper.api_key not in output.said
    assert output.records("people")[0]["name"] not in output.said


@pytest.mark.parametrize("discover", [False, True])
def test_an_output_that_is_closed_early_is_one_sentence(account: Emulator, tmp_path: Path, *, discover: bool) -> None:
    command = command_line(tmp_path, settings_of(account), files={"catalog": selecting("people")})
    if discover:
        command = [command[0], "--discover"]
    env = {**os.environ, "TAP_COPPER_LOGLEVEL": "WARNING"}
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, env=env, check=False)
    os.close(writes)
    assert done.returncode == 1
    assert only_line(done.stderr) == "tap-copper: The program that reads the output has closed it"


def test_an_output_that_is_closed_from_the_start_is_one_sentence(account: Emulator, tmp_path: Path) -> None:
    command = command_line(tmp_path, settings_of(account), files={"catalog": selecting("people")})
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert only_line(done.stderr) == "tap-copper: The program that reads the output has closed it"


def test_a_full_disk_is_one_sentence_and_a_full_log_is_nothing(account: Emulator, tmp_path: Path) -> None:
    full_disk = find_file("/dev/full", called="a disk that is always full")
    command = command_line(tmp_path, settings_of(account), files={"catalog": selecting("people")})
    env = {**os.environ, "TAP_COPPER_LOGLEVEL": "WARNING"}
    with full_disk.open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=env, check=False)
        assert done.returncode == 1
        assert "The output cannot be written: No space left on device" in only_line(done.stderr)
        logged = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, check=False)
    assert logged.returncode == 0
    assert logged.stdout.count(b'"RECORD"') == 250


def test_settings_come_from_the_environment_too(account: Emulator, tmp_path: Path) -> None:
    given = settings_of(account)
    env = {f"TAP_COPPER_{name.upper()}": str(value) for name, value in given.items()}
    output = run_program(tmp_path, {}, "--config", "ENV", files={"catalog": selecting("users")}, env=env)
    assert output.status == 0, output.said
    assert output.records("users")
    output = run_program(tmp_path, {}, "--config", "ENV", env={**env, "TAP_COPPER_DELETIONS": "ture"})
    assert "The environment variable TAP_COPPER_DELETIONS must be true or false" in only_line(output.said)
    assert output.status == 2


def test_version_and_about_need_no_settings() -> None:
    version = subprocess.run([TAP, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("tap-copper v")
    about = run_command("tap-copper", "--about", "--format=json").stdout
    assert "lookback_seconds" in json.loads(about)["settings"]["properties"]
    markdown = run_command("tap-copper", "--about", "--format=markdown").stdout
    assert "| api_key |" in markdown
