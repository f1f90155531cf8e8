"""Decisions about records: pure, given what the ledger and the CRM know of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_api.crm_objects import CrmId, CrmRecord
from target_crm.engine.incoming import IncomingRecord
from target_crm.ledger.values import Known, Link, Origin
from target_crm.load_method import LoadMethod
from target_crm.mapping.changes import NO_BASIS, Basis
from target_crm.mapping.values import Mapped, MatchKey
from target_crm.report.outcomes import RejectKind


@dataclass(frozen=True, slots=True)
class Ready:
    """A record that may be written: mapped, and its references in place.

    Attributes:
        incoming: The record.
        mapped: What it is mapped to.
        crm_id: The id of the CRM record that the ledger knows it by, or None.
        origin: How the ledger came to know that CRM record: an ``Origin``.
        refused: The refusal of its create in this batch, or None: it may still turn out to match something.
        reread: Whether a write of it is in doubt: the CRM record is read, by id, before it is written again.
        recreate: Whether the CRM no longer has it, and it is created anew without being looked for.
        tries: How many writes of it got no answer in this run.
        links: References that it is written without, to be linked later.
        written_at: When the ledger last wrote it (unix seconds), or None.
        as_sent: Whether it would send what was written last, so that it is only compared with the CRM's record.
        basis: What is known of its earlier writes.
        before: The CRM's record as it was before a write to which no answer came, of this run or of a killed one;
            None: it was not read.
    """

    incoming: IncomingRecord
    mapped: Mapped
    crm_id: CrmId | None = None
    origin: str = Origin.CREATED
    refused: Reject | None = None
    reread: bool = False
    recreate: bool = False
    tries: int = 0
    links: tuple[Link, ...] = ()
    written_at: float | None = None
    as_sent: bool = False
    basis: Basis = NO_BASIS
    before: CrmRecord | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The CRM's records that match a record.

    Attributes:
        key: The first match key that found anything; None if no key did.
        found: The CRM's records by id; None in place of one that only our own recent writes tell of.
        unclear: Ids of records that match as far as the CRM shows them.
    """

    key: MatchKey | None = None
    found: Mapping[CrmId, CrmRecord | None] = field(default_factory=dict)
    unclear: frozenset[CrmId] = frozenset()


