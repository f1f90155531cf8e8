"""The deletes of a run, carried out at the end of its input, once the brakes are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Payload
from crm_api.errors import RefusedError
from target_crm.ledger.values import Entry, Held, Scope
from target_crm.office import Office
from target_crm.outcomes import Outcome, RejectKind
from target_crm.settings import StreamSettings


@dataclass(frozen=True, slots=True)
class Doomed:
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
        for held in office.shelf.held(office.source, "deleting"):
            if held.run_id != office.run_id:
                office.books.carried(held.stream)
                office.books.ended(held.stream, Outcome.WAITING, held.kind)
            by_stream.setdefault(held.stream, []).append(held)
        refusals: list[str] = []
        for stream, deletes in by_stream.items():
            settings = self._settings_of(stream)
            own = office.ledger.scope(office.source, stream, settings.object)
            if refusal := settings.brakes.refusal(len(deletes)):
                refusals.append(f"Stream {stream}: {refusal}")
                self._refuse(own, deletes, RejectKind.BRAKE, refusal)
                continue
            self._delete(stream, own, settings, [_doomed(each, own) for each in deletes])
        return refusals

    def carry_out_absent(self, stream: str, version: str) -> list[str]:
        """Delete the live records of a stream that did not arrive in a version that is complete; likewise."""
        office, settings = self._office, self._settings_of(stream)
        scope = office.ledger.scope(office.source, stream, settings.object)
        live = office.ledger.live(scope)
        absent = office.ledger.absent(scope, version, matched_too=settings.delete_matched)
        claims = office.ledger.claimed(scope, [crm_id for _, crm_id in absent])
        gone = office.ledger.absent(scope, version, matched_too=True)  # whoever is absent, too, claims nothing
        going = {(scope.id, source_id) for source_id, _ in gone}
        doomed = [
            Doomed(crm_id, source_id, scope)
            for source_id, crm_id in absent
            if all(claim in going for claim in claims[crm_id])
        ]
        if refusal := settings.brakes.refusal_of_absent(len(doomed), live):
            return [f"Stream {stream}: {refusal}"]
        self._delete(stream, scope, settings, doomed)
        office.ledger.forget_seen(scope, version)
        return []

    def _delete(self, stream: str, own: Scope, settings: StreamSettings, doomed: Sequence[Doomed]) -> None:
        office = self._office
        of = office.crm.objects[settings.object]
        office.locks.take(of.name)
        current = office.crm.read(of, [each.crm_id for each in doomed]) if doomed and of.readable else {}
        size = 1 if settings.forget else of.bulk_delete
        chunks = [doomed[start : start + size] for start in range(0, len(doomed), size)]
        office.crew.gather([self._call(stream, own, of, chunk, current, forget=settings.forget) for chunk in chunks])

    def _call(
        self,
        stream: str,
        own: Scope,
        of: CrmObject,
        chunk: Sequence[Doomed],
        current: Mapping[CrmId, CrmRecord],
        *,
        forget: bool,
    ) -> Callable[[], None]:
        def delete() -> None:
            for each in chunk:
                record = current.get(each.crm_id)
                if record is not None and each.scope is not None and each.source_id is not None:
                    self._office.ledger.keep(each.scope, each.source_id, each.crm_id, record, _why(each))
            refusals = self._office.crm.delete_many(of, [(each.crm_id, each.payload) for each in chunk], forget=forget)
            for each, refusal in zip(chunk, refusals, strict=True):
                if refusal is None:
                    self._done(stream, own, of, each, current.get(each.crm_id))
                else:
                    self._refused(stream, own, each, refusal)

        return delete

    def _refused(self, stream: str, own: Scope, each: Doomed, refusal: RefusedError) -> None:
        if each.held is not None:
            self._refuse(own, [each.held], RejectKind.REFUSED, refusal.sentence)
        else:
            self._office.logger.warning("Stream %s: record %s stays: %s", stream, each.crm_id, refusal.sentence)

    def _done(self, stream: str, own: Scope, of: CrmObject, each: Doomed, record: CrmRecord | None) -> None:
        office = self._office
        if each.scope is not None and each.source_id is not None:
            entry = Entry(each.source_id, None, "deleted", "created", None, None, reason=_why(each))
            office.ledger.settle(each.scope, [entry])
        if office.responses is not None:
            source_id = each.held.source_id if each.held else each.source_id or ""
            office.responses.capture(stream, of.name, source_id, "deleted", crm_id=each.crm_id, answer=record)
        if office.preview is not None:
            office.preview.deleted(stream, each.held.source_id if each.held else each.source_id, each.crm_id)
        if each.held is None:
            office.books.removed(stream)
            return
        office.shelf.release(own, [each.held.source_id])
        office.books.reopened(stream, Outcome.WAITING, each.held.kind)
        office.books.ended(stream, Outcome.DELETED)

    def _refuse(self, own: Scope, held: Sequence[Held], kind: RejectKind, reason: str) -> None:
        rejected = [replace(each, state="rejected", kind=str(kind), reason=reason, sent=None) for each in held]
        self._office.shelf.hold(own, rejected)
        self._office.told_of(held[0].stream, rejected)
        for each in held:
            self._office.books.reopened(each.stream, Outcome.WAITING, each.kind)
            self._office.books.ended(each.stream, Outcome.REJECTED, str(kind))
            self._office.books.explained(each.stream, str(kind), each.source_id, reason)
            if self._office.responses is not None:
                of, crm_id = (each.sent or {}).get("object", ""), (each.sent or {}).get("crm_id")
                self._office.responses.capture(
                    each.stream, of, each.source_id, "rejected", crm_id=crm_id, kind=str(kind), reason=reason
                )


def _why(doomed: Doomed) -> str:
    return "absent from the source" if doomed.held is None else "deleted at the source"


def _doomed(held: Held, own: Scope) -> Doomed:
    target = held.sent or {}
    scope_id = target.get("scope_id")
    scope = None if scope_id is None else Scope(scope_id, own.object_id)
    payload = target.get("payload") or {}
    return Doomed(target["crm_id"], held.source_id if scope else None, scope, held, payload)
