"""Deletes records: many at once, or for good.

Facts: ``bulk_destroy`` answers with a message and is carried out afterwards; deleted records are in the recycle bin,
which is a view; ``forget`` deletes for good, one record a request.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from crm_api.crm_objects import CrmId
from crm_api.dry_run import DryRunAnswer
from crm_api.errors import InvalidError, NoRouteError, RefusedError
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.freshsales.values import is_id
from crm_api.freshsales.views import Views
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

FEW = 3  # up to so many, deleting one by one is as cheap
WAITS_SECONDS = (0.0, 2.0, 5.0, 10.0)
PAGES_A_LOOK = 3


class Deletes:
    """Deletes records of an account.

    Args:
        session: Returns the account's session.
        views: Lists the recycle bin.
        sleep: Waits so many seconds.
    """

    def __init__(self, session: Callable[[], CrmSession], views: Views, sleep: Callable[[float], None]) -> None:
        self._session = session
        self._views = views
        self._sleep = sleep

    def delete(self, crm_object: FreshsalesObject, ids: Sequence[CrmId], *, forget: bool) -> list[RefusedError | None]:
        """Delete records; returns what ``Crm.delete_many`` does."""
        left = set(ids)
        known = [crm_id for crm_id in ids if is_id(crm_id)]
        if not forget and len(known) > FEW:
            left -= self._destroyed(crm_object, known)
        return [self._one(crm_object, crm_id, forget=forget) if crm_id in left else None for crm_id in ids]

    def _one(self, crm_object: FreshsalesObject, crm_id: CrmId, *, forget: bool) -> RefusedError | None:
        if not is_id(crm_id):
            return None  # no record can have that id
        path = f"/{crm_object.path}/{crm_id}" + ("/forget" if forget and crm_object.can_forget else "")
        try:
            self._session().exchange(Request("DELETE", path, repeatable=True))
        except RefusedError as error:
            return error
        return None

    def _destroyed(self, crm_object: FreshsalesObject, ids: Sequence[CrmId]) -> set[CrmId]:
        """Delete in bulk; returns the ids that are in the recycle bin afterwards."""
        session = self._session()
        try:
            answer = session.exchange(
                Request("POST", f"/{crm_object.path}/bulk_destroy", body={"selected_ids": list(ids)}, repeatable=True)
            )
        except (InvalidError, NoRouteError):
            return set()
        if isinstance(answer, DryRunAnswer):  # nothing lies in the bin
            return set(ids)
        left = set(ids)
        for wait_seconds in WAITS_SECONDS:
            if wait_seconds:
                self._sleep(wait_seconds)
            left -= self._in_the_bin(session, crm_object, left)
            if not left:
                break
        return set(ids) - left

    def _in_the_bin(self, session: CrmSession, crm_object: FreshsalesObject, wanted: Collection[CrmId]) -> set[CrmId]:
        seen: set[CrmId] = set()
        try:
            listing = self._views.recycled(session, crm_object)
            pages = self._views.latest(session, crm_object, listing, "updated_at") if listing else ()
            for records, _ in zip(pages, range(PAGES_A_LOOK), strict=False):
                seen |= {record["id"] for record in records}
                if seen.issuperset(wanted):
                    break
        except RefusedError:
            pass  # the key may not read it: records that are not seen there are deleted one by one
        return seen.intersection(wanted)
