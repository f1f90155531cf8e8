"""Settings in environment variables, and as JSON text (pure): checked as strictly as those in a file.

Meltano hands objects on as JSON whose names hold the whole way to a value: ``{"people.load_method": "upsert"}``.
"""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from crm_api.errors import SettingError

_NEARLY = 0.8  # of difflib's ratio
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_KINDS: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_ANYTHING: Mapping[str, Any] = {"type": "object"}
_EXAMPLES: Mapping[str, str] = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": 'a list such as ["a", "b"] or a,b',
    "object": 'an object in JSON such as {"a": 1}',
}
_OF_OBJECTS = 'a list of objects in JSON such as [{"a": 1}]'


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
        if text is None:
            _refuse_parts(variable, types, schema, prefix, environment)
        if text is None or (not text and types and ("null" in types or "string" not in types)):
            continue  # an empty variable gives no setting
        try:
            found[name] = whole(_value(text, types, wanted), wanted)
        except ValueError:
            kinds = " or ".join(_example(each, wanted) for each in types if each in _EXAMPLES)
            given = "" if wanted.get("secret") else f", not {text!r}"
            raise SettingError(f"The environment variable {variable} must be {kinds}{given}") from None
    _refuse_misspelt([*schema["properties"]], prefix, environment)
    return found


def _example(kind: str, schema: Mapping[str, Any]) -> str:
    is_of_texts = kind != "array" or schema.get("items", {}).get("type", "string") == "string"
    return _EXAMPLES[kind] if is_of_texts else _OF_OBJECTS


def _refuse_misspelt(names: Sequence[str], prefix: str, environment: Mapping[str, str]) -> None:
    """Refuse variables that are nearly those of a setting: a misspelt dry_run must not write.

    Others are let be: those of a plugin whose name goes on (``TARGET_CRM_TWO_API_KEY``), or of Meltano itself.
    """
    known = {name.upper().replace("-", "_") for name in names}
    for variable in sorted(environment):
        rest = variable.removeprefix(prefix)
        if (
            rest == variable
            or rest in known
            or rest.startswith("_")
            or rest.endswith(tuple(f"_{each}" for each in known))
        ):
            continue
        if near := difflib.get_close_matches(rest, sorted(known), n=1, cutoff=_NEARLY):
            raise SettingError(
                f"No setting has the environment variable {variable}: the nearest one is {prefix}{near[0]}"
            )


def _refuse_parts(
    variable: str, types: Sequence[str], schema: Mapping[str, Any], prefix: str, environment: Mapping[str, str]
) -> None:
    """Refuse variables that hold parts of an object which has none itself: their names have lost their spelling."""
    known = {prefix + name.upper().replace("-", "_") for name in schema["properties"]}
    if "object" not in types:
        return
    for part in sorted(environment):
        if part.startswith(f"{variable}_") and part not in known:
            raise SettingError(
                f"The environment variable {part} is a part of a setting whose names it cannot spell. Give the whole "
                f"as JSON in {variable}, or name the configuration file"
            )


def texts_read(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Read the lists and objects that a configuration holds as JSON text, as Meltano keeps what is set on its command.

    Raises:
        SettingError: Such a text is not JSON; it names the setting.
    """
    return {name: _text_read(name, value, schema["properties"].get(name, {})) for name, value in config.items()}


def _text_read(name: str, value: Any, schema: Mapping[str, Any]) -> Any:
    kinds = {"object": dict, "array": list}
    allowed = tuple(kinds[each] for each in _types(schema) if each in kinds)
    if not isinstance(value, str) or not allowed or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        found = _decoded(value)
    except ValueError as error:
        raise SettingError(f"{name} is not valid JSON: {error}") from None
    return whole(found, schema) if isinstance(found, allowed) else value


def whole(value: Any, schema: Mapping[str, Any]) -> Any:
    """Put the values of an object in their places where a name in it holds the whole way, its parts joined by dots.

    A name that the schema does not lead through is left as it is, unless its last part alone is unknown; so is one
    that holds an object itself.
    """
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for name, inner in value.items():
        way = None if isinstance(inner, Mapping) or "." not in name else _way(name.split("."), schema)
        if way == [name] and inner is not None and _takes_objects_alone(name, schema):
            above, _, last = name.rpartition(".")
            way = [*(_way(above.split("."), schema) or [above]), last]  # a misspelt setting, which is told as such
        at = found
        *before, last = way or [name]
        for part in before:
            beyond = at.setdefault(part, {})
            if not isinstance(beyond, dict):
                beyond = at[part] = {}
            at = beyond
        at[last] = {**at[last], **inner} if isinstance(inner, Mapping) and isinstance(at.get(last), dict) else inner
    return found


def _takes_objects_alone(name: str, schema: Mapping[str, Any]) -> bool:
    below = [set(_types(each)) for each in _below(name, schema)]
    return bool(below) and all("object" in types <= {"object", "null"} for types in below)


def _way(parts: Sequence[str], schema: Mapping[str, Any]) -> list[str] | None:
    """Find the names through which a schema leads: the shortest first, since a name may hold dots itself."""
    if not parts:
        return []
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        for below in _below(name, schema):
            if (rest := _way(parts[end:], below)) is not None:
                return [name, *rest]
    return None


def _below(name: str, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that hold for what stands under a name."""
    alternatives = (each for each in (schema, *schema.get("anyOf", ())) if isinstance(each, Mapping))
    for alternative in alternatives:
        properties, others = alternative.get("properties", {}), alternative.get("additionalProperties")
        if name in properties:
            yield properties[name]
        elif isinstance(others, Mapping):
            yield others
        elif others is True or ("object" in _types(alternative) and not properties and others is None):
            yield _ANYTHING


def _decoded(text: str) -> Any:
    """Read JSON; or a list or an object as Python spells it, which is how Meltano hands on those of the kind string.

    Raises:
        ValueError: It is neither.
    """
    try:
        return json.loads(text)
    except ValueError:
        if text.lstrip().startswith(("{", "[")):
            with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                return ast.literal_eval(text.strip())
        raise


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
        value = _decoded(text)
    except ValueError:
        value = text
    kinds = [kind for each in types for kind in _KINDS.get(each, ())]
    if type(value) in kinds and (value is not None or "string" not in types):
        return value
    if "string" in types:
        return text
    is_list = "array" in types and isinstance(value, str) and not value.lstrip().startswith(("[", "{"))
    if is_list and schema.get("items", {}).get("type") == "string":
        return [part.strip() for part in value.split(",")]
    raise ValueError(text)
