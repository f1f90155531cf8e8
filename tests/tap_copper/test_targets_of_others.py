"""Targets that nobody here wrote take all that the tap sends; each has a virtual environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crm_emulator import Emulator
from tests.machine import find_program, import_package, missing
from tests.tap_copper.running import TAP, Output, command_line, selecting, settings_of
from tests.tap_copper.strange_server import speaking

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]
VENVS = ROOT / ".venvs"
VENVS_OF = {
    "target-jsonl": "target-jsonl",
    "target-duckdb": "target-duckdb",
    "meltanolabs": "meltanolabs-target-postgres",
    "pipelinewise": "pipelinewise-target-postgres",
}
SIZES = {
    "people": 250,
    "companies": 30,
    "leads": 20,
    "opportunities": 30,
    "projects": 10,
    "tasks": 20,
    "activities": 60,
}


@dataclass
class Target:
    """A target that others wrote, into an empty place of its own.

    Attributes:
        load: Runs it on lines of Singer messages.
        counts: Counts the rows of each table that is not empty.
    """

    load: Callable[[bytes], subprocess.CompletedProcess[bytes]]
    counts: Callable[[], dict[str, int]]


def program(name: str, command: str) -> Path:
    found = VENVS / VENVS_OF[name] / "bin" / command
    if not found.exists():
        missing(f"{VENVS_OF[name]} is not installed (make .venvs/{VENVS_OF[name]}/ready)")
    return found


def lines_in_files(folder: Path) -> dict[str, int]:
    """Records of each stream, whichever of them came twice counted once."""
    found = {}
    for file in folder.glob("*.jsonl"):
        records = [json.loads(line) for line in file.read_text().splitlines()]
        keys = {(each.get("category"), each["id"] if "id" in each else each["name"]) for each in records}
        found[file.stem] = len(keys)
    return found


def rows_in_duckdb(file: Path) -> dict[str, int]:
    """Rows of each table, as its own Python reads them."""
    code = """
