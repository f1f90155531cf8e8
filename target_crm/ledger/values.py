"""What the ledger holds, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crm_api.crm_objects import CrmId
from crm_api.errors import StopError
from target_crm.mapping.values import Difference


class LedgerError(StopError):
    """The ledger cannot be read or written: nothing may be sent any more."""

    happened = "The ledger cannot be used"
    advice = "Nothing was lost: mend the store that ledger_url names (disk space, permissions) and run again."


@dataclass(frozen=True, slots=True)
class Source:
    """Where records come from and go to: what every key of the ledger begins with.

    Attributes:
        crm: As the setting ``crm`` calls it.
        account: The CRM account's id.
        name: The setting ``source_name``.
    """

    crm: str
    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """One stream of one source into one kind of record of one account.

    Attributes:
        id: In the ledger.
        object_id: In the ledger: account and kind of record, whatever the stream.
    """

    id: int
    object_id: int


class Origin(StrEnum):
    """How the ledger came to know the CRM record that a source record stands for."""

    CREATED = "created"
    MATCHED = "matched"
    IMPORTED = "imported"
    LEFT = "left"
    """The source has deleted its record, and the CRM's stays: it stands for it no more."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a source id.

    Attributes:
        crm_id: None once the record was deleted.
        origin: An ``Origin``.
        record_hash: Of the record as it arrived, and of the settings it was mapped with.
        digest: Of what it was mapped to.
        written_at: Unix seconds.
    """

    crm_id: CrmId | None
    origin: str
    record_hash: bytes | None
    digest: str | None
    written_at: float


@dataclass(frozen=True, slots=True)
class Link:
    """A reference that a written record lacks until what it refers to is written.

    Attributes:
        attribute: Which will hold the id.
        stream: The stream whose record is meant; empty: a record of the CRM, by a match key.
        on_source_id: The source id of that record, as the ledger calls it; or the match key as JSON.
        reason: Why the CRM refused it, or empty.
    """

    attribute: str
    stream: str
    on_source_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A written record with references that it lacks.

    Attributes:
        stream: Its stream.
        object: What it is in the CRM.
        scope: Of its source id.
        source_id: Its own.
        links: What it lacks.
        known: What the ledger knows of it.
    """

    stream: str
    object: str
    scope: Scope
    source_id: str
    links: tuple[Link, ...]
    known: Known


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is sent, or about to be, and not yet answered.

    Attributes:
        source_id: Of the record.
        action: ``create``, ``update``, or ``upsert``, which is simply done once more.
        payload: As sent.
        keys: The record's match values, by attribute.
        record_hash: To be remembered once it is written.
        digest: Likewise.
        crm_id: Of the record to change; None for a create.
        sent_at: Unix seconds, our clock.
        server_at: Unix seconds, the CRM's clock as last seen.
        links: References that it lacks.
    """

    source_id: str
    action: str
    payload: Mapping[str, Any]
    keys: Mapping[str, Sequence[str]]
    record_hash: bytes
    digest: str
    crm_id: CrmId | None = None
    sent_at: float = 0.0
    server_at: float = 0.0
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one write, to be remembered.

    Attributes:
        source_id: Of the record.
        crm_id: Of the CRM's record.
        action: For the history: ``created``, ``updated``, ``linked``, ``matched``, ``unchanged``.
        origin: See ``Known``.
        record_hash: See ``Known``.
        digest: See ``Known``.
        differences: The fields that were changed.
        gained: Match values that the CRM record now has, by attribute.
        links: References that it still lacks.
        request_id: What the CRM calls the request; empty if it does not say.
        reason: For people: why this was done, where that is not plain.
    """

    source_id: str
    crm_id: CrmId
    action: str
    origin: str
    record_hash: bytes | None
    digest: str | None
    differences: Sequence[Difference] = ()
    gained: Mapping[str, Collection[str]] | None = None
    links: Sequence[Link] = ()
    request_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A record that was not written.

    Attributes:
        source_id: Of the record.
        state: ``rejected`` or ``waiting``.
        kind: The published kind of the reason.
        reason: For people.
        message: The line as it arrived, before stream maps.
        schema: The stream's SCHEMA message as it arrived.
        status: HTTP status, or None.
        sent: What was sent, or None.
        waits_on: Streams and source ids it waits for.
        at: Unix seconds; set by the ledger, as what follows.
        number: Counts up.
        stream: After stream maps.
        run_id: Of the run that held it.
    """

    source_id: str
    state: str
    kind: str
    reason: str
    message: bytes
    schema: bytes
    schema_id: str
    status: int | None = None
    sent: Any = None
    waits_on: tuple[tuple[str, str], ...] = ()
    at: float = 0.0
    number: int = 0
    stream: str = ""
    run_id: str = ""
