"""The registry of webhooks (reference section 3.8); see notifications for what they send."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotAllowedError, NotFoundError, unrecognized
from crm_emulator.copper.endpoints.base import endpoint, record_id, sent_object, unknown_names
from crm_emulator.copper.targets import is_target
from crm_emulator.messages import Record, Request
from crm_emulator.routing import Route

MOST = 100
FIRST = {
    "target": None,
    "type": None,
    "event": None,
    "secret": None,
    "headers": None,
    "custom_field_computed_values": False,
}
_READ_ONLY = ("id", "created_at")
_TYPES = ("lead", "person", "company", "opportunity", "project", "task", "activity_log")
_EVENTS = ("new", "update", "delete")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+: [\t\x20-\x7e\xa0-\xff]*")
_FIRE = "the form of changed custom fields, and that a conversion tells nothing of its lead, are guesses"


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes of the five endpoints."""
    at = partial(partial, account=account)
    return (
        Route("GET", "/webhooks", endpoint(at(_all)), "§3.8"),
        Route("GET", "/webhooks/{id}", endpoint(at(_one)), "§3.8"),
        Route("POST", "/webhooks", endpoint(at(_create)), "§3.8, §10", _FIRE, writes=True),
        Route("PUT", "/webhooks/{id}", endpoint(at(_update)), "§3.8", "no page shows an update (§10)", writes=True),
        Route("DELETE", "/webhooks/{id}", endpoint(at(_delete)), "§3.8", writes=True),
    )


def _all(_request: Request, account: CopperAccount) -> list[Record]:
    return account.records("webhooks")


def _one(request: Request, account: CopperAccount) -> Record:
    webhook = account.get("webhooks", record_id(request))
    if webhook is None:
        raise NotFoundError
    return webhook


def _create(request: Request, account: CopperAccount) -> Record:
    if len(account.records("webhooks")) >= MOST:
        raise NotAllowedError(422, f"Invalid request: no more than {MOST} webhooks")
    record = _checked(account, sent_object(request), FIRST)
    webhook = {"id": account.new_id("webhooks"), **record, "created_at": account.clock.seconds()}
    account.put("webhooks", webhook)
    return webhook


def _update(request: Request, account: CopperAccount) -> Record:
    webhook = _checked(account, sent_object(request), _one(request, account))
    account.put("webhooks", webhook)
    return webhook


def _delete(request: Request, account: CopperAccount) -> dict[str, Any]:
    webhook = _one(request, account)
    account.remove("webhooks", webhook["id"])
    return {"id": webhook["id"]}


def _checked(account: CopperAccount, sent: Any, old: Record) -> Record:
    record = {**old, **{name: value for name, value in sent.items() if name in FIRST}}
    problems = []
    unknown = unknown_names(account, sent, FIRST, _READ_ONLY)
    if unknown:
        problems.append(unrecognized(unknown))
    for name, words in (("type", _TYPES), ("event", _EVENTS)):
        if not record[name]:
            problems.append((name, "can't be blank", "blank"))
        elif record[name] not in words:
            problems.append((name, "is not included in the list", "inclusion"))
    if not record["target"] and "url" not in unknown:  # so recorded: an unknown url is the only word about it
        problems.append(("target", "can't be blank", "blank"))
    elif record["target"] and not is_target(record["target"], account.switches):
        problems.append(("target", "must be an https URL", "invalid"))
    problems += _problems_of_what_is_sent_along(record)
    if problems:
        raise InvalidError(problems)
    return record


def _problems_of_what_is_sent_along(record: Record) -> list[tuple[str, str, str]]:
    """Return what is wrong with a webhook's secret and headers; how Copper says it is not known."""
    problems = []
    secret, headers = record["secret"], record["headers"]
    if not (secret is None or isinstance(secret, dict)):
        problems.append(("secret", "must be an object", "invalid"))
    if not (headers is None or isinstance(headers, dict)):
        problems.append(("headers", "must be an object", "invalid"))
    elif any(not _HEADER.fullmatch(f"{name}: {value}") for name, value in (headers or {}).items()):
        problems.append(("headers", "must be HTTP headers", "invalid"))
    if not isinstance(record["custom_field_computed_values"], bool):
        problems.append(("custom_field_computed_values", "must be true or false", "invalid"))
    return problems
