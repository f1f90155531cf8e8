"""All routes of the emulated Copper."""

from __future__ import annotations

from dataclasses import replace

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.endpoints import (
    bulk,
    custom_field_definitions,
    field_layouts,
    files,
    leads,
    people,
    records,
    related_items,
    related_links,
    settings,
    tags,
    webhooks,
)
from crm_emulator.messages import Answer, Request
from crm_emulator.routing import Route

_NO_CONTENT = 204


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes, chapter by chapter."""
    chapters = (
        records,
        bulk,
        leads,
        people,
        related_items,
        files,
        settings,
        tags,
        custom_field_definitions,
        related_links,
        field_layouts,
        webhooks,
    )
    return tuple(_lists(account, route) for chapter in chapters for route in chapter.routes(account))


def _lists(account: CopperAccount, route: Route) -> Route:
    """Make a GET answer an empty list as ``Switches.empty_lists`` says (section 10)."""
    if route.method != "GET":
        return route

    def answer(request: Request) -> Answer:
        whole = route.endpoint(request)
        if whole.body != b"[]" or account.switches.empty_lists == "array":
            return whole
        return Answer(_NO_CONTENT if account.switches.empty_lists == "no_content" else whole.status)

    return replace(route, endpoint=answer)
