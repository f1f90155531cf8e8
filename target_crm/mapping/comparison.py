"""Values compared: spelled in one way, whatever their form in requests and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, Kind
from crm_api.values import LARGEST_INTEGER, has_value
from target_crm.mapping.match_keys import NORMALISERS

NOTHING = b""
"""The content of an empty value."""
_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)


@dataclass(frozen=True)
class Comparison:
    """Compares values in the vendor's form.

    Attributes:
        crm: Knows that form.
    """

    crm: Crm

    def content(self, attribute: Attribute, value: Any) -> bytes:
        """Spell a value in the vendor's form so that two that count as equal are spelled alike."""
        if not has_value(value):
            return NOTHING
        form = self._form(attribute, value)
        try:
            return _ENCODER.encode(form)
        except (UnicodeEncodeError, OverflowError):  # half of a surrogate pair, more than 64 bits: in the CRM's answers
            return repr(form).encode("utf-8", "backslashreplace")

    def same(self, attribute: Attribute, old: Any, new: Any) -> bool:
        """Tell whether the CRM's value is the record's, in whatever spelling."""
        if not has_value(old) or not has_value(new):
            return not has_value(old) and not has_value(new)
        if attribute.kind is Kind.OBJECTS:
            old = _as_said(old, new)
        return bool(self._form(attribute, old) == self._form(attribute, new))

    def _form(self, attribute: Attribute, value: Any) -> Any:
        """Bring a value that is not empty into the form in which it is compared: JSON values."""
        form = _FORM_BY_KIND.get(attribute.kind)
        if form is None:
            return _canonical(self._decoded(attribute, value))
        try:
            return form(attribute, value)
        except (AttributeError, TypeError):  # a custom field of the CRM's record has another form than its definition
            return _canonical(value)

    def _decoded(self, attribute: Attribute, value: Any) -> Any:
        try:
            return self.crm.decode(attribute, value)
        except ValueError:
            return value

    def readable(self, attribute: Attribute, value: Any) -> Any:
        """Spell a value for people; None if there is none."""
        if not has_value(value):
            return None
        decoded = self._decoded(attribute, value)
        return decoded.isoformat() if isinstance(decoded, date) else decoded


def spelled(value: Any) -> bytes:
    """Spell a value as it is; equal numbers and equal instants are spelled alike, and so are all empty values."""
    if not has_value(value):
        return NOTHING
    form = _canonical(value)
    try:
        return _ENCODER.encode(form)
    except (UnicodeEncodeError, OverflowError):
        return repr(form).encode("utf-8", "backslashreplace")


def key_of(attribute: Attribute, value: Any) -> str:
    """The text by which elements of a list attribute are told apart."""
    if attribute.item is not None:
        value = value.get(attribute.item)
    return NORMALISERS[attribute.normalise](str(value))


def category_of(attribute: Attribute, item: Mapping[str, Any]) -> Any:
    """Return the category of an item, in the form in which it is compared."""
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
    return sorted({key_of(attribute, each) for each in value})


def _form_of_items(attribute: Attribute, value: Any) -> Any:
    return [[_canonical(each.get(attribute.item)), _canonical(category_of(attribute, each))] for each in value]


_FORM_BY_KIND: Mapping[Kind, Callable[[Attribute, Any], Any]] = {
    Kind.TEXTS: _form_of_texts,
    Kind.NAME_IDS: _form_of_texts,
    Kind.STRUCTURE: _form_of_structure,
    Kind.OBJECTS: _form_of_objects,
    Kind.IDS: _form_of_ids,
    Kind.ITEMS: _form_of_items,
}
"""Brings a value of a kind into the form in which it is compared; any other kind is compared as it is decoded."""
