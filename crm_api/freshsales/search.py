"""Searches Freshsales' records: ``filtered_search`` for many values, ``lookup`` for one.

Facts: the documentation's search section. Whether a filter takes a list of values is not documented: it is tried once,
with a record that is known to exist; if it does not, values are looked up one by one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crm_api.crm_objects import CrmRecord
from crm_api.errors import ForbiddenError, InvalidError, NoRouteError, SettingError
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.freshsales.session import PAGE_SIZE
from crm_api.freshsales.values import shaped
from crm_api.freshsales.views import Views, read_page, records_in
from crm_api.transport.listing import Progress, expected_form, is_identified, total_of
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from crm_api.values import is_empty

NOBODY = "nobody@singer-crm.invalid"


class Searches:
    """Searches an account.

    Args:
        views: Lists records, to try a filter with one of them.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._lock = threading.Lock()
        self._takes_lists: dict[tuple[str, str], bool] = {}

    def find(
        self, session: CrmSession, crm_object: FreshsalesObject, attribute: str, values: Sequence[str]
    ) -> list[CrmRecord]:
        """Find records with any of the values; they are partial: without custom fields and lists."""
        if attribute in crm_object.filters and len(values) > 1 and self._many(session, crm_object, attribute):
            return list(_filtered(session, crm_object, crm_object.filters[attribute], list(values)))
        found = [record for value in values for record in self._one(session, crm_object, attribute, value)]
        return list({record["id"]: record for record in found}.values())

    def _one(self, session: CrmSession, crm_object: FreshsalesObject, attribute: str, value: str) -> list[CrmRecord]:
        if attribute in crm_object.filters and attribute != "emails":  # a lookup may be case-sensitive for names
            return list(_filtered(session, crm_object, crm_object.filters[attribute], value))
        params = {"q": value, "f": crm_object.lookups.get(attribute, attribute), "entities": crm_object.singular}
        answer: Any = session.exchange(Request("GET", "/lookup", params=params)).value
        group = answer.get(crm_object.name) if isinstance(answer, Mapping) else None
        with expected_form("GET /lookup"):
            return [partial(each) for each in records_in(group, crm_object) or () if is_identified(each)]

    def _many(self, session: CrmSession, crm_object: FreshsalesObject, attribute: str) -> bool:
        """Whether the filter of an attribute takes a list of values."""
        with self._lock:
            key = crm_object.name, attribute
            if key not in self._takes_lists:
                self._takes_lists[key] = self._tried(session, crm_object, attribute)
            return self._takes_lists[key]

    def _tried(self, session: CrmSession, crm_object: FreshsalesObject, attribute: str) -> bool:
        try:
            listing = self._views.all_of(session, crm_object)[0]
        except (ForbiddenError, SettingError):
            return False
        # The oldest records are in the index for certain.
        page = read_page(session, crm_object, listing, 1, sort="created_at", sort_type="asc")
        known = next((each for each in page.records if _primary(attribute, each) is not None), None)
        if known is None:
            return page.is_last  # there is no record that a search could miss
        try:
            found = _filtered(session, crm_object, crm_object.filters[attribute], [NOBODY, _primary(attribute, known)])
            return any(record["id"] == known["id"] for record in found)
        except (InvalidError, NoRouteError):
            return False


def _primary(attribute: str, record: CrmRecord) -> str | None:
    value = record.get("email" if attribute == "emails" else attribute)
    return None if is_empty(value) else str(value)


def _filtered(session: CrmSession, crm_object: FreshsalesObject, attribute: str, value: Any) -> Iterator[CrmRecord]:
    path = f"/filtered_search/{crm_object.singular}"
    body = {"filter_rule": [{"attribute": attribute, "operator": "is_in", "value": value}]}
    number = 1
    progress = Progress(f"POST {path}")
    while True:
        params = {"page": number, "per_page": PAGE_SIZE}
        answer: Any = session.exchange(Request("POST", path, params=params, body=body, read_only=True)).value
        records = records_in(answer, crm_object) or []
        with expected_form(f"POST {path}"):
            found = [partial(each) for each in records if is_identified(each)]
            progress.look(each["id"] for each in found)
        yield from found
        meta = answer.get("meta") if isinstance(answer, dict) else None
        total = total_of(meta.get("total")) if isinstance(meta, dict) else None
        if len(records) < PAGE_SIZE or (total is not None and number * PAGE_SIZE >= total):
            return
        number += 1


def partial(record: Mapping[str, Any]) -> CrmRecord:
    """Mark a record of a search as partial."""
    return shaped({"id": record["id"], **record, "partial": True})
