"""BATCH messages go the same way as records: stream maps, validation, ledger; in slices."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.machine import import_package
from tests.target_crm.messages import record_of, schema_of, state_of

TASKS = schema_of("tasks", "details", name={"type": "string"})


def batch(*files, **encoding):
    return {"type": "BATCH", "stream": "tasks", "encoding": encoding, "manifest": [f"file://{file}" for file in files]}


@pytest.fixture
def rows():
    return [{"id": n, "name": f"T{n}"} for n in range(25)]


@pytest.mark.parametrize("compression", ["none", "gzip", None])
def test_lines_of_json_are_written_once(run, emulator, tmp_path, rows, compression):
    file = tmp_path / "tasks.jsonl"
    data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    file.write_bytes(gzip.compress(data) if compression == "gzip" else data)
    encoding = {"format": "jsonl"} | ({"compression": compression} if compression else {})
    messages = [TASKS, batch(file, **encoding), state_of(25)]
    done = run(messages, batch_size_rows=10)
    assert done.of("tasks") == {"input": 25, "created": 25}
    assert done.states == [{"position": 25}]
    assert run(messages).of("tasks") == {"input": 25, "unchanged": 25}
    assert emulator.copper.count("tasks") == 25


def test_parquet_is_read(run, emulator, tmp_path, rows):
    pyarrow = import_package("pyarrow")
    parquet = import_package("pyarrow.parquet")
    file = tmp_path / "tasks.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    assert run([TASKS, batch(file, format="parquet")]).of("tasks") == {"input": 25, "created": 25}
    assert emulator.copper.count("tasks") == 25


def test_records_and_files_share_ledger_maps_and_validation(run, emulator, tmp_path, rows):
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, {"id": 99, "name": 5}]))
    maps = {"tasks": {"name": "name + '!'"}}
    first = run([TASKS, record_of("tasks", id=1, name="T1")], stream_maps=maps)
    assert first.of("tasks") == {"input": 1, "created": 1}
    done = run([TASKS, batch(file, format="jsonl")], stream_maps=maps)
    assert done.of("tasks") == {"input": 26, "created": 24, "unchanged": 1, "rejected": 1}
    assert {found["name"] for found in emulator.copper.records("tasks")} == {f"T{n}!" for n in range(25)}


def test_a_rejected_record_of_a_file_is_kept_as_a_message(run, emulator, tmp_path):
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"id": 1, "name": 5}\n')
    run([TASKS, batch(file, format="jsonl")], rejected_path=str(tmp_path / "rejected.singer"))
    kept = json.loads((tmp_path / "rejected.singer").read_text().splitlines()[1])
    assert (kept["type"], kept["stream"], kept["record"]) == ("RECORD", "tasks", {"id": 1, "name": 5})
    assert emulator.copper.count("tasks") == 0


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ({"type": "BATCH", "stream": "tasks"}, "manifest"),
        (batch(__file__, format="csv"), "csv"),
        (batch("/nowhere/x.jsonl", format="jsonl"), "/nowhere"),
    ],
)
def test_a_broken_batch_is_one_sentence(run, message, named):
    done = run([TASKS, message])
    assert done.code == 1
    assert named in done.errors
