"""What is wrong with settings by their JSON schema, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from singer_sdk.exceptions import ConfigValidationError

from crm_api.errors import SettingError
from crm_api.settings import check_settings
from crm_api.transport.redaction import Redactor, secret_texts
from target_crm.settings import SETTINGS
from target_crm.stream_settings import without_nulls

_WORDS = {"string": "a text", "array": "a list", "object": "an object"}


def fitting(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without its nulls, ready for the SDK to fill in defaults, which it does whatever stands there.

    Raises:
        ConfigValidationError: It does not fit the schema; no secret is shown.
        SettingError: It holds a name that nobody knows, or a tolerance that is none.
    """
    config = without_nulls(config)
    redact = Redactor(secret_texts(config, schema))
    if misfits := [
        redact(said) for said in misfits_of(config, SETTINGS)
    ]:  # the SDK's own schemas are none, to the letter
        raise ConfigValidationError("The settings do not fit", errors=misfits)
    check_settings(config, schema)
    rejected_allowed(config.get("max_rejected", 0))
    return config


def misfits_of(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong, and where, each in a sentence; the configuration stays as it is."""
    for error in jsonschema_rs.Draft202012Validator(dict(schema)).iter_errors(config):
        place = ".".join(map(str, error.instance_path))
        if error.kind.name == "required":
            yield f"The setting {'.'.join(filter(None, (place, error.kind.as_dict()['property'])))} is missing."
        else:
            yield f"{place}: {_said(error, schema)}."


def _said(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> str:
    given = json.dumps(error.instance, ensure_ascii=False, default=str)
    keyword: Any = schema
    for step in error.schema_path:
        keyword = keyword[step]
    if error.kind.name == "enum":
        return f"{given} is none of {', '.join(str(choice) for choice in keyword if choice is not None)}"
    if error.kind.name == "anyOf":
        return f"{given} is not {' or '.join(dict.fromkeys(map(_shape, keyword)))}"
    return str(error.message)


def _shape(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if required := schema.get("required"):
        return f"an object with {' and '.join(required)}"
    return _WORDS[schema["type"]]


@dataclass(frozen=True)
class RejectedAllowed:
    """How many records may be pending as rejected at the end.

    Attributes:
        records: So many.
        percent: Or so many of a hundred that came in.
    """

    records: int = 0
    percent: float | None = None

    def exceeded(self, pending: int, came_in: int) -> bool:
        """Tell whether there are more."""
        if self.percent is not None:
            return pending * 100 > came_in * self.percent
        return pending > self.records


def rejected_allowed(value: int | str) -> RejectedAllowed:
    """Read ``max_rejected``.

    Raises:
        SettingError: It is neither a number nor a percentage.
    """
    text = str(value).strip()
    try:
        if text.endswith("%"):
            percent = float(text[:-1])
            if percent >= 0:
                return RejectedAllowed(percent=percent)
        elif (records := int(text)) >= 0:
            return RejectedAllowed(records)
    except ValueError:
        pass
    raise SettingError(f"max_rejected must be a number such as 10, or a percentage such as 5%, not {value!r}")
