"""A look at what a run did: the history, the CRM's records as they are now, and what follows for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from crm_api.crm_objects import CrmId, CrmObject, CrmRecord
from target_crm.engine.hidden_values import HiddenValues
from target_crm.engine.run import StreamContext
from target_crm.ledger.run_history import UNDO_OF, Line, RunHistory
from target_crm.ledger.values import Intent, Known, Scope
from target_crm.mapping.values import KeptValue, Mapped
from target_crm.undo.decisions import Back, Decider, Decision, Facts, Left, Place
from target_crm.undo.places import Places
from target_crm.undo.references import References, has_references
from target_crm.undo.steps import Claim, Touched

AT_ONCE = 1000  # records that are looked at together
NO_OBJECT = "the settings no longer declare where it went"
ENDPOINT = "it went to an endpoint that the settings declare, and what was sent there is not taken back"


@dataclass(frozen=True)
class _Part:
    """Some records of one object, and what the ledger knows of them.

    Attributes:
        crm_object: The object.
        touched: The records.
        kept: The values that are kept, by the number of the line.
        since: What was written since of the source records that stand for them, in order.
        intents: The writes without an answer, by source record.
    """

    crm_object: CrmObject
    touched: Sequence[Touched]
    kept: Mapping[int, Sequence[KeptValue]]
    since: Sequence[Line]
    intents: Mapping[Claim, Intent]


class Looker:
    """Decides what becomes of the records that a run wrote.

    Args:
        places: The ways into the CRM.
        history: What the ledger tells of runs.
        run_id: The run that is to be taken back.
        fresh: Whether each record is read by itself, past what an index may not show yet.
    """

    def __init__(self, places: Places, history: RunHistory, run_id: str, *, fresh: bool) -> None:
        self._places = places
        self._run = places.run
        self._ledger = places.run.ledger
        self._history = history
        self._run_id = run_id
        self._fresh = fresh
        self._hidden: dict[str, HiddenValues] = {}
        self._references = References(places.run.crm)
        self._deleted: set[Place] = set()

    def decided(self, touched: Sequence[Touched]) -> list[Decision]:
        """Decide about records, in their order."""
        by_object: dict[str, list[Touched]] = {}
        self._deleted |= {(each.last.object, each.crm_id) for each in touched if each.is_deleted}
        for each in touched:
            by_object.setdefault(each.last.object, []).append(each)
        decisions: dict[tuple[str, CrmId], Decision] = {}
        for name, chosen in by_object.items():
            crm_object = self._places.object_of(name)
            for start in range(0, len(chosen), AT_ONCE):
                part = chosen[start : start + AT_ONCE]
                if crm_object is None or crm_object.whole_records:
                    found = _of_nothing(part, NO_OBJECT if crm_object is None else ENDPOINT)
                else:
                    found = self._of_object(crm_object, part)
                decisions |= {decision.place: decision for decision in found}
        return [decisions[each.last.object, each.crm_id] for each in touched]

    def _of_object(self, crm_object: CrmObject, touched: Sequence[Touched]) -> Iterator[Decision]:
        part = self._part(crm_object, touched)
        chain = self._chain(part.since)
        current = self._current(part)
        ledger = self._ledger
        lines = [line for each in touched for line in each.lines]
        records = self._history.records(line.id for line in lines if line.action in {"created", "deleting"})
        claims = ledger.claims.live(touched[0].last.scope, [each.crm_id for each in touched])
        scopes = _source_ids(touched)
        known = {(scope.id, key): each for scope in scopes for key, each in ledger.known(scope, scopes[scope]).items()}
        last = {
            (scope.id, key): each
            for scope in scopes
            for key, each in ledger.digests.last_sent(scope, scopes[scope]).items()
        }
        decider = Decider(self._places.mapper(crm_object).attributes, self._references.places, self._deleted)
        by_record = _by_record(part.since)
        for each in touched:
            since = [line for claim in _claims_of(each) for line in by_record.get(claim, ())]
            since += [line for claim in claims.get(each.crm_id, ()) for line in by_record.get(claim, ())]
            since = sorted(
                {line.id: line for line in since if line.id > each.last.id}.values(), key=lambda line: line.id
            )
            if not each.is_deleted:
                since = [line for line in since if line.crm_id == each.crm_id]
            tried = self._tried(part, each)
            facts = Facts(
                part.kept,
                records,
                current.get(each.crm_id),
                crm_object.readable,
                since,
                chain,
                claims.get(each.crm_id, ()),
                tried is None,
                tried or (),
                last.get((each.last.scope.id, each.last.source_id), ledger.digests.unknown),
                {claim: known[claim].crm_id for claim in _claims_of(each) if claim in known},
                self._owner(each, known, claims.get(each.crm_id, ())),
            )
            yield decider.decide(each, facts)

    @staticmethod
    def _owner(touched: Touched, known: Mapping[Claim, Known], claims: Sequence[Claim]) -> Claim | None:
        """The source record in whose name a record is written: the one that wrote it last, if it stands for it."""
        mine = [(touched.last.scope.id, touched.last.source_id), *_claims_of(touched)]
        standing = [claim for claim in mine if claim in known and known[claim].crm_id == touched.crm_id]
        return next(iter([*standing, *claims]), None)

    def _part(self, crm_object: CrmObject, touched: Sequence[Touched]) -> _Part:
        scopes = _source_ids(touched)
        for claims in self._ledger.claims.live(touched[0].last.scope, [each.crm_id for each in touched]).values():
            for scope_id, source_id in claims:
                scope = Scope(object_id=touched[0].last.scope.object_id, id=scope_id)
                scopes.setdefault(scope, set()).add(source_id)
        since = self._history.since(scopes, min(each.lines[0].id for each in touched))
        since = [line for line in since if line.run_id != self._run_id]
        lines = [line.id for each in touched for line in each.lines]
        kept = self._history.values([*lines, *(line.id for line in since)])
        intents = {
            (scope.id, source_id): intent
            for scope in scopes
            for source_id, intent in self._ledger.intents(scope).items()
        }
        return _Part(crm_object, touched, kept, since, intents)

    def _chain(self, since: Sequence[Line]) -> set[str]:
        """The runs that took the run back, or took that back, and so on; itself among them."""
        chain, before = {self._run_id}, 0
        undos = {(line.run_id, line.reason.removeprefix(UNDO_OF)) for line in since if line.reason.startswith(UNDO_OF)}
        while len(chain) > before:
            before = len(chain)
            chain |= {run_id for run_id, undone in undos if undone in chain}
        return chain

    def _tried(self, part: _Part, touched: Touched) -> set[str] | None:
        """The attributes that open writes of a record give back, as this undo would: one that ended early sent them.

        None: an open write is of another kind, and in doubt. References count as ours: they may lead to records that
        were made again.
        """
        values = self._places.mapper(part.crm_object).attributes
        kept = [value for line in touched.lines for value in part.kept.get(line.id, ()) if value.was_read]
        tried: set[str] = set()
        for claim in _claims_of(touched):
            intent = part.intents.get(claim)
            if intent is None:
                continue
            if intent.action != "update":
                return None
            for name, value in values.shown(intent.payload).items():
                attribute = values.attribute(name)
                if attribute is None or attribute.resent:
                    continue
                is_kept = any(each.attribute == name and values.same(attribute, each.before, value) for each in kept)
                if not is_kept and not has_references(attribute):
                    return None
                tried.add(name)
        return tried

    # Reading

    def _current(self, part: _Part) -> dict[CrmId, CrmRecord]:
        """The records as the CRM has them; those that are written a moment ago are read past its index."""
        crm_object = part.crm_object
        chosen = [each for each in part.touched if not (each.is_created and each.is_deleted)]
        if not crm_object.readable or not chosen:
            return {}
        lag = self._run.timing.window.lag_seconds
        crm = self._run.crm
        recent = {
            each.crm_id
            for each in chosen
            if self._fresh
            or self._ledger.is_recent(self._written_at(part, each), lag)
            or any(claim in part.intents for claim in _claims_of(each))
        }
        listed = [each.crm_id for each in chosen if each.crm_id not in recent]
        found = crm.read(crm_object, listed) if listed else {}
        if recent:
            found |= crm.read(crm_object, [each.crm_id for each in chosen if each.crm_id in recent], immediate=True)
        if len(listed) > 1:
            context = self._places.context(chosen[0].last.scope, crm_object)
            for each in chosen:
                if each.crm_id in found and each.crm_id not in recent:
                    shown = self._with_hidden(context, part, each, found[each.crm_id])
                    if shown is None:
                        del found[each.crm_id]
                    else:
                        found[each.crm_id] = shown
        return found

    def _written_at(self, part: _Part, touched: Touched) -> float:
        return max([touched.last.at, *(line.at for line in part.since if line.crm_id == touched.crm_id)])

    def _with_hidden(
        self, context: StreamContext, part: _Part, touched: Touched, listed: CrmRecord
    ) -> CrmRecord | None:
        """Read a record by itself where a list does not show what the run wrote, as far as reading shows it at all."""
        hidden = self._hidden.setdefault(part.crm_object.name, HiddenValues(context))
        after = {value.attribute: value.after for line in touched.lines for value in part.kept.get(line.id, ())}
        values = self._places.mapper(part.crm_object).attributes
        return hidden.shown(Mapped(values.payload(after)), touched.crm_id, listed, after.keys())


def _of_nothing(touched: Iterable[Touched], reason: str) -> Iterator[Decision]:
    return (Decision(each, Back.NOTHING, left=(Left(reason),)) for each in touched)


def _source_ids(touched: Iterable[Touched]) -> dict[Scope, set[str]]:
    found: dict[Scope, set[str]] = {}
    for each in touched:
        for scope, source_ids in each.source_ids.items():
            found.setdefault(scope, set()).update(source_ids)
    return found


def _claims_of(touched: Touched) -> list[Claim]:
    by_scope = touched.source_ids.items()
    return [(scope.id, source_id) for scope, source_ids in by_scope for source_id in sorted(source_ids)]


def _by_record(lines: Iterable[Line]) -> dict[Claim, list[Line]]:
    found: dict[Claim, list[Line]] = {}
    for line in lines:
        found.setdefault((line.scope.id, line.source_id), []).append(line)
    return found
