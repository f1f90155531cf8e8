"""Lists of contacts (reference section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError, NotFoundError
from crm_emulator.freshsales.endpoints.base import Chapter, record_id, selected_ids, sent_object, unwrapped
from crm_emulator.freshsales.endpoints.record_lists import RecordLists, read_page
from crm_emulator.messages import Answer, Request, is_whole, json_answer
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from crm_emulator.messages import Record
    from crm_emulator.routing import Route

_LATER = "Updating now... we'll let you know once this is done."


class ContactLists(Chapter):
    """Lists and their contacts."""

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        one = "/lists/{id}"
        return (
            self.reads("GET", "/lists", self.all, "§2"),
            self.writes("POST", "/lists", self.create, "§2"),
            self.writes("PUT", one, self.rename, "§2"),
            self.writes("PUT", f"{one}/add_contacts", self.add, "§2"),
            self.writes("PUT", f"{one}/remove_contacts", self.remove, "§2"),
            self.writes("PUT", f"{one}/move_contacts", self.move, "§2"),
            self.reads("GET", "/contacts/lists/{id}", self.contacts, "§2"),
        )

    def _list(self, number: int) -> Record:
        found = self.account.get("lists", number)
        if found is None:
            raise NotFoundError
        return found

    def _put(self, found: Record) -> Record:
        self.account.store.put(self.account.tables["lists"], found)
        return {"id": found["id"], "name": found["name"]}

    def all(self, request: Request) -> Any:
        """Return a page of the lists."""
        size, page = read_page(request)
        query = Query(self.account.tables["lists"])
        total = self.account.store.count(query)
        found = self.account.store.records(query, size, (page - 1) * size)
        shown = [{"id": each["id"], "name": each["name"]} for each in found]
        return {"lists": shown, "meta": {"total_pages": -(-total // size), "total": total}}

    def create(self, request: Request) -> Answer:
        """Create an empty list."""
        made = {"id": self.account.next_id("lists"), "name": self._name(request, 0), "contact_ids": []}
        return json_answer(self.account.switches.create_status, {"list": self._put(made)})

    def rename(self, request: Request) -> Any:
        """Rename a list."""
        found = self._list(record_id(request))
        return {"list": self._put({**found, "name": self._name(request, found["id"])})}

    def _name(self, request: Request, own_id: int) -> str:
        name = unwrapped(sent_object(request), "list", flat=True).get("name")
        if not isinstance(name, str) or not name.strip():
            raise InvalidError(["Name can't be blank"])
        if any(each["id"] != own_id for each in self.account.matching("lists", "name = ?", name)):
            raise InvalidError(["Name has already been taken"])
        return name

    def _ids(self, request: Request) -> list[int]:
        ids = selected_ids(sent_object(request), "ids")
        return [each for each in ids if self.account.exists("contacts", each)]

    def add(self, request: Request) -> Any:
        """Add contacts to a list; ids without a contact are passed over."""
        found, ids = self._list(record_id(request)), self._ids(request)
        self._put({**found, "contact_ids": list(dict.fromkeys([*found["contact_ids"], *ids]))})
        return {"message": f"{len(ids)} contacts updated."}

    def remove(self, request: Request) -> Any:
        """Remove contacts from a list, or all of them."""
        found = self._list(record_id(request))
        if sent_object(request).get("all") is True:
            self._put({**found, "contact_ids": []})
            return {"message": _LATER}
        ids = self._ids(request)
        self._put({**found, "contact_ids": [each for each in found["contact_ids"] if each not in ids]})
        return {"message": f"{len(ids)} contacts updated."}

    def move(self, request: Request) -> Any:
        """Add contacts to a list, and remove them from the one that ``from_list_id`` names."""
        source = sent_object(request).get("from_list_id")
        ids = self._ids(request)
        if source is not None:
            other = self._list(int(source) if is_whole(str(source)) else 0)
            self._put({**other, "contact_ids": [each for each in other["contact_ids"] if each not in ids]})
        return self.add(request)

    def contacts(self, request: Request) -> Any:
        """Return a page of a list's contacts."""
        ids = self._list(record_id(request))["contact_ids"]
        placeholders = ", ".join("?" * len(ids))
        query = Query(self.account.tables["contacts"], (Condition(f"id IN ({placeholders})", tuple(ids)),))
        return RecordLists(self.account, self.resources).listed(self.resources["contacts"], request, query)
