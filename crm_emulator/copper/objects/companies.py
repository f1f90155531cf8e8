"""Companies (reference section 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.answers import InvalidError
from crm_emulator.copper.filters import Ids, Listed, Words
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import PHONES, SOCIALS, WEBSITES, Address, Reference, Tags, Text
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

_INTERACTION = declaration.last_interaction("company", "companies")
_CONTACT = "(SELECT p.{} FROM copper_people AS p WHERE p.id = copper_companies.primary_contact_id)"


def complete(account: CopperAccount, record: Record, old: Record | None, _sent: Mapping[str, Any]) -> None:
    """Refuse an e-mail domain that another company has (section 6.2: Uniqueness; the text was never seen)."""
    domain = record["email_domain"]
    if domain and set(account.holders("companies", "domain", domain.lower())) - {record["id"]}:
        raise InvalidError([("email_domain", f"{domain} has already been taken", "taken")])
    if old is not None and old["name"] != record["name"]:
        account.rename_company(record["id"], record["name"])


def company_keys(record: Record) -> list[tuple[str, str]]:
    """Return a company's keys: tags and the domain."""
    keys = [("tag", tag) for tag in record["tags"]]
    return [*keys, ("domain", record["email_domain"].lower())] if record["email_domain"] else keys


COMPANIES = CustomerObject(
    name="companies",
    singular="company",
    writable={
        "name": Text(255),
        "address": Address(),
        "assignee_id": Reference("users"),
        "contact_type_id": Reference("contact_types"),
        "details": Text(),
        "email_domain": Text(255),
        "phone_numbers": PHONES,
        "primary_contact_id": Reference("people"),
        "socials": SOCIALS,
        "tags": Tags(),
        "websites": WEBSITES,
    },
    required=("name",),
    kept={"interaction_count": 0, "date_created": None, "date_modified": None},
    table=declaration.table(
        "companies",
        declaration.NAME,
        *declaration.STAMPS,
        *declaration.ADDRESS_COLUMNS,
        *declaration.CONTACT_COLUMNS,
        Column("primary_website", "websites.0.url"),
        Column("email_domain", "email_domain"),
        *declaration.integers("assignee_id", "contact_type_id", "primary_contact_id", "interaction_count"),
        keys=company_keys,
    ),
    filters={
        **declaration.COMMON_FILTERS,
        **declaration.ADDRESS_FILTERS,
        "email_domains": Words("email_domain"),
        "contact_type_ids": Ids("contact_type_id"),
        "primary_contact_ids": Ids("primary_contact_id"),
        "socials": Listed("socials", "url"),
        **declaration.bounds(interaction_date=_INTERACTION),
    },
    sorts={
        **{word: word for word in ("name", "email_domain", "interaction_count", "primary_website")},
        "contact": _CONTACT.format("name"),
        "contact_first_name": _CONTACT.format("first_name"),
        "contact_last_name": _CONTACT.format("last_name"),
        **declaration.SORT_STAMPS,
        **declaration.SORT_ADDRESS,
        "assignee": "assignee_id",
        "contact_group": "contact_type_id",
        "last_interaction": _INTERACTION,
    },
    default_sort="date_modified",
    bulk=frozenset({"create", "update"}),
    complete=complete,
)
