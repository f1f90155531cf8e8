"""Seeded companies, people and leads."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from crm_emulator.copper.objects.leads import CONVERTED
from crm_emulator.copper.seeds.context import CONVERTED_SHARE, SeedContext
from crm_emulator.messages import Record


def company_name(context: SeedContext, index: int) -> tuple[str, str]:
    """Return the name and domain of a company by its index: both are unique."""
    names, domains = context.samples.companies, context.samples.domains
    round_, which = divmod(index, len(names))
    if round_ == 0:
        return names[which], f"{domains[which]}.example"
    return f"{names[which]} {round_ + 1}", f"{domains[which]}-{round_ + 1}.example"


def companies(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make companies; one in twenty has no domain."""
    draw = random.random
    people = context.sizes.get("people", 0)
    for index in range(size):
        record_id = context.first_id + index
        name, domain = company_name(context, index)
        created, modified = context.stamps(random)
        # People come in the order of their companies, so the first of each is known (see people()).
        contact = context.first_id + index if index < people and draw() < 0.6 else None  # noqa: PLR2004 - a part
        record = {
            "id": record_id,
            "name": name,
            "address": context.address(random),
            "assignee_id": context.one_of(random, "users"),
            "contact_type_id": context.one_of(random, "contact_types"),
            "details": context.pick(random, context.samples.sentences) if draw() < 0.5 else None,  # noqa: PLR2004 - half
            "email_domain": domain if index % 20 != 19 else None,  # noqa: PLR2004 - the last of each twenty
            "phone_numbers": _phones(context, random, "work"),
            "primary_contact_id": contact,
            "socials": [],
            "tags": context.tags(random),
            "websites": [{"url": f"https://www.{domain}", "category": "work" if draw() < 0.8 else None}],  # noqa: PLR2004 - 2.1
            "interaction_count": context.contacted("companies", index)[0],
            "date_created": created,
            "date_modified": modified,
            "custom_fields": context.custom_fields("companies", random, record_id),
        }
        yield record, 0


def people(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make people, most of them of a company, each with e-mails of their own."""
    draw, pick = random.random, context.pick
    company_count = context.sizes.get("companies", 0)
    for index in range(size):
        record_id = context.first_id + index
        company = index % company_count if company_count and (index < company_count or draw() < 0.7) else None  # noqa: PLR2004 - most
        company_called, domain = company_name(context, company) if company is not None else (None, "mail.example")
        which = int(draw() * len(context.samples.last_names))
        first, last = pick(random, context.samples.first_names), context.samples.last_names[which]
        handle = context.samples.handles[which]
        emails = [{"email": f"{handle}.{index}@{domain}", "category": "work"}] if draw() < 0.93 else []  # noqa: PLR2004 - most
        if draw() < 0.15:  # noqa: PLR2004 - some have two
            emails.append({"email": f"{handle}{index}@home.example", "category": "personal"})
        created, modified = context.stamps(random)
        count, contacted = context.contacted("people", index)
        was_lead = draw() < CONVERTED_SHARE
        record = {
            "id": record_id,
            "name": f"{first} {last}",
            "prefix": None,
            "first_name": first,
            "middle_name": None,
            "last_name": last,
            "suffix": None,
            "address": context.address(random),
            "assignee_id": context.one_of(random, "users"),
            "company_id": None if company is None else context.first_id + company,
            "company_name": company_called,
            "contact_type_id": pick(random, context.lists["contact_types"]),
            "details": pick(random, context.samples.sentences) if draw() < 0.4 else None,  # noqa: PLR2004 - a part
            "emails": emails,
            "phone_numbers": _phones(context, random, "mobile"),
            "socials": [{"url": f"https://www.linkedin.com/in/{handle}-{index}", "category": "linkedin"}]
            if draw() < 0.3  # noqa: PLR2004 - a part
            else [],
            "tags": context.tags(random),
            "title": pick(random, context.samples.titles) if draw() < 0.7 else None,  # noqa: PLR2004 - most
            "websites": [],
            "date_created": created,
            "date_modified": modified,
            "date_last_contacted": contacted,
            "interaction_count": count,
            "leads_converted_from": [{"lead_id": 1_000_000 + index, "converted_timestamp": created}]
            if was_lead
            else [],
            "date_lead_created": created - 86_400 if was_lead else None,
            "custom_fields": context.custom_fields("people", random, record_id),
        }
        yield record, 0


def leads(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make leads, some of them converted, with e-mails that are not unique."""
    draw, pick = random.random, context.pick
    labels = {status["id"]: status["name"] for status in context.records["lead_statuses"]}
    for index in range(size):
        record_id = context.first_id + index
        which = int(draw() * len(context.samples.last_names))
        first, last = pick(random, context.samples.first_names), context.samples.last_names[which]
        address = f"{context.samples.handles[which]}.{index // 2 * 2 if draw() < 0.1 else index}@leads.example"  # noqa: PLR2004 - some are shared
        created, modified = context.stamps(random)
        count, contacted = context.contacted("leads", index)
        status = pick(random, context.lists["lead_statuses"])
        value = round(draw() * 20_000, 2) if draw() < 0.6 else None  # noqa: PLR2004 - a part
        converted = index in context.converted
        record = {
            "id": record_id,
            "name": f"{first} {last}",
            "prefix": None,
            "first_name": first,
            "middle_name": None,
            "last_name": last,
            "suffix": None,
            "address": context.address(random),
            "assignee_id": context.one_of(random, "users"),
            "company_name": pick(random, context.samples.companies) if draw() < 0.8 else None,  # noqa: PLR2004 - most
            "customer_source_id": context.one_of(random, "customer_sources", 0.7),
            "details": pick(random, context.samples.sentences) if draw() < 0.4 else None,  # noqa: PLR2004 - a part
            "email": {"email": address, "category": "work"} if draw() < 0.9 else None,  # noqa: PLR2004 - most
            "monetary_unit": "USD" if value is not None else None,
            "monetary_value": value,
            "socials": [],
            "status": labels[status],
            "status_id": status,
            "tags": context.tags(random),
            "title": pick(random, context.samples.titles) if draw() < 0.7 else None,  # noqa: PLR2004 - most
            "websites": [],
            "phone_numbers": _phones(context, random, "work"),
            "interaction_count": count,
            **context.converted_money(value, index),
            "date_created": created,
            "date_modified": modified,
            "date_last_contacted": contacted,
            "converted_contact_id": context.record_id(random, "people", 1.0) if converted else None,
            "converted_opportunity_id": None,
            "converted_at": modified if converted else None,
            "custom_fields": context.custom_fields("leads", random, record_id),
        }
        yield record, CONVERTED if converted else 0


def _phones(context: SeedContext, random: Random, category: str) -> list[dict[str, str]]:
    if random.random() < 0.3:  # noqa: PLR2004 - some have none
        return []
    return [{"number": context.pick(random, context.samples.phones), "category": category}]
