"""Attributes and custom fields that can be written to an object: their kinds, further names and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_api.crm import Crm, Name
from crm_api.crm_objects import Attribute, CrmObject, Kind
from crm_api.naming.spelling import canonical
from target_crm.mapping.declared_names import parts_of
from target_crm.mapping.fields import Fields
from target_crm.proposals.declared import names_of, titles_of


@dataclass(frozen=True)
class Writable:
    """One attribute, or custom field, that can be written.

    Attributes:
        name: Its name.
        label: The name that the CRM's screens show.
        kind: The kind of its value, in words.
        required: Whether a create must have it.
        moment: ``create`` or ``update`` if only that may send it; empty: both may.
        others: Further names under which a flat record may give it, or a part of it.
        listed: The CRM's list that holds its values; empty: it has none.
        choices: Its values where they are known: options of a custom field, entries of a list, a closed list.
        is_custom: Whether it is a custom field of the account.
    """

    name: str
    label: str
    kind: str
    required: bool = False
    moment: str = ""
    others: tuple[str, ...] = ()
    listed: str = ""
    choices: tuple[str, ...] = ()
    is_custom: bool = False

    @property
    def json(self) -> dict[str, Any]:
        """For programs: what there is to say."""
        facts = {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "required": self.required,
            "only": self.moment,
            "other_names": list(self.others),
            "list": self.listed,
            "choices": list(self.choices),
            "custom": self.is_custom,
        }
        return {name: value for name, value in facts.items() if value not in ("", [])}


def writables(crm_object: CrmObject) -> Iterator[Writable]:
    """List what the records of an object may have in every account."""
    for attribute in crm_object.attributes:
        if attribute.is_writable:
            yield _writable(attribute)


def writables_of(account: Crm, crm_object: CrmObject) -> Iterator[Writable]:
    """List what the records of an object may have in one account, with its custom fields, lists and options."""
    for attribute in crm_object.attributes:
        if attribute.is_writable and attribute.kind is not Kind.CUSTOM:
            yield _writable(attribute, (names_of(account, attribute.names) or ()) if attribute.names else ())
    fields = Fields(account.owner(crm_object), crm_object)
    for attribute in fields.customs.values() if titles_of(fields) else ():
        if attribute.is_writable:
            yield _writable(attribute, fields.options(attribute))


def _writable(attribute: Attribute, names: Sequence[Name] = ()) -> Writable:
    moment = "" if attribute.creatable and attribute.updatable else "create" if attribute.creatable else "update"
    return Writable(
        name=attribute.name,
        label=attribute.shown_as,
        kind=kind_of(attribute),
        required=attribute.required,
        moment=moment,
        others=_others(attribute),
        listed=attribute.names or "",
        choices=tuple(each.spellings[0] for each in names) or attribute.choices,
        is_custom=attribute.custom_id is not None,
    )


CUSTOM_FIELDS = "custom fields"
"""The kind of the attribute that holds custom fields."""
_KINDS: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "true or false",
    Kind.MOMENT: "date and time",
    Kind.DAY: "day",
    Kind.STRUCTURE: "object",
    Kind.TEXTS: "list of texts",
    Kind.ITEMS: "list",
    Kind.OBJECTS: "list of objects",
    Kind.IDENTIFIER: "id and type of a record",
    Kind.CUSTOM: CUSTOM_FIELDS,
}


def kind_of(attribute: Attribute) -> str:
    """The kind of an attribute's value, in words."""
    if attribute.kind in {Kind.ID, Kind.IDS}:
        what = (attribute.refers_to or "a record").replace("_", " ")
        return f"id of {what}" if attribute.kind is Kind.ID else f"ids of {what}"
    if attribute.kind in {Kind.NAME_ID, Kind.NAME_IDS}:
        what = attribute.names.replace("_", " ") if attribute.names else "its options"
        return f"one of {what}" if attribute.kind is Kind.NAME_ID else f"some of {what}"
    if attribute.kind is Kind.STRUCTURE and attribute.item is None:
        return f"object of {', '.join(attribute.parts)}"
    if attribute.item is not None:
        return f"{_KINDS[attribute.kind]} of {attribute.item}{' and category' if attribute.category else ''}"
    return f"one of {', '.join(attribute.choices)}" if attribute.choices else _KINDS[attribute.kind]


def _others(attribute: Attribute) -> tuple[str, ...]:
    """The names of an attribute beside its own and its label, one spelling of each; parts, not what stands before."""
    taken = {canonical(attribute.name), canonical(attribute.shown_as)}
    parts = parts_of(attribute)
    if attribute.kind is Kind.IDENTIFIER:  # which are no names of their own: many records have an id
        parts = {f"{attribute.name}_{part}": part for part in parts}
    names: list[str] = []
    for name in (*attribute.flat, *parts, *attribute.joined, *attribute.joined_names, *attribute.whole):
        if canonical(name) not in taken:
            taken.add(canonical(name))
            names.append(name)
    return tuple(names)
