"""The tables of an account: its records, its picklists, its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.freshsales.selectors import CLASSIC_ONLY, SELECTORS, SUITE_ONLY
from crm_emulator.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.objects.declaration import Resource


def account_tables(vendor: str, resources: Mapping[str, Resource]) -> dict[str, Table]:
    """Return the tables of an account, by object: its resources, its selectors, its settings."""
    tables = {
        resource.name: Table(f"{vendor}_{resource.name}", resource.columns, resource.keys, resource.first_id)
        for resource in resources.values()
    }
    missing = SUITE_ONLY if "leads" in resources else CLASSIC_ONLY
    for selector in SELECTORS.values():
        if selector.name in missing:
            continue
        tables[selector.name] = Table(f"{vendor}_{selector.name}", first_id=selector.first_id)
    tables["field_settings"] = Table(
        f"{vendor}_field_settings", (Column("resource", "resource"),), first_id=31_004_100_001
    )
    tables["job_statuses"] = Table(
        f"{vendor}_job_statuses",
        (Column("status", "status"), Column("waiting", "waiting", "INTEGER", stored=True)),
        first_id=8_101,
    )
    tables["lists"] = Table(f"{vendor}_lists", (Column("name", "name"),), first_id=31_000_036_946)
    tables["module_customizations"] = Table(f"{vendor}_module_customizations", first_id=31_000_004_001)
    return tables
