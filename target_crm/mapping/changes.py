"""Changes: the attributes that a write sends, as far as what is known of the CRM's and the mode of each let it be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmRecord, Kind, Outgoing, Payload
from crm_api.values import LARGEST_INTEGER, has_value
from target_crm.mapping.fields import Fields
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.match_keys import NORMALISERS
from target_crm.mapping.values import Change, Difference, Mode

_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)


@dataclass(frozen=True, slots=True)
class Basis:
    """The knowledge of earlier writes of a record that an update of it begins with.

    Attributes:
        last: The record as it was last sent; None: every attribute counts as changed.
        tried: The payloads of updates to which no answer came.
        whole: Whether every attribute is sent, changed or not.
    """

    last: LastSent | None = None
    tried: tuple[Payload, ...] = ()
    whole: bool = False


NO_BASIS = Basis()


@dataclass(frozen=True)
class Changes:
    """Compares payloads with the CRM's records.

    Attributes:
        crm: Knows the vendor's form of values.
        fields: The attributes and custom fields of the object.
        mode_of: Gives the mode of an attribute.
    """

    crm: Crm
    fields: Fields
    mode_of: Callable[[Attribute], Mode]

    def creation(self, payload: Payload, *, may_be_there: bool = False) -> Change:
        """The change that a create sends: everything that has a value, and nulls as well if the record may be there."""
        sent = {
            each.name: (each, value)
            for each, value in self._attributes_of(payload)
            if each.creatable and (has_value(value) or (may_be_there and each.updatable and not each.only_added))
        }
        differences = [Difference(name, None, self._readable(each, value)) for name, (each, value) in sent.items()]
        return self._change(sent, differences, sent, unread=True)

    def changed(self, payload: Payload, basis: Basis) -> frozenset[str]:
        """The names of the attributes that an update is about: those that differ from what was last sent.

        Where the record is not as its source last gave it, and no attribute tells in what: all of them.
        """
        updatable = {
            each.name: (each, value)
            for each, value in self._attributes_of(payload)
            if each.updatable and self.mode_of(each) is not Mode.CREATE_ONLY
        }
        last = basis.last
        if last is None or not last.sent or basis.whole:
            return frozenset(updatable)
        tried = self._names_in(basis.tried)
        differing = frozenset(
            name
            for name, (each, value) in updatable.items()
            if name in tried or not last.was_sent(name, self.content(each, value))
        )
        if differing or not last.is_of(self._contents(payload)):
            return differing
        return frozenset(updatable)

    def change(self, payload: Payload, current: CrmRecord | None, about: Collection[str] | None = None) -> Change:
        """The change that an update sends. Without ``current``, attributes whose value depends on it are left out.

        Args:
            payload: The record.
            current: The record as the CRM has it; None if it was not read.
            about: The attributes that may be sent; None: all of them.
        """
        sent: dict[str, tuple[Attribute, Any]] = {}
        differences: list[Difference] = []
        settled: set[str] = set()
        now = {} if current is None else {each.name: value for each, value in self._attributes_of(current, payload)}
        for attribute, value in self._attributes_of(payload):
            mode, name = self.mode_of(attribute), attribute.name
            if not attribute.updatable or mode is Mode.CREATE_ONLY or (about is not None and name not in about):
                continue
            if current is None:
                if not self._depends(attribute, value):
                    sent[name] = attribute, value
                    differences.append(Difference(name, None, self._readable(attribute, value)))
                continue
            old = now.get(name)
            new = value_after_update(mode, attribute, old, value)
            if not self._same(attribute, old, new):
                sent[name] = attribute, new
                differences.append(Difference(name, self._readable(attribute, old), self._readable(attribute, new)))
            elif mode is not Mode.FILL_EMPTY or self._same(attribute, old, value):
                settled.add(name)
        if sent:
            sent.update({each.name: (each, value) for each, value in self._attributes_of(payload) if each.resent})
        return self._change(sent, differences, {*settled, *sent}, unread=current is None)

    def needs_current(self, payload: Payload, about: Collection[str] | None = None) -> bool:
        """Tell whether the change that an update sends depends on what the CRM has."""
        return any(
            attribute.updatable and (about is None or attribute.name in about) and self._depends(attribute, value)
            for attribute, value in self._attributes_of(payload)
        )

    def emptied(self, payload: Payload, nulls: Iterable[str], last: LastSent) -> tuple[str, ...]:
        """The attributes that are null now and had a value when they were last sent.

        Args:
            payload: The record.
            nulls: Further attributes that are null, and are not sent.
            last: The record as it was last sent.
        """
        empty = [each.name for each, value in self._attributes_of(payload) if not has_value(value)]
        return tuple(name for name in (*empty, *nulls) if last.knows(name) and not last.was_sent(name, NOTHING))

    def remembered(
        self, payload: Payload, basis: Basis, settled: Collection[str], answer: CrmRecord | None
    ) -> LastSent | None:
        """The record as it is known after a write; None if nothing is remembered of it.

        Args:
            payload: The record.
            basis: What was known of it before.
            settled: The attributes that the CRM holds now as the record gives them.
            answer: The record as the CRM shows it after the write; None or empty if it shows nothing.
        """
        if basis.last is None:
            return None
        seen = {
            each.name: self.content(each, value)
            for each, value in (self._attributes_of(answer, payload) if answer else ())
            if each.name in settled
        }
        contents = self._contents(payload)
        unclear = self._names_in(basis.tried).difference(settled)
        return basis.last.after(contents, contents.keys() & settled, seen, unclear)

    def _names_in(self, payloads: Iterable[Payload]) -> set[str]:
        return {attribute.name for payload in payloads for attribute, _ in self._attributes_of(payload)}

    def _contents(self, payload: Payload) -> dict[str, bytes]:
        return {each.name: self.content(each, value) for each, value in self._attributes_of(payload)}

    def content(self, attribute: Attribute, value: Any) -> bytes:
        """Spell a value in the vendor's form so that two that count as equal are spelled alike."""
        if not has_value(value):
            return NOTHING
        form = self._form(attribute, value)
        try:
            return _ENCODER.encode(form)
        except (UnicodeEncodeError, OverflowError):  # half of a surrogate pair, more than 64 bits: in the CRM's answers
            return repr(form).encode("utf-8", "backslashreplace")

    def is_blind(self, payload: Payload) -> bool:
        """Tell whether an update would send exactly what a create sends, whatever the CRM has."""
        return all(
            attribute.creatable
            and attribute.updatable
            and self.mode_of(attribute) is not Mode.CREATE_ONLY
            and not self._depends(attribute, value)
            for attribute, value in self._attributes_of(payload)
        )

    def _depends(self, attribute: Attribute, value: Any) -> bool:
        mode = self.mode_of(attribute)
        if mode is Mode.FILL_EMPTY or (mode is Mode.ADD and not attribute.appended):
            return True
        if attribute.kind is not Kind.STRUCTURE or value is None or self.mode_of(attribute) is Mode.CREATE_ONLY:
            return False
        return attribute.item is not None or any(part not in value for part in attribute.parts)

    def _attributes_of(self, record: CrmRecord, like: CrmRecord | None = None) -> Iterator[tuple[Attribute, Any]]:
        """The attributes of a record or payload, custom fields one by one.

        Only those that ``like`` has too, if it is given, so that an update without custom fields never asks for them.
        """
        for name, value in record.items():
            attribute = self.fields.crm_object.attribute(name)
            if attribute is not None and attribute.kind is not Kind.CUSTOM:
                yield attribute, value
        chosen = None if like is None else self.crm.custom_values(like)
        for custom_id, value in self.crm.custom_values(record).items():
            if chosen is not None and custom_id not in chosen:
                continue
            attribute = self.fields.by_custom_id(custom_id)
            if attribute is not None:
                yield attribute, value

    def _change(
        self,
        sent: Mapping[str, tuple[Attribute, Any]],
        differences: list[Difference],
        settled: Iterable[str],
        *,
        unread: bool,
    ) -> Change:
        """The change that sends these attributes; to lists of a record that was not read, the CRM's port adds."""
        payload = {name: value for name, (attribute, value) in sent.items() if attribute.custom_id is None}
        customs = {each.custom_id: value for each, value in sent.values() if each.custom_id is not None}
        if customs:
            payload.update(self.crm.custom_container(customs))
        added = frozenset(name for name, (each, value) in sent.items() if unread and self._is_added(each, value))
        return Change(Outgoing(payload, added=added) if added else payload, tuple(differences), frozenset(settled))

    def _is_added(self, attribute: Attribute, value: Any) -> bool:
        return attribute.appended and self.mode_of(attribute) is Mode.ADD and has_value(value)

    def _same(self, attribute: Attribute, old: Any, new: Any) -> bool:
        if not has_value(old) or not has_value(new):
            return not has_value(old) and not has_value(new)
        if attribute.kind is Kind.OBJECTS:
            old = _as_said(old, new)
        return bool(self._form(attribute, old) == self._form(attribute, new))

    def _form(self, attribute: Attribute, value: Any) -> Any:
        """Bring a value that is not empty into the form in which it is compared: JSON values."""
        form = _FORM_BY_KIND.get(attribute.kind)
        return form(attribute, value) if form is not None else _canonical(self._decoded(attribute, value))

    def _decoded(self, attribute: Attribute, value: Any) -> Any:
        try:
            return self.crm.decode(attribute, value)
        except ValueError:
            return value

    def _readable(self, attribute: Attribute, value: Any) -> Any:
        if not has_value(value):
            return None
        decoded = self._decoded(attribute, value)
        return decoded.isoformat() if isinstance(decoded, date) else decoded


