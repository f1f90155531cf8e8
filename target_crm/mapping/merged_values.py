"""Values that an attribute has after an update: of the mode, the CRM's value and the record's (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.crm_objects import Attribute, Kind
from crm_api.values import has_value
from target_crm.mapping.comparison import category_of, key_of
from target_crm.mapping.values import Mode


def value_after_update(mode: Mode, attribute: Attribute, old: Any, new: Any) -> Any:
    """The value that an attribute has after an update, given its mode, the CRM's value and the record's."""
    if mode is Mode.ADD:
        return _merged(attribute, old or [], new or [])
    if attribute.kind is Kind.STRUCTURE:
        return _structure(mode, attribute, old, new)
    if mode is Mode.FILL_EMPTY and has_value(old):
        return old
    if attribute.kind is Kind.ITEMS and new:
        return [_withcategory_of(attribute, each, old or []) for each in new]
    return new


def _merged(attribute: Attribute, old: list[Any], new: list[Any]) -> list[Any]:
    known = {key_of(attribute, each) for each in old}
    return [*old, *(each for each in new if key_of(attribute, each) not in known)]


def _structure(mode: Mode, attribute: Attribute, old: Any, new: Any) -> Any:
    """The structure after an update: parts that the record does not give stay, which the CRM would empty otherwise."""
    if attribute.item is not None:
        if mode is Mode.FILL_EMPTY and has_value(old):
            return old
        return new if new is None else _withcategory_of(attribute, new, [old] if old else [])
    if new is None:
        return old if mode is Mode.FILL_EMPTY else None
    before = {part: (old or {}).get(part) or None for part in attribute.parts}
    if mode is Mode.FILL_EMPTY:
        return {part: before[part] or new.get(part) for part in attribute.parts}
    return before | dict(new)


def _withcategory_of(attribute: Attribute, item: Mapping[str, Any], old: list[Any]) -> Mapping[str, Any]:
    """Return an item of a bare value, which has no category of its own, the category that people chose in the CRM."""
    if category_of(attribute, item) != attribute.category:
        return item
    same = [each for each in old if key_of(attribute, each) == key_of(attribute, item)]
    if not same:
        return item
    chosen = {"category": None, **same[0]} if attribute.category_name is None else same[0]
    merged = {**item, **chosen, str(attribute.item): item[str(attribute.item)]}
    return {name: value for name, value in merged.items() if value is not None}
