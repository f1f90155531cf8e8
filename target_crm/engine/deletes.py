"""The deletes of a run, carried out at the end of its input, once the brakes are checked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crm_api.crm_objects import CrmId, CrmObject, CrmRecord
from crm_api.endpoints.answers import is_stand_in
from crm_api.errors import GoneError, RefusedError, SettingError
from target_crm.delete_brakes import DAYS, STANDS
from target_crm.engine.approval import Deletion
from target_crm.engine.delete_requests import PendingDelete
from target_crm.engine.run import Run, logger
from target_crm.ledger.outcome_lines import REMOVED, Counted
from target_crm.ledger.values import Held, Scope
from target_crm.mapping.mapper import Mapper
from target_crm.report.outcomes import Outcome, RejectKind
from target_crm.stream_settings import StreamSettings

ABSENT = "absent from the source"
ALLOWED = f"{ABSENT}, let pass by allow_deletes"
Group = Sequence[PendingDelete]
"""Records that stand for one record of the CRM, which is deleted once."""


@dataclass(frozen=True)
class _Deletes:
    """The deletes of one stream.

    Attributes:
        stream: The stream's name.
        scope: Where the ledger keeps the stream's records.
        writer: The stream that wrote what is deleted: itself, or its ledger_stream.
        crm_object: What is deleted.
        forget: Whether it is deleted for good, past the recycle bin.
        current: The records as the CRM has them, by its id, where they can be read.
        mapper: Says which of their values are kept; None: none is.
    """

    stream: str
    scope: Scope
    writer: str
    crm_object: CrmObject
    forget: bool
    current: Mapping[CrmId, CrmRecord]
    mapper: Mapper | None


class Deleter:
    """Deletes at the end of a run.

    Args:
        run: What all streams share.
        settings_of: Gives the settings of a stream; raises SettingError.
        allowed: How many absent records the run may delete, whatever the brakes say; None: the brakes hold.
    """

    def __init__(self, run: Run, settings_of: Callable[[str], StreamSettings], allowed: int | None = None) -> None:
        self._run = run
        self._ledger = run.ledger
        self._recorder = run.recorder
        self._settings_of = settings_of
        self._allowed = allowed or 0

    def carry_out(self, complete: Mapping[str, str | None], planned: Mapping[str, Collection[str]]) -> list[str]:
        """Delete what messages asked to delete, and what did not arrive of the streams that came whole.

        Args:
            complete: The version of each stream that is proved complete, or None, by the stream's name.
            planned: The source ids that a plan deletes for being absent, by the stream's name.

        Returns:
            A sentence for each time that a brake held deletes back.
        """
        if self._run.locks.partition is not None:  # brakes count what whole runs delete
            return []
        refusals = self._carry_out_held()
        for stream, source_ids in planned.items():
            refusals += self._carry_out_planned(stream, source_ids)
        for stream, version in complete.items():
            if version is not None:
                refusals += self._carry_out_absent(stream, version)
        return refusals

    def _carry_out_held(self) -> list[str]:
        """Delete what messages asked to delete, of this run and of runs that ended early.

        Returns:
            A sentence for each stream whose deletes a brake held back.
        """
        by_stream: dict[str, list[Held]] = {}
        for held in self._ledger.held_records.held(self._run.source, "deleting"):
            if self._run.approval.retries((held.stream, held.source_id)):
                by_stream.setdefault(held.stream, []).append(held)
        refusals: list[str] = []
        for stream, deletes in by_stream.items():
            if (settings := self._settings_of_ours(stream)) is None:
                continue
            for held in deletes:
                self._recorder.carried_over(held, settings.object)
            own = self._ledger.scope(self._run.source, stream, settings.object)
            pending = self._unclaimed(own, [PendingDelete.of_held(each, own) for each in deletes])
            if refusal := settings.brakes.refusal(len(pending)):
                refusal += " Nothing was deleted. If that is right, raise max_deletes for one run."
                refusals.append(f"Stream {stream}: {refusal}")
                self._reject(own, [each.held for each in pending if each.held], RejectKind.BRAKE, refusal)
                continue
            self._delete(stream, own, settings, pending)
        return refusals

    def _settings_of_ours(self, stream: str) -> StreamSettings | None:
        """Return the settings of a stream of which deletes are held; None if another run is to carry them out."""
        try:
            settings = self._settings_of(stream)
        except SettingError as error:
            logger.warning(
                "The deletes of stream %s, which an earlier run held, are left to a later one: %s", stream, error
            )
            return None
        return settings if self._run.locks.take_if_free(settings.object, "What is to be deleted") else None

    def _carry_out_absent(self, stream: str, version: str) -> list[str]:
        """Delete the live records of a stream that did not arrive in a version that is complete.

        Returns:
            A sentence if a brake held the deletes back; otherwise nothing.
        """
        settings, ledger = self._settings_of(stream), self._ledger
        scope = ledger.scope(self._run.source, stream, settings.object)
        absent = ledger.arrivals.absent(scope, version, matched_too=settings.delete_matched)
        gone = ledger.arrivals.absent(scope, version, matched_too=True)  # what is absent, too, claims nothing
        if refusal := self._delete_absent(stream, scope, absent, {source_id for source_id, _ in gone}):
            return [refusal]
        for held in ledger.held_records.absent(self._run.source, scope, version):
            ledger.held_records.release(scope, [held.source_id])  # what their source no longer has is not tried again
            self._recorder.dropped(held, settings.object, ABSENT)
        ledger.arrivals.forget_seen(scope, version)
        return []

    def _carry_out_planned(self, stream: str, source_ids: Collection[str]) -> list[str]:
        """Delete the live records of a stream that a plan found absent.

        Returns:
            A sentence if a brake held the deletes back; otherwise nothing.
        """
        if (settings := self._settings_of_ours(stream)) is None:
            return []
        scope = self._ledger.scope(self._run.source, stream, settings.object)
        known = self._ledger.known(scope, source_ids)
        absent = [(source_id, each.crm_id) for source_id, each in known.items() if each.crm_id is not None]
        refusal = self._delete_absent(stream, scope, absent, set(source_ids))
        return [refusal] if refusal else []

    def _delete_absent(
        self, stream: str, scope: Scope, absent: Sequence[tuple[str, CrmId]], going: Collection[str]
    ) -> str:
        """Delete absent records that nobody else stands for.

        Args:
            stream: The stream's name.
            scope: Where the ledger keeps the stream's records.
            absent: Source ids and CRM ids.
            going: The source ids of the stream that stand for nothing any more.

        Returns:
            A sentence if a brake held them back; otherwise nothing.
        """
        settings, ledger = self._settings_of(stream), self._ledger
        live = ledger.arrivals.live(scope)
        claims = ledger.claims.live(scope, [crm_id for _, crm_id in absent])
        pending = [
            PendingDelete(crm_id, source_id, scope, reason=ABSENT)
            for source_id, crm_id in absent
            if all(at == scope.id and claim in going for at, claim in claims.get(crm_id, ()))
        ]
        if refusal := self._refusal_of_absent(settings, scope, pending, live):
            if len(pending) > self._allowed:
                advice = f"If that is right, run once with --allow-deletes {len(pending)}."
                return f"Stream {stream}: {refusal} Nothing was deleted. {advice}"
            self._allowed -= len(pending)
            logger.warning(
                "Stream %s: %d absent records are deleted: allow_deletes lets them pass", stream, len(pending)
            )
            pending = [replace(each, reason=ALLOWED) for each in pending]
        self._delete(stream, scope, settings, pending)
        return ""

    def _refusal_of_absent(
        self, settings: StreamSettings, scope: Scope, pending: Sequence[PendingDelete], live: int
    ) -> str | None:
        """The reason why a brake holds absent records back; None if none does."""
        brakes = settings.brakes
        if not pending or (refusal := brakes.refusal_of_absent(len(pending), live)):
            return refusal if pending else None
        if brakes.fraction_7_days >= 1:
            return None
        absent = [each.source_id for each in pending if each.source_id is not None]
        history = self._ledger.absences
        if brakes.passes_days(history.at_worst(scope, DAYS, len(absent))):
            return None
        return brakes.refusal_of_days(history.since(scope, DAYS, absent, ABSENT))

    def _unclaimed(self, own: Scope, pending: Sequence[PendingDelete]) -> list[PendingDelete]:
        """Return those that no other live record stands for: one may have come since the delete arrived."""
        going = {(each.scope.id, each.source_id) for each in pending if each.scope is not None}
        claims = self._ledger.claims.live(own, [each.crm_id for each in pending])
        unclaimed: list[PendingDelete] = []
        for each in pending:
            others = [claim for claim in claims.get(each.crm_id, ()) if claim not in going]
            if each.held is None or each.scope is None or not others:
                unclaimed.append(each)
            else:
                self._keep(own, each.held, each.scope)
        return unclaimed

    def _keep(self, own: Scope, held: Held, scope: Scope) -> None:
        reason = f"deleted at the source, {STANDS}"
        self._ledger.claims.leave(scope, self._ledger.known(scope, [held.source_id]), reason)
        self._ledger.held_records.release(own, [held.source_id])
        target = held.sent or {}
        self._recorder.kept(held, target["object"], target["crm_id"], reason)

    def _delete(self, stream: str, own: Scope, settings: StreamSettings, pending: Sequence[PendingDelete]) -> None:
        crm, crm_object = self._run.crm, self._run.crm.objects[settings.object]
        self._run.locks.take(crm_object.name)
        current: Mapping[CrmId, CrmRecord] = {}
        if pending and crm_object.readable:
            current = crm.read(crm_object, [each.crm_id for each in pending])
        writer = settings.ledger_stream or stream
        mapper = Mapper(crm.owner(crm_object), crm_object, settings.mapping) if self._ledger.kept_values.on else None
        deletes = _Deletes(stream, own, writer, crm_object, settings.forget, current, mapper)
        size = 1 if settings.forget else crm_object.bulk_delete
        groups = self._approved(deletes, _groups(pending))
        parts = [groups[start : start + size] for start in range(0, len(groups), size)]
        self._run.pool.gather([partial(self._delete_part, deletes, part) for part in parts])

    def _approved(self, deletes: _Deletes, groups: Sequence[Group]) -> list[Group]:
        """Show deletes to whoever may object; returns the groups to none of which somebody does."""
        shown = {id(each): _deletion(deletes, each) for group in groups for each in group}
        objections = self._run.approval.deleted(list(shown.values())) if shown else {}
        approved: list[Group] = []
        for group in groups:
            found = [(each, objections.get(shown[id(each)].place)) for each in group]
            if all(objection is None for _, objection in found):
                approved.append(group)
                continue
            reason = next(objection.reason for _, objection in found if objection is not None)
            for each, objection in found:
                if objection is not None and objection.is_silent:
                    continue
                if each.held is not None and objection is not None and objection.is_overtaken:
                    self._pass_over(deletes, each.held, reason)
                elif each.held is not None:
                    self._reject(deletes.scope, [each.held], RejectKind.PLAN_OUTDATED, reason)
                else:
                    logger.warning("Stream %s: record %s stays: %s", deletes.stream, each.crm_id, reason)
        return approved

    def _pass_over(self, deletes: _Deletes, held: Held, reason: str) -> None:
        """Reject a delete and keep nothing of it: a later version of the record is not to be deleted by a later run."""
        self._ledger.held_records.release(deletes.scope, [held.source_id])
        name, kind = deletes.crm_object.name, RejectKind.PLAN_OUTDATED
        self._recorder.overtaken(deletes.stream, name, held.source_id, kind, reason)
        self._recorder.reopened(held.stream, held)

    def _delete_part(self, deletes: _Deletes, groups: Sequence[Group]) -> None:
        """Delete in one request, where the CRM takes many; what is known of the records goes into the history first."""
        for each in itertools.chain.from_iterable(groups):
            record = deletes.current.get(each.crm_id)
            # Of a record that the ledger does not know, it keeps what the stream that deletes it calls it.
            scope, source_id = each.scope or deletes.scope, each.source_id or (each.held and each.held.source_id)
            if record is not None and source_id:
                values = () if deletes.mapper is None else deletes.mapper.kept_of(record)
                self._ledger.keep(scope, source_id, each.crm_id, record, _why(each), values)
        targets = [(group[0].crm_id, group[0].payload) for group in groups]
        scope = groups[0][0].scope or deletes.scope
        self._ledger.claims.unsettle(scope, [crm_id for crm_id, _ in targets])
        traffic = self._run.crm.session.traffic
        traffic.answered(None)
        refusals = self._run.crm.delete_many(deletes.crm_object, targets, forget=deletes.forget)
        status = traffic.status
        for group, refusal in zip(groups, refusals, strict=True):
            if refusal is None or isinstance(refusal, GoneError):
                self._deleted(deletes, scope, group, status if refusal is None else refusal.status)
            else:
                self._refused(deletes, group, refusal)

    def _deleted(self, deletes: _Deletes, scope: Scope, group: Group, status: int | None) -> None:
        crm_id = group[0].crm_id
        counted = [
            Counted(Outcome.DELETED if is_held else REMOVED, [(_source_id(each), crm_id) for each in chosen])
            for is_held in (True, False)
            if (chosen := [each for each in group if (each.held is not None) is is_held])
        ]
        self._ledger.claims.lost(scope, crm_id, _why(group[0]), deletes.scope, counted)
        for each in group:
            if each.scope is not None and each.source_id is not None:
                self._release(deletes, each.scope, each.source_id)
            source_id = _source_id(each)
            # A delete by what its record says has no id of the CRM, and the source's stands in for it.
            is_nobodys = deletes.crm_object.whole_records and is_stand_in(each.crm_id, source_id)
            self._recorder.deleted(
                deletes.stream,
                deletes.crm_object.name,
                source_id,
                crm_id=None if is_nobodys else each.crm_id,
                record=deletes.current.get(each.crm_id),
                held=each.held,
                status=status,
            )
            if each.held is not None:
                self._ledger.held_records.release(deletes.scope, [each.held.source_id])

    def _release(self, deletes: _Deletes, scope: Scope, source_id: str) -> None:
        """Forget what is held of a record that is deleted."""
        others = set() if scope == deletes.scope else self._ledger.held_records.held_among(scope, [source_id])
        self._ledger.held_records.release(scope, [source_id])
        self._recorder.released(deletes.writer, deletes.crm_object.name, others, "deleted at the source")

    def _refused(self, deletes: _Deletes, group: Group, refusal: RefusedError) -> None:
        for each in group:
            if each.held is not None:
                self._reject(deletes.scope, [each.held], RejectKind.REFUSED, refusal.sentence, refusal)
            else:
                logger.warning("Stream %s: record %s stays: %s", deletes.stream, each.crm_id, refusal.sentence)

    def _reject(
        self, own: Scope, held: Sequence[Held], kind: RejectKind, reason: str, refusal: RefusedError | None = None
    ) -> None:
        """Hold as rejected what was held as a delete; with the CRM's answer, if it refused."""
        status, sent = (None, None) if refusal is None else (refusal.status, {"answer": refusal.body})
        rejected = [
            replace(each, state="rejected", kind=str(kind), reason=reason, status=status, sent=sent) for each in held
        ]
        self._ledger.held_records.hold(own, rejected)
        targets = [each.sent or {} for each in held]
        crm_ids = {each.source_id: target.get("crm_id") for each, target in zip(held, targets, strict=True)}
        self._recorder.held(held[0].stream, targets[0].get("object", ""), rejected, crm_ids)
        for each in held:
            self._recorder.reopened(each.stream, each)


def _deletion(deletes: _Deletes, pending: PendingDelete) -> Deletion:
    return Deletion(
        deletes.stream,
        pending.held.source_id if pending.held else pending.source_id or "",
        pending.scope,
        pending.source_id,
        deletes.crm_object,
        pending.crm_id,
        deletes.current.get(pending.crm_id),
        pending.reason,
    )


def _groups(pending: Sequence[PendingDelete]) -> list[Group]:
    groups: dict[CrmId, list[PendingDelete]] = {}
    for each in pending:
        groups.setdefault(each.crm_id, []).append(each)
    return list(groups.values())


def _source_id(pending: PendingDelete) -> str:
    return pending.held.source_id if pending.held else pending.source_id or ""


def _why(pending: PendingDelete) -> str:
    return pending.reason if pending.held is None else "deleted at the source"
