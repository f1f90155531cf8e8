"""Records checked against their stream's SCHEMA, by jsonschema-rs: many times as fast as the SDK's own check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord
from singer_sdk.sinks.core import BaseJSONSchemaValidator
from typing_extensions import override

SHOWN = 3  # of the flaws of one record
MASK = "the value"  # in place of what a record holds


class Validator(BaseJSONSchemaValidator):
    """Checks records against a schema; formats are not checked.

    Args:
        schema: Of the stream.
        stream: Its name.

    Raises:
        InvalidJSONSchema: It is no JSON schema.
    """

    def __init__(self, schema: dict[str, Any], stream: str) -> None:
        super().__init__(schema)
        try:
            self._validator = jsonschema_rs.Draft202012Validator(
                schema, validate_formats=False, mask=MASK, retriever=_refuse
            )
        except (jsonschema_rs.ValidationError, ValueError) as error:
            said = _spelled(error) if isinstance(error, jsonschema_rs.ValidationError) else error
            raise InvalidJSONSchema(f"The SCHEMA of stream {stream!r} is no JSON schema: {said}") from error

    def flaw(self, record: Mapping[str, Any]) -> str | None:
        """What is wrong with a record, in words that show no values; None if nothing is."""
        if self._validator.is_valid(record):
            return None
        flaws = [_spelled(error) for _, error in zip(range(SHOWN), self._validator.iter_errors(record), strict=False)]
        return "; ".join(flaws)

    @override
    def validate(self, record: dict[str, Any]) -> None:
        if (flaw := self.flaw(record)) is not None:
            raise InvalidRecord(flaw, record)


def _spelled(error: jsonschema_rs.ValidationError) -> str:
    path = ".".join(map(str, error.instance_path))
    return f"{path}: {error.message}" if path else error.message


def _refuse(uri: str) -> Any:
    """A schema is checked with what it holds: nothing is fetched because an input says so."""
    raise ValueError(f"{uri} stands outside the SCHEMA")
