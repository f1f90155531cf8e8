"""Tasks (reference section 4.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.filters import Linked, Words
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import Choice, Identifier, Instant, Reference, Tags, Text
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

STATUSES = ("Open", "Completed")
UNRELATED = {"id": None, "type": None}


def complete(account: CopperAccount, record: Record, old: Record | None, _sent: Mapping[str, Any]) -> None:
    """Fill in status and priority, and completed_date by the status; related_resource is never null (7.4)."""
    for name, first in (("status", "Open"), ("priority", "None"), ("related_resource", UNRELATED)):
        if record[name] is None:
            record[name] = first
    was_completed = old is not None and old["status"] == "Completed"
    if record["status"] == "Completed" and not was_completed:
        record["completed_date"] = account.clock.seconds()
    elif record["status"] == "Open":
        record["completed_date"] = None


def _about(singular: str) -> Linked:
    """Return the filter of tasks about a kind of record; an empty value finds those about none (section 10)."""
    return Linked(
        f"SELECT 1 WHERE related_type = '{singular}' AND related_id IN",
        none=f"ifnull(related_type, '') != '{singular}'",
    )


TASKS = CustomerObject(
    name="tasks",
    singular="task",
    writable={
        "name": Text(255),
        "related_resource": Identifier(
            {
                "lead": "leads",
                "person": "people",
                "company": "companies",
                "opportunity": "opportunities",
                "project": "projects",
            }
        ),
        "assignee_id": Reference("users"),
        "due_date": Instant(),
        "reminder_date": Instant(),
        "priority": Choice(("None", "Low", "Medium", "High")),
        "status": Choice(STATUSES),
        "details": Text(),
        "tags": Tags(),
        "custom_activity_type_id": Reference("custom_activity_types"),
    },
    required=("name",),
    kept={"completed_date": None, "date_created": None, "date_modified": None},
    table=declaration.table(
        "tasks",
        declaration.NAME,
        *declaration.STAMPS,
        *declaration.texts("status", "priority"),
        *declaration.integers("assignee_id", "due_date", "reminder_date", "completed_date"),
        Column("related_type", "related_resource.type"),
        Column("related_id", "related_resource.id", "INTEGER"),
    ),
    filters={
        **declaration.COMMON_FILTERS,
        "company_ids": _about("company"),  # with a city, known from a list of empty values alone (section 10)
        "opportunity_ids": _about("opportunity"),
        "project_ids": Linked("SELECT 1 WHERE related_type = 'project' AND related_id IN"),
        "statuses": Words("status", numbered=STATUSES),
        **declaration.bounds(due_date="due_date", reminder_date="reminder_date", completed_date="completed_date"),
        **declaration.bounds(close_date="completed_date"),  # so spelt in the vendor's OpenAPI
    },
    sorts={
        "name": "name",
        "assigned_to": "assignee_id",
        "related_to": "related_id",
        **{word: word for word in ("status", "priority", "due_date", "reminder_date", "completed_date")},
        **declaration.SORT_STAMPS,
    },
    default_sort="due_date",
    complete=complete,
)
