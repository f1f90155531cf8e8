"""Upsert, bulk_upsert and its jobs, bulk_destroy, bulk_assign_owner (reference sections 5, 6)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import jobs
from crm_emulator.freshsales.answers import InvalidError, NotFoundError, no_route
from crm_emulator.freshsales.endpoints.base import Chapter, record_id, selected_ids, sent_object
from crm_emulator.freshsales.endpoints.records import recycle_associated
from crm_emulator.freshsales.upsert import upsert
from crm_emulator.messages import Answer, Request, json_answer

if TYPE_CHECKING:
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.routing import Route

LIMIT = 100
"""Records in one bulk_upsert (section 6)."""

LONGEST_SELECTION = 1_000
"""Ids in one bulk_destroy; the real limit is not stated."""


class BulkCalls(Chapter):
    """The calls that contacts, accounts, deals and leads have."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        many = [each for each in self.resources.values() if each.views and each.name != "custom_records"]
        return (*(route for resource in many for route in self._of(resource)), self._job_route())

    def _of(self, resource: Resource) -> list[Route]:
        plural = resource.route
        upsert_remark = "the element form is unverified" if resource.name == "leads" else ""
        return [
            self.writes("POST", f"{plural}/upsert", partial(self.upsert, resource), "§5"),
            self.writes("POST", f"{plural}/bulk_upsert", partial(self.bulk_upsert, resource), "§6", upsert_remark),
            self.writes("POST", f"{plural}/bulk_destroy", partial(self.bulk_destroy, resource), "§3.2, §6"),
            self.writes("POST", f"{plural}/bulk_assign_owner", partial(self.bulk_assign_owner, resource), "§3.2"),
        ]

    def _job_route(self) -> Route:
        remark = "the keys of a failed row are a guess; jobs are kept for ever"
        return self.writes("GET", "/job_statuses/{id}", self.job_status, "§6", remark)

    def upsert(self, resource: Resource, request: Request) -> Answer:
        """Create or update a record: the status is 201 for a new one, 200 for a known one."""
        sent = sent_object(request)
        identifier, attributes = sent.get("unique_identifier"), sent.get(resource.singular, {})
        if not isinstance(identifier, dict):
            raise InvalidError(["unique_identifier is missing"])
        if not isinstance(attributes, dict):
            raise InvalidError([f"{resource.singular} must be an object"])
        record, new = upsert(self.account, resource, identifier, attributes)
        return json_answer(201 if new else 200, self.one(resource, record, request))

    def bulk_upsert(self, resource: Resource, request: Request) -> Any:
        """Submit a job, and return its URL; only the job tells what became of the rows."""
        rows = sent_object(request).get(resource.name)
        if not isinstance(rows, list) or not rows:
            raise InvalidError([f"{resource.name} must be an array of records"])
        if len(rows) > LIMIT:
            raise InvalidError([f"Only {LIMIT} records are allowed in one request"])
        limit = self.account.switches.concurrent_jobs
        if limit and jobs.unfinished(self.account) >= limit:
            return no_route(405)
        job = jobs.submit(self.account, self.resources, "bulk_upsert", resource.name, rows)
        host = request.headers.get("host", "")
        below = request.path.removesuffix(f"{resource.route}/bulk_upsert")
        return {
            "message": f"Bulk upsert of {len(rows)} {resource.name} has been initiated",
            "job_status_url": f"http://{host}{below}/job_statuses/{job['id']}",
        }

    def job_status(self, request: Request) -> Any:
        """Return how far a job is."""
        job = self.account.get("job_statuses", record_id(request))
        if job is None:
            raise NotFoundError
        return jobs.poll(self.account, job)

    def bulk_destroy(self, resource: Resource, request: Request) -> Any:
        """Submit a job that cannot be polled, and return a message."""
        sent = sent_object(request)
        ids = selected_ids(sent)
        if len(ids) > LONGEST_SELECTION:
            raise InvalidError([f"Only {LONGEST_SELECTION} records are allowed in one request"])
        jobs.submit(self.account, self.resources, "bulk_destroy", resource.name, ids)
        if resource.name == "sales_accounts" and sent.get("delete_associated_contacts_deals") is True:
            for account_id in ids:
                recycle_associated(self, account_id)
        return {"message": f"{len(ids)} {resource.name} are being deleted"}

    def bulk_assign_owner(self, resource: Resource, request: Request) -> Any:
        """Submit a job that cannot be polled, and return a message."""
        sent = sent_object(request)
        ids, owner = selected_ids(sent), sent.get("owner_id")
        if not isinstance(owner, int) or not self.account.exists("owners", owner):
            raise InvalidError(["Owner is invalid"])
        jobs.submit(self.account, self.resources, "bulk_assign_owner", resource.name, ids, owner_id=owner)
        return {"message": f"{len(ids)} {resource.name} are being updated"}
