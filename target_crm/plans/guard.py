"""The guard of a plan that is carried out: lets pass what the plan says of a record that is as it was seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from typing_extensions import override

from crm_api.crm import Crm
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Payload, outgoing
from target_crm.engine.approval import Approval, Batch, Deletion, Intended, Objection, Opened, Place, Step
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import OnRecord, Scope
from target_crm.plans.later_versions import LaterVersions
from target_crm.plans.left_lines import LeftLines
from target_crm.plans.plan_file import CARRIED_OUT, Plan, PlanLine
from target_crm.plans.seen_records import SeenRecords
from target_crm.plans.symbols import is_same, plain, symbols_in
from target_crm.report.outcomes import Observer, Outcome, RecordOutcome

_ANEW = "Make the plan anew."
_GONE = Objection("The CRM has lost it", is_gone=True)
_NOT_IN_PLAN = Objection("The plan does not say so, or no longer", is_silent=True)


class PlanGuard(Approval, Observer):
    """Compares what is about to be done with the lines of a plan.

    Args:
        plan: The plan.
        check: Called with the run, to refuse a plan that is not for it.
        fresh: Whether each record is read by itself, past any index that lags behind writes.

    Attributes:
        plan: The plan.
    """

    def __init__(self, plan: Plan, check: Callable[[Opened], None], *, fresh: bool) -> None:
        self.plan = plan
        self._check = check
        self._fresh = fresh
        self._lock = threading.RLock()
        self._in_hand: dict[Place, PlanLine] = {}
        self._links: dict[Place, list[PlanLine]] = {}
        self._deletes: dict[Place, PlanLine] = {}
        self._ours: dict[tuple[str, str], dict[str, set[str]]] = {}
        """The attributes that lines of the plan have written, by object and CRM id, and then by line."""
        self._unkept: dict[Place, PlanLine] = {}
        """Deletes of records that the ledger does not know: nothing of them is kept but that the line is done."""
        self._ids: dict[Place, CrmId] = {}
        self._left = LeftLines()
        self._done: Collection[str] = ()
        self._run: Opened | None = None

    @property
    def _opened(self) -> Opened:
        if self._run is None:
            raise RuntimeError("begin was not called")
        return self._run

    @override
    def begin(self, opened: Opened) -> None:
        self._check(opened)
        self._run = opened
        planned_lines, header = opened.ledger.planned_lines, self.plan.header
        self._later = LaterVersions(header, planned_lines, planned_lines.begin(header.plan_id))
        self._done = done = planned_lines.all_done()
        for line in self.plan.lines:
            place = line.stream, line.source_id
            if line.line in done:
                self._note_ours(line)
            elif line.action == "link":
                self._links.setdefault(place, []).append(line)
            elif "delete" in line.carry:
                self._deletes[place] = line

    @property
    def lines(self) -> list[PlanLine]:
        """The lines that are to be carried out and are not done."""
        return [each for each in self.plan.lines if each.action in CARRIED_OUT and each.line not in self._done]

    def take(self, line: PlanLine) -> None:
        """Take a line in hand: its record comes next."""
        with self._lock:
            self._in_hand[line.stream, line.source_id] = line

    def told(self) -> str:
        """Say how much of the plan is done by now."""
        done = self._opened.ledger.planned_lines.all_done()
        asked = [line for line in self.plan.lines if line.action in CARRIED_OUT]
        left = sum(line.line not in done for line in asked)
        lines = "1 line" if len(asked) == 1 else f"{len(asked):,} lines"
        return f"Done of the plan's {lines}: {len(asked) - left:,}. Not done: {left:,}"

    def left(self) -> list[PlanLine]:
        """Return the lines that are not done, and of which nothing is held."""
        return self._left.among(self.lines, self._opened.ledger.planned_lines.all_done())

    # Records that come

    @override
    def retries(self, place: Place) -> bool:
        return place in self._in_hand or place in self._deletes

    @override
    def links(self, place: Place) -> bool:
        return place in self._links

    @override
    def taken(self, batch: Batch) -> Mapping[str, Objection]:
        found = {each.source_id: self._line(batch.stream, each.source_id) for each in batch.records}
        objections = {each: Objection(f"The plan does not hold it. {_ANEW}") for each in found if found[each] is None}
        lines = {source_id: line for source_id, line in found.items() if line is not None}
        deletes = {source_id: line for source_id, line in lines.items() if "delete" in line.carry}
        writes = {source_id: line for source_id, line in lines.items() if "delete" not in line.carry}
        later = self._later.reasons(batch.scope, writes) | self._later.held(batch.scope, deletes)
        waiting = self._missing(lines.values())
        for source_id, line in lines.items():
            if why := later.get(source_id):
                self._in_hand.pop((batch.stream, source_id), None)  # nor is what the other run holds tried in its place
                objections[source_id] = self._objection(line, why, is_overtaken=True)
            elif missing := waiting.get(line.line):
                objections[source_id] = missing
            elif source_id in writes:
                self._opened.ledger.planned_lines.expect(batch.scope, source_id, line.line)
        return objections

    def _objection(self, line: PlanLine, why: str, *, is_overtaken: bool = False) -> Objection:
        self._left.stopped(line)
        return Objection(f"{why}. {_ANEW}", is_overtaken=is_overtaken)

    def _line(self, stream: str, source_id: str) -> PlanLine | None:
        return self._in_hand.get((stream, source_id))

    def _missing(self, lines: Iterable[PlanLine]) -> dict[str, Objection]:
        """Return which lines refer to records of the plan that the CRM does not have yet."""
        found: dict[str, Objection] = {}
        for line in lines:
            sent, symbols = line.carry.get("sent", {}), _symbols(line)
            needed = symbols_in([sent.get("payload"), sent.get("parameters")], symbols).values()
            lacking = [
                place for place in needed if place != (line.stream, line.source_id) and self._real(place) is None
            ]
            if lacking:
                named = " and ".join(f"{stream} {source_id}" for stream, source_id in lacking)
                waits_on = tuple(OnRecord(key_of(stream), source_id) for stream, source_id in lacking)
                found[line.line] = Objection(f"It refers to {named}, which is not in the CRM yet", waits_on)
        return found

    def _real(self, place: Place) -> CrmId | None:
        """Return the CRM's id of a record of the plan; None if it has none yet."""
        if place not in self._ids:
            stream, source_id = place
            found = self._opened.ledger.found(self._opened.source, key_of(stream), [source_id]).get(source_id)
            if found is None:
                return None
            self._ids[place] = found.id
        return self._ids[place]

    # Records that are to be written

    @override
    def intended(self, crm: Crm, intended: Sequence[Intended]) -> Mapping[str, Objection]:
        chosen: dict[str, PlanLine] = {}
        objections: dict[str, Objection] = {}
        gone = self._gone(crm, intended)
        for each in intended:
            line = self._line_of(each)
            if line is None:
                objections[each.source_id] = _NOT_IN_PLAN
            elif each.source_id in gone:
                objections[each.source_id] = _GONE
            elif why := self._difference(crm, each, line):
                objections[each.source_id] = self._objection(line, why)
            else:
                chosen[each.source_id] = line
        open_ones = [each for each in intended if each.source_id in chosen]
        current = self._current(crm, open_ones, chosen)
        for each in open_ones:
            line = chosen[each.source_id]
            if why := self._edit(crm, each, line, current.get(each.source_id)):
                objections[each.source_id] = self._objection(line, why)
                self._opened.ledger.planned_lines.forget(each.scope, each.source_id)
            else:
                self._note_ours(line)
                self._opened.ledger.planned_lines.expect(each.scope, each.source_id, line.line)
        return objections

    def _gone(self, crm: Crm, intended: Sequence[Intended]) -> set[str]:
        """Return the source ids of updates of records that the CRM had lost when the plan was made, and has not now.

        The plan says what comes of them after that: they are created, or other records match.
        """
        others = [each for each in intended if self._is_of_another(each)]
        if not others:
            return set()
        there = self._read(crm, others[0].crm_object, [each.crm_id for each in others if each.crm_id is not None])
        return {each.source_id for each in others if each.crm_id not in there}

    def _is_of_another(self, each: Intended) -> bool:
        """Tell whether an update is of another record of the CRM than the plan's, and may be of one that is gone."""
        line = self._line_of(each)
        if line is None or each.step is not Step.UPDATE or not each.crm_object.readable or each.in_doubt:
            return False
        return not is_same(line.carry["sent"]["crm_id"], plain(each.crm_id), _symbols(line), self._real)

    def _line_of(self, each: Intended) -> PlanLine | None:
        if each.step is not Step.LINK:
            return self._line(*each.place)
        names = each.payload.keys() or each.references
        lines = self._links.get(each.place, ())
        return next((line for line in lines if names <= line.carry["sent"]["payload"].keys()), None)

    def _difference(self, crm: Crm, each: Intended, line: PlanLine) -> str:
        """Say in what a write differs from what the plan says; empty if in nothing."""
        sent, symbols = line.carry["sent"], _symbols(line)
        if each.step != sent["step"] and not (each.in_doubt and each.step is Step.KEEP and sent["step"] != Step.CREATE):
            return f"The plan says {sent['step']}, and now it is {each.step}"
        if not is_same(sent["crm_id"], plain(each.crm_id), symbols, self._real):
            return f"The plan is about another record of the CRM than {each.crm_id}"
        actual = outgoing(each.payload)
        pairs = (
            (sent["payload"], plain(actual.payload)),
            (sent["parameters"], plain(actual.parameters)),
            (sent["upsert"], plain(each.upsert)),
            (sent["added"], sorted(actual.added)),
        )
        if all(is_same(planned, now, symbols, self._real) for planned, now in pairs):
            return ""
        if each.in_doubt and self._is_part(crm, actual.payload, sent["payload"], symbols):
            return ""
        names = sorted(
            name
            for name in sent["payload"].keys() | actual.payload.keys()
            if not is_same(sent["payload"].get(name), plain(actual.payload.get(name)), symbols, self._real)
        )
        return f"What would be sent is not what the plan says{': ' if names else ''}{', '.join(names)}"

    def _is_part(self, crm: Crm, actual: Payload, planned: Mapping[str, Any], symbols: Mapping[str, Place]) -> bool:
        """Tell whether a write sends a part of what was planned: the CRM has the rest of an earlier try."""
        customs, planned_customs = crm.custom_values(actual), crm.custom_values(planned)
        container = {name for name in planned if planned_customs and name not in _without_customs(crm, planned)}
        return all(
            name in planned and (name in container or is_same(planned[name], plain(value), symbols, self._real))
            for name, value in actual.items()
        ) and all(
            custom_id in planned_customs and is_same(planned_customs[custom_id], plain(value), symbols, self._real)
            for custom_id, value in customs.items()
        )

    def _current(
        self, crm: Crm, intended: Sequence[Intended], lines: Mapping[str, PlanLine]
    ) -> dict[str, CrmRecord | None]:
        """Return the CRM's records as they are now, by source id; None for one that is gone."""
        current: dict[str, CrmRecord | None] = {}
        by_object: dict[str, list[Intended]] = {}
        for each in intended:
            if each.crm_id is None or "seen" not in lines[each.source_id].carry:
                continue
            if not each.crm_object.readable or (each.current is not None and not self._fresh):
                current[each.source_id] = each.current
            else:
                by_object.setdefault(each.crm_object.name, []).append(each)
        for chosen in by_object.values():
            records = self._read(crm, chosen[0].crm_object, [each.crm_id for each in chosen if each.crm_id is not None])
            for each in chosen:
                current[each.source_id] = records.get(each.crm_id or 0)
        return current

    def _read(self, crm: Crm, crm_object: CrmObject, ids: Sequence[CrmId]) -> dict[CrmId, CrmRecord]:
        if not self._fresh:
            return crm.read(crm_object, ids)
        calls = [partial(crm.read, crm_object, [crm_id], immediate=True) for crm_id in dict.fromkeys(ids)]
        return {crm_id: record for found in self._opened.gather(calls) for crm_id, record in found.items()}

    def _edit(self, crm: Crm, each: Intended, line: PlanLine, current: CrmRecord | None) -> str:
        """Say what of the CRM's record is not as it was seen; empty if all of it is."""
        if each.upsert is not None:
            return self._found_otherwise(crm, each, line)
        seen = line.carry.get("seen")
        if seen is None or each.crm_id is None or (not each.crm_object.readable and current is None):
            return ""
        if current is None:
            return f"The CRM has no record {each.crm_id} any more"
        edited = SeenRecords(crm, each.crm_object).edited(seen, current, each.tried, self._written(line))
        return _edited(each.crm_id, edited)

    def _written(self, line: PlanLine) -> set[str]:
        """Return the attributes of a line's record that other lines of the plan have written."""
        by_line = self._ours.get((line.object, str(line.crm_id)), {})
        return {name for other, names in by_line.items() if other != line.line for name in names}

    def _found_otherwise(self, crm: Crm, each: Intended, line: PlanLine) -> str:
        """Say why an upsert would not do what is planned: the CRM would find another record, or an edited one."""
        if each.upsert is None or each.in_doubt or self._is_in_doubt(each.scope, each.source_id):
            return ""
        attribute, value = each.upsert
        found = crm.find(each.crm_object, attribute, [value]) if crm.find_size(each.crm_object, attribute) else []
        whole = self._read(crm, each.crm_object, [record["id"] for record in found]) if found else {}
        there = [
            record
            for record in whole.values()
            if value.casefold() in crm.upsert_values(each.crm_object, attribute, record)
        ]
        if line.action == "create":
            return f"The CRM has such a record by now: {there[0]['id']}" if there else ""
        if not there:
            return f"The CRM has no record {line.crm_id} any more"
        record = next((each for each in there if each["id"] == line.crm_id), None)
        if record is None:
            return f"The CRM would change another record than {line.crm_id}"
        seen = line.carry.get("seen") or {}
        return _edited(line.crm_id, SeenRecords(crm, each.crm_object).edited(seen, record, (), self._written(line)))

    def _is_in_doubt(self, scope: Scope, source_id: str) -> bool:
        return source_id in self._opened.ledger.planned_lines.senders(scope, [source_id])

    def _note_ours(self, line: PlanLine) -> None:
        """Note which attributes of which record of the CRM a line writes."""
        sent = line.carry.get("sent")
        if sent is None or line.crm_id is None:
            return
        run = self._opened
        crm_object = run.crm.objects[line.object]
        names = SeenRecords(run.crm.owner(crm_object), crm_object).names_in(sent["payload"])
        with self._lock:
            self._ours.setdefault((line.object, str(line.crm_id)), {})[line.line] = names

    # Records that are to be deleted

    @override
    def deleted(self, deletions: Sequence[Deletion]) -> Mapping[Place, Objection]:
        objections: dict[Place, Objection] = {}
        for each in deletions:
            line = self._deletes.get(each.place)
            if line is None:
                objections[each.place] = _NOT_IN_PLAN
            elif why := self._later_than(each, line):
                objections[each.place] = self._objection(line, why, is_overtaken=True)
            elif why := self._not_the_same(each, line):
                objections[each.place] = self._objection(line, why)
            elif each.scope is not None and each.known_as is not None:
                self._opened.ledger.planned_lines.expect(each.scope, each.known_as, line.line)
            else:
                self._unkept[each.place] = line
        return objections

    @override
    def ended(self, outcomes: Sequence[RecordOutcome]) -> None:
        """Keep that deletes of records are done of which the ledger keeps nothing else."""
        self._left.ended(outcomes)
        deleted = [each for each in outcomes if each.outcome is Outcome.DELETED]
        lines = [self._unkept.pop((each.stream, each.source_id), None) for each in deleted]
        if done := [line.line for line in lines if line is not None]:
            self._opened.ledger.planned_lines.done(done)

    def _later_than(self, each: Deletion, line: PlanLine) -> str:
        if each.scope is None or each.known_as is None:
            return ""
        return self._later.reasons(each.scope, {each.known_as: line}).get(each.known_as, "")

    def _not_the_same(self, each: Deletion, line: PlanLine) -> str:
        if not is_same(line.carry["delete"], plain(each.crm_id), _symbols(line), self._real):
            return f"The plan would delete another record of the CRM than {each.crm_id}"
        seen = line.carry.get("seen")
        if seen is None or each.current is None:
            return ""  # it cannot be read, or is gone, as the plan wants it
        crm = self._opened.crm.owner(each.crm_object)
        return _edited(
            each.crm_id, SeenRecords(crm, each.crm_object).edited(seen, each.current, (), self._written(line))
        )


def _edited(crm_id: CrmId | None, names: Sequence[str]) -> str:
    return f"Somebody has edited record {crm_id} since the plan was made: {', '.join(names)}" if names else ""


def _symbols(line: PlanLine) -> dict[str, Place]:
    return {text: (place[0], place[1]) for text, place in line.carry.get("symbols", {}).items()}


def _without_customs(crm: Crm, payload: Mapping[str, Any]) -> set[str]:
    """Return the names of a payload that hold no custom fields."""
    container = crm.custom_container(crm.custom_values(payload))
    return {name for name in payload if name not in container}
