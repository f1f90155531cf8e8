"""A stream's JSON schema of any draft, spelt as draft 2019-09 spells it, and without what no draft knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from target_crm.singer.odd_values import NotJson

VALUE_SHOWN = 60  # characters of a rule that nobody knows
_META = "https://json-schema.org/draft/2019-09/schema"
_MAPS = frozenset({"properties", "patternProperties", "definitions", "$defs", "dependentSchemas"})
_SINGLE = frozenset(
    {
        "additionalProperties", "additionalItems", "not", "if", "then", "else", "contains", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_REF_ALONE = ("draft-03", "draft-04", "draft-06", "draft-07")  # where nothing beside $ref counts

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Flaw:
    """A part of a schema that is no JSON schema in any draft.

    Attributes:
        path: Where it stands, from the schema's root.
        value: What stands there.
    """

    path: Path
    value: Any

    @property
    def shown(self) -> str:
        """The place and the value, for people; a schema holds no values of records."""
        value = json.dumps(self.value, ensure_ascii=True, default=str)
        value = value if len(value) <= VALUE_SHOWN else f"{value[:VALUE_SHOWN]}…"
        return f"{'.'.join(map(str, self.path)) or 'all of it'} is {value}"


def modern(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Spell a schema as draft 2019-09 does, each rule by the draft that it shows.

    Draft 4 has ``exclusiveMaximum: true`` beside ``maximum``, draft 3 ``divisibleBy``, ``required`` inside a property,
    ``extends`` and ``disallow``, draft 2020-12 ``prefixItems``. Taps mix them, and name a draft that they do not keep.
    """
    draft = schema.get("$schema")
    alone = isinstance(draft, str) and any(each in draft for each in _REF_ALONE)
    by_id = any(not ref.startswith("#") for _, ref in _references(schema, ()))
    modernised: dict[str, Any] = _Spelling(ref_alone=alone, keeps_ids=by_id).of(schema)
    return modernised


@dataclass(frozen=True)
class _Spelling:
    """Spells schemas anew.

    Attributes:
        ref_alone: Nothing beside ``$ref`` counts.
        keeps_ids: References lead to ids.
    """

    ref_alone: bool
    keeps_ids: bool

    def of(self, schema: Any) -> Any:
        """Spell one schema, and those inside it."""
        if not isinstance(schema, Mapping):
            return None if isinstance(schema, NotJson) else schema
        found: dict[str, Any] = {}
        for name, value in schema.items():
            if name in _MAPS and isinstance(value, Mapping):
                found[name] = {key: self.of(each) for key, each in value.items()}
            elif name in _SINGLE or (name == "items" and isinstance(value, Mapping)):
                found[name] = self.of(value)
            elif name in _LISTS or name in {"items", "prefixItems"}:
                found[name] = [self.of(each) for each in value] if isinstance(value, list) else value
            else:
                found[name] = None if isinstance(value, NotJson) else value
        if self.ref_alone and isinstance(found.get("$ref"), str):
            return {name: value for name, value in found.items() if name in {"$ref", "definitions", "$defs"}}
        found.pop("$schema", None)
        self._name(found)
        self._draft_3(found, _needed(schema.get("properties")))
        _bounds(found)
        _items(found)
        self._dependencies(found)
        return found

    def _name(self, schema: dict[str, Any]) -> None:
        """Keep the names that references use; generators of schemas write others, in forms that later drafts refuse."""
        for name in ("id", "$id"):
            given = schema.get(name)
            if not isinstance(given, str):
                continue
            del schema[name]
            if given.startswith("#") and not given.startswith("#/") and given[1:]:
                schema.setdefault("$anchor", given[1:])
            elif self.keeps_ids and "#" not in given.rstrip("#"):
                schema["$id"] = given

    def _draft_3(self, schema: dict[str, Any], needed: Sequence[str]) -> None:
        if "divisibleBy" in schema:
            schema.setdefault("multipleOf", schema.pop("divisibleBy"))
        if isinstance(schema.get("required"), bool):
            del schema["required"]  # which the schema around it has read
        if needed:
            schema["required"] = list(dict.fromkeys([*(schema.get("required") or ()), *needed]))
        if "extends" in schema:
            extended = schema.pop("extends")
            listed = extended if isinstance(extended, list) else [extended]
            schema["allOf"] = [*(schema.get("allOf") or []), *map(self.of, listed)]
        if "disallow" in schema:
            schema["allOf"] = [*(schema.get("allOf") or []), {"not": self._typed(schema.pop("disallow"))}]
        types = schema.get("type")
        if types == "any" or (
            isinstance(types, list) and any(each == "any" or isinstance(each, dict) for each in types)
        ):
            del schema["type"]
            if (typed := self._typed(types)) != {}:
                schema["allOf"] = [*(schema.get("allOf") or []), typed]

    def _typed(self, types: Any) -> dict[str, Any]:
        """The schema of draft 3's types, which may be schemas themselves."""
        listed = types if isinstance(types, list) else [types]
        if "any" in listed:
            return {}
        return {"anyOf": [self.of(each) if isinstance(each, Mapping) else {"type": each} for each in listed]}

    def _dependencies(self, schema: dict[str, Any]) -> None:
        given = schema.pop("dependencies", None)
        for name, needed in given.items() if isinstance(given, Mapping) else ():
            if isinstance(needed, str | list):
                required = schema.setdefault("dependentRequired", {})
                required[name] = [needed] if isinstance(needed, str) else needed
            else:
                schema.setdefault("dependentSchemas", {})[name] = self.of(needed)


