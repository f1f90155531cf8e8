"""The ledger's values: scopes, known records, intents, answers, held records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from crm_api.crm_objects import CrmId
from crm_api.errors import Exit, StopError
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.values import Difference, KeptValue, Side

VALUE_BEGINS = ". The value: "  # in a reason that tells it


class LedgerError(StopError):
    """The ledger cannot be read or written. Nothing more may be sent."""

    exit = Exit.UNREACHABLE
    happened = "The ledger cannot be used"
    advice = "Nothing was lost: mend the store that ledger_url names (disk space, permissions) and run again."


class LedgerReplacedError(LedgerError):
    """The ledger's file is not the one that was opened. What was sent since is not in the file that is there now."""

    happened = "The ledger's file was removed or replaced while the run was using it"
    advice = (
        "Nothing more was sent, and no STATE passed. What this run wrote is not in the ledger that is there now: put "
        "the file back, or read about restored ledgers in docs/operations.md, before you run again."
    )


class LedgerDataError(LedgerError):
    """The ledger's database cannot hold a value. Nothing of the transaction is in the ledger; another may pass."""

    exit = Exit.FAILED
    happened = "The ledger's database cannot hold a value"
    advice = "Nothing was lost. Please report this, with the kind of database."


@dataclass(frozen=True, slots=True)
class Source:
    """The CRM account and the source name that every key of the ledger begins with.

    Attributes:
        crm: The value of the setting ``crm``, such as ``copper``.
        account: The CRM account's id.
        name: The value of the setting ``source_name``.
        account_name: The account's name, for people; empty where only the ledger is asked.
    """

    crm: str
    account: str
    name: str
    account_name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectScope:
    """One object of one CRM account, whichever stream writes it.

    Attributes:
        object_id: The ledger's number of the object.
    """

    object_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope(ObjectScope):
    """One stream of one source that is written into one object of one CRM account.

    Attributes:
        id: The ledger's number of the stream.
    """

    id: int


class Origin(StrEnum):
    """The way in which the ledger came to know the CRM record of a source record."""

    CREATED = "created"
    MATCHED = "matched"
    IMPORTED = "imported"
    LEFT = "left"
    """The source deleted its record and the CRM's record stays: the source record no longer claims it."""
    UNDONE = "undone"
    """The CRM's record was created for it and taken back: none is created until the source changes its record."""
    RESTORED = "restored"
    """The CRM's record was deleted with it and made again: no source record claims it until the source has it again."""


CLAIMS_NOTHING = (Origin.LEFT, Origin.RESTORED)
"""Origins of records that their source does not have: they do not keep the CRM's record from being deleted."""


@dataclass(frozen=True, slots=True)
class Known:
    """A source record as the ledger knows it.

    Attributes:
        crm_id: The CRM record's id; None once that record was deleted.
        origin: An ``Origin``.
        record_hash: The hash of the record as it arrived, and of the settings that it was mapped with.
        digest: The digest of the payload that it was mapped to.
        written_at: The time of the last write in Unix seconds.
    """

    crm_id: CrmId | None
    origin: str
    record_hash: bytes | None
    digest: str | None
    written_at: float


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A record of a stream that something waits for.

    Attributes:
        stream: The key of the stream's name, as ``tables.key_of`` makes it.
        source_id: The record's source id.
    """

    stream: str
    source_id: str


@dataclass(frozen=True, slots=True)
class OnMatch:
    """A record of the CRM that something waits for, of no stream.

    Attributes:
        sought: The object's name, for a record that waits; the match key as JSON text, for a link.
    """

    sought: str


Awaited = OnRecord | OnMatch


@dataclass(frozen=True, slots=True)
class Link:
    """A reference that a written record lacks until the record it refers to is written.

    Attributes:
        attribute: The attribute that will hold the id.
        on: The record that it refers to.
        reason: The reason why the CRM refused it, or empty.
    """

    attribute: str
    on: Awaited
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A written record with references that it lacks.

    Attributes:
        stream: The record's stream.
        object: The CRM object's name.
        scope: The scope of the record's source id.
        source_id: The record's source id.
        links: The references that it lacks.
        known: The record as the ledger knows it.
    """

    stream: str
    object: str
    scope: Scope
    source_id: str
    links: tuple[Link, ...]
    known: Known


