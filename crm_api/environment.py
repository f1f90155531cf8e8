"""Settings in environment variables (pure): checked as strictly as those in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crm_api.errors import SettingError

_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_EXAMPLES: Mapping[str, str] = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": 'a list such as ["a", "b"] or a,b',
    "object": 'an object in JSON such as {"a": 1}',
}


def environment_settings(schema: Mapping[str, Any], prefix: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Read the settings that environment variables give.

    Args:
        schema: JSON schema of the settings.
        prefix: Beginning of each variable's name, in capitals: ``TAP_COPPER_``.
        environment: Values of variables, by name.

    Raises:
        SettingError: A variable does not have the type of its setting; the text names the variable.
    """
    found: dict[str, Any] = {}
    for name, wanted in schema["properties"].items():
        variable = prefix + name.upper().replace("-", "_")
        text = environment.get(variable)
        types = _types(wanted)
        if text is None or (not text and types and ("null" in types or "string" not in types)):
            continue  # an empty variable gives no setting
        try:
            found[name] = _value(text, types, wanted)
        except ValueError:
            kinds = " or ".join(_EXAMPLES[each] for each in types if each in _EXAMPLES)
            given = "" if wanted.get("secret") else f", not {text!r}"
            raise SettingError(f"The environment variable {variable} must be {kinds}{given}") from None
    return found


def _types(schema: Mapping[str, Any]) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else list(given)


def _value(text: str, types: list[str], schema: Mapping[str, Any]) -> Any:
    """Read a text as the first of the types that fits it; as JSON or text if no type is listed."""
    if not types:
        return json.loads(text) if text.lstrip()[:1] in {"{", "["} else text
    if "boolean" in types and text.strip().lower() in (*_YES, *_NO):
        return text.strip().lower() in _YES
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    kinds = [kind for each in types for kind in _KINDS.get(each, ())]
    if type(value) in kinds and (value is not None or "string" not in types):
        return value
    if "string" in types:
        return text
    if "array" in types and isinstance(value, str) and schema.get("items", {}).get("type") == "string":
        return [part.strip() for part in text.split(",")]
    raise ValueError(text)
