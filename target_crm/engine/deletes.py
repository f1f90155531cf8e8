"""The deletes of a run, carried out at the end of its input, once the brakes are checked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Payload
from crm_api.errors import RefusedError
from target_crm.delete_brakes import STANDS
from target_crm.engine.run import Office
from target_crm.ledger.values import Held, Scope
from target_crm.report.outcomes import Outcome, RejectKind
from target_crm.stream_settings import StreamSettings

ABSENT = "absent from the source"


@dataclass(frozen=True, slots=True)
class PendingDelete:
    """A record of the CRM that is to be deleted.

    Attributes:
        crm_id: Its id.
        source_id: What the ledger calls it; None if the ledger does not know it.
        scope: Where the ledger knows it; None likewise.
        held: What is held of the message that deletes it; None if it is deleted because it is absent.
        payload: What the message says of it, where it is sent whole.
    """

    crm_id: CrmId
    source_id: str | None
    scope: Scope | None
    held: Held | None = None
    payload: Payload = field(default_factory=dict)


class Deleter:
    """Deletes at the end of a run.

    Args:
        office: What all streams share.
        settings_of: The settings of a stream; raises SettingError.
    """

    def __init__(self, office: Office, settings_of: Callable[[str], StreamSettings]) -> None:
        self._office = office
        self._settings_of = settings_of

    def carry_out_held(self) -> list[str]:
        """Delete what messages asked to delete, of this run and of runs that ended early; returns what brakes say."""
        office = self._office
        by_stream: dict[str, list[Held]] = {}
        for held in office.held_records.held(office.source, "deleting"):
            if held.run_id != office.run_id:
                office.books.carried(held.stream)
                office.books.ended(held.stream, Outcome.WAITING, held.kind)
            by_stream.setdefault(held.stream, []).append(held)
        refusals: list[str] = []
        for stream, deletes in by_stream.items():
            settings = self._settings_of(stream)
            own = office.ledger.scope(office.source, stream, settings.object)
            pending = self._unclaimed(own, [_pending_delete(each, own) for each in deletes])
            if refusal := settings.brakes.refusal(len(pending)):
                refusals.append(f"Stream {stream}: {refusal}")
                self._refuse(own, [each.held for each in pending if each.held], RejectKind.BRAKE, refusal)
                continue
            self._delete(stream, own, settings, pending)
        return refusals

    def _unclaimed(self, own: Scope, pending: Sequence[PendingDelete]) -> list[PendingDelete]:
        """Those that no other live record stands for: since the delete arrived, one may have come, or come back."""
        going = {(each.scope.id, each.source_id) for each in pending if each.scope is not None}
        claims = self._office.claims.live(own, [each.crm_id for each in pending])
        unclaimed: list[PendingDelete] = []
        for each in pending:
            others = [claim for claim in claims.get(each.crm_id, ()) if claim not in going]
            if each.held is None or each.scope is None or not others:
                unclaimed.append(each)
            else:
                self._spare(own, each.held, each.scope)
        return unclaimed

    def _spare(self, own: Scope, held: Held, scope: Scope) -> None:
        office, reason = self._office, f"deleted at the source, {STANDS}"
        office.claims.leave(scope, office.ledger.known(scope, [held.source_id]), reason)
        office.held_records.release(own, [held.source_id])
        office.books.reopened(held.stream, Outcome.WAITING, held.kind)
        office.books.ended(held.stream, Outcome.SKIPPED, reason)
        if office.preview is not None:
            office.preview.left(held.stream, [held.source_id], f"skip: {reason}")
        if office.responses is not None:
            target = held.sent or {}
            office.responses.capture(
                held.stream,
                target["object"],
                held.source_id,
                str(Outcome.SKIPPED),
                crm_id=target["crm_id"],
                reason=reason,
            )

    def carry_out_absent(self, stream: str, version: str) -> list[str]:
        """Delete the live records of a stream that did not arrive in a version that is complete; likewise."""
        office, settings = self._office, self._settings_of(stream)
        scope = office.ledger.scope(office.source, stream, settings.object)
        live = office.ledger.live(scope)
        absent = office.ledger.absent(scope, version, matched_too=settings.delete_matched)
        claims = office.claims.live(scope, [crm_id for _, crm_id in absent])
        gone = office.ledger.absent(scope, version, matched_too=True)  # whoever is absent, too, claims nothing
        going = {(scope.id, source_id) for source_id, _ in gone}
        pending = [
            PendingDelete(crm_id, source_id, scope)
            for source_id, crm_id in absent
            if all(claim in going for claim in claims.get(crm_id, ()))
        ]
        if refusal := settings.brakes.refusal_of_absent(len(pending), live):
            return [f"Stream {stream}: {refusal}"]
        self._delete(stream, scope, settings, pending)
        self._drop_absent(scope, version)
        office.ledger.forget_seen(scope, version)
        return []

    def _drop_absent(self, scope: Scope, version: str) -> None:
        """What is held of records that their source no longer has is not tried again."""
        office = self._office
        for held in office.held_records.absent(office.source, scope, version):
            office.held_records.release(scope, [held.source_id])
            if held.run_id == office.run_id:
                was = Outcome.REJECTED if held.state == "rejected" else Outcome.WAITING
                office.books.reopened(held.stream, was, held.kind)
                office.books.ended(held.stream, Outcome.SKIPPED, ABSENT)

    def _delete(self, stream: str, own: Scope, settings: StreamSettings, pending: Sequence[PendingDelete]) -> None:
        office = self._office
        crm_object = office.crm.objects[settings.object]
        office.locks.take(crm_object.name)
        current = (
            office.crm.read(crm_object, [each.crm_id for each in pending]) if pending and crm_object.readable else {}
        )
        size = 1 if settings.forget else crm_object.bulk_delete
        groups = _together(pending)
        chunks = [groups[start : start + size] for start in range(0, len(groups), size)]
        office.pool.gather(
            [self._call(stream, own, crm_object, chunk, current, forget=settings.forget) for chunk in chunks]
        )

    def _call(
        self,
        stream: str,
        own: Scope,
        crm_object: CrmObject,
        chunk: Sequence[Sequence[PendingDelete]],
        current: Mapping[CrmId, CrmRecord],
        *,
        forget: bool,
    ) -> Callable[[], None]:
        def delete() -> None:
            for each in itertools.chain.from_iterable(chunk):
                record = current.get(each.crm_id)
                if record is not None and each.scope is not None and each.source_id is not None:
                    self._office.ledger.keep(each.scope, each.source_id, each.crm_id, record, _why(each))
            targets = [(group[0].crm_id, group[0].payload) for group in chunk]
            scope = chunk[0][0].scope or own
            self._office.claims.unsettle(scope, [crm_id for crm_id, _ in targets])
            refusals = self._office.crm.delete_many(crm_object, targets, forget=forget)
            for group, (crm_id, _), refusal in zip(chunk, targets, refusals, strict=True):
                if refusal is None:
                    self._office.claims.lost(scope, crm_id, _why(group[0]))
                for each in group:
                    if refusal is None:
                        self._done(stream, own, crm_object, each, current.get(each.crm_id))
                    else:
                        self._refused(stream, own, each, refusal)

        return delete

    def _refused(self, stream: str, own: Scope, each: PendingDelete, refusal: RefusedError) -> None:
        if each.held is not None:
            self._refuse(own, [each.held], RejectKind.REFUSED, refusal.sentence)
        else:
            self._office.logger.warning("Stream %s: record %s stays: %s", stream, each.crm_id, refusal.sentence)

    def _done(
        self, stream: str, own: Scope, crm_object: CrmObject, each: PendingDelete, record: CrmRecord | None
    ) -> None:
        office = self._office
        if each.scope is not None and each.source_id is not None:
            office.held_records.release(each.scope, [each.source_id])
        if office.responses is not None:
            source_id = each.held.source_id if each.held else each.source_id or ""
            office.responses.capture(stream, crm_object.name, source_id, "deleted", crm_id=each.crm_id, answer=record)
        if office.preview is not None:
            office.preview.deleted(stream, each.held.source_id if each.held else each.source_id, each.crm_id)
        if each.held is None:
            office.books.removed(stream)
            return
        office.held_records.release(own, [each.held.source_id])
        office.books.reopened(stream, Outcome.WAITING, each.held.kind)
        office.books.ended(stream, Outcome.DELETED)

    def _refuse(self, own: Scope, held: Sequence[Held], kind: RejectKind, reason: str) -> None:
        rejected = [replace(each, state="rejected", kind=str(kind), reason=reason, sent=None) for each in held]
        self._office.held_records.hold(own, rejected)
        self._office.told_of(held[0].stream, rejected)
        for each in held:
            self._office.books.reopened(each.stream, Outcome.WAITING, each.kind)
            self._office.books.ended(each.stream, Outcome.REJECTED, str(kind))
            self._office.books.explained(each.stream, str(kind), each.source_id, reason)
            if self._office.responses is not None:
                crm_object, crm_id = (each.sent or {}).get("object", ""), (each.sent or {}).get("crm_id")
                self._office.responses.capture(
                    each.stream, crm_object, each.source_id, "rejected", crm_id=crm_id, kind=str(kind), reason=reason
                )


def _together(pending: Sequence[PendingDelete]) -> list[list[PendingDelete]]:
    """Several source records can stand for one of the CRM, which is deleted once."""
    groups: dict[CrmId, list[PendingDelete]] = {}
    alone: list[list[PendingDelete]] = []  # endpoints that delete by what the record says
    for each in pending:
        if each.crm_id is None:
            alone.append([each])
        else:
            groups.setdefault(each.crm_id, []).append(each)
    return [*groups.values(), *alone]


def _why(pending: PendingDelete) -> str:
    return ABSENT if pending.held is None else "deleted at the source"


def _pending_delete(held: Held, own: Scope) -> PendingDelete:
    target = held.sent or {}
    scope_id = target.get("scope_id")
    scope = None if scope_id is None else Scope(scope_id, own.object_id)
    payload = target.get("payload") or {}
    return PendingDelete(target["crm_id"], held.source_id if scope else None, scope, held, payload)
