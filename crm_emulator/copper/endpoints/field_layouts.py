"""Field layouts (reference section 4.10)."""

from __future__ import annotations

from functools import partial
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import NotFoundError, humanized, invalid
from crm_emulator.copper.custom_fields import definitions_on
from crm_emulator.copper.endpoints.base import endpoint
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.messages import Request, is_whole
from crm_emulator.routing import Route

_WITH_LAYOUT = ("leads", "people", "companies", "opportunities", "projects", "tasks")


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the route of the only endpoint."""
    remark = "static fields, then custom ones; the attributes of an item are known from one client only"
    path = "/field_layouts/by_entity/{entity}"
    return (Route("GET", path, endpoint(partial(_layout, account)), "§4.10", remark),)


def _layout(account: CopperAccount, request: Request) -> list[dict[str, Any]]:
    crm_object = BY_NAME.get(request.parameters["entity"])
    if crm_object is None or crm_object.name not in _WITH_LAYOUT:
        raise NotFoundError
    pipeline_id = request.query.get("pipeline_id", "")
    if crm_object.name == "opportunities":
        if not pipeline_id:
            raise invalid("pipeline_id", "can't be blank", "blank")
        if not is_whole(pipeline_id) or not account.exists("pipelines", int(pipeline_id)):
            raise invalid("pipeline_id", f"not found: {pipeline_id}")
    static = [
        {"field_id": index, "field_key": name, "field_type": "static_field", "name": humanized(name)}
        for index, name in enumerate(crm_object.writable)
    ]
    custom = [
        {"field_id": each["id"], "field_key": None, "field_type": "custom_field", "name": each["name"]}
        for each in definitions_on(account, crm_object)
    ]
    return [*static, *custom]
