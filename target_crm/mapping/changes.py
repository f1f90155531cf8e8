"""Changes: the attributes in which a record differs from the CRM's, as far as the mode of each lets it be sent."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmRecord, Kind, Outgoing, Payload
from crm_api.values import has_value
from target_crm.mapping.fields import Fields
from target_crm.mapping.match_keys import NORMALISERS
from target_crm.mapping.values import Change, Difference, Mode


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
        return self._change(sent, differences, known=())

    def change(self, payload: Payload, current: CrmRecord | None, *, only_compares: bool = False) -> Change:
        """The change that an update sends. Attributes whose value depends on what is not known are left out.

        Args:
            payload: The record.
            current: The CRM's record; None if it was not read.
            only_compares: The payload was sent before: what the CRM does not show is not sent again.
        """
        sent: dict[str, tuple[Attribute, Any]] = {}
        differences: list[Difference] = []
        unknown: list[str] = []
        now = {} if current is None else self._shown(current, payload)
        for attribute, value in self._attributes_of(payload):
            mode = self.mode_of(attribute)
            if not attribute.updatable or mode is Mode.CREATE_ONLY:
                continue
            if attribute.name not in now:
                if not only_compares and not self._depends(attribute, value):
                    sent[attribute.name] = attribute, value
                    differences.append(Difference(attribute.name, None, self._readable(attribute, value)))
                elif current is not None:
                    unknown.append(attribute.name)
                continue
            old = now[attribute.name]
            new = value_after_update(mode, attribute, old, value)
            if not self._same(attribute, old, new):
                sent[attribute.name] = attribute, new
                differences.append(
                    Difference(attribute.name, self._readable(attribute, old), self._readable(attribute, new))
                )
        if sent:
            sent.update({each.name: (each, value) for each, value in self._attributes_of(payload) if each.resent})
        return self._change(sent, differences, known=now, unknown=tuple(unknown))

    def needs_current(self, payload: Payload) -> bool:
        """Tell whether the change that an update sends depends on what the CRM has."""
        return any(
            attribute.updatable and self._depends(attribute, value) for attribute, value in self._attributes_of(payload)
        )

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

    def _shown(self, record: CrmRecord, payload: Payload) -> dict[str, Any]:
        """The values that the CRM's record shows of a payload's attributes, by name; what is missing is unknown."""
        shown = {each.name: value for each, value in self._attributes_of(record, payload)}
        container = self.fields.container
        if container is not None and container.name in record:
            for custom_id in self.crm.custom_values(payload):
                attribute = self.fields.by_custom_id(custom_id)
                if attribute is not None:
                    shown.setdefault(attribute.name, None)
        return shown

    def _change(
        self,
        sent: Mapping[str, tuple[Attribute, Any]],
        differences: list[Difference],
        *,
        known: Container[str],
        unknown: tuple[str, ...] = (),
    ) -> Change:
        """The change that sends these attributes; to lists that were not read, the CRM's port adds."""
        payload = {name: value for name, (attribute, value) in sent.items() if attribute.custom_id is None}
        customs = {each.custom_id: value for each, value in sent.values() if each.custom_id is not None}
        if customs:
            payload.update(self.crm.custom_container(customs))
        added = frozenset(
            name for name, (each, value) in sent.items() if name not in known and self._is_added(each, value)
        )
        return Change(Outgoing(payload, added=added) if added else payload, tuple(differences), unknown)

    def _is_added(self, attribute: Attribute, value: Any) -> bool:
        return attribute.appended and self.mode_of(attribute) is Mode.ADD and has_value(value)

    def _same(self, attribute: Attribute, old: Any, new: Any) -> bool:
        if not has_value(old) or not has_value(new):
            return not has_value(old) and not has_value(new)
        compare = _SAME_BY_KIND.get(attribute.kind)
        if compare is not None:
            return compare(attribute, old, new)
        return bool(self._decoded(attribute, old) == self._decoded(attribute, new))

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


def _same_texts(_: Attribute, old: Any, new: Any) -> bool:
    return sorted(map(str, old)) == sorted(map(str, new))


def _same_structures(attribute: Attribute, old: Any, new: Any) -> bool:
    return all(str(old.get(part) or "").strip() == str(new.get(part) or "").strip() for part in attribute.parts)


def _same_objects(_: Attribute, old: Any, new: Any) -> bool:
    pairs = list(zip(old, new, strict=False))
    return len(old) == len(new) and all(held.get(name) == each[name] for held, each in pairs for name in each)


def _same_ids(attribute: Attribute, old: Any, new: Any) -> bool:
    return {_key_of(attribute, each) for each in old} == {_key_of(attribute, each) for each in new}


def _same_items(attribute: Attribute, old: Any, new: Any) -> bool:
    key = attribute.item
    return [(each.get(key), _category(attribute, each)) for each in old] == [
        (each.get(key), _category(attribute, each)) for each in new
    ]


_SAME_BY_KIND: Mapping[Kind, Callable[[Attribute, Any, Any], bool]] = {
    Kind.TEXTS: _same_texts,
    Kind.NAME_IDS: _same_texts,
    Kind.STRUCTURE: _same_structures,
    Kind.OBJECTS: _same_objects,
    Kind.IDS: _same_ids,
    Kind.ITEMS: _same_items,
}
"""Compares two values of a kind, neither of them empty; any other kind is compared as it is decoded."""
