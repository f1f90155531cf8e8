"""Lists Freshsales' records: by views, in plain lists, and below the record that they are about.

Facts: the documentation's ``view`` and ``filters`` of each resource: 100 records a page, ``sort`` and ``sort_type``,
``meta.total_pages``. Contacts, accounts, deals and leads are listed by views only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm_api.crm_objects import CrmId, CrmObject, CrmRecord
from crm_api.errors import InDoubtError, NoRouteError, SettingError
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.freshsales.people_and_deals import OTHER_VIEWS
from crm_api.freshsales.session import PAGE_SIZE
from crm_api.freshsales.side_loads import with_ids
from crm_api.freshsales.values import as_id, shaped
from crm_api.transport.listing import Progress, expected_form, is_identified, total_of
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from crm_api.values import read_moment

RECYCLE_BIN = "Recycle Bin"
PASSES = 3  # over a listing whose pages shift while records come and go
Listing = tuple[str, Mapping[str, Any]]
"""A path, and the query parameters that choose a part of its records."""


@dataclass(frozen=True)
class Page:
    """One page of a listing.

    Attributes:
        records: Records, see ``shaped``.
        total: Number of records over all pages; None if the CRM does not say.
        is_last: Whether there is no page after it.
    """

    records: list[CrmRecord]
    total: int | None
    is_last: bool


def read_page(session: CrmSession, crm_object: FreshsalesObject, listing: Listing, number: int, **more: Any) -> Page:
    """Request one page.

    Raises:
        InDoubtError: The answer is not a list of records.
    """
    path, parameters = listing
    params = {**parameters, "page": number, "per_page": PAGE_SIZE, **more}
    answer = session.exchange(Request("GET", path, params=params)).value
    records = records_in(answer, crm_object)
    if records is None:
        raise InDoubtError(f"GET {path}", happened="The CRM's answer is not a list of records")
    meta = answer.get("meta") if isinstance(answer, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    pages = meta.get("total_pages")
    is_last = number >= pages if isinstance(pages, int) else len(records) < PAGE_SIZE
    with expected_form(f"GET {path}"):
        listed: list[CrmRecord] = [
            shaped(with_ids(crm_object.side_loads, {"id": each["id"], **each}, answer, alone=len(records) == 1))
            for each in records
            if is_identified(each)
        ]
    return Page(listed, total_of(meta.get("total")), is_last or not records)


def records_in(answer: Any, crm_object: CrmObject) -> list[dict[str, Any]] | None:
    """Find the records of an answer, under the plural name, or the singular one (custom modules)."""
    if not isinstance(answer, dict):
        return answer if isinstance(answer, list) else None
    for name in (crm_object.name, crm_object.singular):
        if isinstance(found := answer.get(name), list):
            return found
    lists = [each for name, each in answer.items() if isinstance(each, list)]
    return lists[0] if len(lists) == 1 else None


class Views:
    """Lists the records of an account; remembers its views."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[str, dict[str, int]] = {}

    def all_of(self, session: CrmSession, crm_object: FreshsalesObject) -> list[Listing]:
        """Find the listings that together show every record.

        Raises:
            SettingError: There are no such listings.
        """
        if crm_object.lists:
            return [(f"/{crm_object.path}", parameters) for parameters in crm_object.lists]
        if not crm_object.views:
            raise SettingError(
                f"{crm_object.name} are listed only below the record that they are about. Set match_on to []"
            )
        views = self._views_of(session, crm_object)
        every = [name for name in views if name in crm_object.views] or [
            name for name in views if name.startswith("All ")
        ]
        names = every[:1] or [name for name in OTHER_VIEWS.get(crm_object.name, ()) if name in views]
        if not names:
            raise SettingError(
                f"The key's user has no view of all {crm_object.name} in Freshsales. Create one called "
                f"{crm_object.views[0]!r}, or set match_on to []"
            )
        return [(f"/{crm_object.path}/view/{views[name]}", crm_object.read_query) for name in names]

    def recycled(self, session: CrmSession, crm_object: FreshsalesObject) -> Listing | None:
        """Find the listing of the recycle bin; None if there is none."""
        view = self._views_of(session, crm_object).get(RECYCLE_BIN) if crm_object.views else None
        return None if view is None else (f"/{crm_object.path}/view/{view}", {})

    def _views_of(self, session: CrmSession, crm_object: FreshsalesObject) -> dict[str, int]:
        with self._lock:
            if crm_object.name not in self._views:
                answer: Any = session.exchange(Request("GET", f"/{crm_object.path}/filters")).value
                filters = answer.get("filters") if isinstance(answer, dict) else answer
                with expected_form(f"GET /{crm_object.path}/filters"):
                    self._views[crm_object.name] = {str(each["name"]): each["id"] for each in filters or ()}
            return self._views[crm_object.name]

    def count(self, session: CrmSession, crm_object: FreshsalesObject) -> int:
        """Count the records, by one request for each listing."""
        total = 0
        for listing in self.all_of(session, crm_object):
            page = read_page(session, crm_object, listing, 1, per_page=1)
            total += len(page.records) if page.total is None else page.total
        return total

    def scan(self, session: CrmSession, crm_object: FreshsalesObject) -> Iterator[CrmRecord]:
        """Read every record once, oldest first; pages that shifted meanwhile are read again.

        Raises:
            SettingError: The records cannot be listed.
        """
        seen: set[Any] = set()
        for listing in self.all_of(session, crm_object):
            for _ in range(PASSES):
                met: set[Any] = set()
                total = None
                for page in self._pages(session, crm_object, listing):
                    total = page.total
                    for record in page.records:
                        met.add(record["id"])
                        if record["id"] not in seen:
                            seen.add(record["id"])
                            yield record
                if total is None or len(met) >= total:
                    break

    def _pages(self, session: CrmSession, crm_object: FreshsalesObject, listing: Listing) -> Iterator[Page]:
        number = 1
        progress = Progress(f"GET {listing[0]}")
        while True:
            try:
                page = read_page(session, crm_object, listing, number, sort="created_at", sort_type="asc")
                progress.look(record["id"] for record in page.records)
            except NoRouteError:
                raise SettingError(f"Freshsales does not list {crm_object.name}. Set match_on to []") from None
            yield page
            if page.is_last:
                return
            number += 1

    def latest(
        self, session: CrmSession, crm_object: FreshsalesObject, listing: Listing, stamp: str
    ) -> Iterator[list[CrmRecord]]:
        """Read the records of a listing, page by page, the latest by ``created_at`` or ``updated_at`` first."""
        number = 1
        progress = Progress(f"GET {listing[0]}")
        while True:
            page = read_page(session, crm_object, listing, number, sort=stamp, sort_type="desc")
            progress.look(record["id"] for record in page.records)
            yield page.records
            if page.is_last:
                return
            number += 1

    def since(self, session: CrmSession, crm_object: FreshsalesObject, since: datetime) -> Iterator[CrmRecord]:
        """Read the records that were created since an instant.

        Raises:
            SettingError: The records cannot be listed.
        """
        for listing in self.all_of(session, crm_object):
            for records in self.latest(session, crm_object, listing, "created_at"):
                yield from records
                if crm_object.views and all(is_before(record.get("created_at"), since) for record in records):
                    break

    def below(
        self, session: CrmSession, crm_object: FreshsalesObject, parents: Sequence[tuple[FreshsalesObject, Any]]
    ) -> Iterator[CrmRecord]:
        """Read the records that are about certain others."""
        for parent, crm_id in parents:
            number = 1
            progress = Progress(f"GET /{parent.path}/{crm_id}/{crm_object.name}")
            while True:
                page = read_page(session, crm_object, (f"/{parent.path}/{crm_id}/{crm_object.name}", {}), number)
                progress.look(record["id"] for record in page.records)
                for record in page.records:
                    # If the answer does not say what a record is about, the address does.
                    yield {"targetable": {"id": crm_id, "type": parent.model}, **record}
                if page.is_last:
                    break
                number += 1


def is_before(stamp: Any, moment: datetime) -> bool:
    """Whether a record's stamp is before an instant; False if it cannot be read."""
    try:
        read = read_moment(stamp)
    except ValueError:
        return False
    return isinstance(read, datetime) and read < moment


def parents_named(objects: Iterable[FreshsalesObject], targets: Iterable[str]) -> list[tuple[FreshsalesObject, CrmId]]:
    """Read ``Contact:12`` as the kind of record and the id; a kind that is none of the objects is passed over."""
    by_model = {each.model.casefold(): each for each in objects if each.model}
    pairs = [target.partition(":") for target in targets]
    return [(by_model[model.casefold()], as_id(crm_id)) for model, _, crm_id in pairs if model.casefold() in by_model]
