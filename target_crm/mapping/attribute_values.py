"""The values of a record's attributes one by one, custom fields among them: as the CRM shows and takes them (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmObject, CrmRecord, Kind, Payload
from crm_api.values import has_value
from target_crm.mapping.comparison import Comparison
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import LISTS

_DECODED = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.MOMENT, Kind.DAY})
"""Kinds whose values answers may spell otherwise than requests."""


class AttributeValues:
    """Takes records apart into attributes, and puts attributes together into payloads.

    Args:
        crm: Knows the vendor's form of values.
        crm_object: The object of the records.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject) -> None:
        self._crm = crm
        self._object = crm_object
        self._fields = Fields(crm, crm_object)
        self._compared = Comparison(crm)

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute, or a custom field by its column (``cf_<slug>``); None: there is none of that name."""
        return self._fields.attribute(name)

    def shown(self, record: CrmRecord) -> dict[str, Any]:
        """Return what a record shows, by attribute; of its custom fields those that it holds.

        What is missing is unknown, but for a custom field of a record that shows its container: that is empty.
        """
        shown = {
            each.name: record[each.name]
            for each in self._object.attributes
            if each.kind is not Kind.CUSTOM and each.name in record
        }
        for custom_id, value in self._crm.custom_values(record).items():
            if (custom := self._fields.by_custom_id(custom_id)) is not None:
                shown[custom.name] = value
        return shown

    def value(self, shown: Mapping[str, Any], record: CrmRecord, attribute: Attribute) -> tuple[bool, Any]:
        """Tell whether a record shows an attribute, and its value there.

        Args:
            shown: What ``shown`` returned of the record.
            record: The record.
            attribute: The attribute.
        """
        if attribute.name in shown:
            return True, shown[attribute.name]
        container = self._fields.container
        return attribute.custom_id is not None and container is not None and container.name in record, None

    def payload(self, values: Mapping[str, Any]) -> Payload:
        """Return the payload that writes values, by attribute, as answers showed them; an empty one empties."""
        plain: dict[str, Any] = {}
        customs: dict[Any, Any] = {}
        for name, value in values.items():
            if (attribute := self.attribute(name)) is None:
                continue
            if attribute.custom_id is None:
                plain[name] = self._sent(attribute, value)
            else:
                customs[attribute.custom_id] = self._sent(attribute, value)
        return {**plain, **(self._crm.custom_container(customs) if customs else {})}

    def _sent(self, attribute: Attribute, value: Any) -> Any:
        """Bring a value of an answer into the form in which it is sent."""
        if not has_value(value):
            return [] if attribute.kind in LISTS or attribute.kind is Kind.OBJECTS else None
        if attribute.kind is Kind.STRUCTURE:
            return {part: value.get(part) for part in attribute.parts}
        if attribute.kind not in _DECODED:
            return value
        try:
            return self._crm.encode(attribute, self._crm.decode(attribute, value))
        except ValueError:
            return value

    def same(self, attribute: Attribute, one: Any, other: Any) -> bool:
        """Tell whether two values are one, in whatever spelling."""
        return self._compared.same(attribute, one, other)

    def content(self, attribute: Attribute, value: Any) -> bytes:
        """Spell a value so that two that count as equal are spelled alike."""
        return self._compared.content(attribute, value)

    def readable(self, attribute: Attribute, value: Any) -> Any:
        """Spell a value for people."""
        return self._compared.readable(attribute, value)
