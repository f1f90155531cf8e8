"""Search, fetch, create, update, delete of every customer object (reference sections 2, 3.1, 5)."""

from __future__ import annotations

from random import Random
from typing import Any

from crm_emulator.copper import records
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import NotFoundError
from crm_emulator.copper.endpoints.base import (
    endpoint,
    record_id,
    search_parameters,
    sent_object,
    shown,
    wants_computed,
)
from crm_emulator.copper.objects.catalog import OBJECTS
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.search import search
from crm_emulator.messages import Answer, Record, Request
from crm_emulator.routing import Route

_SEARCH_REMARKS = {
    "activities": "sorting, and stubs of deleted activities, by switch",
    "people": "`fields` by switch",
    "leads": "`fields` by switch; team permissions by switch",
}


class RecordEndpoints:
    """The five endpoints of one object."""

    def __init__(self, account: CopperAccount, crm_object: CustomerObject) -> None:
        self._account = account
        self._crm_object = crm_object
        self._random = Random(0)  # noqa: S311 - the order of ties must be repeatable, not secret

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        plural = f"/{self._crm_object.name}"
        one = f"{plural}/{{id}}"
        return (
            Route("POST", f"{plural}/search", endpoint(self.search), "§5", _SEARCH_REMARKS.get(plural[1:], "")),
            Route("GET", one, endpoint(self.fetch), "§2"),
            Route("POST", plural, endpoint(self.create), "§2, §4", writes=True),
            Route("PUT", one, endpoint(self.update), "§2, §4", writes=True),
            Route("DELETE", one, endpoint(self.delete), "§2, §6.2", writes=True),
        )

    def search(self, request: Request) -> Answer:
        """Return one page of a search."""
        parameters = search_parameters(self._account, request)
        return search(self._account, self._crm_object, parameters, self._random, computed=wants_computed(request))

    def fetch(self, request: Request) -> Any:
        """Return one record."""
        number = record_id(request)
        record = records.fetch(self._account, self._crm_object, number)
        if not self._visible(record):
            raise NotFoundError
        return shown(self._account, request, record)

    def _visible(self, record: Record) -> bool:
        switches = self._account.switches
        if not switches.team_permissions or switches.key_is_admin:
            return True
        return record.get("assignee_id") in {None, self._account.owner_id}

    def create(self, request: Request) -> Record:
        """Create a record; the answer's status is 200."""
        return shown(self._account, request, records.create(self._account, self._crm_object, sent_object(request)))

    def update(self, request: Request) -> Record:
        """Change a record, and return it."""
        sent = sent_object(request)
        return shown(self._account, request, records.update(self._account, self._crm_object, record_id(request), sent))

    def delete(self, request: Request) -> dict[str, Any]:
        """Delete a record, and return the mark of a deleted record."""
        return records.delete(self._account, self._crm_object, record_id(request))


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes of every object."""
    return tuple(route for crm_object in OBJECTS for route in RecordEndpoints(account, crm_object).routes())
