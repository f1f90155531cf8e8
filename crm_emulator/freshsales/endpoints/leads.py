"""Converting a lead, which only Classic can (reference section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.endpoints.base import Chapter, record_id, sent_object, unwrapped
from crm_emulator.freshsales.objects.declaration import CONVERTED

if TYPE_CHECKING:
    from crm_emulator.messages import Record, Request
    from crm_emulator.routing import Route


class LeadConversion(Chapter):
    """A lead becomes a contact, with an account and a deal where the lead names them."""

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        remark = "the answer's form is a guess"
        return (self.writes("POST", "/leads/{id}/convert", self.convert, "§2", remark),)

    def convert(self, request: Request) -> Any:
        """Convert a lead, and return the contact."""
        resources = self.resources
        lead = records.fetch(self.account, resources["leads"], record_id(request))
        sent = sent_object(request)
        overrides = unwrapped(sent, "lead", flat=False) if sent else {}
        given: Record = {**lead, **overrides}
        contacts = resources["contacts"]
        attributes = {
            name: given[name]
            for name in contacts.writable
            if given.get(name) not in (None, []) and name not in {"emails", "sales_accounts"}
        }
        if given.get("company"):
            attributes["sales_account"] = {"name": given["company"].get("name")}
        contact = records.create(self.account, contacts, attributes)
        if given.get("deal"):
            deal = {"amount": 0, **given["deal"], "contacts_added_list": [contact["id"]]}
            if contact["sales_accounts"]:
                deal["sales_account_id"] = contact["sales_accounts"][0]["id"]
            records.create(self.account, resources["deals"], deal)
        self.account.store.put(self.account.tables["leads"], {**lead, "is_deleted": False}, hidden=CONVERTED)
        return self.one(contacts, contact, request)
