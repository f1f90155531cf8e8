"""Former references to records that the CRM no longer has: they are left, so that they do not keep the rest back.

Where the record that is referred to now is about to be deleted, the reference is emptied: it would lead nowhere, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crm_api.crm_objects import CrmId
from target_crm.undo.decisions import Back, Decision, Left, Place
from target_crm.undo.places import Places
from target_crm.undo.references import References

LOST = "the record that it referred to is gone"


class LostReferences:
    """Finds references that lead nowhere any more.

    Args:
        places: The ways into the CRM.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._references = References(places.run.crm)

    def left(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Leave such references; of a record that is to be made again and needs one, the whole record."""
        coming = {each.place for each in decisions if each.back is Back.MAKE or each.made is not None}
        asked = {place for each in decisions for _, place in self._targets(each)} - coming
        there = coming | self._existing(asked)
        going = {each.place for each in decisions if each.back is Back.DELETE}
        return [self._decided(each, there, going) for each in decisions]

    def _targets(self, decision: Decision) -> Iterable[tuple[str, Place]]:
        """Yield the references that a record is to get back: the attribute and the record."""
        crm_object = self._places.object_of(decision.touched.last.object)
        if crm_object is None or decision.back not in {Back.RESTORE, Back.MAKE}:
            return
        for name, value in decision.values.items():
            if (attribute := crm_object.attribute(name)) is not None:
                for place in self._references.places(attribute, value):
                    yield name, place

    def _existing(self, asked: Iterable[Place]) -> set[Place]:
        """Read records; those of objects that cannot be read count as existing."""
        by_object: dict[str, list[CrmId]] = {}
        for name, crm_id in asked:
            by_object.setdefault(name, []).append(crm_id)
        there: set[Place] = set()
        for name, ids in by_object.items():
            crm_object = self._places.object_of(name)
            if crm_object is None or not crm_object.readable or crm_object.whole_records:
                there |= {(name, crm_id) for crm_id in ids}
            else:
                there |= {(name, crm_id) for crm_id in self._places.run.crm.read(crm_object, ids)}
        return there

    def _decided(self, decision: Decision, there: set[Place], going: set[Place]) -> Decision:
        lost = {name for name, place in self._targets(decision) if place not in there}
        freed = {name for name in lost if self._refers(decision, name, going)}
        decision = replace(decision, values={**decision.values, **dict.fromkeys(freed)}) if freed else decision
        lost -= freed
        if not lost:
            return decision
        crm_object = self._places.object_of(decision.touched.last.object)
        required = {each.name for each in crm_object.attributes if each.required} if crm_object is not None else set()
        left = (*decision.left, *(Left(LOST, name) for name in sorted(lost)))
        values = {name: value for name, value in decision.values.items() if name not in lost}
        if not values or (decision.back is Back.MAKE and lost & required):
            return replace(decision, back=Back.NOTHING, values={}, left=left)
        return replace(decision, values=values, left=left)

    def _refers(self, decision: Decision, name: str, going: set[Place]) -> bool:
        """Tell whether an attribute holds a reference to a record that is about to be deleted."""
        crm_object = self._places.object_of(decision.touched.last.object)
        attribute = None if crm_object is None else crm_object.attribute(name)
        if attribute is None or attribute.required:
            return False
        return not going.isdisjoint(self._references.places(attribute, (decision.current or {}).get(name)))
