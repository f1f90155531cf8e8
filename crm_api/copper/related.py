"""Records that belong to a record of Copper, as far as its API tells: what refers to it, relations, activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_api.copper.session import record_path
from crm_api.crm_objects import CrmId, CrmObject
from crm_api.errors import GoneError
from crm_api.records.related_records import Related, find_related
from crm_api.transport.request import Request

if TYPE_CHECKING:
    from crm_api.crm import Crm

_RELATED = frozenset({"leads", "people", "companies", "opportunities", "projects"})
"""Objects whose records tell of records that are related to them; a task has one only, which it shows itself."""


def related_to(crm: Crm, crm_object: CrmObject, ids: Sequence[CrmId]) -> Related:
    """Return what belongs to records of Copper, by id: the objects' names and ids.

    Args:
        crm: The account.
        crm_object: The records' object.
        ids: The records' ids.

    Raises:
        CrmError: It cannot be read.
    """
    others = [each for each in crm.objects.values() if each.name != "activities"]
    found = find_related(crm, crm_object, ids, others)
    by_singular = {each.singular: each.name for each in crm.objects.values()}
    for crm_id in ids if crm_object.name != "activities" else ():
        # Copper notes changes of its own as activities of the category system.
        activities = crm.find(crm.objects["activities"], "parent", [f"{crm_object.singular}:{crm_id}"])
        found[crm_id] |= {("activities", each["id"]) for each in activities if each["type"]["category"] == "user"}
        if crm_object.name not in _RELATED:
            continue
        try:
            answer = crm.session.exchange(Request("GET", f"{record_path(crm_object, crm_id)}/related"))
        except GoneError:
            continue
        for item in answer.value or ():
            found[crm_id].add((by_singular.get(item["type"], item["type"]), item["id"]))
    return found
