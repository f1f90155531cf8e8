"""Records of a CRM without what cannot be read: a text where there must be a list, a list where a text is due.

Such a value is left out, and so is unknown, as one that the CRM does not show: it is not compared, not matched by and
no reason to fill a field. One record's odd answer costs itself alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crm_api.crm_objects import Attribute, CrmObject, CrmRecord, Kind
from crm_api.values import read_number

_UNREADABLE = object()
_LISTS_OF_OBJECTS = frozenset({Kind.ITEMS, Kind.OBJECTS})
_LISTS = frozenset({Kind.IDS, Kind.NAME_IDS, Kind.TEXTS})
_OBJECTS = frozenset({Kind.STRUCTURE, Kind.IDENTIFIER, Kind.CUSTOM})
_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})


def sound(crm_object: CrmObject, record: CrmRecord) -> CrmRecord:
    """Leave out of a record the values that have another form than their attributes."""
    made: dict[str, Any] | None = None
    for attribute in crm_object.attributes:
        value = record.get(attribute.name)
        if value is None:
            continue
        fitted = _fitted(attribute, value)
        if fitted is value:
            continue
        made = dict(record) if made is None else made
        if fitted is _UNREADABLE:
            del made[attribute.name]
        else:
            made[attribute.name] = fitted
    return record if made is None else made


def _fitted(attribute: Attribute, value: Any) -> Any:
    kind = attribute.kind
    if kind in _LISTS_OF_OBJECTS or (kind is Kind.IDS and attribute.item is not None):
        return _elements(value, lambda each: isinstance(each, Mapping) and _holds(each, attribute.item))
    if kind in _LISTS:
        return _elements(value, lambda each: each is not None and not isinstance(each, list))
    if kind is Kind.CUSTOM and isinstance(value, list):
        return _elements(value, lambda each: isinstance(each, Mapping))
    if kind in _OBJECTS:
        return value if isinstance(value, Mapping) else _UNREADABLE
    return _fitted_plain(attribute, value)


def _fitted_plain(attribute: Attribute, value: Any) -> Any:
    if attribute.kind in _NUMBERS and isinstance(value, str):
        return _number(value)
    if isinstance(value, list) or (isinstance(value, Mapping) and not _is_object_too(attribute, value)):
        return _UNREADABLE
    return value


def _elements(value: Any, is_sound: Callable[[Any], bool]) -> Any:
    if not isinstance(value, list):
        return _UNREADABLE
    kept = [each for each in value if is_sound(each)]
    return value if len(kept) == len(value) else kept


def _holds(element: Mapping[str, Any], item: str | None) -> bool:
    return item is None or not (element.get(item) is None or isinstance(element[item], list | Mapping))


def _is_object_too(attribute: Attribute, value: Mapping[str, Any]) -> bool:
    """Whether an attribute of one value is an object in the CRM's form: of an id and more, or of a name."""
    inner = value.get("id") if attribute.beside else value.get("name", _UNREADABLE)
    return isinstance(inner, int | str) or inner is None


def _number(text: str) -> Any:
    try:
        return read_number(text)
    except ValueError:
        return text  # which a decoder may understand: an amount with a sign
