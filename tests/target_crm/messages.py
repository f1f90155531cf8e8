"""Singer messages for tests."""

from __future__ import annotations

import json


def as_lines(messages):
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in messages).encode()


def schema_of(stream, *names, keys=("id",), **properties):
    """A SCHEMA message; attributes that are only named may hold anything."""
    known = {name: {} for name in (*keys, *names)} | properties
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": known},
        "key_properties": list(keys),
    }


def record_of(stream, **record):
    return {"type": "RECORD", "stream": stream, "record": record}


def state_of(value):
    return {"type": "STATE", "value": {"position": value}}
