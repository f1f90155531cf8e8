"""References between records of the CRM: where they lead, and how they follow records that are made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmId, CrmObject, Kind
from target_crm.undo.decisions import Place


def has_references(attribute: Attribute) -> bool:
    """Tell whether an attribute holds the ids of other records."""
    return attribute.refers_to is not None or attribute.kind is Kind.IDENTIFIER


class References:
    """Reads the references in values.

    Args:
        crm: Knows its objects, and what references call them.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def places(self, attribute: Attribute, value: Any) -> list[Place]:
        """Return the records that a value of an attribute refers to."""
        if not has_references(attribute):
            return []
        return [place for each in each_of(value) if (place := self.place(attribute, each)) is not None]

    def place(self, attribute: Attribute, reference: Any) -> Place | None:
        """Return the record that one reference leads to; None: it leads nowhere."""
        crm_id = reference.get(attribute.item or "id") if isinstance(reference, Mapping) else reference
        if crm_id is None:
            return None
        if attribute.refers_to is not None:
            return attribute.refers_to, _id(crm_id)
        return self._named(attribute, str(reference.get("type"))), _id(crm_id)

    def reference(self, attribute: Attribute, place: Place) -> Any:
        """Return the value of an attribute that refers to one record; None: it cannot lead to such a record."""
        name, crm_id = place
        if attribute.kind is Kind.IDENTIFIER:
            try:
                return self._crm.encode(attribute, {"id": crm_id, "type": self._crm.objects[name].singular})
            except ValueError:
                return None
        if attribute.kind is Kind.IDS:
            return [crm_id if attribute.item is None else {attribute.item: crm_id}]
        return crm_id

    def _named(self, attribute: Attribute, kind: str) -> str:
        """Return the name of the object whose records references call so."""
        for each in self._crm.objects.values():
            reference = None if each.whole_records else self.reference(attribute, (each.name, 0))
            if reference is not None and reference["type"] == kind:
                return each.name
        return kind

    def renewed(
        self, crm_object: CrmObject, values: Mapping[str, Any], made: Mapping[Place, CrmId], pending: Iterable[Place]
    ) -> tuple[dict[str, Any], frozenset[str]]:
        """Put new ids in place of old ones.

        Args:
            crm_object: The object of the record that has the values.
            values: The values, by attribute.
            made: The new ids, by the record that was deleted.
            pending: The records that are still to be made.

        Returns:
            The values, and the names of those left out since what they refer to is still to be made.
        """
        still = frozenset(pending)
        filled: dict[str, Any] = {}
        waiting: set[str] = set()
        for name, value in values.items():
            attribute = crm_object.attribute(name)
            if attribute is None or not has_references(attribute):
                filled[name] = value
            elif not still.isdisjoint(self.places(attribute, value)):
                waiting.add(name)
            else:
                new = [self._renewed(attribute, each, made) for each in each_of(value)]
                filled[name] = new if isinstance(value, list) else next(iter(new), value)
        return filled, frozenset(waiting)

    def _renewed(self, attribute: Attribute, reference: Any, made: Mapping[Place, CrmId]) -> Any:
        place = self.place(attribute, reference)
        new = None if place is None else made.get(place)
        if new is None:
            return reference
        return {**reference, attribute.item or "id": new} if isinstance(reference, Mapping) else new


def each_of(value: Any) -> Sequence[Any]:
    """Return the references of a value one by one."""
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _id(value: Any) -> CrmId:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
