"""Connect fields: connections between records (reference section 3.8)."""

from __future__ import annotations

from functools import partial
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotFoundError, invalid, unrecognized
from crm_emulator.copper.endpoints.base import endpoint, record_id, sent_object
from crm_emulator.copper.filters import as_number
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.messages import Record, Request
from crm_emulator.routing import Route

# The vendor's words on these pages (sic), and our objects; "person" and "company" are taken too.
_TYPES = {
    "people": "people",
    "person": "people",
    "opportunity": "opportunities",
    "lead": "leads",
    "organization": "companies",
    "company": "companies",
    "project": "projects",
    "user": "users",
}
_OBJECT = "related_links"


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes to list, create and delete."""
    remark = "the Connect value of a record lists the ids of its connections (a guess)"
    return (
        Route("GET", f"/{_OBJECT}", endpoint(partial(_list, account)), "§3.8"),
        Route("POST", f"/{_OBJECT}", endpoint(partial(_create, account)), "§3.8", remark, writes=True),
        Route("DELETE", f"/{_OBJECT}/{{id}}", endpoint(partial(_delete, account)), "§3.8", writes=True),
    )


def _list(account: CopperAccount, request: Request) -> list[Record]:
    query = request.query
    missing = [name for name in ("custom_field_definition_id", "source_type", "source_id") if name not in query]
    if missing:
        raise InvalidError([(name, "can't be blank", "blank") for name in missing])
    object_name = _TYPES.get(query["source_type"], "")
    same = [word for word, name in _TYPES.items() if name == object_name]
    links = account.matching(
        _OBJECT,
        "definition_id = ? AND source_id = ?",
        as_number("custom_field_definition_id", query["custom_field_definition_id"]),
        as_number("source_id", query["source_id"]),
    )
    return [_shown(link) for link in links if link["source"]["entity_type"] in same]


def _create(account: CopperAccount, request: Request) -> Record:
    sent = sent_object(request)
    unknown = [name for name in sent if name not in {"custom_field_definition_id", "source", "target"}]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    definition_id = sent.get("custom_field_definition_id")
    definition = account.get("custom_field_definitions", definition_id) if isinstance(definition_id, int) else None
    if definition is None or definition["data_type"] != "Connect":
        raise invalid("custom_field_definition_id", f"not a Connect field: {definition_id}")
    source, target = (_end(account, name, sent.get(name)) for name in ("source", "target"))
    first, second = account.new_id(_OBJECT), account.new_id(_OBJECT)
    back = definition.get("connected_id") or definition["id"]
    for link_id, twin, field, ends in (
        (first, second, definition["id"], (source, target)),
        (second, first, back, (target, source)),
    ):
        link = {"id": link_id, "custom_field_definition_id": field, "source": ends[0], "target": ends[1], "twin": twin}
        account.put(_OBJECT, link)
        _show_on_record(account, link)
    return {"id": first, "custom_field_definition_id": definition["id"], "source": source, "target": target}


def _end(account: CopperAccount, name: str, sent: Any) -> Record:
    if not isinstance(sent, dict) or sent.get("entity_type") not in _TYPES or not isinstance(sent.get("id"), int):
        raise invalid(name, "must be an object of id and entity_type")
    record = account.get(_TYPES[sent["entity_type"]], sent["id"])
    if record is None:
        raise invalid(name, f"not found: {sent['entity_type']} {sent['id']}")
    return {"id": sent["id"], "entity_type": sent["entity_type"], "name": record["name"]}


def _delete(account: CopperAccount, request: Request) -> dict[str, Any]:
    """Delete a link, which is stored from both ends, so that two ids go."""
    link = account.get(_OBJECT, record_id(request))
    if link is None:
        raise NotFoundError
    twin = account.get(_OBJECT, link["twin"])
    for each in filter(None, (link, twin)):
        account.remove(_OBJECT, each["id"])
        _show_on_record(account, each)
    return {"ids": sorted((link["id"], link["twin"])), "is_deleted": True}


def _shown(link: Record) -> Record:
    return {name: value for name, value in link.items() if name != "twin"}


def _show_on_record(account: CopperAccount, link: Record) -> None:
    """Write the ids of a record's connections into its Connect field."""
    crm_object = BY_NAME.get(_TYPES[link["source"]["entity_type"]])
    record = account.get(crm_object.name, link["source"]["id"]) if crm_object else None
    if crm_object is None or record is None:
        return
    links = account.matching(
        _OBJECT,
        "definition_id = ? AND source_id = ? AND source_type = ?",
        link["custom_field_definition_id"],
        link["source"]["id"],
        link["source"]["entity_type"],
    )
    for field in record["custom_fields"]:
        if field["custom_field_definition_id"] == link["custom_field_definition_id"]:
            field["value"] = [each["id"] for each in links]
    account.store.put(crm_object.table, record)
