"""Records of a CRM that refer to others: found by searches for the attributes that hold the others' ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind

Place = tuple[str, CrmId]
"""A record of a CRM: its object's name and its id."""
Related = dict[CrmId, set[Place]]
"""By the id of a record, the records that refer to it."""


class Searched(Protocol):
    """A CRM, as far as it is searched."""

    @property
    def objects(self) -> Mapping[str, CrmObject]:
        """The objects, by name."""

    def find_size(self, crm_object: CrmObject, attribute: str) -> int:
        """Values of an attribute that one search takes; 0: it cannot be searched by."""

    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        """Search for records with any of the values."""

    def encode(self, attribute: Attribute, value: Any) -> Any:
        """Turn a value into the vendor's form."""


def find_related(
    crm: Searched, crm_object: CrmObject, ids: Sequence[CrmId], objects: Iterable[CrmObject] | None = None
) -> Related:
    """Find the records that refer to records of an object, as far as the CRM can be searched for them.

    Args:
        crm: The CRM.
        crm_object: The object of the records that are referred to.
        ids: Their ids.
        objects: The objects whose records are searched; None: all of them.
    """
    found: Related = {crm_id: set() for crm_id in ids}
    for other, attribute in referring_to(crm_object, crm.objects.values() if objects is None else objects):
        size, kind = crm.find_size(other, attribute.name), _kind(crm, attribute, crm_object)
        if not size or kind is None:
            continue
        wanted = {f"{kind}:{crm_id}" if kind else str(crm_id): crm_id for crm_id in ids}
        values = list(wanted)
        for start in range(0, len(values), size):
            for record in crm.find(other, attribute.name, values[start : start + size]):
                for value in references_in(attribute, record.get(attribute.name)) & wanted.keys():
                    found[wanted[value]].add((other.name, record["id"]))
    return found


def referring_to(crm_object: CrmObject, objects: Iterable[CrmObject]) -> Iterator[tuple[CrmObject, Attribute]]:
    """Yield the attributes that can hold the id of a record of an object, each with the object that has it."""
    for other in objects:
        for attribute in other.attributes:
            if attribute.refers_to == crm_object.name or attribute.kind is Kind.IDENTIFIER:
                yield other, attribute


def references_in(attribute: Attribute, value: Any) -> set[str]:
    """Return the references that a value of an attribute holds, as searches spell them."""
    if value is None:
        return set()
    if attribute.kind is Kind.IDENTIFIER:
        return {f"{value.get('type')}:{value.get('id')}"}
    each = value if isinstance(value, list) else [value]
    return {str(one.get(attribute.item or "id") if isinstance(one, Mapping) else one) for one in each}


def _kind(crm: Searched, attribute: Attribute, crm_object: CrmObject) -> str | None:
    """Return what references in an attribute call an object; empty: nothing; None: they cannot lead to it."""
    if attribute.kind is not Kind.IDENTIFIER:
        return ""
    try:
        return str(crm.encode(attribute, {"id": 0, "type": crm_object.singular})["type"])
    except ValueError:
        return None