def value_after_update(mode: Mode, attribute: Attribute, old: Any, new: Any) -> Any:
    """The value that an attribute has after an update, given its mode, the CRM's value and the record's."""
    if mode is Mode.ADD:
        return _merged(attribute, old or [], new or [])
    if attribute.kind is Kind.STRUCTURE:
        return _structure(mode, attribute, old, new)
    if mode is Mode.FILL_EMPTY and has_value(old):
        return old
    if attribute.kind is Kind.ITEMS and new:
        return [_with_category(attribute, each, old or []) for each in new]
    return new


def _merged(attribute: Attribute, old: list[Any], new: list[Any]) -> list[Any]:
    known = {_key_of(attribute, each) for each in old}
    return [*old, *(each for each in new if _key_of(attribute, each) not in known)]


def _key_of(attribute: Attribute, value: Any) -> str:
    """The text by which elements of a list attribute are told apart."""
    if attribute.item is not None:
        value = value.get(attribute.item)
    return NORMALISERS[attribute.normalise](str(value))


def _structure(mode: Mode, attribute: Attribute, old: Any, new: Any) -> Any:
    """The structure after an update: parts that the record does not give stay, which the CRM would empty otherwise."""
    if attribute.item is not None:
        if mode is Mode.FILL_EMPTY and has_value(old):
            return old
        return new if new is None else _with_category(attribute, new, [old] if old else [])
    if new is None:
        return old if mode is Mode.FILL_EMPTY else None
    before = {part: (old or {}).get(part) or None for part in attribute.parts}
    if mode is Mode.FILL_EMPTY:
        return {part: before[part] or new.get(part) for part in attribute.parts}
    return before | dict(new)


