"""The setting parameters of a stream: flags that go with a record to the CRM, constant or filled from the record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from crm_api.crm_objects import CrmObject, Payload, outgoing
from crm_api.endpoints.templates import filled_value, places
from crm_api.errors import SettingError
from crm_api.naming.spelling import spelled_as
from crm_api.settings import nearest
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Change, Reason, RejectedError


class Flags:
    """Fills the flags of one stream.

    Args:
        crm_object: The object that the stream's records become.
        settings: The stream's settings of mapping; ``parameters`` holds the flags by name: constants, or text in which
            ``{name}`` stands for a field of the record.

    Raises:
        SettingError: The object has no such flag.
    """

    def __init__(self, crm_object: CrmObject, settings: MappingSettings) -> None:
        given = {spelled_as(name, crm_object.parameters) or name: value for name, value in settings.parameters.items()}
        for name in given:
            if name not in crm_object.parameters:
                near = nearest(name, list(crm_object.parameters))
                there = (
                    f"There are: {', '.join(crm_object.parameters)}" if crm_object.parameters else "They have no flags"
                )
                raise SettingError(
                    f"{settings.place('parameters')}.{name}: {crm_object.name} have no such flag{near}. {there}"
                )
        self._given = given
        self.used: frozenset[str] = frozenset(places(given)) if given else frozenset()
        """The fields of a record that flags are filled from."""

    def filled(self, payload: Payload, record: Mapping[str, Any], pending: Collection[str]) -> Mapping[str, Any]:
        """Fill the flags of a record, by name; one that needs a pending reference keeps its ``{name}``.

        Args:
            payload: The payload that the record is mapped to.
            record: The record.
            pending: The attributes whose reference is not resolved yet.

        Raises:
            RejectedError: The record lacks a field inside a longer text.
        """
        fields = {**payload, **record}
        flags: dict[str, Any] = {}
        for name, template in self._given.items():
            if not set(places(template)).isdisjoint(pending):
                flags[name] = template
                continue
            try:
                value = filled_value(template, fields)
            except ValueError:
                fields_needed = " and ".join(places(template))
                sentence = f"The flag {name} needs {fields_needed}: a field is missing. Add it with a stream map"
                raise RejectedError(Reason.INVALID_VALUE, sentence, name) from None
            if value is not None:
                flags[name] = value
        return flags


def resolved(flags: Mapping[str, Any], payload: Payload) -> Mapping[str, Any]:
    """Fill the flags that waited for references of the payload."""
    if not flags or not places(flags):
        return flags
    return {name: filled_value(template, payload) for name, template in flags.items()}


def with_flags(change: Change, flags: Mapping[str, Any]) -> Change:
    """Add flags to a change that sends anything; they go beside its payload."""
    if not change.payload:
        return change
    return replace(change, payload=replace(outgoing(change.payload), parameters=flags))
