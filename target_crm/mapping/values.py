"""The values of mapping: references, match keys, a mapped record, a change, a rejection.

A payload is in the vendor's form and holds writable attributes only. Custom fields stand in the vendor's container
inside a payload, and under their own names (``cf_<slug>``) in differences, modes and match keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.crm_objects import CrmId, Payload

_ENCODER = msgspec.json.Encoder(enc_hook=repr, decimal_format="number")
_DIGEST_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)
_DIGEST_BYTES = 16
VALUE_SHOWN = 100  # characters of a rejected value: enough to recognise it


class Mode(StrEnum):
    """The setting fields: what an update may do to an attribute that already has a value in the CRM."""

    REPLACE = "replace"
    FILL_EMPTY = "fill_empty"
    CREATE_ONLY = "create_only"
    ADD = "add"
    """For lists only, and their default: what the CRM has stays, and new elements are appended."""


class Dates(StrEnum):
    """The setting dates: how a bare number in a date is read."""

    UNIX = "unix"
    EXCEL = "excel"


class Side(StrEnum):
    """The setting conflicts: who decides about a value that source and CRM both changed."""

    SOURCE = "source"
    """The source's value is sent."""
    CRM = "crm"
    """The CRM's value stays."""
    REVIEW = "review"
    """Somebody: the record is rejected until then."""


class Reason(StrEnum):
    """The kinds under which mapping rejects a record; they are among the published reject kinds."""

    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    UNKNOWN_NAME = "unknown_name"
    AMBIGUOUS_NAME = "ambiguous_name"
    INVALID_VALUE = "invalid_value"
    MISSING_REQUIRED = "missing_required"


@dataclass(frozen=True, slots=True)
class Rejection:
    """The reason why a record cannot be sent.

    Attributes:
        kind: One of the published reject kinds, for machines.
        reason: A sentence for people that names the attribute and what to change. It never holds the value.
        attribute: The attribute at fault; empty: none in particular.
        value: The value at fault, shortened, for places that may show the values of records; may be empty.
    """

    kind: str
    reason: str
    attribute: str = ""
    value: str = ""


class RejectedError(Exception):
    """Ends the mapping of one record; never leaves the mapper."""

    def __init__(self, kind: Reason, reason: str, attribute: str = "", value: Any = None, meaning: str = "") -> None:
        shown = shown_value(value)
        self.rejection = Rejection(kind, reason, attribute, f"{shown} ({meaning})" if meaning else shown)
        super().__init__(reason)


def shown_value(value: Any) -> str:
    """A value of a record for people, shortened; empty: there is none."""
    if value is None:
        return ""
    try:
        text = value if isinstance(value, str) else _ENCODER.encode(value).decode()
    except (ValueError, TypeError):  # NaN, half a surrogate pair
        text = str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"


@dataclass(frozen=True, slots=True)
class Found:
    """The CRM's record that a reference leads to.

    Attributes:
        object: The name of its object: ``people``.
        id: Its id in the CRM.
    """

    object: str
    id: CrmId


