"""The exports of other programs: public layouts with invented rows."""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).parent
EXPORTS = sorted(file.stem for file in (FOLDER / "exports").glob("*.csv"))


def file_of(export):
    return FOLDER / "exports" / f"{export}.csv"


def stream_of(export):
    return export.replace("-", "_")


def rows_of(export):
    """The rows as a tap reads them: every cell is text."""
    with file_of(export).open(newline="") as file:
        lines = list(file)
    first = next(number for number, line in enumerate(lines) if line.count(",") > 1 and " you " not in line)
    return list(csv.DictReader(lines[first:]))


def messages_of(export, stream=None):
    """The rows as Singer messages, without a key."""
    stream, rows = stream or stream_of(export), rows_of(export)
    properties = {name: {"type": ["string", "null"]} for name in rows[0]}
    schema = {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}, "key_properties": []}
    return [schema, *({"type": "RECORD", "stream": stream, "record": row} for row in rows)]
