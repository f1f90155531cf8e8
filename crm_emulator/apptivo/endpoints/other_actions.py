"""Links between objects, notes, activities, custom views, login, exports (reference sections 2, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo import records, sign_in
from crm_emulator.apptivo.account import stamp
from crm_emulator.apptivo.answers import FailureError
from crm_emulator.apptivo.endpoints.base import Actions
from crm_emulator.apptivo.objects.catalog import BY_NAME, OBJECTS
from crm_emulator.apptivo.parameters import read_id, read_json
from crm_emulator.apptivo.search import listed
from crm_emulator.messages import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record
    from crm_emulator.routing import Route

LOGIN = "/app/login?a=login"
_LARGEST_EXPORT = 5_000
_KINDS = {
    "createFollowUpActivity": ("followUp", "followUpData"),
    "createTask": ("task", "taskData"),
    "createEvent": ("event", "eventData"),
}


class OtherActions(Actions):
    """Actions that belong to no single object."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        customers, leads = BY_NAME["customers"].path, BY_NAME["leads"].path
        employees, activities = BY_NAME["employees"].path, "/app/dao/activities?a="
        guessed = "the answer's form is a guess"
        return (
            self.reads(f"{customers}?a=getCustomerContacts", self.contacts_of, "§4"),
            self.writes(f"{customers}?a=addContact", self.add_to_customer, "§4", guessed),
            self.writes(f"{leads}?a=addContacts", self.add_to_lead, "§4", guessed),
            self.reads(f"{employees}?a=getAllEmployeesAndTeams", self.people, "§8", "seen in the vendor's plugin"),
            self.writes("/app/dao/note?a=createNote", self.note, "§4"),
            *(self.writes(f"{activities}{name}", self._activity(name), "§4", guessed) for name in _KINDS),
            self.writes(f"{activities}deleteActivity", self.delete_activity, "§4", guessed),
            self.reads(f"{activities}getActivitiesByAdvancedSearch", self.activities, "§13", guessed),
            self.reads("/app/dao/v5/appsettings?a=getAllByCustomView", self.view, "§4", "every view holds all records"),
            self.writes(LOGIN, self.login, "§2"),
            self.reads("/app/dao/v6/datamanagement?a=getAll", self.export, "§4"),
        )

    # Links

    def contacts_of(self, values: Mapping[str, str]) -> Any:
        """Return a customer's contacts: those that name it and those that were linked."""
        customer = records.fetch(self.account, BY_NAME["customers"], read_id(values, "customerId"))
        own = self.account.matching("contacts", "json_extract(body, '$.accountId') = ?", customer["id"])
        ids = list(dict.fromkeys([each["id"] for each in own] + self._linked(f"customers/{customer['id']}")))
        found = [self.account.get("contacts", each) for each in ids]
        shown = [records.shown(BY_NAME["contacts"], each) for each in found if each is not None]
        return {"data": shown, "countOfRecords": len(shown)}

    def _linked(self, owner: str) -> list[int]:
        return [each["contact"] for each in self.account.matching("links", "owner = ?", owner)]

    def add_to_customer(self, values: Mapping[str, str]) -> Any:
        """Link contacts to a customer."""
        record = records.fetch(self.account, BY_NAME["customers"], read_id(values, "customerId"))
        return self._link(f"customers/{record['id']}", read_json(values, "contactIds", list))

    def add_to_lead(self, values: Mapping[str, str]) -> Any:
        """Link contacts to a lead; ``contactIds`` is ``{"id": […]}``."""
        record = records.fetch(self.account, BY_NAME["leads"], read_id(values, "leadId"))
        return self._link(f"leads/{record['id']}", read_json(values, "contactIds", dict).get("id") or [])

    def _link(self, owner: str, ids: list[Any]) -> Any:
        known = self._linked(owner)
        for each in ids:
            contact = int(each) if is_whole(str(each)) else 0
            records.fetch(self.account, BY_NAME["contacts"], contact)
            if contact not in known:
                self.account.put("links", {"id": self.account.new_id("links"), "owner": owner, "contact": contact})
        return {"status": "SUCCESS"}

    def people(self, _values: Mapping[str, str]) -> Any:
        """Return the employees and teams that records can be assigned to."""
        employees = self.account.records("employees")
        return {"employeeData": [records.shown(BY_NAME["employees"], each) for each in employees], "teamData": []}

    # Notes and activities

    def note(self, values: Mapping[str, str]) -> Any:
        """Write a note on a record."""
        details = read_json(values, "noteDetails", dict)
        if not details.get("noteText"):
            raise FailureError("noteText is required")
        crm_object = self._numbered(details.get("objectId"))
        about = str(details.get("objectRefId", ""))
        records.fetch(self.account, crm_object, int(about) if is_whole(about) else 0)
        note_id = self.account.new_id("notes")
        self.account.put("notes", {**details, "id": note_id, "creationDate": stamp(self.account.seconds())})
        return {"noteId": note_id}

    def _numbered(self, object_id: Any) -> AppObject:
        for crm_object in OBJECTS:
            if crm_object.object_id and str(crm_object.object_id) == str(object_id):
                return crm_object
        raise FailureError(f"Invalid objectId: {object_id}")

    def _activity(self, name: str) -> Any:
        kind, data_name = _KINDS[name]

        def create(values: Mapping[str, str]) -> Any:
            activity_id = self.account.new_id("activities")
            record: Record = {**read_json(values, data_name, dict), "id": activity_id, "kind": kind}
            self.account.put("activities", record)
            return {"responseObject": {**record, "activityId": activity_id}, "responseCode": 0}

        return create

    def delete_activity(self, values: Mapping[str, str]) -> Any:
        """Delete an activity."""
        activity_id = read_id(values, "activityId")
        if self.account.get("activities", activity_id) is None:
            raise FailureError(f"No activities found with activityId {activity_id}")
        self.account.store.remove(self.account.store.tables["apptivo_activities"], activity_id)
        return {"responseCode": 0}

    def activities(self, values: Mapping[str, str]) -> Any:
        """Return the activities that hold what ``searchData`` names."""
        wanted = read_json(values, "searchData", dict, empty={})
        found = [
            {**each, "activityId": each["id"]}
            for each in self.account.records("activities")
            if all(str(each.get(name)) == str(value) for name, value in wanted.items())
        ]
        return {"data": found, "countOfRecords": len(found)}

    # Views, login, exports

    def view(self, values: Mapping[str, str]) -> Any:
        """Return a page of a custom view."""
        if not values.get("viewCode"):
            raise FailureError("viewCode is required")
        return listed(self.account, self._numbered(values.get("objectId")), values)

    def login(self, values: Mapping[str, str]) -> Any:
        """Return a session key for an e-mail address and a password."""
        if (values.get("emailId"), values.get("password")) != (sign_in.USER_NAME, sign_in.PASSWORD):
            raise FailureError("Invalid email or password")
        return {"responseObject": {"authenticationKey": sign_in.SESSION_KEY}, "responseCode": 0}

    def export(self, values: Mapping[str, str]) -> Any:
        """Return up to 5,000 live records; needs a session key."""
        if values.get("sessionKey") != sign_in.SESSION_KEY:
            raise FailureError("sessionKey is required")
        size = values.get("numRecords") or str(_LARGEST_EXPORT)
        if not is_whole(size) or int(size) > _LARGEST_EXPORT:
            raise FailureError(f"numRecords cannot be more than {_LARGEST_EXPORT}")
        return listed(self.account, self._numbered(values.get("objectId")), {**values, "numRecords": size})
