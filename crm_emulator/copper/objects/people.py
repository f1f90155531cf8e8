"""People (reference section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.answers import InvalidError, unrecognized
from crm_emulator.copper.filters import Ids, Keys, Linked, Listed
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import EMAILS, PHONES, SOCIALS, WEBSITES, Address, Reference, Tags, Text
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount


def complete(account: CopperAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Split the name, check the e-mails, fill in the contact type, the company and its name."""
    declaration.split_name(record, sent)
    _check_emails(account, record)
    if record["contact_type_id"] is None:
        types = account.records("contact_types")
        record["contact_type_id"] = types[-1]["id"] if types else None  # the last is "Uncategorized"
    if old is not None and "company_id" in sent and not account.direct:
        match account.switches.company_id_on_person_update:
            case "ignore":
                record["company_id"] = old["company_id"]
            case "reject":
                raise InvalidError([unrecognized(["company_id"])])
    company = account.get("companies", record["company_id"]) if record["company_id"] else None
    record["company_name"] = company["name"] if company else None


def _check_emails(account: CopperAccount, record: Record) -> None:
    """Refuse e-mails that another person has (section 6.2: Uniqueness; the text was never seen)."""
    taken = [
        each["email"]
        for each in record["emails"]
        if set(account.holders("people", "email", each["email"].lower())) - {record["id"]}
    ]
    if taken:
        raise InvalidError([("emails", f"{', '.join(taken)} has already been taken", "taken")])


PEOPLE = CustomerObject(
    name="people",
    singular="person",
    writable={
        "name": Text(255),
        **declaration.NAME_PARTS,
        "address": Address(),
        "assignee_id": Reference("users"),
        "company_id": Reference("companies"),
        "company_name": Text(255),
        "contact_type_id": Reference("contact_types"),
        "details": Text(),
        "emails": EMAILS,
        "phone_numbers": PHONES,
        "socials": SOCIALS,
        "tags": Tags(),
        "title": Text(255),
        "websites": WEBSITES,
    },
    required=("name",),
    kept={
        "date_created": None,
        "date_modified": None,
        "date_last_contacted": None,
        "interaction_count": 0,
        "leads_converted_from": [],
        "date_lead_created": None,
    },
    table=declaration.table(
        "people",
        declaration.NAME,
        *declaration.STAMPS,
        *declaration.ADDRESS_COLUMNS,
        *declaration.CONTACT_COLUMNS,
        Column("email", "emails.0.email"),
        *declaration.texts("first_name", "last_name", "title"),
        *declaration.integers(
            "assignee_id", "company_id", "contact_type_id", "interaction_count", "date_last_contacted"
        ),
    ),
    filters={
        **declaration.COMMON_FILTERS,
        **declaration.ADDRESS_FILTERS,
        "emails": Keys("email"),
        "contact_type_ids": Ids("contact_type_id"),
        "company_ids": Ids("company_id"),
        "opportunity_ids": Linked(
            "SELECT 1 FROM copper_opportunities AS o WHERE o.primary_contact_id = copper_people.id AND o.id IN"
        ),
        "socials": Listed("socials", "url"),
        **declaration.bounds(interaction_date="date_last_contacted"),
    },
    sorts={
        **{word: word for word in ("name", "first_name", "last_name", "title", "email")},
        **declaration.SORT_STAMPS,
        **declaration.SORT_ADDRESS,
    },
    default_sort="first_name",
    bulk=frozenset({"create", "update"}),
    complete=complete,
)