@dataclass(frozen=True, slots=True)
class MatchPart:
    """One attribute of a match key.

    Attributes:
        attribute: The attribute's name as declared (never a flat name), ``cf_<slug>`` for a custom field, or ``id``.
        values: The normalised values, of which any may match. Empty while the attribute's reference is pending.
        pending: The attribute's reference is not resolved yet; ``Mapper.resolve`` fills the part.
    """

    attribute: str
    values: tuple[str, ...]
    pending: bool = False


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One way to recognise a record in the CRM.

    Attributes:
        parts: The attributes that must all match.
    """

    parts: tuple[MatchPart, ...]

    @property
    def pending(self) -> bool:
        """Whether a part of it waits for a reference."""
        return any(part.pending for part in self.parts)


@dataclass(frozen=True, slots=True)
class FromStream:
    """Refers to the CRM's record of another stream's record.

    Attributes:
        stream: The name of that stream.
        source_id: The values of that record's source id, as this record gives them (not normalised).
        keyed: Whether the ledger gave them: ``stream`` and the only value are then keys already.
    """

    stream: str
    source_id: tuple[Any, ...]
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class ByMatch:
    """Refers to a record of the CRM by a match key.

    Attributes:
        object: The name of its object.
        key: The match key that it must match.
    """

    object: str
    key: MatchKey


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that is still to be resolved.

    Attributes:
        attribute: The attribute that will hold the id.
        to: The record that it refers to.
    """

    attribute: str
    to: FromStream | ByMatch


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why an attribute of a record is not sent.

    Attributes:
        reason: The reason, for people.
        nearest: The name that may be meant; empty if none is near.
        label: The label of that, if it is a custom field.
    """

    reason: str
    nearest: str = ""
    label: str = ""

    @property
    def sentence(self) -> str:
        """The reason, and the name that may be meant."""
        label = f" ({self.label})" if self.label else ""
        return f"{self.reason}: the nearest one is {self.nearest!r}{label}" if self.nearest else self.reason


@dataclass(frozen=True, slots=True)
class Mapped:
    """A record as it will be sent.

    Attributes:
        payload: Writable attributes in the vendor's form, without pending references.
        keys: The match keys for which the record has values, in order of preference; empty: nothing to match by.
        references: The references still to be resolved; ``Mapper.resolve`` puts them into the payload.
        missing: The attributes that a create needs and the record does not give.
        left_out: The record's attributes that have a value and are not sent, each with the reason.
        digest: Hash of payload and references as the source gives them, equal before and after ``resolve`` and for any
            order of keys.
        parameters: The flags that go with the record, by name, as the setting parameters gives them.
        nulls: The attributes that the record gives as null, and that are not in the payload.
    """

    payload: Payload
    keys: tuple[MatchKey, ...] = ()
    references: tuple[Reference, ...] = ()
    missing: tuple[str, ...] = ()
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    digest: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a write, in readable form (dates ISO 8601).

    Attributes:
        attribute: The field's name; ``cf_<slug>`` for a custom field.
        old: Its value in the CRM; None: it has none, or is not known.
        new: The value that is sent.
    """

    attribute: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """One attribute that is not sent, because the CRM's value is not as it was when the source's was last sent.

    Attributes:
        attribute: The attribute's name; ``cf_<slug>`` for a custom field.
        current: The CRM's value in readable form; None: it has none, or does not show it.
        new: The source's value in readable form.
        side: Who decides: the CRM, whose value stays, or a review.
        is_shown: Whether the CRM shows its value at all.
    """

    attribute: str
    current: Any
    new: Any
    side: Side
    is_shown: bool = True

    @property
    def facts(self) -> dict[str, Any]:
        """The values of both sides as JSON values, for people."""
        current = {"current": self.current} if self.is_shown else {"current_is_unknown": True}
        return {"attribute": self.attribute, **current, "new": self.new}


@dataclass(frozen=True, slots=True)
class Change:
    """The part of a record that a write sends.

    Attributes:
        payload: For ``Crm.create`` or ``Crm.update``. Empty: there is nothing to write.
        differences: Old and new value of each field; custom fields one by one.
        unknown: Attributes that are left alone, since the CRM's answer does not show what they hold.
        settled: The attributes that the CRM holds as the record gives them, once the payload is written.
        emptied: The attributes that are null in the record, and had a value when they were last sent.
        conflicts: The attributes that are not sent, because both sides changed them.
    """

    payload: Payload
    differences: tuple[Difference, ...]
    settled: frozenset[str] = field(default=frozenset(), compare=False)
    emptied: tuple[str, ...] = field(default=(), compare=False)
    conflicts: tuple[Conflict, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def to_review(self) -> tuple[Conflict, ...]:
        """The conflicts that keep the record from being written until somebody decides."""
        return tuple(each for each in self.conflicts if each.side is Side.REVIEW)


@dataclass(frozen=True, slots=True)
class KeptValue:
    """One attribute's values before and after a write, in the vendor's form.

    Attributes:
        attribute: The attribute's name; ``cf_<slug>`` for a custom field.
        before: The CRM's value before.
        after: The value that was sent.
        was_read: Whether the CRM's value before is known.
    """

    attribute: str
    before: Any
    after: Any
    was_read: bool


NOTHING_TO_SEND = Change({}, ())


def digest_of(payload: Payload, references: tuple[Reference, ...]) -> str:
    """The hash of a record as it is mapped, which does not depend on the order of keys."""
    return blake2b(_DIGEST_ENCODER.encode([payload, references]), digest_size=_DIGEST_BYTES).hexdigest()