def _with_category(attribute: Attribute, item: Mapping[str, Any], old: list[Any]) -> Mapping[str, Any]:
    """Return an item of a bare value, which has no category of its own, the category that people chose in the CRM."""
    if _category(attribute, item) != attribute.category:
        return item
    same = [each for each in old if _key_of(attribute, each) == _key_of(attribute, item)]
    if not same:
        return item
    chosen = {"category": None, **same[0]} if attribute.category_name is None else same[0]
    merged = {**item, **chosen, str(attribute.item): item[str(attribute.item)]}
    return {name: value for name, value in merged.items() if value is not None}


def _category(attribute: Attribute, item: Mapping[str, Any]) -> Any:
    value = item.get(attribute.category_name or "category")
    return value.casefold() if isinstance(value, str) and attribute.category_name else value


def _as_said(old: list[Any], new: list[Any]) -> list[Any]:
    """Reduce the CRM's list of objects to what the record says of each."""
    if len(old) != len(new):
        return old
    return [{name: held.get(name) for name in said} for held, said in zip(old, new, strict=True)]


def _canonical(value: Any) -> Any:
    """Spell equal numbers and equal instants alike, at any depth."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        number = float(value)
        return int(value) if abs(number) <= LARGEST_INTEGER and number.is_integer() else number
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    if isinstance(value, Mapping):
        return {str(name): _canonical(each) for name, each in value.items()}
    return [_canonical(each) for each in value] if isinstance(value, list | tuple) else value


def _form_of_texts(_: Attribute, value: Any) -> Any:
    return sorted(map(str, value))


def _form_of_structure(attribute: Attribute, value: Any) -> Any:
    return [str(value.get(part) or "").strip() for part in attribute.parts]


def _form_of_objects(_: Attribute, value: Any) -> Any:
    return _canonical(value)


def _form_of_ids(attribute: Attribute, value: Any) -> Any:
    return sorted({_key_of(attribute, each) for each in value})


def _form_of_items(attribute: Attribute, value: Any) -> Any:
    return [[_canonical(each.get(attribute.item)), _canonical(_category(attribute, each))] for each in value]


NOTHING = b""
"""The content of an empty value."""
_FORM_BY_KIND: Mapping[Kind, Callable[[Attribute, Any], Any]] = {
    Kind.TEXTS: _form_of_texts,
    Kind.NAME_IDS: _form_of_texts,
    Kind.STRUCTURE: _form_of_structure,
    Kind.OBJECTS: _form_of_objects,
    Kind.IDS: _form_of_ids,
    Kind.ITEMS: _form_of_items,
}
"""Brings a value of a kind into the form in which it is compared; any other kind is compared as it is decoded."""
