"""Tags, counted from the records that carry them (reference sections 4.10, 5.6)."""

from __future__ import annotations

from functools import partial
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import invalid
from crm_emulator.copper.endpoints.base import endpoint
from crm_emulator.copper.objects.catalog import OBJECTS
from crm_emulator.messages import Request
from crm_emulator.routing import Route

_TAGGED = tuple(crm_object for crm_object in OBJECTS if "tags" in crm_object.writable)
_NAMES_AT_ONCE = 200


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the route of the only endpoint."""
    return (
        Route(
            "GET",
            "/tags",
            endpoint(partial(_tags, account)),
            "§5.6",
            f"with tag_names_only {_NAMES_AT_ONCE} names an answer (a guess)",
        ),
    )


def counts(account: CopperAccount) -> dict[str, dict[str, int]]:
    """Count the records of each object that carry each tag."""
    found: dict[str, dict[str, int]] = {}
    for crm_object in _TAGGED:
        for tag, count in account.store.key_counts(crm_object.table, "tag"):
            found.setdefault(tag, {})[f"count_{crm_object.name}"] = count
    return found


def _tags(account: CopperAccount, request: Request) -> list[Any]:
    sort_by = request.query.get("sort_by", "name")
    if sort_by not in {"name", "count"}:
        raise invalid("sort_by", f"Invalid value: {sort_by}")
    tags = [
        {"name": name, "count": sum(each.values())}
        | {f"count_{crm_object.name}": each.get(f"count_{crm_object.name}", 0) for crm_object in _TAGGED}
        for name, each in sorted(counts(account).items())
    ]
    if sort_by == "count":
        tags.sort(key=lambda tag: -tag["count"])  # type: ignore[operator]  # a count is an int
    if request.query.get("tag_names_only") != "true":
        return tags
    names = [tag["name"] for tag in tags]
    last = request.query.get("last_tag_value")
    after = names.index(last) + 1 if last in names else 0
    return names[after : after + _NAMES_AT_ONCE]
