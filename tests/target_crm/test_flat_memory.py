"""Memory stays flat, however many records come: as lines, in files, in any form."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

from crm_emulator import Emulator
from tests.machine import find_file, import_package
from tests.target_crm.messages import as_lines, schema_of, state_of

FEW, MANY = 1_000, 40_000
MOST_GROWTH = 15  # mebibytes
PEOPLE = schema_of("people", "email", "notes", name={"type": "string"})
MEASURED = """
import sys
from pathlib import Path
from target_crm.target import TargetCrm
sys.argv = ["target-crm", "--config", sys.argv[1]]
try:
    TargetCrm.cli()
finally:
    (most,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(int(most.split()[1]) // 1024, file=sys.stderr)
"""


def people(count):
    """So many versions of a hundred people who are in the CRM already, a kilobyte each."""
    return ({"id": n % 100, "name": f"P{n % 100}", "notes": "x" * 1000} for n in range(count))


def as_records(_, count):
    lines = (json.dumps({"type": "RECORD", "stream": "people", "record": record}) + "\n" for record in people(count))
    return "".join(lines).encode()


def as_batch(kind):
    def written(folder, count):
        file = folder / f"{kind}-{count}"
        encoding = {"format": "parquet" if kind == "parquet" else "jsonl"}
        if kind == "parquet":
            pyarrow = import_package("pyarrow")
            parquet = import_package("pyarrow.parquet")
            parquet.write_table(pyarrow.Table.from_pylist(list(people(count))), file, row_group_size=5_000)
        elif kind == "gzip":
            encoding["compression"] = "gzip"
            with gzip.open(file, "wt") as lines:
                lines.writelines(json.dumps(record) + "\n" for record in people(count))
        else:
            with file.open("w") as lines:
                lines.writelines(json.dumps(record) + "\n" for record in people(count))
        message = {"type": "BATCH", "stream": "people", "encoding": encoding, "manifest": [f"file://{file}"]}
        return as_lines([message])

    return written


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(as_records, id="lines", marks=pytest.mark.long),
        pytest.param(as_batch("jsonl"), id="jsonl", marks=pytest.mark.long),
        pytest.param(as_batch("gzip"), id="gzip"),
        pytest.param(as_batch("parquet"), id="parquet", marks=pytest.mark.long),
    ],
)
def test_a_large_input_takes_no_more_memory_than_a_small_one(tmp_path, write):
    find_file("/proc/self/status", called="which tells how much memory a process took")
    with Emulator(empty=True) as emulator:
        copper = emulator.copper
        config = tmp_path / "config.json"
        settings = {
            "crm": "copper",
            "base_url": copper.base_url,
            "api_key": copper.api_key,
            "user_email": copper.user_email,
            "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
            "requests_per_minute": 0,
        }
        config.write_text(json.dumps(settings))
        taken = []
        for count in (FEW, MANY):
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, config],
                input=as_lines([PEOPLE]) + write(tmp_path, count) + as_lines([state_of(count)]),
                capture_output=True,
                check=True,
            )
            taken.append(int(done.stderr.split()[-1]))
            assert copper.count("people") == 100
    few, many = taken
    assert many - few < MOST_GROWTH, taken
    assert many < 200