import duckdb, json, sys
with duckdb.connect(sys.argv[1], read_only=True) as db:
    names = [name for (name,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall()]
    print(json.dumps({name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}))
"""
    command = [program("target-duckdb", "python"), "-c", code, file]
    return {
        name: count
        for name, count in json.loads(subprocess.run(command, capture_output=True, check=True).stdout).items()
        if count
    }


def rows_in_postgres(url: str) -> dict[str, int]:
    psycopg = import_package("psycopg")
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'copper'").fetchall()
        count = psycopg.sql.SQL("SELECT count(*) FROM copper.{}")
        counted = {
            name: connection.execute(count.format(psycopg.sql.Identifier(name))).fetchone()[0] for (name,) in names
        }
    return {name: count for name, count in counted.items() if count}


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path, postgres: str) -> Target:
    """The target whose name the test gives."""
    name: str = request.param
    at = urlsplit(postgres)
    server = {"host": "127.0.0.1", "port": at.port, "user": "tester", "password": "none"}
    files, database = tmp_path / "files", tmp_path / "copper.duckdb"
    settings: dict[str, dict[str, Any]] = {
        "target-jsonl": {"destination_path": str(files), "do_timestamp_file": False},
        "target-duckdb": {"path": str(database), "default_target_schema": "main"},
        "meltanolabs": {**server, "database": at.path[1:], "default_target_schema": "copper"},
        "pipelinewise": {**server, "dbname": at.path[1:], "default_target_schema": "copper"},
    }
    counts: dict[str, Callable[[], dict[str, int]]] = {
        "target-jsonl": lambda: lines_in_files(files),
        "target-duckdb": lambda: rows_in_duckdb(database),
    }
    (tmp_path / "target.json").write_text(json.dumps(settings[name]))
    command = program(name, name if name in counts else "target-postgres")

    def load(lines: bytes) -> subprocess.CompletedProcess[bytes]:
        arguments = [command, "--config", tmp_path / "target.json"]
        return subprocess.run(arguments, input=lines, capture_output=True, check=False, timeout=240)

    return Target(load, counts.get(name, lambda: rows_in_postgres(postgres)))


def read(folder: Path, settings: dict[str, Any], **files: Any) -> bytes:
    """The output of a run of the tap, which may fail."""
    folder.mkdir()
    environment = {**os.environ, "TAP_COPPER_LOGLEVEL": "WARNING"}
    return subprocess.run(command_line(folder, settings, files=files), capture_output=True, env=environment).stdout  # noqa: PLW1510 - see above


def in_sum(*outputs: bytes) -> dict[str, int]:
    """Count the records of each stream, whichever came twice counted once."""
    keys: dict[str, set[Any]] = {}
    named: dict[str, list[str]] = {}
    for message in Output.of(b"".join(outputs)).messages:
        if message["type"] == "SCHEMA":
            named[message["stream"]] = message["key_properties"]
        elif message["type"] == "RECORD":
            keys.setdefault(message["stream"], set()).add(
                tuple(message["record"][key] for key in named[message["stream"]])
            )
    return dict(Counter({stream: len(each) for stream, each in keys.items()}))


every_target = pytest.mark.parametrize("target", VENVS_OF, indirect=True)


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    with Emulator(seed=3, sizes={"copper": SIZES}) as running:
        yield running


@every_target
def test_an_account_goes_into_a_target_and_so_do_its_changes(target: Target, account: Emulator, tmp_path: Path) -> None:
    first = read(tmp_path / "first", settings_of(account))
    loaded = target.load(first)
    assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]
    assert target.counts() == in_sum(first)
    account.copper.insert("people", {"name": "Ann Lee"})
    state = Output.of(first).state
    second = read(tmp_path / "second", settings_of(account), state=state)
    loaded = target.load(second)
    assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]
    assert target.counts() == in_sum(first, second)


DEFINITIONS = [
    {"id": place, "name": kind, "data_type": kind, "available_on": ["person", "opportunity"], "options": options}
    for place, (kind, options) in enumerate(
        [("String", None), ("Dropdown", [{"id": 1, "name": None}]), ("MultiSelect", [{"id": 1, "name": "Tea"}])]
        + [
            (kind, None)
            for kind in ("Text", "URL", "Date", "Checkbox", "Float", "Percentage", "Currency", "Connect", "Odd")
        ],
        1,
    )
]
ODD_VALUES: list[Any] = [None, True, 1, 33.5, 576_069_926_400, "250000.0", "soon", ["a"], [1], {"a": [None]}]
ODD = {
    "custom_field_definitions": DEFINITIONS,
    "lead_statuses": [{"id": 1, "name": 7, "order": 1.5}],
    "pipeline_stages": [{"id": 1, "win_probability": 12.5}],
    "tags": [{"name": "vip", "count": "3"}],
    "opportunities": [
        {"id": 2**53 + place, "date_modified": 5, "converted_value": value, "win_probability": value, "tags": value}
        for place, value in enumerate(ODD_VALUES)
    ],
    "activities": [
        {"id": 2**32 + place, "activity_date": 5, "old_value": value, "new_value": {"id": place, "name": "\U0001f600"}}
        for place, value in enumerate(ODD_VALUES)
    ],
    "tasks": [{"id": 1 + place, "date_modified": 5, "due_date": value} for place, value in enumerate(ODD_VALUES)],
    "people": [
        {
            "id": 1 + place,
            "name": "Jos\u00e9",
            "date_modified": 5,
            "emails": value,
            "address": value,
            "custom_fields": [{"custom_field_definition_id": each["id"], "value": value} for each in DEFINITIONS],
        }
        for place, value in enumerate(ODD_VALUES)
    ],
}


def odd(question: str) -> tuple[int, bytes] | tuple[int, bytes, dict[str, str]]:
    """Answer as accounts do that hold what nobody documents; one list is empty, one no list, one has a broken name."""
    name = question.split("/")[1].split("?", maxsplit=1)[0]
    if name == "contact_types":
        return 204, b""
    if name == "loss_reasons":
        return 200, b"null"
    if name == "users":
        return 200, b'[{"id": 1, "name": "Jos\xe9"}, {"id": 2, "name": "Jos\\ud83d"}]', {"X-PW-TOTAL": "2"}
    records = ODD.get(name, [])
    return 200, json.dumps(records).encode(), {"X-PW-TOTAL": str(len(records))}


@pytest.fixture(scope="module")
def odd_lines(account: Emulator, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with speaking(odd) as address:
        return read(tmp_path_factory.mktemp("odd") / "run", settings_of(account, base_url=address, max_attempts=1))


@every_target
def test_whatever_an_account_holds_goes_into_a_target(target: Target, odd_lines: bytes) -> None:
    expected = in_sum(odd_lines)
    assert expected["people"] == expected["tasks"] == expected["activities_search"] == len(ODD_VALUES)
    assert expected["users"] == 2
    loaded = target.load(odd_lines)
    assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]
    assert target.counts() == expected


@pytest.mark.parametrize("target", ["meltanolabs"], indirect=True)
def test_tables_of_the_other_tap_copper_take_our_records_once_they_are_altered_as_the_page_says(
    target: Target, account: Emulator, tmp_path: Path, postgres: str
) -> None:
    psycopg = import_package("psycopg")
    theirs = next((VENVS / "tap-copper" / "lib").glob("*/site-packages/tap_copper/schemas"), None)
    if theirs is None:
        missing("tap-copper of singer-io is not installed (make .venvs/tap-copper/ready)")
    streams = ("opportunities", "activities_search", "people", "pipeline_stages")
    schemas = [
        {"type": "SCHEMA", "stream": name, "schema": json.loads((theirs / f"{name}.json").read_text())}
        for name in streams
    ]
    lines = [json.dumps({**each, "key_properties": ["id"]}) for each in schemas]
    lines += [json.dumps({"type": "RECORD", "stream": name, "record": {"id": 1}}) for name in streams]
    assert target.load("\n".join(lines).encode() + b"\n").returncode == 0
    ours = read(tmp_path / "ours", settings_of(account), catalog=selecting(*streams))
    assert b"Altering columns is not supported" in target.load(ours).stderr
    page = (ROOT / "docs" / "tap-copper.md").read_text()
    (statements,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    with psycopg.connect(postgres, options="-c search_path=copper") as connection:
        connection.execute(statements)
    loaded = target.load(ours)
    assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]
    assert target.counts()["opportunities"] == in_sum(ours)["opportunities"] + 1


def test_the_pipe_of_the_front_page_is_not_warned_of_each_full_table(account: Emulator, tmp_path: Path) -> None:
    page = (ROOT / "README.md").read_text()
    (commands,) = re.findall(r"## Read Copper\n\n```sh\n(.*?)```", page, re.DOTALL)
    _, commands = commands.split("\n", 1)  # the credentials
    given = {name: str(value) for name, value in settings_of(account).items()}
    environment = {
        **os.environ,
        **{f"TAP_COPPER_{name.upper()}": value for name, value in given.items()},
        "PATH": os.pathsep.join(
            [str(TAP.parent), str(program("target-jsonl", "target-jsonl").parent), "/usr/bin:/bin"]
        ),
    }
    done = subprocess.run(
        [find_program("bash"), "-ec", commands],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Unknown message type" not in done.stderr
    assert len(list(tmp_path.glob("people-*.jsonl"))) >= 1
