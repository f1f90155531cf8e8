"""Flat records: the shape of the object's attributes made from what a record holds under flat names.

Sources give ``email``, ``city`` or ``first_name`` where the CRM has a list of e-mails, an address and a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import msgspec

from crm_api.crm_objects import Attribute, Kind
from crm_api.values import is_empty, nearest_category, read_text
from target_crm.mapping.cells import emails_in, ids_in, names_in, never, phones_in, urls_in
from target_crm.mapping.match_keys import NORMALISERS, bare_email, bare_phone
from target_crm.mapping.whole_names import WholeName

LISTS = frozenset({Kind.TEXTS, Kind.ITEMS, Kind.NAME_IDS, Kind.IDS})
_VALUE_NAMES = ("value", "email", "number", "url")  # the names under which items of a list hold their value
_CATEGORY_NAMES = ("category", "type", "label")  # the names under which they hold its category
_BARE: Mapping[str | None, Callable[[str], str]] = {"email": bare_email, "phone": bare_phone}
_CELLS: Mapping[str | None, Callable[[str], list[str]]] = {"email": emails_in, "phone": phones_in}
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Sources:
    """The places in a record that give one attribute of the object.

    Attributes:
        attribute: The attribute of the object.
        own: Names in the record that give the whole attribute, in order of preference, each with the flat name that it
            is (empty for the attribute's own name).
        parts: Names in the record that give a part of a structure, each with the name of the part.
        joined: Names in the record whose values are joined with spaces, in order: first and last name.
        whole_name: For a first or last name: where the record gives a whole name as well; None: it gives none.
    """

    attribute: Attribute
    own: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    joined: tuple[str, ...] = ()
    whole_name: WholeName | None = None

    def gather(
        self, record: Mapping[str, Any], *, nulls: bool = False, is_listed: Callable[[str], bool] = never
    ) -> Any:
        """Bring what the record gives into the attribute's shape; texts, numbers and dates stay as the source has them.

        Args:
            record: The record.
            nulls: Keep the parts of a structure that are null.
            is_listed: Whether the CRM lists something of that name, which is then one value, whatever it holds.

        Returns:
            A value, list or object, as the attribute's kind has it; None or an empty one: the record gives nothing.

        Raises:
            ValueError: The record's value cannot have that shape; the text says what it must be, without showing it.
        """
        kind = self.attribute.kind
        if kind is Kind.ITEMS:
            return self._items(record)
        if kind in LISTS:
            apart = ids_in if kind is Kind.IDS else partial(names_in, is_listed=is_listed)
            return [each for value, _ in self._given(record) for each in _several(value, apart)]
        if kind is Kind.STRUCTURE:
            return self._structure(record, nulls=nulls)
        if kind is Kind.OBJECTS:
            return self._objects(record)
        if kind is Kind.IDENTIFIER:
            return self._identifier(record)
        return self._single(record)

    def names_in(self, record: Mapping[str, Any]) -> list[str]:
        """Return the names that count in a record: words that are joined only where nothing gives the whole."""
        named = [name for name, _ in (*self.own, *self.parts)]
        joined = () if self._given(record) else self.joined
        whole = () if self.whole_name is None else self.whole_name.whole
        return [*named, *joined, *whole]

    def _given(self, record: Mapping[str, Any]) -> list[tuple[Any, str]]:
        """The values that the record gives for the whole attribute, each with its flat name."""
        return [(record[name], flat) for name, flat in self.own if not is_empty(record.get(name))]

    def _single(self, record: Mapping[str, Any]) -> Any:
        if self.whole_name is not None:
            return self.whole_name.part(record)
        given = [value for value, _ in self._given(record)]
        if self.attribute.kind is Kind.DAY:
            given.sort(key=lambda value: not _is_unambiguous_day(value))  # 2024-05-03 has one meaning
        if given:
            return given[0]
        words = [read_text(record[name]).strip() for name in self.joined if not is_empty(record.get(name))]
        return " ".join(words) or None

    def _items(self, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        normalise = NORMALISERS[self.attribute.normalise]
        for value, flat in self._given(record):
            for each in _several(value, _CELLS.get(self.attribute.normalise, urls_in)):
                item = as_item(self.attribute, each, flat)
                items.setdefault(normalise(item[str(self.attribute.item)]), item)
        return list(items.values())

    def _objects(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        given = [each for value, _ in self._given(record)[:1] for each in _several(value)]
        if not all(isinstance(each, Mapping) for each in given):
            raise ValueError("must be a list of objects")
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
                raise ValueError(f"must be an object with {', '.join(self.attribute.parts)}")
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
                raise ValueError("must be an object with id and type")
            found = {"id": value.get("id"), "type": value.get("type")}
        if is_empty(found.get("id")):
            return None
        if is_empty(found.get("type")):
            raise ValueError("must have a type beside its id")
        return found


def as_item(attribute: Attribute, value: Any, flat: str = "") -> dict[str, Any]:
    """Make an item of a list attribute.

    Args:
        attribute: The list attribute, or a structure that is one such item.
        value: An object that holds the item's value and perhaps its category, or the bare value.
        flat: The flat name under which the record gives it, which may decide the category.

    Raises:
        ValueError: It is neither.
    """
    key = str(attribute.item)
    category: Any = None
    if isinstance(value, Mapping):
        category = next((value[name] for name in (attribute.category_name, *_CATEGORY_NAMES) if name in value), None)
        value = next((value[name] for name in (key, *_VALUE_NAMES) if name in value), None)
    if is_empty(value) or isinstance(value, Mapping | list | tuple):
        raise ValueError(f"must be a string or an object with {key} and category")
    text = bare_text(attribute, read_text(value))
    if attribute.category is None:
        return {key: text}
    if is_empty(category):
        return {key: text, "category": attribute.categories.get(flat, attribute.category)}
    category = read_text(category).strip().lower()
    if attribute.category_choices:
        category = nearest_category(category, attribute.category_choices) or attribute.category
    return {key: text, "category": category}


def bare_text(attribute: Attribute, text: str) -> str:
    """Take what is no part of it, such as ``mailto:``, off the text of an e-mail or a phone number."""
    bare = _BARE.get(attribute.normalise)
    return text.strip() if bare is None else bare(text)


def unpacked(value: Any) -> Any:
    """Restore a list or an object that flattening turned into JSON text; any other value stays as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def _several(value: Any, apart: Callable[[str], list[str]] | None = None) -> Iterable[Any]:
    value = unpacked(value)
    if apart is not None and isinstance(value, str):
        value = apart(value)
    values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return [each for each in values if not is_empty(each)]


def _is_unambiguous_day(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.match(value.strip()) is not None)
