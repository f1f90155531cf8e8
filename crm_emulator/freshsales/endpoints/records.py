"""Create, view, update, delete, forget, clone: one record at a time (reference section 3.2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.endpoints.base import (
    Chapter,
    record_id,
    selected_ids,
    sent_object,
    sent_record,
    unwrapped,
)
from crm_emulator.messages import Answer, Request, json_answer

if TYPE_CHECKING:
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.routing import Route

_ONLY_CREATED = {"phone_calls", "documents", "document_links"}
_NEVER_VIEWED = {"notes"}
_STAMPED = {"notes": 200}  # documented for notes (section 3.2); elsewhere Switches.create_status


class SingleRecords(Chapter):
    """The endpoints of every resource but custom modules."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        resources = [each for each in self.resources.values() if each.name != "custom_records"]
        return tuple(route for resource in resources for route in self._of(resource))

    def _of(self, resource: Resource) -> list[Route]:
        plural, one = resource.route, f"{resource.route}/{{id}}"
        found = [
            self.writes("POST", plural, partial(self.create, resource), "§3.2", _CREATE_REMARKS.get(resource.name, ""))
        ]
        if resource.name in _ONLY_CREATED:
            return found
        if resource.name not in _NEVER_VIEWED:
            found.append(self.reads("GET", one, partial(self.view, resource), "§3.2"))
        found.append(self.writes("PUT", one, partial(self.update, resource), "§3.2, §4"))
        found.append(self.writes("DELETE", one, partial(self.delete, resource), "§3.2"))
        if resource.views:
            found.append(self.writes("POST", f"{one}/clone", partial(self.clone, resource), "§3.2", _CLONE_REMARK))
        if resource.name in _WITH_TEAMS:
            found.append(
                self.writes("POST", f"{one}/manage_team_members", partial(self.team, resource), "§12", _GUESSED)
            )
        if resource.name == "contacts":
            path = f"{one}/document_associations"
            found.append(self.reads("GET", path, partial(self.documents, resource), "§12", _GUESSED))
        if resource.views or resource.name == "cpq_documents":
            found.append(self.writes("DELETE", f"{one}/forget", partial(self.forget, resource), "§3.2"))
        return found

    def create(self, resource: Resource, request: Request) -> Answer:
        """Create a record; the status is 201 or 200."""
        sent = sent_record(self.account, resource, request)
        record = records.create(self.account, resource, sent)
        status = _STAMPED.get(resource.name, self.account.switches.create_status)
        return json_answer(status, self.one(resource, record, request, sent))

    def view(self, resource: Resource, request: Request) -> Any:
        """Return one record."""
        return self.one(resource, records.fetch(self.account, resource, record_id(request)), request)

    def update(self, resource: Resource, request: Request) -> Any:
        """Change a record, and return it; what was not sent stays."""
        sent = sent_record(self.account, resource, request)
        return self.one(resource, records.update(self.account, resource, record_id(request), sent), request, sent)

    def delete(self, resource: Resource, request: Request) -> Any:
        """Move a record into the recycle bin, and an account's contacts and deals with it if asked for."""
        number = record_id(request)
        records.recycle(self.account, resource, number)
        if resource.name == "sales_accounts" and request.query.get("delete_associated_contacts_deals") == "true":
            recycle_associated(self, number)
        if resource.recycles and resource.deleted is True and self.account.switches.delete_status != 200:  # noqa: PLR2004 - OK
            return Answer(self.account.switches.delete_status)
        return resource.deleted

    def forget(self, resource: Resource, request: Request) -> Any:
        """Delete a record for good."""
        records.forget(self.account, resource, record_id(request))
        return resource.deleted

    def team(self, resource: Resource, request: Request) -> Any:
        """Replace the users who work on a record beside its owner."""
        record = records.fetch(self.account, resource, record_id(request))
        users = selected_ids(sent_object(request), "team_user_ids")
        if not all(self.account.exists("owners", each) for each in users):
            raise InvalidError(["Team users is invalid"])
        record |= {"team_user_ids": users, "updated_at": self.account.stamp()}
        self.account.store.put(self.account.tables[resource.name], record)
        return self.one(resource, record, request)

    def documents(self, resource: Resource, request: Request) -> Any:
        """Return the files of a record."""
        record = records.fetch(self.account, resource, record_id(request))
        condition = "target_type = ? AND target_id = ?"
        found = self.account.matching("documents", condition, resource.model, record["id"])
        return {"document_associations": found}

    def clone(self, resource: Resource, request: Request) -> Answer:
        """Create a copy of a record."""
        sent = sent_object(request)
        overrides = unwrapped(sent, resource.singular, flat=False) if sent else {}
        record = records.clone(self.account, resource, record_id(request), overrides)
        return json_answer(self.account.switches.create_status, self.one(resource, record, request))


def recycle_associated(chapter: Chapter, account_id: int) -> None:
    """Recycle an account's contacts and deals."""
    account = chapter.account
    contacts = chapter.resources["contacts"]
    for contact in account.holders(contacts.name, "sales_account", str(account_id)):
        records.recycle(account, contacts, contact)
    for deal in account.matching("deals", "sales_account_id = ?", account_id):
        records.recycle(account, chapter.resources["deals"], deal["id"])


_WITH_TEAMS = {"contacts", "sales_accounts", "deals"}
_GUESSED = "the route is known; the form of its body or answer is a guess"
_CLONE_REMARK = "unique values are left out of the copy; an account's name gets ` (clone)`"
_CREATE_REMARKS = {
    "documents": "the file itself is not kept",
    "contacts": "which fields are needed, and what an unknown attribute does, by switch",
    "phone_calls": "the note is not made a record",
}
