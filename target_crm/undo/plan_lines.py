"""The plan of an undo: a line for each record that goes back, or that is left, as the file of a plan has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm_api.crm_objects import CrmRecord
from target_crm.ledger.values import Scope
from target_crm.plans.plan_file import ACTIONS, PlanLine
from target_crm.plans.seen_records import SeenRecords, digest_of_all
from target_crm.report.books import Books
from target_crm.report.outcomes import Outcome
from target_crm.undo.decisions import Back, Decision, Place
from target_crm.undo.places import Places
from target_crm.undo.references import References


class PlanLines:
    """Makes the lines of a plan.

    Args:
        places: The ways into the CRM.
        reason: What the lines say of records that go back.
    """

    def __init__(self, places: Places, reason: str) -> None:
        self._places = places
        self._reason = reason
        self._references = References(places.run.crm)

    def lines(self, decisions: Sequence[Decision]) -> list[PlanLine]:
        """Return a line for each record that is not as before already."""
        made = {each.place: each for each in decisions if each.back is Back.MAKE}
        return [self._line(each, made) for each in decisions if not each.is_back or each.back.sends]

    def _line(self, decision: Decision, made: Mapping[Place, Decision]) -> PlanLine:
        last = decision.touched.last
        scope, source_id = self._owner(decision)
        writer = self._places.run.ledger.planned_lines.writers(scope, [source_id]).get(source_id)
        seen = self.seen(decision)
        waits_on = [
            (made[place].touched.last.stream, made[place].touched.last.source_id)
            for place in self._targets(decision)
            if place in made and place != decision.place
        ]
        said = [each.said for each in decision.left]
        return PlanLine(
            stream=last.stream,
            source_id=last.source_id,
            object=last.object,
            action=str(decision.back),
            crm_id=None if decision.back is Back.MAKE else decision.touched.crm_id or None,
            reason="; ".join([self._reason, *(f"left: {each}" for each in said)] if decision.back.sends else said),
            fields=self._fields(decision),
            seen=None if seen is None else digest_of_all(seen),
            written=None if writer is None else {"run_id": writer[0], "at": writer[1]},
            waits_on=tuple(dict.fromkeys(waits_on)),
            carry={"record": decision.touched.crm_id, "seen": seen, "again": self._places.again},
        )

    def _owner(self, decision: Decision) -> tuple[Scope, str]:
        last = decision.touched.last
        if decision.owner is None:
            return last.scope, last.source_id
        return Scope(object_id=last.scope.object_id, id=decision.owner[0]), decision.owner[1]

    def seen(self, decision: Decision) -> dict[str, str] | None:
        """Return the digests of the CRM's record as it was looked at; None: there is none, or it cannot be read."""
        crm_object = self._places.object_of(decision.touched.last.object)
        if decision.current is None or crm_object is None or not decision.back.sends:
            return None
        return SeenRecords(self._places.run.crm.owner(crm_object), crm_object).digests(decision.current)

    def edited(self, line: PlanLine, current: CrmRecord | None) -> list[str]:
        """Return the names of the attributes that somebody has edited since a line was made."""
        crm_object = self._places.object_of(line.object)
        seen = line.carry["seen"]
        if seen is None or current is None or crm_object is None:
            return []
        return SeenRecords(self._places.run.crm.owner(crm_object), crm_object).edited(seen, current, (), ())

    def _targets(self, decision: Decision) -> Iterable[Place]:
        crm_object = self._places.object_of(decision.touched.last.object)
        for name, value in decision.values.items() if crm_object is not None else ():
            attribute = crm_object.attribute(name) if crm_object is not None else None
            if attribute is not None:
                yield from self._references.places(attribute, value)

    def _fields(self, decision: Decision) -> list[dict[str, Any]]:
        crm_object = self._places.object_of(decision.touched.last.object)
        if crm_object is None or not decision.values:
            return []
        attributes, current = self._places.mapper(crm_object).attributes, decision.current or {}
        shown = attributes.shown(current)
        fields: list[dict[str, Any]] = []
        for name, value in decision.values.items():
            if (attribute := attributes.attribute(name)) is None:
                continue
            is_shown, now = attributes.value(shown, current, attribute)
            field = {"name": name, "current": attributes.readable(attribute, now)}
            field["new"] = attributes.readable(attribute, value)
            if not is_shown and decision.back is not Back.MAKE:
                field["current_is_unknown"] = True
            fields.append(field)
        return fields


_ACTIONS = {
    Outcome.CREATED: "create",
    Outcome.UPDATED: "update",
    Outcome.DELETED: "delete",
    Outcome.UNCHANGED: "unchanged",
    Outcome.SKIPPED: "skip",
}


def counts_of(books: Books, lines: Sequence[PlanLine]) -> dict[str, dict[str, int]]:
    """Count the records of an undo by stream and by what becomes of them, every word of ``ACTIONS`` named."""
    links = Counter(line.stream for line in lines if line.action == "link")
    counts: dict[str, dict[str, int]] = {}
    for stream in {*books.streams, *links}:
        counts[stream] = dict.fromkeys(ACTIONS, 0) | {"link": links[stream]}
        for outcome, records in books.outcomes(stream).items():
            if outcome in _ACTIONS:
                counts[stream][_ACTIONS[outcome]] += records
    return counts
