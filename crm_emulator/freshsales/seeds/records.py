"""The makers of seeded records, one for each resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.freshsales.seeds.context import SPAN_SECONDS, UNTIL, iso
from crm_emulator.freshsales.seeds.settings import MODULE, TIERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_emulator.freshsales.seeds.context import SeedContext
    from crm_emulator.messages import Record


def _person(context: SeedContext, index: int) -> Record:
    first, last = (
        context.pick(context.samples.first_names),
        int(context.random.random() * len(context.samples.last_names)),
    )
    return {
        "first_name": first,
        "last_name": context.samples.last_names[last],
        "emails": f"{context.samples.handles[last]}.{index + 1}@{context.pick(context.samples.domains)}.example",
        "mobile_number": f"+1 202 555 {index:04d}",
        "job_title": context.pick(context.samples.titles),
        "owner_id": context.list_item("owners"),
        "lead_source_id": context.list_item("lead_sources"),
        "lead_score": int(context.random.random() * 100),
        **context.address(),
        **context.stamps(),
    }


def contact(context: SeedContext, index: int) -> Record:
    """Make a contact; most of them belong to an account."""
    account_id = context.some_record("sales_accounts") if context.chance() else None
    custom = {
        "cf_customer_no": f"C-{index + 1:05d}",
        "cf_loyalty_tier": context.pick(TIERS),
        "cf_newsletter": context.chance(0.5),
    }
    return {
        **_person(context, index),
        "external_id": f"crm-{index + 1:05d}",
        "sales_accounts": [{"id": account_id, "is_primary": True}] if account_id else [],
        "tags": [context.pick(("customer", "prospect", "à rappeler"))] if context.chance(0.4) else [],
        "last_contacted": iso(UNTIL - int(context.random.random() * SPAN_SECONDS)) if context.chance(0.5) else None,
        "custom_field": custom,
    }


def sales_account(context: SeedContext, index: int) -> Record:
    """Make a sales account."""
    company = int(context.random.random() * len(context.samples.companies))
    return {
        "name": f"{context.samples.companies[company]} {index + 1}",
        "website": f"https://{context.samples.domains[company]}.example",
        "phone": context.pick(context.samples.phones),
        "industry_type_id": context.list_item("industry_types"),
        "business_type_id": context.list_item("business_types"),
        "number_of_employees": context.pick((11, 51, 201, 501)),
        "annual_revenue": int(context.random.random() * 5_000_000),
        "owner_id": context.list_item("owners"),
        "custom_field": {"cf_account_no": f"A-{index + 1:05d}", "cf_segment": "Mid-Market"},
        **context.address(),
        **context.stamps(),
    }


def deal(context: SeedContext, index: int) -> Record:
    """Make a deal of an account and a contact."""
    contact_id = context.some_record("contacts")
    return {
        "name": f"{context.pick(context.samples.words)} {index + 1}",
        "amount": round(context.random.random() * 90_000, 2),
        "sales_account_id": context.some_record("sales_accounts"),
        "contacts_added_list": [contact_id] if contact_id else [],
        "deal_stage_id": context.list_item("deal_stages"),
        "expected_close": iso(UNTIL + int(context.random.random() * 10_000_000))[:10],
        "owner_id": context.list_item("owners"),
        "custom_field": {"cf_external_ref": f"D-{index + 1:05d}"},
        **context.stamps(),
    }


def lead(context: SeedContext, index: int) -> Record:
    """Make a lead; most of them have a company."""
    company = {"name": context.pick(context.samples.companies)} if context.chance() else None
    custom = {"cf_lead_no": f"L-{index + 1:05d}", "cf_budget": int(context.random.random() * 50_000)}
    return {
        **_person(context, index),
        "company": company,
        "lead_stage_id": context.list_item("lead_stages"),
        "custom_field": custom,
    }


def note(context: SeedContext, _index: int) -> Record:
    """Make a note."""
    return {"description": context.pick(context.samples.sentences), **context.target(), **context.stamps()}


def task(context: SeedContext, _index: int) -> Record:
    """Make a task."""
    due = iso(UNTIL + int((context.random.random() - 0.5) * 5_000_000))
    title = f"Call {context.pick(context.samples.last_names)}"
    status = 1 if context.chance(0.4) else 0
    return {"title": title, "due_date": due, "status": status, **context.target(), **context.stamps()}


def appointment(context: SeedContext, _index: int) -> Record:
    """Make an appointment of an hour."""
    begins = UNTIL + int((context.random.random() - 0.5) * 5_000_000)
    span = {"from_date": iso(begins), "end_date": iso(begins + 3_600), "time_zone": "UTC"}
    return {"title": f"Meet {context.pick(context.samples.last_names)}", **span, **context.target(), **context.stamps()}


def sales_activity(context: SeedContext, _index: int) -> Record:
    """Make a sales activity of half an hour."""
    begins = UNTIL - int(context.random.random() * SPAN_SECONDS)
    span = {"start_date": iso(begins), "end_date": iso(begins + 1_800)}
    kind = context.list_item("sales_activity_types")
    return {
        "title": context.pick(context.samples.words),
        "sales_activity_type_id": kind,
        **span,
        **context.target(),
        **context.stamps(),
    }


def product(context: SeedContext, index: int) -> Record:
    """Make a product with one price."""
    price = {"currency_code": "USD", "unit_price": round(context.random.random() * 900 + 10, 2)}
    code = {"product_code": f"P-{index + 1:04d}", "sku_number": f"SKU-{index + 1:06d}", "category": "Software"}
    words = context.pick(context.samples.words)
    return {
        "name": f"{words} {index + 1}",
        **code,
        "pricing_type": 1,
        "product_pricings": [price],
        "is_active": True,
        **context.stamps(),
    }


def subscription(context: SeedContext, index: int) -> Record:
    """Make a record of the custom module."""
    custom = {"cf_contract_no": f"S-{index + 1:04d}", "cf_seats": 1 + int(context.random.random() * 200)}
    return {"name": f"Subscription {index + 1}", "custom_field": custom, **context.stamps()}


MAKERS: dict[str, Callable[[SeedContext, int], Record]] = {
    "sales_accounts": sales_account,
    "contacts": contact,
    "deals": deal,
    "leads": lead,
    "products": product,
    "notes": note,
    "tasks": task,
    "appointments": appointment,
    "sales_activities": sales_activity,
    "custom_records": subscription,
}
"""The makers in the order in which records are made, since later records belong to earlier ones."""

ENTITIES = {"custom_records": MODULE}
