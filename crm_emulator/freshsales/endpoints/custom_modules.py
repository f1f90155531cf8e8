"""Records of custom modules (reference sections 2 to 4, 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.answers import NotFoundError
from crm_emulator.freshsales.custom_modules import module_named
from crm_emulator.freshsales.endpoints.base import (
    Chapter,
    record_id,
    selected_ids,
    sent_object,
    sent_record,
    unwrapped,
)
from crm_emulator.freshsales.endpoints.record_lists import RecordLists, view_id, view_query
from crm_emulator.messages import Answer, Request, json_answer
from crm_emulator.query import Condition

if TYPE_CHECKING:
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record
    from crm_emulator.routing import Route

_PLURAL = "/custom_module/{entity_name}"
_ONE = f"{_PLURAL}/{{id}}"


class CustomModules(Chapter):
    """Endpoints of the records of custom modules, wrapped under the entity's name."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            self.writes("POST", _PLURAL, self.create, "§2, §4"),
            self.reads("GET", f"{_PLURAL}/filters", self.filters, "§7"),
            self.reads("GET", f"{_PLURAL}/view/{{view_id}}", self.view_of, "§7"),
            self.writes("POST", f"{_PLURAL}/bulk_destroy", self.bulk_destroy, "§6"),
            self.reads("GET", _ONE, self.view, "§2"),
            self.writes("PUT", _ONE, self.update, "§2"),
            self.writes("DELETE", _ONE, self.delete, "§3.2"),
            self.writes("POST", f"{_ONE}/clone", self.clone, "§2"),
            self.writes("DELETE", f"{_ONE}/forget", self.forget, "§3.2"),
        )

    def _resource(self, request: Request) -> Resource:
        """Return the records of the module in the path, under its name; raises NotFoundError."""
        name = request.parameters["entity_name"]
        if module_named(self.account, name) is None:
            raise NotFoundError
        return replace(self.resources["custom_records"], singular=name)

    def _fetch(self, request: Request, *, recycled: bool = False) -> tuple[Resource, Record]:
        resource = self._resource(request)
        table = self.account.tables[resource.name]
        found = self.account.store.get(table, record_id(request), hidden=recycled)
        if found is None or found["entity_name"] != resource.singular:
            raise NotFoundError
        return resource, found

    def create(self, request: Request) -> Answer:
        """Create a record."""
        resource = self._resource(request)
        record = records.create(self.account, resource, sent_record(self.account, resource, request), resource.singular)
        return json_answer(self.account.switches.create_status, self.one(resource, record, request))

    def view(self, request: Request) -> Any:
        """Return one record."""
        resource, record = self._fetch(request)
        return self.one(resource, record, request)

    def update(self, request: Request) -> Any:
        """Change a record, and return it."""
        resource, record = self._fetch(request)
        sent = sent_record(self.account, resource, request)
        return self.one(resource, records.update(self.account, resource, record["id"], sent), request)

    def delete(self, request: Request) -> Any:
        """Move a record into the recycle bin."""
        resource, record = self._fetch(request)
        records.recycle(self.account, resource, record["id"])
        return resource.deleted

    def forget(self, request: Request) -> Any:
        """Delete a record for good."""
        resource, record = self._fetch(request, recycled=True)
        records.forget(self.account, resource, record["id"])
        return resource.deleted

    def clone(self, request: Request) -> Answer:
        """Create a copy of a record."""
        resource, record = self._fetch(request)
        sent = sent_object(request)
        overrides = unwrapped(sent, resource.singular, flat=False) if sent else {}
        copied = records.clone(self.account, resource, record["id"], overrides)
        return json_answer(self.account.switches.create_status, self.one(resource, copied, request))

    def bulk_destroy(self, request: Request) -> Any:
        """Delete many records, and return a message."""
        resource = self._resource(request)
        ids = selected_ids(sent_object(request))
        for each in ids:
            found = self.account.get(resource.name, each)
            if found is not None and found["entity_name"] == resource.singular:
                records.recycle(self.account, resource, each)
        return {"message": f"{len(ids)} records are being deleted"}

    def filters(self, request: Request) -> Any:
        """Return the views."""
        return RecordLists(self.account, self.resources).filters(self._resource(request), request)

    def view_of(self, request: Request) -> Any:
        """Return a page of the records of a view."""
        resource = self._resource(request)
        index = record_id(request, "view_id") - view_id(resource, 0)
        if not 0 <= index < len(resource.views):
            raise NotFoundError
        mine = Condition("entity_name = ?", (resource.singular,), "entity_name")
        listed = RecordLists(self.account, self.resources).listed(
            resource, request, view_query(self, resource, resource.views[index], mine)
        )
        return {resource.singular: listed.pop(resource.name), **listed}
