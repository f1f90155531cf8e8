"""The values of mapping: what a stream's rules say, and what a record becomes.

A payload is in the vendor's form and holds writable attributes only. Custom fields stand in the vendor's container
inside a payload, and under their own names (``cf_<slug>``) in differences, modes and match keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crm_api.crm_objects import CrmId, Payload

VALUE_SHOWN = 100  # characters of a rejected value: enough to recognise it


class Mode(StrEnum):
    """What an update may do to an attribute that already has a value in the CRM."""

    REPLACE = "replace"
    FILL_EMPTY = "fill_empty"
    CREATE_ONLY = "create_only"
    ADD = "add"
    """Lists only, and their default: what the CRM has stays, what is new is appended."""


class Reason(StrEnum):
    """The kinds under which the mapper rejects a record; published in the list of reject kinds."""

    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS_NAME = "ambiguous_name"
    INVALID_VALUE = "invalid_value"
    MISSING_REQUIRED = "missing_required"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record cannot be sent.

    Attributes:
        kind: One of the published reject kinds, for machines.
        reason: One sentence that names the attribute and what to change, for people. It does not hold the value.
        attribute: The attribute concerned, or empty.
        value: The value concerned, shortened: for places that may show record values.
    """

    kind: str
    reason: str
    attribute: str = ""
    value: str = ""


class RejectedError(Exception):
    """Ends the mapping of one record; never leaves the mapper."""

    def __init__(self, kind: Reason, reason: str, attribute: str = "", value: Any = None) -> None:
        self.rejection = Rejection(kind, reason, attribute, "" if value is None else str(value)[:VALUE_SHOWN])
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Found:
    """What a reference leads to.

    Attributes:
        object: The CRM object's name, ``people``.
        id: The record's id in the CRM.
    """

    object: str
    id: CrmId


@dataclass(frozen=True, slots=True)
class MatchPart:
    """One attribute of a match key.

    Attributes:
        attribute: Its name as declared (never a flat name), ``cf_<slug>`` for a custom field, or ``id``.
        values: Normalised; any of them matches. Empty while it waits for the reference of that attribute.
        pending: It waits for a reference: ``Mapper.resolve`` fills it.
    """

    attribute: str
    values: tuple[str, ...]
    pending: bool = False


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One way to recognise the record in the CRM: every part must match."""

    parts: tuple[MatchPart, ...]

    @property
    def pending(self) -> bool:
        """A part of it waits for a reference."""
        return any(part.pending for part in self.parts)


@dataclass(frozen=True, slots=True)
class FromStream:
    """Refers to the CRM record of another stream's record.

    Attributes:
        stream: The stream's name.
        source_id: The values of that record's source id, as this record gives them (not normalised).
    """

    stream: str
    source_id: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ByMatch:
    """Refers to a record of the CRM by a match key.

    Attributes:
        object: The CRM object's name.
        key: What it must match.
    """

    object: str
    key: MatchKey


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that is still to be resolved.

    Attributes:
        attribute: The attribute that will hold the id.
        to: What it refers to.
    """

    attribute: str
    to: FromStream | ByMatch


@dataclass(frozen=True, slots=True)
class Mapped:
    """A record as it will be sent.

    Attributes:
        payload: Writable attributes in the vendor's form, without pending references.
        keys: Match keys for which the record has values, in order of preference; empty: nothing to match by.
        references: Still to be resolved; ``Mapper.resolve`` puts them into the payload.
        lacks: Attributes that a create needs and the record does not give.
        left_out: Attributes that are not sent, each with the reason, to be named once per stream.
        digest: Hash of payload and references as the source gives them: the same before and after ``resolve``, and
            whatever the order of keys.
        parameters: Flags of the stream's settings that go with the record, by name.
    """

    payload: Payload
    keys: tuple[MatchKey, ...] = ()
    references: tuple[Reference, ...] = ()
    lacks: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a write: what it was and what it becomes, in readable form (dates ISO). ``old`` is None if unset."""

    attribute: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What a write sends.

    Attributes:
        payload: For ``Crm.create`` or ``Crm.update``. Empty: there is nothing to write.
        differences: Field by field; custom fields one by one.
    """

    payload: Payload
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """Where an attribute's id comes from: the source id of a stream's record, or a match in the CRM.

    Attributes:
        stream: With ``source_id``: the stream whose record is meant.
        source_id: The attributes of this record that hold that record's source id.
        object: With ``match``: the CRM object.
        match: The object's attributes, and this record's attribute that holds each value.
    """

    stream: str | None = None
    source_id: tuple[str, ...] = ()
    object: str | None = None
    match: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What a stream's settings say about mapping; ``target_crm.mapping.rules`` makes one of the settings.

    Attributes:
        match_on: Alternatives in order, each a tuple of names taken together; None: the object's own.
        references: By attribute.
        custom_fields: By the custom field's name or id: the record's attribute that gives it.
        exclude: Attributes of the record that are never sent.
        fields: Modes by attribute (flat and custom names are understood).
        unknown_attributes: ``leave_out`` or ``reject``.
        unknown_names: ``reject`` or ``leave_out``; with ``use_name``, ``use``.
        use_name: The name to use instead of one that the CRM does not list.
        null_values: ``leave_out`` or ``send``.
        parameters: Flags that go with a record: constants, or text with ``{name}`` for its fields.
        known: Attributes that serve other purposes, such as the source id: not missed if the object lacks them.
    """

    match_on: tuple[tuple[str, ...], ...] | None = None
    references: Mapping[str, ReferenceRule] = field(default_factory=dict)
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    exclude: frozenset[str] = frozenset()
    fields: Mapping[str, Mode] = field(default_factory=dict)
    unknown_attributes: str = "leave_out"
    unknown_names: str = "reject"
    use_name: str | None = None
    null_values: str = "leave_out"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
