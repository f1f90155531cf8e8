"""Checks records against the JSON schema of their stream, as far as that can be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from singer_sdk.exceptions import InvalidRecord
from singer_sdk.sinks.core import BaseJSONSchemaValidator
from typing_extensions import override

from target_crm.singer.schema_drafts import Flaw, modern, without_flaws

FLAWS_SHOWN = 3  # of one record, or of one schema
MASK = "the value"  # in place of what a record holds
_UNREADABLE = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, RecursionError)


@dataclass(frozen=True)
class Violation:
    """One rule of a schema that a record breaks.

    Attributes:
        attribute: The record's attribute, as a path where it is inside one; empty: the record as a whole.
        sentence: What is wrong, for people, without the value.
        value: The value at fault.
    """

    attribute: str
    sentence: str
    value: Any


class RecordValidator(BaseJSONSchemaValidator):
    """Checks records against a schema of any draft; formats are not checked.

    Args:
        schema: The stream's schema.
        stream: The stream's name.

    Attributes:
        warning: What of the schema cannot be read, for people, so that records are not checked against it; empty:
            nothing.
    """

    def __init__(self, schema: dict[str, Any], stream: str) -> None:
        super().__init__(schema)
        self.warning = ""
        self._validator, flaws = _compiled(schema)
        if flaws:
            self.warning = _warning(stream, flaws)

    def violations(self, record: Mapping[str, Any], besides: Collection[str] = ()) -> list[Violation]:
        """The first rules that a record breaks.

        Args:
            record: The record.
            besides: Attributes that are not looked at.

        Raises:
            ValueError: It is nested too deeply.
        """
        if self._validator is None or self._validator.is_valid(record):
            return []
        found = (each for each in self._broken(record) if each.attribute.partition(".")[0] not in besides)
        return [each for _, each in zip(range(FLAWS_SHOWN), found, strict=False)]

    def _broken(self, record: Mapping[str, Any]) -> Iterator[Violation]:
        for error in self._validator.iter_errors(record) if self._validator is not None else ():
            path = ".".join(map(str, error.instance_path))
            yield Violation(path, f"{path}: {error.message}" if path else error.message, error.instance)

    @override
    def validate(self, record: dict[str, Any]) -> None:
        if broken := self.violations(record):
            raise InvalidRecord("; ".join(each.sentence for each in broken), record)


def _compiled(schema: Mapping[str, Any]) -> tuple[jsonschema_rs.Draft201909Validator | None, list[Flaw]]:
    try:
        readable = modern(schema)
    except _UNREADABLE:
        return None, [Flaw((), "nested too deeply")]
    try:
        return _validator(readable), []
    except _UNREADABLE:
        pass
    try:
        sound, flaws = without_flaws(readable)
        return _validator(sound), flaws
    except _UNREADABLE as error:
        said = error.message if isinstance(error, jsonschema_rs.ValidationError) else str(error)
        return None, [Flaw((), said)]


def _validator(schema: Mapping[str, Any]) -> jsonschema_rs.Draft201909Validator:
    return jsonschema_rs.Draft201909Validator(dict(schema), validate_formats=False, mask=MASK, retriever=_refuse)


def _warning(stream: str, flaws: list[Flaw]) -> str:
    shown = "; ".join(each.shown for each in flaws[:FLAWS_SHOWN])
    more = f"; and {len(flaws) - FLAWS_SHOWN} more" if len(flaws) > FLAWS_SHOWN else ""
    return (
        f"The SCHEMA of stream {stream!r} has what JSON Schema does not know, and no record is checked against that: "
        f"{shown}{more}. With validate_records: false records are not checked at all"
    )


def _refuse(uri: str) -> Any:
    """A schema is checked with what it holds: nothing is fetched because an input says so."""
    raise ValueError(f"{uri} stands outside the SCHEMA")
