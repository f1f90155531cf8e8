"""Sales accounts: the companies (reference sections 2 to 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.freshsales.objects.declaration import (
    ADDRESS,
    CONTACTED,
    KEPT,
    OWNED,
    OWNER,
    SIDE_LOADED_PEOPLE,
    SOCIALS,
    STAMPS,
    TAGGED,
    Resource,
    View,
    custom_keys,
    integers,
    recycle_bin,
    texts,
)
from crm_emulator.freshsales.values import WHOLE, Number, Reference, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_emulator.messages import Record


def _keys(record: Record) -> Iterable[tuple[str, str]]:
    yield ("name", record["name"].lower())
    yield from custom_keys(record)


SALES_ACCOUNTS = Resource(
    name="sales_accounts",
    singular="sales_account",
    model="SalesAccount",
    writable={
        "name": Text(),
        "website": Text(),
        "phone": Text(),
        **OWNED,
        "number_of_employees": WHOLE,
        "annual_revenue": Number(),
        **TAGGED,
        "industry_type_id": Reference("industry_types"),
        "business_type_id": Reference("business_types"),
        **ADDRESS,
        **SOCIALS,
        "parent_sales_account_id": Reference("sales_accounts", "auto_complete"),
    },
    required=("name",),
    kept={
        "open_deals_amount": "0.0",
        "open_deals_count": 0,
        "won_deals_amount": "0.0",
        "won_deals_count": 0,
        **CONTACTED,
        **KEPT,
    },
    unique={"name": "Name has already been taken"},
    identifiers=("name",),
    columns=(
        *STAMPS,
        OWNER,
        *texts("name", "website", "phone", "city", "country", "last_contacted"),
        *integers(
            "industry_type_id", "business_type_id", "parent_sales_account_id", "number_of_employees", "territory_id"
        ),
    ),
    keys=_keys,
    labels={"owner_id": "Sales owner", "linkedin": "LinkedIn", "parent_sales_account_id": "Parent account"},
    views=recycle_bin(
        View("My Accounts", "owner_id = :owner"),
        View("New Accounts", "created_at >= :recent"),
        View("All Accounts"),
        View("Recently Modified", "updated_at >= :recent"),
        View("Recently Imported", "0"),
        View("Never Contacted", "last_contacted IS NULL"),
    ),
    side_loaded={
        **SIDE_LOADED_PEOPLE,
        "territory": ("territory_id", "territories"),
        "industry_type": ("industry_type_id", "industry_types"),
        "business_type": ("business_type_id", "business_types"),
    },
    # A recorded account holds owner_id and parent_sales_account_id (section 12).
    absent_ids=frozenset(
        {"territory_id", "industry_type_id", "business_type_id", "creater_id", "updater_id", "record_type_id"}
    ),
    first_id=31_003_638_274,
    has_custom_fields=True,
)
