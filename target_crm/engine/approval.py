"""Records and deletes, shown before anything is sent to whoever may object: to who makes a plan, or applies one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from crm_api.crm import Crm
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Payload
from target_crm.engine.incoming import IncomingRecord
from target_crm.ledger.values import Awaited, Scope, Source
from target_crm.report.books import Books
from target_crm.report.summary import Forecast

if TYPE_CHECKING:
    from target_crm.ledger.ledger import Ledger

Place = tuple[str, str]
"""A record: its stream's name and its source id."""


class Step(StrEnum):
    """The ways in which a run deals with a record that it neither rejects nor passes over."""

    CREATE = "create"
    UPDATE = "update"
    LINK = "link"
    KEEP = "keep"
    """The CRM has it as it should be: no more than the ledger learns of it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one stream that are about to be dealt with, each in its last version.

    Attributes:
        stream: The stream's name, after stream maps.
        scope: Where the ledger keeps the stream's records.
        schema: The SCHEMA message that they came with.
        schema_id: A digest of that message.
        records: The records.
    """

    stream: str
    scope: Scope
    schema: bytes
    schema_id: str
    records: Sequence[IncomingRecord]


@dataclass(frozen=True, slots=True)
class Intended:
    """One record as it is about to be written.

    Attributes:
        stream: The stream's name.
        scope: Where the ledger keeps the stream's records.
        source_id: What the ledger calls the record.
        crm_object: What it becomes.
        step: How it is dealt with.
        crm_id: The id of the CRM record to change; None for a create.
        payload: What is sent; empty where nothing is.
        upsert: The attribute and the value by which the CRM itself is to find or make it; None: it does not.
        current: The CRM's record as it was read for this; None: it was not read.
        tried: Payloads of the record to which no answer came.
        is_matched: Whether the CRM's record was found by a match key, and the ledger did not know it.
        in_doubt: Whether an earlier write of it has no answer: what that did is left out now.
        references: The attributes that hold ids of other records.
        lacks: Whether it refers to records that are not there, and is written without.
        reason: Why it is dealt with so, for people; empty where that is plain.
        readable: Spells a value of an attribute for people.
    """

    stream: str
    scope: Scope
    source_id: str
    crm_object: CrmObject
    step: Step
    crm_id: CrmId | None = None
    payload: Payload = field(default_factory=dict)
    upsert: tuple[str, str] | None = None
    current: CrmRecord | None = None
    tried: tuple[Payload, ...] = ()
    is_matched: bool = False
    in_doubt: bool = False
    references: frozenset[str] = frozenset()
    lacks: bool = False
    reason: str = ""
    readable: Callable[[str, Any], Any] = lambda _, value: value

    @property
    def place(self) -> Place:
        """The record."""
        return self.stream, self.source_id


@dataclass(frozen=True, slots=True)
class Deletion:
    """One record that is about to be deleted in the CRM.

    Attributes:
        stream: The stream that asks for it.
        source_id: What that stream calls the record.
        scope: Where the ledger knows it; None if it does not.
        known_as: What the ledger calls it there; None if it does not know it.
        crm_object: What it is.
        crm_id: The CRM's id of it.
        current: The CRM's record, as it was just read; None: it cannot be, or is gone.
        reason: Why, for people; empty where a message asks for it.
    """

    stream: str
    source_id: str
    scope: Scope | None
    known_as: str | None
    crm_object: CrmObject
    crm_id: CrmId
    current: CrmRecord | None
    reason: str = ""

    @property
    def place(self) -> Place:
        """The record."""
        return self.stream, self.source_id


@dataclass(frozen=True, slots=True)
class Objection:
    """Why something is not done.

    Attributes:
        reason: A sentence for people.
        waits_on: The records that it is to wait for; None: it is rejected.
        is_silent: Whether it is left where it is, without a word: it was never asked for.
        is_gone: Whether the CRM no longer has the record that is to be changed, so that it is decided anew.
        is_overtaken: Whether another run has a later version of the record: this one is rejected, and not kept, since
            whoever tried it again would put the older in place of the newer.
    """

    reason: str
    waits_on: tuple[Awaited, ...] | None = None
    is_silent: bool = False
    is_gone: bool = False
    is_overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that was opened.

    Attributes:
        run_id: Names the run.
        crm: The account.
        source: The source and the account, by which the ledger keeps records.
        ledger: The ledger.
        gather: Makes calls that wait for answers, several at once; returns their results in order.
    """

    run_id: str
    crm: Crm
    source: Source
    ledger: Ledger
    gather: Callable[[Sequence[Callable[[], Any]]], list[Any]]


class Approval:
    """Sees what a run is about to do, and may object; this one objects to nothing. Thread-safe."""

    def begin(self, opened: Opened) -> None:
        """See a run that was opened, before anything else.

        Raises:
            StopError: It is not to go on.
        """

    def taken(self, batch: Batch) -> Mapping[str, Objection]:  # noqa: ARG002 - see the class
        """See records before they are decided about.

        Returns:
            Objections by source id; those records are held, and nothing else is done with them.
        """
        return {}

    def intended(self, crm: Crm, intended: Sequence[Intended]) -> Mapping[str, Objection]:  # noqa: ARG002 - see the class
        """See records of one stream before they are written.

        Args:
            crm: Reads the CRM's records.
            intended: The records, no two of which have one source id.

        Returns:
            Objections by source id; those records are not written.
        """
        return {}

    def deleted(self, deletions: Sequence[Deletion]) -> Mapping[Place, Objection]:  # noqa: ARG002 - see the class
        """See records of one stream before they are deleted.

        Returns:
            Objections by record; those are not deleted.
        """
        return {}

    def retries(self, place: Place) -> bool:  # noqa: ARG002 - see the class
        """Tell whether a record that is held may be tried again."""
        return True

    def links(self, place: Place) -> bool:  # noqa: ARG002 - see the class
        """Tell whether references that a record lacks may be put in now."""
        return True

    def end(self, books: Books, forecast: Forecast | None) -> None:
        """Take the end of a run that came to the end of its input.

        Args:
            books: The counts of what became of records.
            forecast: The cost of the run that a dry run stands for; None for another one.
        """
