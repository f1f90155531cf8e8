"""Leads (reference section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.filters import Ids, Ignored, Keys
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import PHONES, SOCIALS, WEBSITES, Address, Number, Reference, SingleEmail, Tags, Text
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

CONVERTED = 1
"""The hidden mark of a lead that was converted: only ``include_converted_leads`` shows it (section 3.4)."""


def complete(account: CopperAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Split the name, and keep the status in step with its id; the default status is the one marked so."""
    declaration.split_name(record, sent)
    statuses = account.records("lead_statuses")
    default = next((status["id"] for status in statuses if status["is_default"]), None)
    declaration.label_and_id(record, sent, "status", {status["id"]: status["name"] for status in statuses}, default)
    if record["monetary_value"] is not None and record["monetary_unit"] is None:
        record["monetary_unit"] = account.currency
    declaration.convert_money(account, record, old)


LEADS = CustomerObject(
    name="leads",
    singular="lead",
    writable={
        "name": Text(255),
        **declaration.NAME_PARTS,
        "address": Address(),
        "assignee_id": Reference("users"),
        "company_name": Text(255),
        "customer_source_id": Reference("customer_sources"),
        "details": Text(),
        "email": SingleEmail(),
        "monetary_unit": Text(3),
        "monetary_value": Number(),
        "socials": SOCIALS,
        "status": Text(255),
        "status_id": Reference("lead_statuses"),
        "tags": Tags(),
        "title": Text(255),
        "websites": WEBSITES,
        "phone_numbers": PHONES,
    },
    required=("name",),
    kept={
        "interaction_count": 0,
        "converted_unit": None,
        "converted_value": None,
        "date_created": None,
        "date_modified": None,
        "date_last_contacted": None,
        "converted_contact_id": None,
        "converted_opportunity_id": None,
        "converted_at": None,
    },
    table=declaration.table(
        "leads",
        declaration.NAME,
        *declaration.STAMPS,
        *declaration.ADDRESS_COLUMNS,
        *declaration.CONTACT_COLUMNS,
        Column("email", "email.email"),
        *declaration.texts("first_name", "last_name", "company_name", "title"),
        Column("monetary_value", "monetary_value", "REAL"),
        *declaration.integers(
            "assignee_id", "status_id", "customer_source_id", "interaction_count", "date_last_contacted"
        ),
    ),
    filters={
        **declaration.COMMON_FILTERS,
        **declaration.ADDRESS_FILTERS,
        "emails": Keys("email"),
        "status_ids": Ids("status_id"),
        "customer_source_ids": Ids("customer_source_id"),
        "include_converted_leads": Ignored(),  # the search itself reads it
        **declaration.bounds(interaction_date="date_last_contacted", monetary_value="monetary_value"),
    },
    sorts={
        **{word: word for word in ("name", "first_name", "last_name", "company_name", "title", "email")},
        "value": "monetary_value",
        **declaration.SORT_STAMPS,
        **declaration.SORT_ADDRESS,
        "inactive_days": "-ifnull(date_last_contacted, date_created)",  # newest to oldest (5.2)
    },
    default_sort="name",
    bulk=frozenset({"create", "update"}),
    complete=complete,
)
