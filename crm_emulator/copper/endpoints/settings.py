"""The account, its users and its settings lists (reference sections 3.1, 4.1, 4.2, 4.10)."""

from __future__ import annotations

from functools import partial
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotFoundError, invalid, unrecognized
from crm_emulator.copper.endpoints.base import endpoint, record_id, search_parameters, sent_object, unknown_names
from crm_emulator.copper.search import page_asked_for
from crm_emulator.messages import Answer, Record, Request, encode
from crm_emulator.routing import Route

_LISTS = (
    "contact_types",
    "customer_sources",
    "loss_reasons",
    "lead_statuses",
    "pipelines",
    "pipeline_stages",
    "custom_activity_types",
)


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return all routes."""
    lists = tuple(Route("GET", f"/{name}", endpoint(partial(_all, account, name)), "§3.1, §4.10") for name in _LISTS)
    at = partial(partial, account=account)
    return (
        Route("GET", "/account", endpoint(at(_account)), "§4.1"),
        Route("POST", "/users/search", endpoint(at(_search_users)), "§4.2", "unknown filters are ignored (§2)"),
        Route("GET", "/users/me", endpoint(at(_me)), "§4.2"),
        Route("GET", "/users/{id}", endpoint(at(_one, object_name="users")), "§4.2"),
        *lists,
        Route("GET", "/pipeline_stages/pipeline/{id}", endpoint(at(_stages_of)), "§3.1"),
        Route("GET", "/activity_types", endpoint(at(_activity_types)), "§4.10"),
        Route(
            "GET",
            "/custom_activity_types/{id}",
            endpoint(at(_one, object_name="custom_activity_types")),
            "§3.1",
        ),
        Route("POST", "/custom_activity_types", endpoint(at(_create_type)), "§3.1, §4.10", writes=True),
        Route("PUT", "/custom_activity_types/{id}", endpoint(at(_update_type)), "§3.1, §4.10", writes=True),
    )


def _all(account: CopperAccount, name: str, _request: Request) -> list[Record]:
    return account.records(name)


def _account(_request: Request, account: CopperAccount) -> Record:
    record = account.records("account")[0]
    record["settings"] = {
        "setting_team_permissions_enabled": account.switches.team_permissions,
        "setting_enable_leads": account.switches.leads_enabled,
    }
    return record


def _search_users(request: Request, account: CopperAccount) -> Answer:
    sent = search_parameters(account, request)
    size, number = page_asked_for(account, sent)
    users = account.records("users")
    page = users[(number - 1) * size : number * size]
    return Answer(200, encode(page), headers=(("X-PW-TOTAL", str(len(users))),))


def _me(_request: Request, account: CopperAccount) -> Record | None:
    return account.get("users", account.owner_id)


def _one(request: Request, account: CopperAccount, object_name: str) -> Record:
    record = account.get(object_name, record_id(request))
    if record is None:
        raise NotFoundError
    return record


def _stages_of(request: Request, account: CopperAccount) -> list[Record]:
    pipeline_id = record_id(request)
    if not account.exists("pipelines", pipeline_id):
        raise NotFoundError
    return [stage for stage in account.records("pipeline_stages") if stage["pipeline_id"] == pipeline_id]


def _activity_types(_request: Request, account: CopperAccount) -> dict[str, list[Record]]:
    return {category: account.records(f"{category}_activity_types") for category in ("user", "system")}


_TYPE_ATTRIBUTES = {"icon_type": None, "is_disabled": False, "is_interaction": False, "name": None}
_TYPE_READ_ONLY = ("id", "company_id", "is_default_task_type")
_ICONS = (
    "Message", "Phone", "Event", "Assignment", "Assessment", "Group", "Description", "Speaker Notes", "Forum", "Web",
    "Loyalty", "Content Paste", "Headset", "Share", "Navigation", "Notification", "Voicemail", "Room", "Edit", "Send",
    "Videocam", "Play Arrow", "Grocery Store", "Mic", "Camera Mic", "Todo",
)  # fmt: skip


def _read_type(account: CopperAccount, sent: Any, old: Record) -> Record:
    unknown = unknown_names(account, sent, _TYPE_ATTRIBUTES, _TYPE_READ_ONLY)
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    record = {**old, **{name: value for name, value in sent.items() if name in _TYPE_ATTRIBUTES}}
    if not record["name"]:
        raise invalid("name", "can't be blank", "blank")
    if record["icon_type"] not in _ICONS:
        raise invalid("icon_type", "is not included in the list", "inclusion")
    return record


def _create_type(request: Request, account: CopperAccount) -> Record:
    """Create a custom activity type, which is a user activity type too: activities can be of it."""
    record = _read_type(account, sent_object(request), _TYPE_ATTRIBUTES)
    record = {
        "id": account.new_id("custom_activity_types"),
        "company_id": account.records("account")[0]["id"],
        **record,
    }
    record["is_default_task_type"] = None
    account.put("custom_activity_types", record)
    _mirror(account, record)
    return record


def _update_type(request: Request, account: CopperAccount) -> Record:
    record = _read_type(account, sent_object(request), _one(request, account, "custom_activity_types"))
    account.put("custom_activity_types", record)
    _mirror(account, record)
    return record


def _mirror(account: CopperAccount, record: Record) -> None:
    account.put(
        "user_activity_types",
        {
            "id": record["id"],
            "category": "user",
            "name": record["name"],
            "is_disabled": record["is_disabled"],
            "count_as_interaction": record["is_interaction"],
        },
    )