@dataclass(frozen=True, slots=True)
class Missing:
    """Records of another stream, or of the CRM, that several records of a stream wait for.

    Attributes:
        stream: The stream of the records that wait.
        attribute: The attribute that is to be linked; empty if the records are not written until then.
        on: The stream whose records are missing; empty if a match key finds them in the CRM.
        records: The number of missing references.
        examples: Up to three source ids of records that wait.
        reason: Why the CRM refused a link; empty if it did not.
    """

    stream: str
    attribute: str
    on: str
    records: int
    examples: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was sent, or is about to be, and has no answer yet.

    Attributes:
        source_id: The record's source id.
        action: ``create``, ``update`` or ``upsert``; an upsert may be repeated.
        payload: The values that are sent.
        keys: The record's match values, by attribute.
        record_hash: The hash of the record, which the ledger keeps once the write is answered.
        digest: The digest of the payload, which the ledger keeps once the write is answered.
        crm_id: The id of the CRM record to change; None for a create.
        sent_at: Unix seconds by our clock.
        server_at: Unix seconds by the CRM's clock, as last seen.
        links: The references that the record lacks.
        before: The CRM's record before the first try of an update; None if it was not read, or no values are kept.
            A run that is killed leaves it to the next one.
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
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one write, for the ledger to keep.

    Attributes:
        source_id: The record's source id.
        crm_id: The CRM record's id.
        action: The word for the history: ``created``, ``updated``, ``linked``, ``matched`` or ``unchanged``.
        origin: How the ledger came to know the CRM record, an ``Origin``.
        record_hash: The hash of the record as it arrived; None if the record counts as changed next time.
        digest: The digest of the payload; None if the record counts as changed next time.
        differences: The fields that were changed.
        gained: The match values that the CRM record now has, by attribute.
        links: The references that the record still lacks.
        request_id: The CRM's id of the request; empty if it gives none.
        reason: A sentence part for people that says why this was done; empty where that is plain.
        last: The record as it was sent now and is seen since; None: nothing new is known of that.
        values: The values that are to be kept.
        keeps_held: Whether a version of the record that is held stays held: the write did not come from the source.
        record: A new record as the CRM answered it, to be kept with the values; None: it is not kept.
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
    last: LastSent | None = None
    values: Sequence[KeptValue] = ()

    keeps_held: bool = False
    record: Mapping[str, Any] | None = None

    @property
    def bare(self) -> Entry:
        """An entry with what the next run needs, without what was changed, by which request and why."""
        return replace(self, differences=(), gained=None, request_id="", reason="", values=(), record=None)


@dataclass(frozen=True, slots=True)
class Held:
    """A record that was not written and is kept.

    Attributes:
        source_id: The record's source id.
        state: ``rejected``, ``waiting`` (for a reference) or ``deleting`` (until the brakes are checked).
        kind: The kind of rejection, one of ``report.reject_kinds``.
        reason: A sentence for people.
        message: The RECORD message as it arrived, before stream maps.
        schema: The stream's SCHEMA message as it arrived.
        schema_id: The digest of that SCHEMA message.
        status: The HTTP status of a refusal; None if there was none.
        sent: The values that were sent and the CRM's answer; None if nothing was sent.
        waits_on: The records that this one waits for.
        at: When it was held, in Unix seconds. The ledger sets this and all below.
        number: A number that counts up.
        stream: The stream's name after stream maps.
        run_id: The id of the run that held the record.
        value: The value at fault, for places that may show the values of records; empty: none, or ``reason`` has it,
            as the ledger returns it.
        take: The side whose values somebody chose for its conflicts, while it is tried again; the ledger keeps none.
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
    waits_on: tuple[Awaited, ...] = ()
    at: float = 0.0
    number: int = 0
    stream: str = ""
    run_id: str = ""
    value: str = ""
    take: Side | None = None

    @property
    def reason_with_value(self) -> str:
        """The reason and the value at fault: for the ledger and for files, which hold values of records anyhow."""
        return f"{self.reason.removesuffix('.')}{VALUE_BEGINS}{self.value}" if self.value else self.reason