def _needed(properties: Any) -> list[str]:
    """The properties that say of themselves, as in draft 3, that they are required."""
    if not isinstance(properties, Mapping):
        return []
    return [name for name, each in properties.items() if isinstance(each, Mapping) and each.get("required") is True]


def _bounds(schema: dict[str, Any]) -> None:
    """Draft 4: a bound, and whether it is itself excluded."""
    for bound, exclusive in (("maximum", "exclusiveMaximum"), ("minimum", "exclusiveMinimum")):
        excluded = schema.get(exclusive)
        if isinstance(excluded, bool):
            del schema[exclusive]
            if excluded and bound in schema:
                schema[exclusive] = schema.pop(bound)


def _items(schema: dict[str, Any]) -> None:
    """Draft 2020-12: ``prefixItems`` is what was a list of ``items``, and ``items`` what was ``additionalItems``."""
    if isinstance(schema.get("prefixItems"), list):
        first = schema.pop("prefixItems")
        rest = schema.pop("items", None)
        schema["items"] = [*first, *rest] if isinstance(rest, list) else first
        if rest is not None and not isinstance(rest, list):
            schema["additionalItems"] = rest


def without_flaws(schema: dict[str, Any]) -> tuple[dict[str, Any], list[Flaw]]:
    """Take out of a schema, as ``modern`` spells it, what no draft knows and what leads nowhere; say what it was."""
    flaws: dict[Path, Flaw] = {}
    for path in _unknown(schema):
        flaws[path] = Flaw(path, _at(schema, path))
    for path, reference in _references(schema, ()):
        if not _leads_somewhere(schema, reference):
            flaws[path] = Flaw(path, reference)
    kept = _without(schema, set(flaws))
    return (kept if isinstance(kept, dict) else {}), list(flaws.values())


@cache
def _meta() -> jsonschema_rs.Draft201909Validator:
    return jsonschema_rs.Draft201909Validator({"$ref": _META}, validate_formats=True)


def _unknown(schema: Mapping[str, Any]) -> Iterator[Path]:
    for error in _meta().iter_errors(schema):
        yield tuple(error.instance_path)


def _references(schema: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each ``$ref`` in a schema, with where it stands; not the properties and values that are called so."""
    if not isinstance(schema, Mapping):
        return
    for name, value in schema.items():
        here = (*path, name)
        if name == "$ref" and isinstance(value, str):
            yield here, value
        elif name in _MAPS and isinstance(value, Mapping):
            for key, each in value.items():
                yield from _references(each, (*here, key))
        elif name in _SINGLE or name == "items":
            yield from _references(value, here)
        if name in _LISTS or name in {"items", "prefixItems", "extends", "type"}:
            for number, each in enumerate(value if isinstance(value, Sequence) and not isinstance(value, str) else ()):
                yield from _references(each, (*here, number))


def _leads_somewhere(schema: Mapping[str, Any], reference: str) -> bool:
    if not reference.startswith("#/"):
        return reference == "#" or _is_named(schema, reference)
    found: Any = schema
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~").replace("%25", "%")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return False
    return True


def _is_named(schema: Any, reference: str) -> bool:
    """Tell whether an id or an anchor inside the schema is what a reference names."""
    if isinstance(schema, Mapping):
        if reference.startswith("#"):
            if schema.get("$anchor") == reference[1:]:
                return True
        elif isinstance(schema.get("$id"), str) and schema["$id"].partition("#")[0].endswith(
            reference.partition("#")[0]
        ):
            return True
        return any(_is_named(each, reference) for each in schema.values())
    return isinstance(schema, list) and any(_is_named(each, reference) for each in schema)


def _at(schema: Any, path: Path) -> Any:
    for step in path:
        schema = schema[step]
    return schema


def _without(schema: Any, left_out: set[Path], path: Path = ()) -> Any:
    """Copy a schema without the parts at these places."""
    if isinstance(schema, Mapping):
        return {
            name: _without(each, left_out, (*path, name))
            for name, each in schema.items()
            if (*path, name) not in left_out
        }
    if isinstance(schema, list):
        return [_without(each, left_out, (*path, n)) for n, each in enumerate(schema) if (*path, n) not in left_out]
    return schema
