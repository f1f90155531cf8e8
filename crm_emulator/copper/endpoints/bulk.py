"""bulk_create and bulk_update (reference section 3.2)."""

from __future__ import annotations

from functools import partial
from typing import Any

from crm_emulator.copper import records
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotFoundError, invalid, unrecognized
from crm_emulator.copper.endpoints.base import endpoint, sent_object, shown
from crm_emulator.copper.objects.catalog import OBJECTS
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.messages import Answer, Request, json_answer
from crm_emulator.routing import Route

LIMIT = 10


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the documented routes: no bulk_update of opportunities, no bulk calls for tasks and projects."""
    actions = {"create": _create, "update": _update}
    return tuple(
        Route(
            "POST",
            f"/{crm_object.name}/bulk_{name}",
            endpoint(partial(_bulk, account, crm_object, action)),
            "§3.2",
            writes=True,
        )
        for crm_object in OBJECTS
        for name, action in actions.items()
        if name in crm_object.bulk
    )


def _bulk(account: CopperAccount, crm_object: CustomerObject, action: Any, request: Request) -> Answer:
    sent = sent_object(request)
    items = sent.get(crm_object.name)
    unknown = [name for name in sent if name != crm_object.name]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    if not isinstance(items, list):
        raise invalid(crm_object.name, "can't be blank", "blank")
    if len(items) > LIMIT:
        return json_answer(422, {"error": f"Request size too large, limit is {LIMIT}"})
    return json_answer(200, [action(account, crm_object, request, item) for item in items])


def _create(account: CopperAccount, crm_object: CustomerObject, request: Request, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return invalid("base", "must be an object").bulk_item()
    try:
        with account.store.savepoint():
            return shown(account, request, records.create(account, crm_object, item))
    except InvalidError as wrong:
        return wrong.bulk_item()


def _update(account: CopperAccount, crm_object: CustomerObject, request: Request, item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("id"), int):
        return invalid("id", "can't be blank", "blank").bulk_item()
    sent = {name: value for name, value in item.items() if name != "id"}
    try:
        with account.store.savepoint():
            return shown(account, request, records.update(account, crm_object, item["id"], sent))
    except InvalidError as wrong:
        failure = wrong.bulk_item()
    except NotFoundError:
        failure = invalid("id", "not found", "not_found").bulk_item()
    return {"id": item["id"], **failure}
