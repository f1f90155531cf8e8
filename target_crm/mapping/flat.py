"""Flat records: the shape of the object's attributes made from what a record holds under flat names.

Sources give ``email``, ``city`` or ``first_name`` where the CRM has a list of e-mails, an address and a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import msgspec

from crm_api.crm_objects import Attribute, Kind
from crm_api.naming.spelling import canonical, spelled_as, spellings_of
from crm_api.values import has_value, is_empty, nearest_category, read_text
from target_crm.mapping.cells import array_in, emails_in, ids_in, names_in, never, phones_in, urls_in
from target_crm.mapping.declared_names import parts_of
from target_crm.mapping.match_keys import NORMALISERS, bare_email, bare_phone, normalise_text
from target_crm.mapping.values import LeftOut
from target_crm.mapping.whole_names import WholeName

LISTS = frozenset({Kind.TEXTS, Kind.ITEMS, Kind.NAME_IDS, Kind.IDS})
_VALUE_NAMES = ("value", "email", "number", "url", "address", "phone")  # under which items of a list hold their value
_CATEGORY_NAMES = ("category", "type", "label")  # the names under which they hold its category
_BESIDE_VALUE = ("id",)  # names in items of a list that say nothing of the value
_BARE: Mapping[str | None, Callable[[str], str]] = {"email": bare_email, "phone": bare_phone}
_CELLS: Mapping[str | None, Callable[[str], list[str]]] = {"email": emails_in, "phone": phones_in}
_NO_WORD = re.compile(r"[,;:<>\"]+")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Sources:
    """The places in a record that give one attribute of the object.

    Attributes:
        attribute: The attribute of the object.
        own: Names in the record that give the whole attribute, in order of preference, each with the flat name that it
            is (empty for the attribute's own name).
        parts: Names in the record that give a part of a structure, each with the name of the part.
        joined: Names in the record whose values are joined with spaces, in order: first and last name. Of several for
            one word the first that is not empty counts.
        whole_name: For a first or last name: where the record gives a whole name as well; None: it gives none.
    """

    attribute: Attribute
    own: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    joined: tuple[tuple[str, ...], ...] = ()
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
        joined = () if self._given(record) else [name for names in self.joined for name in names]
        whole = () if self.whole_name is None else self.whole_name.whole
        return [*named, *joined, *whole]

    def left_out_of(self, record: Mapping[str, Any]) -> Iterator[tuple[str, LeftOut]]:
        """Give what a record holds inside the attribute's object or list and is not sent, by its whole name, with why.

        The record is one whose value ``gather`` took.
        """
        kind = self.attribute.kind
        if kind is Kind.ITEMS or self.attribute.item is not None:
            for name, _ in self.own:
                for item in _several(record.get(name)):
                    if isinstance(item, Mapping):
                        yield from self._beyond_item(name, item)
        elif kind is Kind.STRUCTURE:
            yield from self._beyond_structure(record)

    def _beyond_item(self, name: str, item: Mapping[str, Any]) -> Iterator[tuple[str, LeftOut]]:
        taken = {_named(item, _names_of_value(self.attribute)), *(spelled_as(each, item) for each in _BESIDE_VALUE)}
        if self.attribute.category is not None:
            taken.add(_named(item, _names_of_category(self.attribute)))
        for inner in item:
            if inner not in taken and has_value(item[inner]) and item[inner] is not False:
                beside = " and category" if self.attribute.category is not None else ""
                what = f"{self.attribute.name} hold only {self.attribute.item}{beside}"
                yield f"{name}.{inner}", LeftOut(what)

    def _beyond_structure(self, record: Mapping[str, Any]) -> Iterator[tuple[str, LeftOut]]:
        sent = self._structure(record, nulls=False)
        names = {canonical(name): part for name, part in parts_of(self.attribute).items()}
        for name, value in self._structures(record)[:1]:
            for inner, given in value.items() if isinstance(value, Mapping) else ():
                part = names.get(canonical(inner))
                if has_value(given) and (part is None or not says_no_more(self.attribute, given, [sent.get(part)])):
                    yield f"{name}.{inner}", LeftOut(_why_beyond(self.attribute, part))
            if not isinstance(value, Mapping) and not says_no_more(self.attribute, value, list(sent.values())):
                yield name, LeftOut(_why_beyond(self.attribute, self.attribute.parts[0]))
        for name, part in self.parts:
            if not is_empty(record.get(name)) and not says_no_more(self.attribute, record[name], [sent.get(part)]):
                yield name, LeftOut(_why_beyond(self.attribute, part))

    def _given(self, record: Mapping[str, Any]) -> list[tuple[Any, str]]:
        """The values that the record gives for the whole attribute, each with its flat name.

        A list takes one value for each flat name: of two spellings of one name, the first that is not empty.
        """
        given = [(record[name], flat) for name, flat in self.own if not is_empty(record.get(name))]
        if self.attribute.kind not in LISTS or len(given) < 2:  # noqa: PLR2004 - there is no second one
            return given
        return [(value, flat) for flat, value in {flat: value for value, flat in reversed(given)}.items()][::-1]

    def _single(self, record: Mapping[str, Any]) -> Any:
        if self.whole_name is not None:
            return self.whole_name.part(record)
        given = [value for value, _ in self._given(record)]
        if self.attribute.kind is Kind.DAY:
            given.sort(key=lambda value: not _is_unambiguous_day(value))  # 2024-05-03 has one meaning
        if given:
            return given[0]
        words = (next((record[name] for name in each if not is_empty(record.get(name))), None) for each in self.joined)
        return " ".join(read_text(word).strip() for word in words if word is not None) or None

    def _items(self, record: Mapping[str, Any]) -> list[dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        normalise = NORMALISERS[self.attribute.normalise]
        for value, flat in self._given(record):
            for each in _several(value, _CELLS.get(self.attribute.normalise, urls_in)):
                if isinstance(each, Mapping) and _says_nothing(each, self.attribute):
                    continue
                item = as_item(self.attribute, each, flat)
                text = item[str(self.attribute.item)]
                items.setdefault(normalise(text) or text, item)  # a phone without digits is told apart by its text
        return list(items.values())

    def _objects(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        given = [each for value, _ in self._given(record)[:1] for each in _several(value)]
        if not all(isinstance(each, Mapping) for each in given):
            raise ValueError("must be a list of objects")
        return given

    def _structures(self, record: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """Give what a record holds for a whole structure, unpacked, with the names under which it does."""
        found: list[tuple[str, Any]] = []
        for name, _ in self.own:
            if not is_empty(record.get(name)):
                value = unpacked(record[name])
                found.append((name, value[0] if isinstance(value, list) and len(value) == 1 else value))
        return found

    def _structure(self, record: Mapping[str, Any], *, nulls: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        text: Any = None
        for _, value in self._structures(record)[:1]:
            if self.attribute.item is not None:
                return as_item(self.attribute, value, self._given(record)[0][1])
            if isinstance(value, Mapping):
                found.update(self._parts_in(value))
            else:
                text = value
        for name, part in self.parts:
            if name in record and is_empty(found.get(part)):
                found[part] = record[name]
        if self.attribute.item is not None:
            return {} if is_empty(found.get(self.attribute.item)) else as_item(self.attribute, found)
        if isinstance(text, list | bool):
            raise ValueError(f"must be an object with {', '.join(self.attribute.parts)}, or the text of an address")  # noqa: TRY004 - the record is wrong, not the program
        if text is not None and is_empty(found.get(self.attribute.parts[0])):
            found[self.attribute.parts[0]] = text  # nothing of it is lost there, and nothing is guessed
        texts = {part: None if is_empty(each) else read_text(each).strip() for part, each in found.items()}
        kept = texts if nulls else {part: each for part, each in texts.items() if each is not None}
        return kept if any(each is not None for each in kept.values()) else {}

    def _parts_in(self, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """The parts that an object gives, each by the best of its names that is not empty."""
        by_part: dict[str, list[str]] = {}
        for name, part in parts_of(self.attribute).items():
            by_part.setdefault(part, []).append(name)
        for part, names in by_part.items():
            there = [found for name in names for found in spellings_of(name, value)]
            if there:
                yield part, next((value[name] for name in there if not is_empty(value[name])), None)

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
        category = value.get(_named(value, _names_of_category(attribute)))
        value = value.get(_named(value, _names_of_value(attribute)))
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


def _names_of_value(attribute: Attribute) -> tuple[str, ...]:
    return (str(attribute.item), *_VALUE_NAMES)


def _names_of_category(attribute: Attribute) -> tuple[str, ...]:
    return tuple(filter(None, (attribute.category_name, *_CATEGORY_NAMES)))


def _named(item: Mapping[str, Any], names: Iterable[str]) -> str:
    """Find the first of these names in an object, in any spelling; empty: it has none of them."""
    return next((found for name in names if (found := spelled_as(name, item)) is not None), "")


def _says_nothing(item: Mapping[str, Any], attribute: Attribute) -> bool:
    """Whether an item of a list has its value's name, and no value."""
    name = _named(item, _names_of_value(attribute))
    return name in item and is_empty(item[name])


def _why_beyond(attribute: Attribute, part: str | None) -> str:
    if part is None:
        return f"{attribute.name} has no such part. It has: {', '.join(attribute.parts)}"
    return f"{part} of {attribute.name} is given already"


def says_no_more(attribute: Attribute, value: Any, sent: Sequence[Any], *, as_words: bool = False) -> bool:
    """Tell whether a value for an attribute says nothing beside what is sent.

    Args:
        attribute: The attribute.
        value: The value, as the record gives it.
        sent: The values that are sent: as the record gives them, or in the attribute's shape.
        as_words: They make the attribute together, so that each of its words may stand in any of them.
    """
    if attribute.kind in LISTS:
        return _elements(attribute, value) <= {element for each in sent for element in _elements(attribute, each)}
    if as_words or attribute.kind is Kind.STRUCTURE:
        return _words_of(value) <= _words_of(list(sent))
    return _text_of(value) in map(_text_of, sent)


def _elements(attribute: Attribute, value: Any) -> set[str]:
    """The values in a list, as far as they are told apart."""
    normalise = NORMALISERS[attribute.normalise]
    try:
        found = Sources(attribute, ((attribute.name, ""),)).gather({attribute.name: value})
        texts = [read_text(each[attribute.item] if isinstance(each, Mapping) else each) for each in found]
    except (ValueError, KeyError):  # what cannot be sent is said where it would be
        return {repr(value)}
    return {normalise(text) or text for text in texts}


def _words_of(value: Any) -> set[str]:
    """The words of a value, in small letters; of a list or an object, those of all that it holds."""
    value = unpacked(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return {word for each in value for word in _words_of(each)}
    return set(_NO_WORD.sub(" ", _text_of(value)).split())


def _text_of(value: Any) -> str:
    try:
        return "" if is_empty(value) else normalise_text(read_text(value))
    except ValueError:  # what cannot be sent is said where it would be
        return repr(value)


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
        array = array_in(value)
        value = apart(value) if array is None else array
    values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return [each for each in values if not is_empty(each)]


def _is_unambiguous_day(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.match(value.strip()) is not None)
