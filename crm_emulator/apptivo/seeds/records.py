"""The makers of seeded records, one for each object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.apptivo.objects.catalog import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_emulator.apptivo.seeds.context import SeedContext
    from crm_emulator.messages import Record


def _common(context: SeedContext, name: str) -> Record:
    crm_object = BY_NAME[name]
    return {
        **context.choices(crm_object),
        **context.assignee(crm_object),
        "customAttributes": context.custom(crm_object),
        **context.stamps(),
    }


def customer(context: SeedContext, index: int) -> Record:
    """Make a customer."""
    company = int(context.random.random() * len(context.samples.companies))
    name = f"{context.samples.companies[company]} {index + 1}"
    details = context.contact_details(index, "cust", "office")
    return {
        "customerName": name,
        "website": f"https://{context.samples.domains[company]}.example",
        **details,
        **_common(context, "customers"),
    }


def contact(context: SeedContext, index: int) -> Record:
    """Make a contact of a customer."""
    return {
        **context.person(index, "contact"),
        "accountId": context.some_record("customers"),
        **_common(context, "contacts"),
    }


def lead(context: SeedContext, index: int) -> Record:
    """Make a lead."""
    company = {
        "companyName": context.pick(context.samples.companies),
        "potentialAmount": int(context.random.random() * 90_000),
    }
    return {**context.person(index, "lead"), **company, "currencyCode": "USD", **_common(context, "leads")}


def opportunity(context: SeedContext, index: int) -> Record:
    """Make an opportunity with a customer."""
    return {
        "opportunityName": f"{context.pick(context.samples.words)} {index + 1}",
        "amount": round(context.random.random() * 90_000, 2),
        "currencyCode": "USD",
        "closeDate": context.day(),
        "opportunityCustomerId": context.some_record("customers"),
        **_common(context, "opportunities"),
    }


def case(context: SeedContext, _index: int) -> Record:
    """Make a case of a customer."""
    about = {"caseCustomerId": context.some_record("customers"), "caseContactId": context.some_record("contacts")}
    return {
        "caseSummary": context.pick(context.samples.sentences),
        "description": context.pick(context.samples.sentences),
        "needByDate": context.day(),
        **about,
        **_common(context, "cases"),
    }


MAKERS: dict[str, Callable[[SeedContext, int], Record]] = {
    "customers": customer,
    "contacts": contact,
    "leads": lead,
    "opportunities": opportunity,
    "cases": case,
}
"""The makers in the order in which records are made, since later records belong to earlier ones."""
