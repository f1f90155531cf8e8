"""The settings as they are given, in files and the environment, and their checks before anything is done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs
from singer_sdk import Target
from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override

from crm_api.console import silenced
from crm_api.environment import environment_settings, texts_read
from crm_api.errors import SettingError
from crm_api.settings import TAP_SETTINGS, check_settings
from crm_api.transport.redaction import Redactor, secret_texts
from target_crm.report.thresholds import not_run_for, thresholds_of
from target_crm.settings import SETTINGS
from target_crm.stream_settings import without_nulls

VALUES_DAYS = 30  # of keep_values_days, in place of the old history_values
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


class ConfiguredTarget(Target):
    """A target whose settings are as strict in the environment as in a file, and checked at every depth."""

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        # No CRM has columns for metadata; files are read as their message says; load_method decides about versions.
        for unused in ("add_record_metadata", "batch_config", "process_activate_version_messages"):
            config_jsonschema["properties"].pop(unused, None)

    @property
    @override
    def _env_var_config(self) -> dict[str, Any]:
        # It reads the file .env, too; a wrong value is refused below, with its name.
        with suppress(ValueError), silenced("singer_sdk.configuration._dict_config", "Parsing array of the form"):
            super()._env_var_config  # noqa: B018 - see above
        return environment_settings(self.config_jsonschema, self._env_var_prefix, os.environ)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        if raise_errors:
            self.append_builtin_config(self.config_jsonschema)
            self._config = in_todays_words(checked_config(self._config, self.config_jsonschema), self.logger.warning)
        return super()._validate_config(raise_errors=raise_errors)


_OF_THE_TAP = "tap-copper has it, and one file serves both plugins only with crm copper. Remove it"


def checked_config(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Check a configuration, and drop its nulls so that the SDK can fill in defaults.

    Settings of tap-copper are left out, since one file may serve both plugins of a Copper account.

    Args:
        config: The configuration as it is given.
        schema: The JSON schema of all settings, the SDK's own included.

    Raises:
        ConfigValidationError: A setting does not fit the JSON schema; no secret is shown.
        SettingError: There is no setting of that name, or ``max_rejected`` or ``notify_when`` cannot be read.
    """
    both = config.get("crm") == "copper"
    passed_over = TAP_SETTINGS if both else frozenset()
    own = {name: value for name, value in config.items() if name not in passed_over}
    config = without_nulls(texts_read(own, schema))
    redact = Redactor(secret_texts(config, schema))
    if isinstance(text := config.get("streams"), str):  # the schema lets it pass, since it may hold JSON
        raise ConfigValidationError(
            "Some settings are wrong", errors=[redact(f"streams must be an object or a list, not {json.dumps(text)}.")]
        )
    # Only our own schema is asked: the SDK's schemas of its own settings do not fit what the SDK takes.
    if problems := [redact(problem) for problem in _problems_of(config)]:
        raise ConfigValidationError("Some settings are wrong", errors=problems)
    check_settings(config, schema, passed_over, () if both else TAP_SETTINGS, _OF_THE_TAP)
    rejected_allowed(config.get("max_rejected", 0))
    thresholds_of(config)
    not_run_for(config)
    return config


def in_todays_words(config: Mapping[str, Any], warn: Callable[[str], None]) -> dict[str, Any]:
    """Put today's words in the place of those of version 0.1.0.

    Args:
        config: The settings as they are given, checked.
        warn: Called with a sentence for each old word.

    Raises:
        SettingError: Both are given.
    """
    if "history_values" not in config:
        return dict(config)
    kept = {name: value for name, value in config.items() if name != "history_values"}
    if not config["history_values"]:
        warn("history_values is called keep_values_days now, which keeps no values if it is left out. Remove it")
        return kept
    if "keep_values_days" in config:
        raise SettingError("There are both keep_values_days and history_values, its old name. Remove history_values")
    warn(
        f"history_values is called keep_values_days now; true is taken for keep_values_days: {VALUES_DAYS}, in this "
        "version only"
    )
    return {**kept, "keep_values_days": VALUES_DAYS}


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    """Make the validator of our settings, which takes longer than all that it does for a run."""
    return jsonschema_rs.Draft202012Validator(dict(SETTINGS))


def _problems_of(config: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with a configuration, in a sentence for each setting at fault."""
    for error in _validator().iter_errors(config):
        yield from _problems_in(error, SETTINGS, ())


def _problems_in(
    error: jsonschema_rs.ValidationError, schema: Mapping[str, Any], above: tuple[Any, ...]
) -> Iterator[str]:
    """Say what an error of a schema is about; ``above`` is the place of what the schema is for."""
    path = (*above, *error.instance_path)
    place = ".".join(map(str, path))
    if error.kind.name == "required":
        missing = error.kind.as_dict()["property"]
        choices = "" if place else f": set it to one of {', '.join(SETTINGS['properties'][missing]['enum'])}"
        yield f"The setting {'.'.join(filter(None, (place, missing)))} is missing{choices}."
    elif (meant := _only_object(error, schema)) is not None:
        for inner in jsonschema_rs.Draft202012Validator(meant).iter_errors(error.instance):
            yield from _problems_in(inner, meant, path)
    elif allowed := _allowed(error, schema):
        given = json.dumps(error.instance, ensure_ascii=False, default=str)
        yield f"{place} must be {allowed}, not {given}."
    else:
        yield f"{place}: {error.message}."


def _keyword(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> Any:
    keyword: Any = schema
    for step in error.schema_path:
        keyword = keyword[step]
    return keyword


def _only_object(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The only alternative that takes an object, where an object was given; None: what is wrong is not inside it."""
    if error.kind.name != "anyOf" or not isinstance(error.instance, Mapping):
        return None
    objects = [each for each in _keyword(error, schema) if each.get("type") == "object"]
    return dict(objects[0]) if len(objects) == 1 else None


def _allowed(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> str:
    """The values that the schema allows, in words; empty: the validator's own words say it."""
    keyword = _keyword(error, schema)
    if error.kind.name == "enum":
        return f"one of {', '.join(str(choice) for choice in keyword if choice is not None)}"
    if error.kind.name == "type":
        types = [keyword] if isinstance(keyword, str) else keyword
        return " or ".join(_WORDS[each] for each in types if each != "null")
    if error.kind.name == "anyOf":
        return " or ".join(dict.fromkeys(map(_shape, keyword)))
    return ""


def _shape(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if required := schema.get("required"):
        return f"an object with {' and '.join(required)}"
    if required := schema.get("items", {}).get("required"):
        return f"a list of objects with {' and '.join(required)}"
    return _WORDS[schema["type"]]


@dataclass(frozen=True)
class RejectedAllowed:
    """The setting max_rejected: how many records may be pending as rejected at the end of a run.

    Attributes:
        records: The number of records, if ``percent`` is None.
        percent: The percentage of the records that came in.
    """

    records: int = 0
    percent: float | None = None

    def exceeded(self, pending: int, came_in: int) -> bool:
        """Tell whether more records are pending than allowed."""
        if self.percent is not None:
            return pending * 100 > came_in * self.percent
        return pending > self.records


def rejected_allowed(value: int | str) -> RejectedAllowed:
    """Read the setting max_rejected.

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
