"""The values of one record, each put where its attribute stands, in the vendor's form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmId, Kind
from crm_api.values import is_empty
from target_crm.mapping.cells import never
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import LISTS, Sources, unpacked
from target_crm.mapping.plan import Plan
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import LeftOut, Reason, RejectedError
from target_crm.mapping.vendor_values import BareNumberError, VendorValues

_LEFT_OUT = object()


@dataclass
class Values:
    """The values of one record in the vendor's form, while it is mapped.

    Attributes:
        payload: By attribute.
        customs: Custom fields, by the id of their definition.
        left_out: The attributes that are not sent, each with the reason.
        nulls: The attributes that the record gives as null, and that are not sent.
    """

    payload: dict[str, Any] = field(default_factory=dict)
    customs: dict[CrmId, Any] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)

    def put(self, attribute: Attribute, value: Any) -> None:
        """Put a value where its attribute stands."""
        if attribute.custom_id is None:
            self.payload[attribute.name] = value
        else:
            self.customs[attribute.custom_id] = value


class RecordValues:
    """Takes values out of the records of one stream.

    Args:
        crm: Knows the vendor's form of values, and the lists that names stand in.
        fields: The object's attributes and custom fields.
        settings: The stream's settings of mapping.
    """

    def __init__(self, crm: Crm, fields: Fields, settings: MappingSettings) -> None:
        self._fields = fields
        self._settings = settings
        self._vendor_values = VendorValues(crm, fields, settings.dates)

    def put(self, sources: Sources, record: Mapping[str, Any], values: Values, beside: dict[str, Any]) -> None:
        """Put the value that a record gives for one attribute in its place; ``beside`` as ``VendorValues.value``."""
        attribute = sources.attribute
        sends_nulls = self._settings.null_values == "send"
        try:
            is_listed = partial(self._vendor_values.is_listed, attribute) if attribute.kind in LISTS else never
            value = sources.gather(record, nulls=sends_nulls, is_listed=is_listed)
            values.left_out.update(sources.left_out_of(record))
            if not is_empty(value):
                value = self._vendors(attribute, value, beside, values.left_out)
            elif sends_nulls and not attribute.required:
                value = [] if attribute.kind in LISTS else None
            else:
                values.nulls.append(attribute.name)
                return
        except ValueError as error:
            raise _invalid(attribute, error, sources, record) from error
        if value is not _LEFT_OUT and (attribute.automatic is None or value != attribute.automatic):
            values.put(attribute, value)

    def _vendors(self, attribute: Attribute, value: Any, beside: dict[str, Any], left_out: dict[str, LeftOut]) -> Any:
        """The vendor's form of a value; for a name that the CRM does not list, what the setting unknown_names says."""
        try:
            return self._vendor_values.value(attribute, value, beside)
        except RejectedError as error:
            if error.rejection.kind != Reason.UNKNOWN_NAME or self._settings.unknown_names == "reject":
                raise
            if attribute.kind is Kind.NAME_IDS:
                return self._listed_ones(attribute, value, beside, left_out)
            if self._settings.use_name is not None:
                return self._stand_in(attribute, self._settings.use_name, beside)
            left_out[attribute.name] = LeftOut(error.rejection.reason)
            return _LEFT_OUT

    def _stand_in(self, attribute: Attribute, name: str | list[str], beside: dict[str, Any]) -> Any:
        """The vendor's form of the name that the settings give for those that the CRM does not list."""
        try:
            return self._vendor_values.value(attribute, name, beside)
        except RejectedError as error:
            setting = f"{self._settings.place('unknown_names')}.use, {self._settings.use_name!r}"
            sentence = f"{setting}, cannot stand in for a name: {error.rejection.reason}"
            raise RejectedError(Reason.UNKNOWN_NAME, sentence, attribute.name, self._settings.use_name) from error

    def _listed_ones(
        self, attribute: Attribute, given: list[Any], beside: dict[str, Any], left_out: dict[str, LeftOut]
    ) -> Any:
        """The vendor's form of those of several names that the CRM lists, and of the one that stands in for others."""
        kept: list[Any] = []
        for each in given:
            try:
                self._vendor_values.value(attribute, [each], beside)
                kept.append(each)
            except RejectedError as error:
                if error.rejection.kind != Reason.UNKNOWN_NAME:
                    raise
                if self._settings.use_name is not None:
                    self._stand_in(attribute, [self._settings.use_name], beside)
                    kept.append(self._settings.use_name)
                else:
                    left_out[attribute.name] = LeftOut(error.rejection.reason)
        return self._vendor_values.value(attribute, kept, beside) if kept else _LEFT_OUT

    def unpack(self, container: Any, plan: Plan, values: Values) -> None:
        """Take custom fields out of a container such as the CRM answers, or an object of names and values."""
        for name, value in _contained(unpacked(container)):
            attribute = self._fields.by_custom_id(name) if isinstance(name, int) else self._fields.custom(str(name))
            if attribute is None or not attribute.updatable:
                if not is_empty(value):
                    values.left_out[f"{plan.container}[{name}]"] = LeftOut(
                        f"{self._fields.crm_object.name} have no such custom field that can be written"
                    )
            elif attribute.custom_id is not None and attribute.custom_id not in plan.covered:
                sources = Sources(attribute, ((attribute.name, ""),))
                given = self._vendor_values.of_vendor(attribute, value) if isinstance(name, int) else value
                self.put(sources, {attribute.name: given}, values, {})


def _contained(container: Any) -> list[tuple[Any, Any]]:
    """The custom fields in a container: each with the definition's id, or its name, and the value."""
    if isinstance(container, Mapping):
        return list(container.items())
    if not isinstance(container, list):
        return []
    return [
        (each.get("custom_field_definition_id"), each.get("value")) for each in container if isinstance(each, Mapping)
    ]


def _invalid(attribute: Attribute, error: ValueError, sources: Sources, record: Mapping[str, Any]) -> RejectedError:
    value = next((record[name] for name in sources.names_in(record) if not is_empty(record.get(name))), None)
    meaning = error.meaning if isinstance(error, BareNumberError) else ""
    return RejectedError(Reason.INVALID_VALUE, f"{attribute.name} {error}", attribute.name, value, meaning)
