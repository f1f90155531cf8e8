"""References put into records that were written without them, now that what they refer to is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from crm_api.crm_objects import CrmId, CrmRecord, outgoing
from crm_api.errors import SettingError
from target_crm.engine.approval import Intended, Step
from target_crm.engine.decisions import Ready, Update
from target_crm.engine.hidden_values import HiddenValues
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.references import ReferenceResolver, reference_of
from target_crm.engine.run import Run, StreamContext, logger
from target_crm.engine.sender import Done, NotDone, Sender, Write
from target_crm.engine.shares import share_of
from target_crm.ledger.links import IN_CONFLICT
from target_crm.ledger.values import Entry, Intent, Unlinked
from target_crm.mapping.changes import Basis
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Change, Mapped, Mode, Side
from target_crm.stream_settings import StreamSettings

TRIES = 6  # rounds in which no write is answered; the next run goes on


class Linker:
    """Makes links.

    A link stays in the ledger until the CRM has answered that it is made, and making it twice changes nothing: the
    record is read first, and what it has already is not sent.

    Args:
        run: What all streams share.
        settings_of: Gives the settings of a stream; raises SettingError.
    """

    def __init__(self, run: Run, settings_of: Callable[[str], StreamSettings]) -> None:
        self._run = run
        self._settings_of = settings_of

    def link(self, unlinked: Sequence[Unlinked], take: Side | None = None) -> None:
        """Put in the references that lead somewhere by now; the others go on waiting.

        Args:
            unlinked: The records that lack them.
            take: The side whose values somebody chose where another value is there; None: the settings decide.

        Raises:
            StopError: Nothing further can succeed.
            BusyError: Nothing further can succeed for now.
        """
        by_scope: dict[int, list[Unlinked]] = {}
        for each in unlinked:
            by_scope.setdefault(each.scope.id, []).append(each)
        for every in by_scope.values():
            try:
                context = self._context(every[0])
            except SettingError as error:
                logger.warning("Stream %s: its links are left as they are: %s", every[0].stream, error)
                continue
            chosen = [each for each in every if context.is_ours(each.source_id)]
            if chosen and self._run.locks.take_if_free(chosen[0].object, "What is to be linked", context.share):
                _StreamLinks(chosen[0].stream, context).link(chosen, take)

    def _context(self, first: Unlinked) -> StreamContext:
        run, settings = self._run, self._settings_of(first.stream)
        if settings.object != first.object:
            raise SettingError(f"its records were {first.object}, and are {settings.object} now")
        crm_object = run.crm.objects[first.object]
        # What was left out when the record was created is still part of its creation.
        modes = {
            name: Mode.FILL_EMPTY if mode is Mode.CREATE_ONLY else mode
            for name, mode in settings.mapping.fields.items()
        }
        mapper = Mapper(run.crm, crm_object, replace(settings.mapping, fields=modes))
        share = share_of(run.locks.partition, first.stream, settings, mapper)
        recent = run.recent.to(crm_object.name)
        return StreamContext(run.crm.owner(crm_object), mapper, run.ledger, first.scope, run, recent, share)


class _StreamLinks:
    """Makes the links of one stream's records.

    Args:
        stream: The stream's name.
        context: Its way into the CRM.
    """

    def __init__(self, stream: str, context: StreamContext) -> None:
        self._stream = stream
        self._context = context
        self._ledger = context.ledger
        self._recorder = context.run.recorder
        self._intents = context.ledger.intents(context.scope)

    def link(self, unlinked: Sequence[Unlinked], take: Side | None) -> None:
        resolver = ReferenceResolver(self._context, "link_later")
        updates: list[Update] = []
        last = self._ledger.digests.last_sent(self._context.scope, [each.source_id for each in unlinked])
        lacking = [_ready(each, self._intents, last.get(each.source_id), take) for each in unlinked]
        for ready, unresolved in resolver.resolve(lacking):
            if unresolved is not None:
                attributes = [reference.attribute for reference in ready.mapped.references]
                self._note_refused(ready, attributes, unresolved.reason)
            elif ready.mapped.payload and ready.crm_id is not None and not _is_in_doubt(ready, self._intents):
                updates.append(Update(ready, ready.crm_id, links=True, reason=", ".join(ready.mapped.payload)))
        self._send(updates)

    def _send(self, updates: Sequence[Update]) -> None:
        sender = Sender(self._context, on_done=self._linked)
        open_updates, tries = list(updates), 0
        while open_updates and tries < TRIES:
            now: dict[CrmId, Update] = {}  # two source records can stand for one of the CRM
            later = [update for update in open_updates if now.setdefault(update.crm_id, update) is not update]
            results = sender.send(self._writes(list(now.values())))
            self._refused(results.refused)
            before, open_updates = len(open_updates), [*_to_repeat(results.in_doubt), *later]
            tries = 0 if len(open_updates) < before else tries + 1
        if open_updates:
            logger.warning(
                "Stream %s: %d links could not be confirmed; the next run checks them", self._stream, len(open_updates)
            )

    def _writes(self, updates: Sequence[Update]) -> list[Write]:
        """Return what has to be sent; links that are there already are settled."""
        writes: list[Write] = []
        settled: list[tuple[Update, Change, CrmRecord]] = []
        found: list[tuple[Update, Change, CrmRecord]] = []
        current = self._current(updates)
        for update in updates:
            record = current.get(update.crm_id)
            if record is None:
                reason = f"the CRM no longer has record {update.crm_id}"
                self._note_refused(update.ready, update.ready.mapped.payload, reason)
                continue
            change = self._context.mapper.change(update.ready.mapped, record, None, update.ready.basis)
            if change.to_review:
                attributes = [each.attribute for each in change.to_review]
                self._note_refused(update.ready, attributes, IN_CONFLICT)
            elif change.payload:
                writes.append(Write(update, change))
            else:
                settled.append((update, change, record))
            found.append((update, change, record))
        objected = self._objected(found)
        for update, change, record in settled:
            if update.ready.incoming.source_id not in objected:
                self._settle(update, change, record)
        return [each for each in writes if each.action.ready.incoming.source_id not in objected]

    def _objected(self, links: Sequence[tuple[Update, Change, CrmRecord]]) -> Collection[str]:
        """Show links to whoever may object; returns the source ids of those that stay as they are."""
        intended = [self._intended(*link) for link in links]
        objections = self._context.run.approval.intended(self._context.crm, intended) if intended else {}
        for update, _, _ in links:
            objection = objections.get(update.ready.incoming.source_id)
            if objection is not None and not objection.is_silent:
                logger.warning("Stream %s: a link is not made: %s", self._stream, objection.reason)
                self._note_refused(update.ready, update.ready.mapped.payload, objection.reason)
        return objections

    def _intended(self, update: Update, change: Change, record: CrmRecord) -> Intended:
        return Intended(
            self._stream,
            self._context.scope,
            update.ready.incoming.source_id,
            self._context.mapper.crm_object,
            Step.LINK,
            update.crm_id,
            change.payload,
            current=record,
            tried=(change.payload,) if update.ready.reread else (),
            in_doubt=update.ready.reread,
            references=frozenset(update.ready.mapped.payload),
            readable=self._context.mapper.readable,
        )

    def _current(self, updates: Sequence[Update]) -> dict[CrmId, CrmRecord]:
        current: dict[CrmId, CrmRecord] = {}
        unread: dict[bool, list[CrmId]] = {False: [], True: []}
        for update in updates:
            mapped, written = update.ready.mapped, self._context.recent.get(update.crm_id)
            # What somebody put there since our own write is not in its answer, nor, for a while, in searches.
            is_old = update.ready.reread or bool(self._context.mapper.protected(mapped, mapped.payload))
            if written is None or is_old:
                unread[update.ready.reread or written is not None].append(update.crm_id)
            else:
                current[update.crm_id] = written
        for at_once, ids in unread.items():
            if ids:
                current |= self._context.crm.read(self._context.mapper.crm_object, ids, immediate=at_once)
        listed = set(unread[False]) if len(unread[False]) > 1 else set()
        hidden = HiddenValues(self._context)
        for update in updates:
            if update.crm_id in listed and (record := current.pop(update.crm_id, None)) is not None:
                names = self._context.mapper.protected(update.ready.mapped, update.ready.mapped.payload)
                shown = hidden.shown(update.ready.mapped, update.crm_id, record, names)
                current |= {} if shown is None else {update.crm_id: shown}
        return current

    def _settle(self, update: Update, change: Change, record: CrmRecord) -> None:
        ready = update.ready
        incoming, digest = ready.incoming, ready.mapped.digest
        entry = Entry(
            incoming.source_id,
            update.crm_id,
            "unchanged",
            ready.origin,
            incoming.record_hash or None,
            digest or None,
            links=ready.links,
            keeps_held=True,
            last=self._context.mapper.remembered(ready.mapped, ready.basis, change, record),
        )
        self._ledger.settle(self._context.scope, [entry])
        self._recorder.unsent(self._stream, change)

    def _refused(self, refused: Sequence[NotDone]) -> None:
        for each in refused:
            ready = each.write.action.ready
            attributes = list(ready.mapped.payload)
            self._note_refused(ready, attributes, each.reason)
            self._ledger.withdraw(self._context.scope, [ready.incoming.source_id])
            logger.warning(
                "Stream %s: %s of record %s is not linked: %s",
                self._stream,
                ", ".join(attributes),
                each.write.crm_id,
                each.reason,
            )

    def _note_refused(self, ready: Ready, attributes: Collection[str], reason: str) -> None:
        self._ledger.links.refused(self._context.scope, ready.incoming.source_id, attributes, reason)

    def _linked(self, done: Done) -> None:
        self._recorder.linked(
            self._stream,
            self._context.mapper.crm_object.name,
            done.write.action.ready.incoming.source_id,
            crm_id=done.crm_id,
            answer=done.record,
            change=done.write.change,
            status=done.status,
        )


def _ready(unlinked: Unlinked, intents: Mapping[str, Intent], last: LastSent | None, take: Side | None) -> Ready:
    """Return the record as if it held nothing but its references; what the ledger knows of it stays as it is."""
    known = unlinked.known
    references = tuple(reference_of(link) for link in unlinked.links)
    incoming = IncomingRecord(unlinked.source_id, unlinked.source_id, {}, known.record_hash or b"", b"")
    mapped = Mapped({}, references=references, digest=known.digest or "")
    reread = unlinked.source_id in intents
    return Ready(
        incoming, mapped, known.crm_id, known.origin, reread=reread, basis=Basis(last, take=take, is_part=True)
    )


def _is_in_doubt(ready: Ready, intents: Mapping[str, Intent]) -> bool:
    """Tell whether another write of the record has no answer: it is dealt with first, when the record comes again."""
    intent = intents.get(ready.incoming.source_id)
    if intent is None:
        return False
    payload = outgoing(intent.payload)
    return bool(payload.parameters) or not payload.keys() <= ready.mapped.payload.keys()  # links carry no flags


def _to_repeat(in_doubt: Sequence[Write]) -> list[Update]:
    """Links to which no answer came, to be made again once the record was read."""
    actions = [write.action for write in in_doubt]
    return [
        replace(action, ready=replace(action.ready, reread=True)) for action in actions if isinstance(action, Update)
    ]
