"""One batch of a stream, from records that arrived to outcomes that are kept.

In this order: the last version of each record, what the ledger knows, what is unchanged, mapping, references, what the
CRM has, then rounds of writes; what a lost answer leaves in doubt is found out before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from crm_api.crm_objects import CrmId
from target_crm.arrivals import Arrival
from target_crm.carrying import Carrier
from target_crm.dooming import Dooming
from target_crm.doubt import Fate
from target_crm.keeping import Keeper
from target_crm.ledger.values import Entry, Held, Intent, Known, Origin
from target_crm.mapping.free import mapper_for
from target_crm.mapping.mapped import Mapped, Rejection
from target_crm.matching import Finder
from target_crm.methods import LoadMethod
from target_crm.office import Office, Stream
from target_crm.outcomes import Outcome
from target_crm.parents import Parents
from target_crm.plan import (
    Candidates,
    Ready,
    decide,
    is_unchanged,
    is_unchanged_payload,
    latest,
    match_values,
    one_round,
)

_FOUND = "its answer was lost; it was found in the CRM"


class StreamWriter:
    """Writes the records of one stream.

    Args:
        office: What all streams share.
        stream: The stream.

    Raises:
        SettingError: The stream's settings name what does not exist.
    """

    def __init__(self, office: Office, stream: Stream) -> None:
        self._office = office
        self._stream = stream
        self._settings = stream.settings
        crm, of = office.crm, office.crm.objects[stream.settings.object]
        office.locks.take(of.name)
        self._mapper = mapper_for(crm, stream.settings)
        scope = office.ledger.scope(office.source, stream.name, of.name)
        self._finder = Finder(
            crm,
            self._mapper,
            office.ledger,
            scope,
            office.crew,
            recent=office.recent(of.name),
            fresh_seconds=office.fresh_seconds,
        )
        missing = stream.settings.missing_reference
        if stream.settings.load_method is LoadMethod.MATCH and missing == "link_later":
            missing = "leave_out"  # nothing is written, now or later
        self._parents = Parents(office, self._mapper, missing)
        self._scope = scope
        self._keeper = Keeper(office, stream, scope)
        self._carrier = Carrier(office, stream, self._mapper, scope, self._keeper)
        self._dooming = Dooming(office, stream, self._mapper, self._finder, keeper=self._keeper, scope=scope)
        self._left_out: set[str] = set()

    def see(self, version: str, source_ids: Collection[str]) -> None:
        """Remember which records arrived, of a stream that mirrors its source."""
        self._office.ledger.see(self._scope, version, source_ids)

    def write(self, arrivals: Iterable[Arrival]) -> None:
        """Bring records to an outcome; each is in the ledger when this returns.

        Raises:
            StopError: Nothing further can succeed; what was answered until then is in the ledger.
            BusyError: Likewise, for now.
        """
        arrivals = list(arrivals)
        self._keeper.taken(arrivals)
        chosen = latest(arrivals)
        self._keeper.ended([arrival.source_id for arrival in chosen.superseded], Outcome.SUPERSEDED)
        self._write([arrival for arrival in chosen.kept if arrival.flaw is None and not arrival.gone])
        gone = [arrival for arrival in chosen.kept if arrival.flaw is None and arrival.gone]
        undecided = self._keeper.undecided
        self._keeper.hold_in_doubt([arrival for arrival in gone if arrival.source_id in undecided])
        self._dooming.hold([arrival for arrival in gone if arrival.source_id not in undecided])
        self._keeper.hold(
            [self._keeper.flawed(arrival, arrival.flaw) for arrival in chosen.kept if arrival.flaw is not None]
        )

    def _write(self, arrivals: Sequence[Arrival]) -> None:
        lost = self._keeper.lost_creates
        if not lost:
            self._rounds(self._ready(arrivals))
            return
        # Whatever could be one of the lost creates, or be taken for it, is touched only when that is found out.
        ready = self._ready([arrival for arrival in arrivals if arrival.source_id not in lost])
        taken = {(name, value) for each in lost.values() for name, values in each.keys.items() for value in values}
        aside = [each for each in ready if match_values(each.mapped) & taken]
        self._rounds([each for each in ready if not match_values(each.mapped) & taken])
        self._ask_about(lost)
        self._write([arrival for arrival in arrivals if arrival.source_id in lost])
        self._rounds(aside)

    def _ready(self, arrivals: Sequence[Arrival]) -> list[Ready]:
        """The records that must be written, mapped and with their references in place; the others have ended."""
        undecided = self._keeper.undecided
        self._keeper.hold_in_doubt([arrival for arrival in arrivals if arrival.source_id in undecided])
        arrivals = [arrival for arrival in arrivals if arrival.source_id not in undecided]
        stuck = self._carrier.stuck(arrivals)
        self._keeper.hold_in_doubt([arrival for arrival in arrivals if arrival.source_id in stuck])
        arrivals = [arrival for arrival in arrivals if arrival.source_id not in stuck]
        known = self._office.ledger.known(self._scope, [arrival.source_id for arrival in arrivals])
        return self._placed(self._mapped(self._changed(arrivals, known), known))

    def _changed(self, arrivals: Sequence[Arrival], known: Mapping[str, Known]) -> list[Arrival]:
        """Those that are not, at the source, what was written last."""
        changed: list[Arrival] = []
        unchanged: dict[str, CrmId | None] = {}
        outdated: list[str] = []
        unanswered, compares = self._keeper.unanswered, self._settings.compares_crm
        for arrival in arrivals:
            before = known.get(arrival.source_id)
            if arrival.held_at is not None and before is not None and before.written_at > arrival.held_at:
                outdated.append(arrival.source_id)
            elif (
                before is not None
                and is_unchanged(arrival, before)
                and not (arrival.source_id in unanswered or compares)
            ):
                unchanged[arrival.source_id] = before.crm_id
            else:
                changed.append(arrival)
        self._keeper.unchanged(unchanged)
        self._keeper.ended(outdated, Outcome.SUPERSEDED)
        self._keeper.release(outdated)
        return changed

    def _mapped(self, arrivals: Sequence[Arrival], known: Mapping[str, Known]) -> list[Ready]:
        """Map records; those that cannot be mapped are held, and those that would send the same as before are done."""
        mapped: list[Ready] = []
        held: list[Held] = []
        same: dict[str, bytes] = {}
        for arrival in arrivals:
            result = self._mapper.map(arrival.record)
            if isinstance(result, Rejection):
                held.append(self._keeper.flawed(arrival, result))
                continue
            self._warn_of(result)
            before = known.get(arrival.source_id)
            in_doubt = arrival.source_id in self._keeper.unanswered
            if is_unchanged_payload(result, before) and not in_doubt and not self._settings.compares_crm:
                same[arrival.source_id] = arrival.record_hash
            elif before is None:
                mapped.append(Ready(arrival, result))
            elif before.crm_id is None:
                mapped.append(Ready(arrival, result, written_at=before.written_at))
            else:
                origin = Origin.MATCHED if before.origin == Origin.LEFT else before.origin
                known_as = before.crm_id, origin
                mapped.append(Ready(arrival, result, *known_as, reread=in_doubt, written_at=before.written_at))
        self._keeper.unchanged({source_id: known[source_id].crm_id for source_id in same}, same)
        self._keeper.hold(held)
        return mapped

    def _warn_of(self, mapped: Mapped) -> None:
        by_reason: dict[str, list[str]] = {}
        for name, reason in mapped.left_out.items():
            if name not in self._left_out:
                self._left_out.add(name)
                by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            self._office.logger.warning("Stream %s: left out %s: %s", self._stream.name, ", ".join(names), reason)

    def _placed(self, mapped: Sequence[Ready]) -> list[Ready]:
        """Put references in place; records that lack one wait for it or are rejected."""
        ready: list[Ready] = []
        held: list[Held] = []
        for each, unresolved in self._parents.resolve(mapped):
            if unresolved is None:
                ready.append(each)
            else:
                reason, waits_on = unresolved.reason, unresolved.waits_on
                held.append(self._keeper.held(each.arrival, unresolved.kind, reason, waits_on=waits_on))
        self._keeper.hold(held)
        return ready

    def _rounds(self, ready: Sequence[Ready]) -> None:
        """Decide and write until every record has its outcome."""
        method = self._settings.load_method
        nothing = Candidates()
        while ready:
            upserts = {each.arrival.source_id: self._carrier.upsert_of(each) for each in ready}
            asked = {
                each.arrival.source_id: [key for key in each.mapped.keys if not key.pending]
                for each in ready
                if each.crm_id is None and method is not LoadMethod.APPEND_ONLY and not each.recreate
                if upserts[each.arrival.source_id] is None or not self._carrier.is_blind(each)
            }
            candidates = self._finder.candidates(asked)
            actions = [
                decide(
                    each,
                    candidates.get(each.arrival.source_id, nothing),
                    method,
                    create_without_key=self._settings.create_without_key,
                    upsert=upserts[each.arrival.source_id],
                )
                for each in ready
            ]
            now, later = one_round(actions, method)
            ready = [*self._carrier.carry_out(now), *later]

    def _ask_about(self, lost: Mapping[str, Intent]) -> None:
        """Find out what became of creates that an earlier run left."""
        self._office.logger.warning(
            "Stream %s: %d creates were never answered; finding out what became of them", self._stream.name, len(lost)
        )
        verdicts = self._carrier.inquiry.verdicts(list(lost.values()), self._office.began)
        entries: list[Entry] = []
        for source_id, verdict in verdicts.items():
            if verdict.fate is Fate.CARRIED_OUT and verdict.ours and verdict.record is not None:
                was, crm_id = lost[source_id], verdict.record["id"]
                facts: dict[str, Any] = {"gained": was.keys, "links": was.links, "reason": _FOUND}
                as_sent = was.record_hash, was.digest
                entries.append(Entry(source_id, crm_id, "created", Origin.CREATED, *as_sent, **facts))
        self._keeper.settle(entries)
        unknown = {source_id for source_id, verdict in verdicts.items() if verdict.fate is Fate.UNKNOWN}
        for source_id in unknown:
            self._keeper.lost(lost[source_id])
        self._keeper.withdraw(lost.keys() - unknown - {entry.source_id for entry in entries})
