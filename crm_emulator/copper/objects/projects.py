"""Projects (reference section 4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.filters import Words
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import Choice, Identifier, Reference, Tags, Text
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

STATUSES = ("Open", "Completed")


def complete(account: CopperAccount, record: Record, _old: Record | None, _sent: Mapping[str, Any]) -> None:
    """Fill in the status Open; without relation ``related_resource`` is null (section 7.4)."""
    if record["status"] is None:
        record["status"] = "Open"
    related = record["related_resource"]
    if related is not None and related["id"] is None:
        record["related_resource"] = None
    if account.switches.project_company:
        company = account.get("companies", related["id"]) if related and related["type"] == "company" else None
        record["company_id"] = company["id"] if company else None
        record["company_name"] = company["name"] if company else None


PROJECTS = CustomerObject(
    name="projects",
    singular="project",
    writable={
        "name": Text(255),
        "related_resource": Identifier({"person": "people", "company": "companies", "opportunity": "opportunities"}),
        "assignee_id": Reference("users"),
        "status": Choice(STATUSES),
        "details": Text(),
        "tags": Tags(),
    },
    required=("name",),
    kept={"date_created": None, "date_modified": None},
    table=declaration.table(
        "projects",
        declaration.NAME,
        *declaration.STAMPS,
        *declaration.texts("status"),
        *declaration.integers("assignee_id"),
        Column("related_type", "related_resource.type"),
        Column("related_id", "related_resource.id", "INTEGER"),
    ),
    filters={
        **declaration.COMMON_FILTERS,
        "status_ids": Words("status", numbered=STATUSES),
        "statuses": Words("status"),
    },
    sorts={
        "name": "name",
        "assigned_to": "assignee_id",
        "related_to": "related_id",
        "status": "status",
        **declaration.SORT_STAMPS,
    },
    default_sort="name",
    complete=complete,
)
