"""Input that breaks off or breaks the rules: what came before is written, and one sentence says what is wrong where."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import sys

import pytest

from tests.machine import import_package
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TASKS = schema_of("tasks", "name")
SOUND = [TASKS, record_of("tasks", id=1, name="T1"), state_of(1), record_of("tasks", id=2, name="T2")]
MIRROR = {"tasks": {"load_method": "overwrite", "complete": "end_of_input"}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"type": "RECORD", "stream": "tasks", "rec', "not JSON on line 5"),
        (
            f'{{"type": "STATE", "value": {{"name": {"[" * 960}{"]" * 960}}}}}',
            "nested too deep",
        ),
        ("[]", "not a Singer message on line 5"),
        ({"type": "RECORD", "stream": "tasks"}, "wrong on line 5"),
        (record_of("tasks", name="T3"), "lacks its key property 'id'"),
        (record_of("people", id=3), "line 5 of the input comes before its SCHEMA"),
    ],
    ids=["cut off", "too deep", "no message", "no record", "no key", "no schema"],
)
def test_what_came_before_a_broken_line_is_written_and_its_state_passes(run, emulator, line, said):
    done = run([*SOUND, line])
    assert done.code == 1
    assert said in done.errors
    assert "Traceback" not in done.errors
    assert done.states == [{"position": 1}]
    assert done.of("tasks") == {"input": 2, "created": 2}
    assert done.report["closed"]
    assert emulator.copper.count("tasks") == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Ann,ann@x.example", "not JSON on line 1"),
        ('{"name": "Ann", "email": "ann@x.example"}', "not a Singer message on line 1: an object with name, email"),
        ('ail": "ann@x.example"}}', "not JSON on line 1"),
    ],
    ids=["CSV", "a record alone", "the rest of a line"],
)
def test_what_is_no_message_is_said_to_be_none_without_a_value_of_it(run, line, said):
    done = run([line])
    assert done.code == 1
    assert said in done.errors
    assert "must be the output of a Singer tap" in done.errors
    assert "ann@x.example" not in done.errors


def test_an_input_without_a_message_is_told(run):
    done = run([])
    assert done.code == 0
    assert "The input was empty" in done.errors


class CutOffBySignal:
    """An input that ends since a signal stopped the tap, and the same signal: Ctrl-C comes to a whole pipe."""

    def __init__(self, messages, number):
        self._lines = as_lines(messages).splitlines(keepends=True)
        self._number = number

    def __iter__(self):
        yield from self._lines
        os.kill(os.getpid(), self._number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_mirror_of_a_source_that_a_signal_cuts_off_deletes_nothing(run, emulator, number):
    mirror = {"tasks": {**MIRROR["tasks"], "max_delete_fraction": 1}}
    run(SOUND, streams=mirror)
    done = run([], CutOffBySignal(SOUND[:2], number), streams=mirror)
    assert done.code == 128 + number
    assert emulator.copper.count("tasks") == 2
    assert run(SOUND[:2], streams=mirror).code == 0
    assert emulator.copper.count("tasks") == 1, "the same input, come to its own end, is whole"


def test_a_mirror_of_a_source_that_breaks_off_deletes_nothing(run, emulator):
    run(SOUND, streams=MIRROR)
    assert run([*SOUND[:2], '{"type": "REC'], streams=MIRROR).code == 1
    assert emulator.copper.count("tasks") == 2


@pytest.mark.parametrize(
    "value",
    ['{"a": NaN}', '{"u": "\\ud83d"}', '{"a" : 1.10, "b": -Infinity ,"value": {"c": [1, 2]}}', '{"é": "\\udead"}'],
)
def test_a_state_that_json_forbids_passes_as_the_very_text_that_came(run, value):
    line = f' {{ "type": "STATE", "more": "value", "value" : {value} , "x": null}}\n'
    done = run([], file=io.BytesIO(as_lines([TASKS]) + line.encode()))
    assert (done.code, done.output) == (0, f"{value}\n")


def test_a_state_is_the_same_whatever_the_encoding_of_the_machine(run, monkeypatch):
    written = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", written)
    run([TASKS, '{"type": "STATE", "value": {"é": "\U0001d11e"}}'])
    assert written.buffer.getvalue().decode() == '{"é": "\U0001d11e"}\n'


def batch(file, name="", **encoding):
    return {"type": "BATCH", "stream": "tasks", "encoding": encoding, "manifest": [name or f"file://{file}"]}


def test_a_batch_file_that_is_cut_off_stops_the_run_in_a_sentence(run, tmp_path):
    file = tmp_path / "tasks.jsonl.gz"
    whole = gzip.compress("".join(json.dumps({"id": n, "name": f"T{n}"}) + "\n" for n in range(500)).encode())
    file.write_bytes(whole[: len(whole) // 2])
    done = run([*SOUND, batch(file, format="jsonl", compression="gzip"), state_of(2)])
    assert done.code == 1
    assert "tasks.jsonl.gz of a BATCH cannot be read" in done.errors
    assert done.states == [{"position": 1}]
    assert done.report["closed"]


def test_a_batch_file_with_a_broken_line_names_it(run, tmp_path, emulator):
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"id": 7, "name": "T7"}\nnothing\n')
    done = run([TASKS, batch(file, format="jsonl"), state_of(2)])
    assert done.code == 1
    assert f"record 2 of the file file://{file} of a BATCH is not JSON" in done.errors
    assert done.states == []
    assert emulator.copper.count("tasks") == 1


@pytest.mark.parametrize("name", ["s3://bucket/tasks.jsonl", "nowhere://x", "gibberish", 7])
def test_a_batch_file_out_of_reach_stops_the_run_in_a_sentence(run, tmp_path, name):
    done = run([TASKS, batch(tmp_path, name, format="jsonl"), state_of(2)])
    assert done.code == 1
    assert "BATCH" in done.errors
    assert "Traceback" not in done.errors
    assert done.states == []


def test_a_parquet_file_that_is_none_stops_the_run_in_a_sentence(run, tmp_path):
    import_package("pyarrow")
    file = tmp_path / "tasks.parquet"
    file.write_bytes(b"gibberish" * 99)
    done = run([TASKS, batch(file, format="parquet")])
    assert done.code == 1
    assert "tasks.parquet of a BATCH cannot be read" in done.errors
