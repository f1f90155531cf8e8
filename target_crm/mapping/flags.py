"""A stream's ``parameters``: flags that go with a record to the CRM, constant or out of the record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from crm_api.crm_objects import CrmObject, Payload, outgoing
from crm_api.endpoints.templates import filled_value, places
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.mapping.values import Change, Reason, RejectedError


class Flags:
    """The flags of one stream.

    Args:
        crm_object: What its records become.
        given: By name: constants, or text in which ``{name}`` stands for a field of the record.

    Raises:
        SettingError: The object has no such flag.
    """

    def __init__(self, crm_object: CrmObject, given: Mapping[str, Any]) -> None:
        for name in given:
            if name not in crm_object.parameters:
                there = f"There are: {', '.join(crm_object.parameters)}" if crm_object.parameters else "They have none"
                raise SettingError(
                    f"parameters.{name}: {crm_object.name} have no such flag"
                    f"{nearest(name, list(crm_object.parameters))}. {there}"
                )
        self._given = given
        self.used = frozenset(places(given))
        """Fields of a record that flags are filled from."""

    def filled(self, payload: Payload, record: Mapping[str, Any], pending: Collection[str]) -> Mapping[str, Any]:
        """The flags of a record, by name; one that waits for a reference keeps its ``{name}``.

        Args:
            payload: What the record is mapped to.
            record: The source's record.
            pending: Names of the attributes that wait for a reference.

        Raises:
            RejectedError: The record lacks a field inside a longer text.
        """
        if not self._given:
            return {}
        fields = {**payload, **record}
        flags: dict[str, Any] = {}
        for name, template in self._given.items():
            if not set(places(template)).isdisjoint(pending):
                flags[name] = template
                continue
            try:
                value = filled_value(template, fields)
            except ValueError:
                lacking = ", ".join(places(template))
                sentence = f"The flag {name} needs {lacking}, which the record does not give. Give it with a stream map"
                raise RejectedError(Reason.INVALID_VALUE, sentence, name) from None
            if value is not None:
                flags[name] = value
        return flags


def resolved(flags: Mapping[str, Any], payload: Payload) -> Mapping[str, Any]:
    """The flags, with those filled in that waited for references of the payload."""
    if not flags or not places(flags):
        return flags
    return {name: filled_value(template, payload) for name, template in flags.items()}


def with_flags(change: Change, flags: Mapping[str, Any]) -> Change:
    """The change with flags beside its payload; one that sends nothing stays as it is."""
    if not change.payload or not flags:
        return change
    return replace(change, payload=replace(outgoing(change.payload), parameters=flags))
