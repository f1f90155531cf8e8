"""Reading the sync log, and adding up what it tells."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import jsonschema_rs

from tests.commands import run_command


@dataclass(frozen=True)
class Log:
    """The messages of one call."""

    messages: list[dict]

    def records(self, stream):
        return [each["record"] for each in self.messages if (each["type"], each.get("stream")) == ("RECORD", stream)]

    @cached_property
    def state(self):
        return [each["value"] for each in self.messages if each["type"] == "STATE"][-1]

    def check(self):
        """Hold each record against its SCHEMA, which comes before it, and its key."""
        schemas = {}
        for message in self.messages:
            if message["type"] == "SCHEMA":
                validator = jsonschema_rs.Draft202012Validator(
                    {**message["schema"], "additionalProperties": False}, validate_formats=True
                )
                schemas[message["stream"]] = validator, message["key_properties"]
            elif message["type"] == "RECORD":
                validator, keys = schemas[message["stream"]]
                validator.validate(message["record"])
                assert all(message["record"][key] is not None for key in keys)
        return self


def read_log(config, *arguments, state=None, code=0):
    """Call singer-crm log, from a STATE on; its stdout is Singer only."""
    if state is not None:
        file = config.with_name("state.json")
        file.write_text(json.dumps(state))
        arguments = (*arguments, "--state", file)
    done = run_command("singer-crm", "log", "--config", config, *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return Log([json.loads(line) for line in done.stdout.splitlines()]).check()


def sums_of_outcomes(records):
    """The number of records by run, stream and outcome; of links, the number of their fields."""
    sums = Counter()
    for each in records:
        number = len(each["fields"]) if each["outcome"] == "linked" else 1
        sums[each["run_id"], each["run_began_at"], each["stream"], each["outcome"]] += number
    return dict(sums)


def sums_of_report(report, began_at):
    """Add up the same numbers as a report tells them."""
    sums = Counter()
    for stream in {*report["streams"], *report["linked"]}:
        counts = report["streams"].get(stream, {}).items()
        told = {name: count for name, count in counts if name not in {"input", "unchanged", "superseded"}}
        told |= {"removed": report["removed"].get(stream, 0), "linked": report["linked"].get(stream, 0)}
        for outcome, count in told.items():
            if count:
                sums[report["run_id"], began_at, stream, outcome] = count
    return dict(sums)


def as_a_target_keeps_it(*logs):
    """The records of each stream as a target keeps them that puts the newest in place of one with the same key."""
    kept = {}
    for log in logs:
        keys = {each["stream"]: each["key_properties"] for each in log.messages if each["type"] == "SCHEMA"}
        for message in log.messages:
            if message["type"] == "RECORD":
                stream = message["stream"]
                key = tuple(message["record"][name] for name in keys[stream])
                kept.setdefault(stream, {})[key] = message["record"]
    return {stream: list(records.values()) for stream, records in kept.items()}
