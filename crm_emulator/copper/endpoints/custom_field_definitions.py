"""Custom field definitions (reference section 4.10)."""

from __future__ import annotations

from functools import partial
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotFoundError, unrecognized
from crm_emulator.copper.custom_fields import AVAILABLE_ON, DATA_TYPES, empty_value
from crm_emulator.copper.endpoints.base import endpoint, record_id, sent_object, unknown_names
from crm_emulator.copper.objects.catalog import BY_SINGULAR
from crm_emulator.messages import Record, Request
from crm_emulator.routing import Route

_OBJECT = "custom_field_definitions"
_WRITABLE = ("name", "data_type", "available_on", "is_filterable", "currency", "options")
_READ_ONLY = ("id", "connected_id")
_FEWEST_OPTIONS = {"Dropdown": 1, "MultiSelect": 2}


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes of the five endpoints."""
    at = partial(partial, account=account)
    return (
        Route("GET", f"/{_OBJECT}", endpoint(at(_all)), "§4.10"),
        Route("GET", f"/{_OBJECT}/{{id}}", endpoint(at(_fetch)), "§4.10"),
        Route("POST", f"/{_OBJECT}", endpoint(at(_create)), "§4.10", writes=True),
        Route(
            "PUT",
            f"/{_OBJECT}/{{id}}",
            endpoint(at(_update)),
            "§4.10",
            "options are replaced with new ids; values that held the old ones stay",
            writes=True,
        ),
        Route("DELETE", f"/{_OBJECT}/{{id}}", endpoint(at(_delete)), "§4.10", writes=True),
    )


def _all(_request: Request, account: CopperAccount) -> list[Record]:
    return account.records(_OBJECT)


def _fetch(request: Request, account: CopperAccount) -> Record:
    record = account.get(_OBJECT, record_id(request))
    if record is None:
        raise NotFoundError
    return record


def _create(request: Request, account: CopperAccount) -> Record:
    return create_definition(account, sent_object(request))


def create_definition(account: CopperAccount, sent: Any) -> Record:
    """Create a definition, with an empty value on every record that is already there; raises InvalidError.

    Past the API, a Connect field may name the other one of its pair, which is there already (section 10).
    """
    problems = _problems(account, sent, {})
    if not account.direct and sent.get("data_type") == "Connect":
        problems.append(("data_type", "is not included in the list", "inclusion"))  # not in the create enum
    if problems:
        raise InvalidError(problems)
    record = _with_options(
        account, {"id": account.new_id(_OBJECT), **_read(sent, {})}
    )  # no canonical_name (section 10)
    if account.direct and (other := account.get(_OBJECT, sent.get("connected_id") or 0)) is not None:
        record["connected_id"] = other["id"]
        account.put(_OBJECT, {**other, "connected_id": record["id"]})
    account.put(_OBJECT, record)
    for singular in record["available_on"]:
        _add_to_records(account, singular, record)
    return record


def _read(sent: Any, old: Record) -> Record:
    kept = {"name": None, "data_type": None, "available_on": [], "is_filterable": False, **old}
    return {**kept, **{name: sent[name] for name in _WRITABLE if name in sent}}


def _problems(account: CopperAccount, sent: Any, old: Record) -> list[tuple[str, str, str]]:
    problems = []
    unknown = unknown_names(account, sent, (*_WRITABLE, "connected_id") if account.direct else _WRITABLE, _READ_ONLY)
    if unknown:
        problems.append(unrecognized(unknown))
    record = _read(sent, old)
    if not record["name"]:
        problems.append(("name", "can't be blank", "blank"))
    data_type, available_on = record["data_type"], record["available_on"]
    if not isinstance(data_type, str) or data_type not in DATA_TYPES:
        problems.append(("data_type", "is not included in the list", "inclusion"))
    if old and data_type != old["data_type"]:
        problems.append(("data_type", "cannot be changed", "invalid"))
    if not isinstance(available_on, list) or not all(each in AVAILABLE_ON for each in available_on):
        problems.append(("available_on", f"must be an array of: {', '.join(AVAILABLE_ON)}", "invalid"))
    options = record.get("options") or []
    if not isinstance(options, list) or not all(isinstance(each, dict) and each.get("name") for each in options):
        problems.append(("options", "must be objects of name", "invalid"))
    elif len(options) < (fewest := _FEWEST_OPTIONS.get(str(data_type), 0)):
        problems.append(("options", f"is too short (minimum is {fewest})", "too_short"))
    return problems


def _with_options(account: CopperAccount, record: Record) -> Record:
    if record["data_type"] in _FEWEST_OPTIONS:
        record["options"] = [
            {"id": account.new_id("custom_field_options"), "name": option["name"], "rank": rank}
            for rank, option in enumerate(record["options"])
        ]
    else:
        record.pop("options", None)
    if record["data_type"] == "Currency":
        record.setdefault("currency", account.currency)
    return record


def _update(request: Request, account: CopperAccount) -> Record:
    old = _fetch(request, account)
    sent = sent_object(request)
    problems = _problems(account, sent, old)
    if problems:
        raise InvalidError(problems)
    record = _read(sent, old)
    if "options" in sent:
        record = _with_options(account, record)
    account.put(_OBJECT, record)
    for singular in set(record["available_on"]) - set(old["available_on"]):
        _add_to_records(account, singular, record)
    for singular in set(old["available_on"]) - set(record["available_on"]):
        _take_from_records(account, singular, record["id"])
    return record


def _delete(request: Request, account: CopperAccount) -> dict[str, Any]:
    record = _fetch(request, account)
    account.remove(_OBJECT, record["id"])
    for singular in record["available_on"]:
        _take_from_records(account, singular, record["id"])
    return {"id": record["id"], "is_deleted": True}


def _add_to_records(account: CopperAccount, singular: str, definition: Record) -> None:
    field = {"custom_field_definition_id": definition["id"], "value": empty_value(definition)}
    account.store.rewrite(BY_SINGULAR[singular].table, lambda record: record["custom_fields"].append(dict(field)))


def _take_from_records(account: CopperAccount, singular: str, definition_id: int) -> None:
    def take(record: Record) -> None:
        record["custom_fields"] = [
            each for each in record["custom_fields"] if each["custom_field_definition_id"] != definition_id
        ]

    account.store.rewrite(BY_SINGULAR[singular].table, take)
