"""Values in the vendor's form: read as the attribute's kind, names turned into ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from crm_api.crm import Crm, Name
from crm_api.crm_objects import Attribute, CrmId, Kind
from crm_api.values import READERS, read_day, read_id, read_moment, read_text
from target_crm.mapping.declared_names import ID
from target_crm.mapping.fields import Fields
from target_crm.mapping.match_keys import normalise_domain
from target_crm.mapping.names import NameList


class VendorValues:
    """Turns the values of one object's attributes into the vendor's form.

    Args:
        crm: Knows the vendor's form and the lists that names stand in, which are asked for when first needed.
        fields: The object's attributes and custom fields.
    """

    def __init__(self, crm: Crm, fields: Fields) -> None:
        self._crm = crm
        self._fields = fields
        self._lists: dict[str, NameList] = {}
        self._readers: Mapping[Kind, Callable[[Attribute, Any, dict[str, Any]], Any]] = {
            **{kind: _reader(read) for kind, read in READERS.items()},
            Kind.TEXT: _text,
            Kind.DAY: self._day,
            Kind.MOMENT: self._moment,
            Kind.NAME_ID: self._name_id,
            Kind.NAME_IDS: self._name_ids,
            Kind.IDS: _ids,
            Kind.TEXTS: _texts,
            Kind.IDENTIFIER: self._identifier,
        }

    def value(self, attribute: Attribute, given: Any, beside: dict[str, Any]) -> Any:
        """Turn a value that is not empty into the vendor's form.

        Args:
            attribute: The attribute that gets it; of a kind without a reader it is taken as it is.
            given: In the shape of the attribute (see ``Sources.gather``), as the source writes it.
            beside: The record's other attributes, in the vendor's form. They say which of several things of one name is
                meant (a stage of a pipeline); if they do not, what the named thing belongs to is added.

        Raises:
            ValueError: It is not a value of the attribute's kind; the text says what it must be, without showing it.
            RejectedError: It names nothing that the CRM lists, or several things.
        """
        reader = self._readers.get(attribute.kind)
        return self._crm.encode(attribute, given if reader is None else reader(attribute, given, beside))

    def _day(self, attribute: Attribute, given: Any, _: dict[str, Any]) -> Any:
        """Read ISO 8601 and Python's own dates, or else whatever the CRM itself writes."""
        if isinstance(given, int | float | Decimal):
            return self._crm.decode(attribute, given)
        return self._read_or_decode(read_day, attribute, given)

    def _moment(self, attribute: Attribute, given: Any, _: dict[str, Any]) -> Any:
        return self._read_or_decode(read_moment, attribute, given)

    def _read_or_decode(self, read: Callable[[Any], Any], attribute: Attribute, given: Any) -> Any:
        try:
            return read(given)
        except ValueError:
            if not isinstance(given, str):
                raise
            return self._crm.decode(attribute, given)

    def _name_id(self, attribute: Attribute, given: Any, beside: dict[str, Any]) -> CrmId:
        within = beside.get(attribute.within) if attribute.within else None
        found = self._list(attribute).resolve(attribute, given, within)
        if isinstance(found, Name) and attribute.within and within is None and found.within is not None:
            beside[attribute.within] = found.within  # a stage belongs to one pipeline
        return _id_of(found)

    def _name_ids(self, attribute: Attribute, given: Any, _: dict[str, Any]) -> list[CrmId]:
        names = self._list(attribute)
        return list(dict.fromkeys(_id_of(names.resolve(attribute, each)) for each in given))

    def _list(self, attribute: Attribute) -> NameList:
        names = self._lists.get(attribute.name)
        if names is None:
            if attribute.names is not None:
                listed = attribute.names
                names = NameList(listed.replace("_", " "), lambda: self._crm.names(listed))
            else:
                names = NameList("options", lambda: self._fields.options(attribute), closed=True)
            self._lists[attribute.name] = names
        return names

    def _identifier(self, _: Attribute, given: Any, __: dict[str, Any]) -> dict[str, Any]:
        return {"id": read_id(given["id"]), "type": self._type(given["type"])}

    def _type(self, given: Any) -> str:
        word = read_text(given).strip().lower()
        for each in self._crm.objects.values():
            if word in {each.singular, each.name, *map(str.lower, each.aliases)}:
                return each.singular
        there = ", ".join(each.singular for each in self._crm.objects.values())
        raise ValueError(f"must have a type that is one of: {there}")


def _reader(read: Callable[[Any], Any]) -> Callable[[Attribute, Any, dict[str, Any]], Any]:
    """Make a reader of a kind that needs to know nothing but the value."""
    return lambda _, given, __: read(given)


def _text(attribute: Attribute, given: Any, _: dict[str, Any]) -> str:
    text = read_text(given)
    if attribute.choices:
        for choice in attribute.choices:
            if choice.casefold() == text.strip().casefold():
                return choice
        raise ValueError(f"must be one of: {', '.join(attribute.choices)}")
    return normalise_domain(text) if attribute.normalise == "domain" else text


def _ids(_: Attribute, given: Any, __: dict[str, Any]) -> list[int]:
    return list(dict.fromkeys(read_id(each.get(ID) if isinstance(each, Mapping) else each) for each in given))


def _texts(_: Attribute, given: Any, __: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(read_text(each).strip() for each in given))


def _id_of(found: Name | CrmId) -> CrmId:
    return found.id if isinstance(found, Name) else found