@dataclass(frozen=True, slots=True)
class Create:
    """Write a new record.

    Attributes:
        ready: The record.
        upsert: The attribute and the value by which the CRM itself is to find or make it; None to make a new one.
        reason: Why, for the history; empty where that is plain.
    """

    ready: Ready
    upsert: tuple[str, str] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """Change a record of the CRM.

    Attributes:
        ready: The record.
        crm_id: The id of the CRM record.
        matched: Whether it was found by a match key, and the ledger did not know it.
        current: The record as the CRM has it, or None if it was not read.
        reason: The match key by which it was found, for the history; empty if it was known.
        links: Whether it does no more than put references into a record that was written without them.
    """

    ready: Ready
    crm_id: CrmId
    matched: bool = False
    current: CrmRecord | None = None
    reason: str = ""
    links: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the record alone, because the stream's settings say so."""

    ready: Ready
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Hold the record with the reason.

    Attributes:
        ready: The record.
        kind: A published kind of rejection.
        reason: Why, for people.
        status: HTTP status of the refusal, or None.
        sent: The payload that was sent and what the CRM answered; None if nothing was sent.
    """

    ready: Ready
    kind: str
    reason: str
    status: int | None = None
    sent: Any = None


Action = Create | Update | Skip | Reject


@dataclass(frozen=True, slots=True)
class Latest:
    """A batch with one version of each record.

    Attributes:
        kept: The last version of each that can be written, in the order of their arrival.
        superseded: Earlier versions.
    """

    kept: Sequence[IncomingRecord]
    superseded: Sequence[IncomingRecord]


def latest(incoming_records: Iterable[IncomingRecord]) -> Latest:
    """Keep the last version of each source id.

    A record that an earlier run held gives way to one from the input, whichever comes first. A flawed version gives way
    to a sound one that follows it, and replaces none that went before.
    """
    kept: dict[str, IncomingRecord] = {}
    flawed: dict[str, IncomingRecord] = {}
    superseded: list[IncomingRecord] = []
    for incoming in incoming_records:
        earlier = kept.get(incoming.source_id)
        if earlier is None:
            kept[incoming.source_id] = incoming
        elif incoming.held_at is not None and earlier.held_at is None:
            superseded.append(incoming)
        else:
            if (given_up := flawed.pop(incoming.source_id, None)) is not None:
                superseded.append(given_up)
            if incoming.flaw is not None and earlier.flaw is None:
                flawed[incoming.source_id] = incoming
                continue
            superseded.append(earlier)
            del kept[incoming.source_id]  # the later version takes its own place in the order
            kept[incoming.source_id] = incoming
    return Latest([*kept.values(), *flawed.values()], superseded)


def is_unchanged(incoming: IncomingRecord, known: Known | None) -> bool:
    """Tell whether the record is, at the source, what was written last."""
    return known is not None and stands(known) and known.record_hash == incoming.record_hash


def is_unchanged_payload(mapped: Mapped, known: Known | None) -> bool:
    """Tell whether the record, though it looks different, would send what was written last."""
    return known is not None and stands(known) and known.digest == mapped.digest


def stands(known: Known) -> bool:
    """Tell whether the CRM is to have no more of a record than it has: it has it, or an undo has taken it back."""
    return known.crm_id is not None or known.origin == Origin.UNDONE


def upsert_by(ready: Ready, attribute: str | None, method: LoadMethod) -> tuple[str, str] | None:
    """Return the attribute and the value by which the CRM itself may find or make a record, or None if it may not.

    Args:
        ready: The record.
        attribute: The attribute by which the CRM can upsert the stream's records, or None.
        method: The stream's load method.
    """
    if attribute is None or ready.crm_id is not None or ready.recreate or ready.refused is not None:
        return None
    if method not in {LoadMethod.UPSERT, LoadMethod.OVERWRITE}:
        return None
    values = [value for key in ready.mapped.keys if not key.pending for part in key.parts for value in part.values]
    return (attribute, values[0]) if values else None


def decide(  # noqa: PLR0911 - one line for each case, in the order in which they count
    ready: Ready,
    candidates: Candidates,
    method: LoadMethod,
    *,
    create_without_key: bool,
    upsert: tuple[str, str] | None = None,
) -> Action:
    """Choose what to do with one record.

    Args:
        ready: The record.
        candidates: What matches it, where the ledger does not know it.
        method: The stream's load method.
        create_without_key: Whether a record without any match key is created; otherwise it is rejected.
        upsert: The attribute and the value by which the CRM itself may find or make the record, or None.
    """
    if ready.crm_id is not None:
        return Update(ready, ready.crm_id)
    if method is LoadMethod.APPEND_ONLY:
        return ready.refused or Create(ready)
    if ready.recreate:
        return Create(ready)
    if all(key.pending for key in ready.mapped.keys) and not create_without_key:
        reason = "It has no value for any match key of the stream. Give it one, or set no_match_key to create."
        return Reject(ready, RejectKind.NO_MATCH_KEY, reason)
    if candidates.unclear:
        return Reject(ready, RejectKind.AMBIGUOUS, _unclear(candidates))
    if len(candidates.found) > 1:
        return Reject(ready, RejectKind.AMBIGUOUS, _ambiguous(candidates))
    for crm_id, current in candidates.found.items():
        return Update(ready, crm_id, matched=True, current=current, reason=f"matched by {_spelled(candidates.key)}")
    if ready.refused is not None:
        return ready.refused
    if method in {LoadMethod.UPDATE, LoadMethod.MATCH}:
        return Skip(ready, "not in the CRM")
    return Create(ready, upsert)


def _ambiguous(candidates: Candidates) -> str:
    ids = ", ".join(str(crm_id) for crm_id in sorted(candidates.found, key=str))
    return (
        f"{len(candidates.found)} records of the CRM match by {_spelled(candidates.key)}: {ids}. Nothing was written. "
        "Merge them in the CRM, or choose another match_on."
    )


def _unclear(candidates: Candidates) -> str:
    ids = ", ".join(str(crm_id) for crm_id in sorted(candidates.unclear, key=str))
    return (
        f"The CRM does not show all of {_spelled(candidates.key)} of its records {ids}, which match in the rest. "
        "Nothing was written. Choose another match_on."
    )


def _spelled(key: MatchKey | None) -> str:
    return " and ".join(part.attribute for part in key.parts) if key else ""


def one_round(actions: Sequence[Action], method: LoadMethod) -> tuple[list[Action], list[Ready]]:
    """Split actions into those that can go at once, in any order, and records that must be looked at again afterwards.

    A record goes later if an earlier one of the batch writes the same CRM record, has a match value in common with it
    (so that both become one CRM record), or is the one whose match value it would take over. Where every record is
    appended, two of one source id keep their order.

    Returns:
        Actions that go now, and records to be decided anew once those are written; the latter are never all.
    """
    now: list[Action] = []
    later: list[Ready] = []
    written: set[CrmId] = set()
    taken: set[tuple[str, str]] = set()
    created: set[tuple[str, str]] = set()
    held_by_known = {action.crm_id for action in actions if isinstance(action, Update) and not action.matched}
    for action in actions:
        if isinstance(action, Skip | Reject):
            now.append(action)
            continue
        values = _values(action.ready, method)
        if isinstance(action, Create):
            waits = bool(values & taken)
        else:
            waits = action.crm_id in written
            waits = waits or (action.matched and (action.crm_id in held_by_known or bool(values & created)))
        if waits:
            later.append(action.ready)
            continue
        now.append(action)
        taken |= values
        if isinstance(action, Create):
            created |= values
        else:
            written.add(action.crm_id)
    return now, later


def match_values(mapped: Mapped) -> set[tuple[str, str]]:
    """Return the values by which the record could be taken for another, each with its attribute.

    A key with several parts gives its first: a record that shares all of them shares that one.
    """
    return {(key.parts[0].attribute, value) for key in mapped.keys for value in key.parts[0].values}


def _values(ready: Ready, method: LoadMethod) -> set[tuple[str, str]]:
    return {("", ready.incoming.order_id)} if method is LoadMethod.APPEND_ONLY else match_values(ready.mapped)
