"""What a flat record gives, brought into the shape of the object's attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from crm_api.crm_objects import Attribute, Kind
from crm_api.values import is_empty, read_text
from target_crm.mapping.normalise import SPELLINGS

LISTS = frozenset({Kind.TEXTS, Kind.ITEMS, Kind.NAME_IDS, Kind.IDS})
_VALUE_NAMES = ("value", "email", "number", "url")  # as CRMs call what an item of a list holds
_SEVERAL_EMAILS = re.compile(r"[;,]")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a record gives one attribute.

    Attributes:
        attribute: The object's.
        own: Names in the record that stand for the whole attribute, in order of preference, each with the flat name it
            stands for (empty for the attribute's own).
        parts: Names in the record, each with the part of the structure that it gives.
        joined: Names in the record whose values are joined with spaces, in order.
    """

    attribute: Attribute
    own: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    joined: tuple[str, ...] = ()

    def gather(self, record: Mapping[str, Any], *, nulls: bool = False) -> Any:
        """What the record gives, None for nothing; text, numbers and dates still as the source spells them.

        Args:
            record: The record.
            nulls: Keep a structure's parts that are null.

        Raises:
            ValueError: The shape is not one that the attribute can have.
        """
        kind = self.attribute.kind
        if kind is Kind.ITEMS:
            return self._items(record)
        if kind in LISTS:
            return [each for value, _ in self._given(record) for each in _several(value)]
        if kind is Kind.STRUCTURE:
            return self._structure(record, nulls=nulls)
        if kind is Kind.OBJECTS:
            return self._objects(record)
        if kind is Kind.IDENTIFIER:
            return self._identifier(record)
        return self._single(record)

    def _given(self, record: Mapping[str, Any]) -> list[tuple[Any, str]]:
        """Values for the whole attribute, with the flat name of each."""
        return [(record[name], flat) for name, flat in self.own if not is_empty(record.get(name))]

    def _single(self, record: Mapping[str, Any]) -> Any:
        given = [value for value, _ in self._given(record)]
        if self.attribute.kind is Kind.DAY:
            given.sort(key=lambda value: not _names_its_day(value))  # 2024-05-03 cannot be taken the wrong way round
        if given:
            return given[0]
        words = [read_text(record[name]).strip() for name in self.joined if not is_empty(record.get(name))]
        return " ".join(words) or None

    def _items(self, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        spell = SPELLINGS[self.attribute.normalise]
        for value, flat in self._given(record):
            for each in _several(value, split=self.attribute.normalise == "email"):
                item = as_item(self.attribute, each, flat)
                items.setdefault(spell(item[str(self.attribute.item)]), item)
        return list(items.values())

    def _objects(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        given = [each for value, _ in self._given(record)[:1] for each in _several(value)]
        if not all(isinstance(each, Mapping) for each in given):
            raise ValueError("wants a list of objects")
        return given

    def _structure(self, record: Mapping[str, Any], *, nulls: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        given = self._given(record)
        if given:
            value, flat = given[0]
            value = unpacked(value)
            if isinstance(value, list) and len(value) == 1:
                value = value[0]
            if self.attribute.item is not None:
                return as_item(self.attribute, value, flat)
            if not isinstance(value, Mapping):
                raise ValueError(f"wants an object of {', '.join(self.attribute.parts)}")
            found.update({part: value[part] for part in self.attribute.parts if part in value})
        for name, part in self.parts:
            if name in record and is_empty(found.get(part)):
                found[part] = record[name]
        if self.attribute.item is not None:
            return {} if is_empty(found.get(self.attribute.item)) else as_item(self.attribute, found)
        texts = {part: None if is_empty(each) else read_text(each).strip() for part, each in found.items()}
        kept = texts if nulls else {part: each for part, each in texts.items() if each is not None}
        return kept if any(each is not None for each in kept.values()) else {}

    def _identifier(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] = {part: record.get(name) for name, part in self.parts}
        given = self._given(record)
        if given:
            value = unpacked(given[0][0])
            if not isinstance(value, Mapping):
                raise ValueError("wants an object of id and type")
            found = {"id": value.get("id"), "type": value.get("type")}
        if is_empty(found.get("id")):
            return None
        if is_empty(found.get("type")):
            raise ValueError("wants a type beside its id")
        return found


def as_item(attribute: Attribute, value: Any, flat: str = "") -> dict[str, Any]:
    """An item of a list attribute, from an object or a bare value.

    Raises:
        ValueError: It is neither.
    """
    key = str(attribute.item)
    category: Any = None
    if isinstance(value, Mapping):
        category = value.get("category", value.get(attribute.category_name or ""))
        value = next((value[name] for name in (key, *_VALUE_NAMES) if name in value), None)
    if is_empty(value) or isinstance(value, Mapping | list | tuple):
        raise ValueError(f"wants text, or an object of {key} and category")
    if is_empty(category):
        category = attribute.categories.get(flat, attribute.category)
    text = read_text(value).strip()
    return {key: text} if category is None else {key: text, "category": read_text(category).strip().lower()}


def unpacked(value: Any) -> Any:
    """Lists and objects that flattening turned into JSON text, as they were."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def _several(value: Any, *, split: bool = False) -> Iterable[Any]:
    value = unpacked(value)
    if split and isinstance(value, str):
        value = [each.strip() for each in _SEVERAL_EMAILS.split(value)]
    values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return [each for each in values if not is_empty(each)]


def _names_its_day(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.match(value.strip()) is not None)
