"""All routes of the emulated Copper."""

from __future__ import annotations

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
from crm_emulator.routing import Route


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
    return tuple(route for chapter in chapters for route in chapter.routes(account))
