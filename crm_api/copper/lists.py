"""Reads Copper's lists: users, pipelines, stages, statuses, sources, types, and custom fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crm_api.copper.objects import OBJECTS
from crm_api.copper.session import PAGE_SIZE
from crm_api.crm import CustomField, Name
from crm_api.crm_objects import Kind
from crm_api.transport.listing import Progress, expected_form
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

LISTS = (
    "users",
    "pipelines",
    "pipeline_stages",
    "lead_statuses",
    "customer_sources",
    "contact_types",
    "loss_reasons",
    "activity_types",
    "tags",
)

# custom-fields/general: data types. Connect fields are written through related links, not through the record.
_KINDS = {
    "String": Kind.TEXT,
    "Text": Kind.TEXT,
    "URL": Kind.TEXT,
    "Dropdown": Kind.NAME_ID,
    "MultiSelect": Kind.NAME_IDS,
    "Date": Kind.DAY,
    "Checkbox": Kind.BOOLEAN,
    "Float": Kind.NUMBER,
    "Currency": Kind.NUMBER,
    "Percentage": Kind.INTEGER,
}
_SINGULARS = {each.singular: each.name for each in OBJECTS.values()}


def read_names(session: CrmSession, object_name: str) -> list[Name]:
    """Read one of ``LISTS``; pipeline stages say which pipeline they belong to."""
    with expected_form(f"GET /{object_name}"):
        return _names(session, object_name)


def _names(session: CrmSession, object_name: str) -> list[Name]:
    if object_name == "users":
        return [Name(user["id"], (user["name"], user["email"])) for user in _users(session)]
    listed: Any = _listed(session, object_name)
    if object_name == "activity_types" and listed:
        # System types cannot be written (activities/overview), nor can disabled ones.
        listed = [each for each in listed["user"] if not each.get("is_disabled")]
    if object_name == "tags":  # which have no ids
        return [Name(each["name"], (each["name"],)) for each in listed]
    return [Name(each["id"], (each["name"],), each.get("pipeline_id")) for each in listed]


def _listed(session: CrmSession, path: str) -> Any:
    """Read a list; some of Copper's endpoints answer without a body where it holds nothing."""
    answer = session.exchange(Request("GET", f"/{path}"))
    return answer.value if answer.content else []


def _users(session: CrmSession) -> Iterator[dict[str, Any]]:
    number = 1
    progress = Progress("POST /users/search")
    while True:
        body = {"page_number": number, "page_size": PAGE_SIZE}
        users: list[dict[str, Any]] = session.exchange(
            Request("POST", "/users/search", body=body, read_only=True)
        ).value
        progress.look(user["id"] for user in users)
        yield from users
        if len(users) < PAGE_SIZE:
            return
        number += 1


@expected_form("GET /custom_field_definitions")
def read_custom_fields(session: CrmSession) -> list[CustomField]:
    """Read the definitions of all custom fields."""
    definitions: list[dict[str, Any]] = _listed(session, "custom_field_definitions")
    return [_custom_field(definition) for definition in definitions]


def _custom_field(definition: dict[str, Any]) -> CustomField:
    kind = _KINDS.get(definition["data_type"])
    return CustomField(
        id=definition["id"],
        name=definition["name"],
        kind=kind or Kind.TEXT,
        objects=frozenset(_SINGULARS[each] for each in definition["available_on"] if each in _SINGULARS),
        options=tuple(Name(option["id"], (option["name"],)) for option in definition.get("options") or ()),
        writable=kind is not None,
        percent=definition["data_type"] == "Percentage",
    )
