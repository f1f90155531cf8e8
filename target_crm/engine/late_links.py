"""References put into records that were written without them, now that what they refer to is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from crm_api.crm_objects import CrmId, CrmRecord, outgoing
from crm_api.errors import SettingError
from target_crm.engine.decisions import Ready, Update
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.references import Parents, reference_of
from target_crm.engine.run import Office
from target_crm.engine.sender import Done, NotDone, Sender, Write
from target_crm.ledger.links import Links
from target_crm.ledger.values import Entry, Intent, Scope, Unlinked
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Mapped, Mode
from target_crm.settings import StreamSettings

TRIES = 6  # in which every answer is lost; the next run goes on


@dataclass(frozen=True)
class _Place:
    """One stream whose records are to be linked."""

    stream: str
    mapper: Mapper
    scope: Scope
    intents: Mapping[str, Intent]


class Linker:
    """Makes links.

    A link stays in the ledger until the CRM has answered that it is made, and making it twice changes nothing: the
    record is read first, and what it has already is not sent.

    Args:
        office: What all streams share.
        settings_of: The settings of a stream; raises SettingError.
    """

    def __init__(self, office: Office, settings_of: Callable[[str], StreamSettings]) -> None:
        self._office = office
        self._settings_of = settings_of
        self._links: Links = office.links

    def link(self, unlinked: Sequence[Unlinked]) -> None:
        """Put in the references that lead somewhere by now; the others go on waiting.

        Raises:
            StopError: Nothing further can succeed.
            BusyError: Likewise, for now.
        """
        by_scope: dict[int, list[Unlinked]] = {}
        for each in unlinked:
            by_scope.setdefault(each.scope.id, []).append(each)
        for chosen in by_scope.values():
            try:
                place = self._place(chosen[0])
            except SettingError as error:
                self._office.logger.warning("Stream %s: its links are left as they are: %s", chosen[0].stream, error)
            else:
                self._link(place, chosen)

    def _place(self, first: Unlinked) -> _Place:
        office, settings = self._office, self._settings_of(first.stream)
        if settings.object != first.object:
            raise SettingError(f"its records were {first.object}, and are {settings.object} now")
        crm_object = office.crm.objects[first.object]
        office.locks.take(crm_object.name)
        # What was left out when the record was created is still part of its creation.
        modes = {
            name: Mode.FILL_EMPTY if mode is Mode.CREATE_ONLY else mode for name, mode in settings.rules.fields.items()
        }
        mapper = Mapper(office.crm, crm_object, replace(settings.rules, fields=modes))
        return _Place(first.stream, mapper, first.scope, office.ledger.intents(first.scope))

    def _link(self, place: _Place, unlinked: Sequence[Unlinked]) -> None:
        parents = Parents(self._office, place.mapper, "link_later")
        updates: list[Update] = []
        for ready, unresolved in parents.resolve([_ready(each, place.intents) for each in unlinked]):
            if unresolved is not None:
                attributes = [reference.attribute for reference in ready.mapped.references]
                self._links.refused(place.scope, ready.incoming.source_id, attributes, unresolved.reason)
            elif ready.mapped.payload and ready.crm_id is not None and not _is_in_doubt(ready, place.intents):
                updates.append(Update(ready, ready.crm_id, links=True, reason=", ".join(ready.mapped.payload)))
        self._send(place, updates)

    def _send(self, place: _Place, updates: Sequence[Update]) -> None:
        office = self._office
        recent = office.recent(place.mapper.crm_object.name)

        def on_done(done: Done) -> None:
            self._linked(place, done)

        sender = Sender(
            office.crm, place.mapper, office.ledger, place.scope, office.pool, recent=recent, on_done=on_done
        )
        open_updates, tries = list(updates), 0
        while open_updates and tries < TRIES:
            now: dict[CrmId, Update] = {}  # two source records can stand for one of the CRM
            later = [update for update in open_updates if now.setdefault(update.crm_id, update) is not update]
            results = sender.send(self._writes(place, list(now.values())))
            self._refused(place, results.refused)
            before, open_updates = len(open_updates), [*_again(results.lost), *later]
            tries = 0 if len(open_updates) < before else tries + 1
        if open_updates:
            office.logger.warning(
                "Stream %s: nobody knows whether %d links were made; the next run sees to it",
                place.stream,
                len(open_updates),
            )

    def _writes(self, place: _Place, updates: Sequence[Update]) -> list[Write]:
        """What has to be sent; links that are there already are settled."""
        writes: list[Write] = []
        current = self._current(place, updates)
        for update in updates:
            record = current.get(update.crm_id)
            if record is None:
                reason = f"the CRM no longer has record {update.crm_id}"
                self._links.refused(place.scope, update.ready.incoming.source_id, update.ready.mapped.payload, reason)
                continue
            change = place.mapper.change(update.ready.mapped, record)
            if change.payload:
                writes.append(Write(update, change))
            else:
                self._settle(place, update)
        return writes

    def _current(self, place: _Place, updates: Sequence[Update]) -> dict[CrmId, CrmRecord]:
        recent = self._office.recent(place.mapper.crm_object.name)
        current: dict[CrmId, CrmRecord] = {}
        unread: dict[bool, list[CrmId]] = {False: [], True: []}
        for update in updates:
            known = None if update.ready.reread else recent.get(update.crm_id)
            if known is None:
                unread[update.ready.reread].append(update.crm_id)
            else:
                current[update.crm_id] = known
        for in_doubt, ids in unread.items():
            if ids:
                current |= self._office.crm.read(place.mapper.crm_object, ids, immediate=in_doubt)
        return current

    def _settle(self, place: _Place, update: Update) -> None:
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
        )
        self._office.ledger.settle(place.scope, [entry])

    def _refused(self, place: _Place, refused: Sequence[NotDone]) -> None:
        office = self._office
        for each in refused:
            ready = each.write.ready
            attributes = list(ready.mapped.payload)
            self._links.refused(place.scope, ready.incoming.source_id, attributes, each.reason)
            office.ledger.withdraw(place.scope, [ready.incoming.source_id])
            office.logger.warning(
                "Stream %s: %s of record %s is not linked: %s",
                place.stream,
                ", ".join(attributes),
                each.write.crm_id,
                each.reason,
            )

    def _linked(self, place: _Place, done: Done) -> None:
        office = self._office
        office.books.linked(place.stream, len(done.write.change.differences))
        if office.responses is not None:
            source_id = done.write.ready.incoming.source_id
            office.responses.capture(
                place.stream, place.mapper.crm_object.name, source_id, "linked", crm_id=done.crm_id, answer=done.record
            )
        if office.preview is not None:
            office.preview.done(place.stream, done)


def _ready(unlinked: Unlinked, intents: Mapping[str, Intent]) -> Ready:
    """The record as it would be if it held nothing but its references; what the ledger knows of it stays as it is."""
    known = unlinked.known
    references = tuple(reference_of(link) for link in unlinked.links)
    incoming = IncomingRecord(unlinked.source_id, unlinked.source_id, {}, known.record_hash or b"", b"")
    mapped = Mapped({}, references=references, digest=known.digest or "")
    return Ready(incoming, mapped, known.crm_id, known.origin, reread=unlinked.source_id in intents)


def _is_in_doubt(ready: Ready, intents: Mapping[str, Intent]) -> bool:
    """Another write of the record was never answered: it is dealt with first, when the record comes again."""
    intent = intents.get(ready.incoming.source_id)
    if intent is None:
        return False
    payload = outgoing(intent.payload)
    return bool(payload.parameters) or not payload.keys() <= ready.mapped.payload.keys()  # links carry no flags


def _again(lost: Sequence[Write]) -> list[Update]:
    """Links whose answer was lost, to be made again once the record was read."""
    actions = [write.action for write in lost]
    return [
        replace(action, ready=replace(action.ready, reread=True)) for action in actions if isinstance(action, Update)
    ]
