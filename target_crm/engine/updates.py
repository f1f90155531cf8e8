"""Updates before they are sent: what each is about, and what it sends, given what the CRM has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crm_api.crm_objects import CrmRecord
from target_crm.engine.decisions import Update
from target_crm.engine.hidden_values import HiddenValues
from target_crm.engine.run import StreamContext
from target_crm.engine.sender import Write
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Change
from target_crm.stream_settings import StreamSettings


@dataclass
class UpdatePlan:
    """The updates of a round, before anything is sent.

    Attributes:
        writes: What is to be sent.
        unneeded: Updates whose record the CRM has already as it should be, each with what that means for the ledger.
        gone: Updates whose record the CRM no longer has.
        impossible: Updates that the destination cannot take.
        conflicting: Updates that somebody has to decide about, each with what is in conflict.
    """

    writes: list[Write] = field(default_factory=list)
    unneeded: list[tuple[Update, Change]] = field(default_factory=list)
    gone: list[Update] = field(default_factory=list)
    impossible: list[Update] = field(default_factory=list)
    conflicting: list[tuple[Update, Change]] = field(default_factory=list)

    def add(self, update: Update, change: Change) -> None:
        """Add an update that sends something, or nothing, or waits for a decision."""
        if change.to_review:
            self.conflicting.append((update, change))
        elif change.payload:
            self.writes.append(Write(update, change))
        else:
            self.unneeded.append((update, change))


@dataclass(frozen=True)
class _Draft:
    """One update.

    Attributes:
        update: The update.
        about: The attributes that it is about.
        reads: Whether what it sends depends on what the CRM has.
        protected: The attributes in which what somebody typed may have to stay. Where there are any, a state of the
            record that is a moment old tells nothing.
        at_once: Whether the record is read by its id, because an index may not show its last write yet.
    """

    update: Update
    about: frozenset[str]
    reads: bool
    protected: frozenset[str]
    at_once: bool


class UpdatePlanner:
    """Plans the updates of a stream into an object whose records can be read and compared.

    Args:
        mapper: The stream's mapper.
        settings: The stream's settings.
    """

    def __init__(self, mapper: Mapper, settings: StreamSettings) -> None:
        self._mapper = mapper
        self._readable = mapper.crm_object.readable
        self._compares = settings.compares_crm

    def planned(self, context: StreamContext, updates: Sequence[Update]) -> UpdatePlan:
        """Send what differs from the CRM's record where that was read, else all that depends on nothing there."""
        plan = UpdatePlan()
        drafts = [self._draft(context, update) for update in updates]
        current = _current(context, drafts)
        hidden = HiddenValues(context)
        for draft in drafts:
            source_id, is_read_by_id = draft.update.ready.incoming.source_id, draft.at_once or len(drafts) == 1
            if draft.protected and not is_read_by_id and (listed := current.pop(source_id, None)) is not None:
                shown = hidden.shown(draft.update.ready.mapped, draft.update.crm_id, listed, draft.protected)
                current |= {} if shown is None else {source_id: shown}
        for draft in drafts:
            update, ready = draft.update, draft.update.ready
            record = current.get(ready.incoming.source_id)
            if record is None and draft.reads:
                plan.gone.append(update)
                continue
            only_compares = ready.as_sent and not update.matched
            change = self._mapper.change(ready.mapped, record, draft.about, ready.basis, only_compares=only_compares)
            if ready.basis.last is not None:
                change = replace(change, emptied=self._mapper.emptied(ready.mapped, ready.basis.last))
            plan.add(replace(update, current=record), change)
        return plan

    def _draft(self, context: StreamContext, update: Update) -> _Draft:
        ready = update.ready
        if ready.basis.last is not None:
            ready = replace(ready, mapped=self._mapper.with_cleared(ready.mapped, ready.basis.last))
        about = self._mapper.changed(ready.mapped, ready.basis)
        protected = self._mapper.protected(ready.mapped, about)
        reads = self._readable and (
            self._compares
            or ready.reread
            or bool(protected)
            or (context.ledger.kept_values.on and bool(about))
            or self._mapper.needs_current(ready.mapped, about)
        )
        # Judged by an older state of it, our own last write would pass for somebody's edit.
        at_once = ready.reread or (bool(protected) and context.ledger.is_recent(ready.written_at, _lag(context)))
        return _Draft(replace(update, ready=ready), about, reads, protected, at_once)


def _lag(context: StreamContext) -> float:
    return context.run.timing.window.lag_seconds


def _current(context: StreamContext, drafts: Sequence[_Draft]) -> dict[str, CrmRecord]:
    """The CRM's records, where an update depends on them, by source id."""
    current: dict[str, CrmRecord] = {}
    unread: dict[bool, list[Update]] = {False: [], True: []}
    for draft in drafts:
        update = draft.update
        written = context.recent.get(update.crm_id)
        record = written or update.current
        is_old = update.ready.reread or record is None or (bool(draft.protected) and written is not None)
        if is_old and draft.reads:
            unread[draft.at_once].append(update)
        elif record is not None:
            current[update.ready.incoming.source_id] = record
    for at_once, chosen in unread.items():
        if chosen:
            ids = [update.crm_id for update in chosen]
            records = context.crm.read(context.mapper.crm_object, ids, immediate=at_once)
            for update in chosen:
                if update.crm_id in records:
                    current[update.ready.incoming.source_id] = records[update.crm_id]
    return current
