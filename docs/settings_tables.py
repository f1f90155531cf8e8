"""Tables of settings, from their JSON schemas: each choice, each nested key, and an example of each.

Examples that cannot be derived stand in docs/examples.yaml, by the path that the table shows. ``flaws`` says which are
missing or wrong, so that no setting, choice or key can be without one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

Schema = Mapping[str, Any]
Settings = Mapping[str, Schema]
ELSEWHERE = frozenset({"streams", "endpoint", "endpoints", "stream_maps"})
"""Settings whose keys have a table, or a page of the SDK, of their own."""
OF_THE_SDK = frozenset({"stream_maps"})
"""Settings whose schema, the SDK's, is none."""
_EXAMPLES = Path(__file__).parent / "examples.yaml"


def kinds_of(setting: Schema) -> list[str]:
    """The JSON types of a setting, but null."""
    if "anyOf" in setting:
        return list(dict.fromkeys(kind for each in setting["anyOf"] for kind in kinds_of(each)))
    kinds = setting.get("type", "string")
    return [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"] or ["string"]


def sentence(setting: Schema) -> str:
    """The description of a setting on one line."""
    return " ".join(str(setting.get("description", "")).split())


def settings_table(settings: Settings, group: str) -> Iterator[str]:
    """A Markdown table of settings, by name, with the keys below each.

    Args:
        settings: Their JSON schemas.
        group: The part of docs/examples.yaml that holds their examples.
    """
    yield "| setting | type | default | choices | what it does | example |"
    yield "|---|---|---|---|---|---|"
    for path, setting in rows(settings):
        secret = " (secret)" if setting.get("secret") else ""
        choices = ", ".join(f"`{each}`" for each in choices_of(setting))
        default = setting.get("default")
        shown = "" if default is None else f"`{_spelled(default)}`"
        example = example_of(path, setting, group)
        cells = (
            f"`{path}`",
            f"{' or '.join(kinds_of(setting))}{secret}",
            shown,
            choices,
            sentence(setting),
            "" if example is None else f"`{_spelled(example)}`",
        )
        yield f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def rows(settings: Settings) -> Iterator[tuple[str, Schema]]:
    """Yield each setting and each key below it, by its path: ``batch.size``, ``extra_streams[].name``."""
    for name, setting in settings.items():
        yield name, setting
        if name not in ELSEWHERE:
            yield from _below(name, setting)


def _below(path: str, setting: Schema) -> Iterator[tuple[str, Schema]]:
    keys: dict[str, Schema] = {}
    for each in _alternatives(setting):
        places = {f"{path}.{name}": inner for name, inner in (each.get("properties") or {}).items()}
        if isinstance(others := each.get("additionalProperties"), Mapping) and _says_more(others):
            places[f"{path}.NAME"] = others
        if isinstance(items := each.get("items"), Mapping):
            places |= {f"{path}[].{name}": inner for name, inner in (items.get("properties") or {}).items()}
        for name, inner in places.items():
            keys.setdefault(name, inner)
    for name, inner in keys.items():
        yield name, inner
        yield from _below(name, inner)


def _alternatives(setting: Schema) -> list[Schema]:
    return [setting, *(each for each in setting.get("anyOf", ()) if isinstance(each, Mapping))]


def _says_more(schema: Schema) -> bool:
    return any(schema.get(word) for word in ("enum", "properties", "anyOf"))


def choices_of(setting: Schema) -> list[Any]:
    """The values that a setting may have, where they are listed."""
    return [value for each in _alternatives(setting) for value in each.get("enum", ()) if value is not None]


@cache
def _examples() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(_EXAMPLES.read_text())
    return found


def example_of(path: str, setting: Schema, group: str) -> Any:
    """An example of a setting: the one of docs/examples.yaml, else a choice or a value that is not the default."""
    given = _examples().get(group, {})
    if path in given:
        return given[path]
    default = setting.get("default")
    if choices := choices_of(setting):
        return next((each for each in choices if each != default), choices[0])
    return (not default) if kinds_of(setting) == ["boolean"] else default


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def flaws(settings: Settings, group: str) -> Iterator[str]:
    """Say which settings, choices or keys have no words or no example, and which examples do not fit."""
    there = dict(rows(settings))
    for path, setting in there.items():
        example = example_of(path, setting, group)
        if not sentence(setting):
            yield f"{group}: {path} has no description"
        if example is None:
            yield f"docs/examples.yaml: {group} has no example of {path}"
        elif path not in OF_THE_SDK and not jsonschema_rs.Draft202012Validator(dict(setting)).is_valid(example):
            yield f"docs/examples.yaml: the example of {path} in {group} does not fit its schema: {example!r}"
    for path in _examples().get(group, {}):
        if path not in there:
            yield f"docs/examples.yaml: {group} has no setting {path}"
