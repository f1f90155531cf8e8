"""Contacts (reference sections 2 to 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.objects.account_links import account_named, embedded_accounts, settle_accounts
from crm_emulator.freshsales.objects.declaration import (
    ABSENT_IDS,
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
from crm_emulator.freshsales.objects.emails import email_keys, settle_emails
from crm_emulator.freshsales.values import WHOLE, EmailAddress, Emails, Reference, Structure, Text
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

_IDENTIFYING = ("first_name", "last_name", "email", "mobile_number")


def _keys(record: Record) -> Iterable[tuple[str, str]]:
    yield from email_keys(record)
    yield from custom_keys(record)
    for name in ("mobile_number", "external_id"):
        if record.get(name):
            yield (name, record[name].lower())
    for each in record.get("sales_accounts") or ():
        yield ("sales_account", str(each["id"]))


def complete(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a contact's own rules: addresses, accounts, lifecycle, required attributes."""
    settle_emails(account, record, old, sent)
    needed = account.switches.contact_requires
    if needed == "any" and not any(record.get(name) for name in _IDENTIFYING):
        raise InvalidError(["Contact needs a name, an email or a mobile number"])
    if needed != "any" and not record.get(needed):
        raise InvalidError([f"{'Email' if needed == 'email' else 'Last name'} can't be blank"])
    if "sales_accounts" in sent:
        record["sales_accounts"] = settle_accounts(account, record["sales_accounts"] or [])
    if record.get("sales_account"):
        found = account_named(account, record["sales_account"])
        others = [{**each, "is_primary": False} for each in record["sales_accounts"] if each["id"] != found]
        record["sales_accounts"] = [{"id": found, "is_primary": True}, *others]
    record["sales_account"] = None
    words = filter(None, (record["first_name"], record["last_name"]))
    record["display_name"] = " ".join(words) or record["email"] or record["mobile_number"]
    _settle_lifecycle(account, record, sent)


def _settle_lifecycle(account: FreshsalesAccount, record: Record, sent: Mapping[str, Any]) -> None:
    """Keep contact status and lifecycle stage in step; the first is the default (section 2)."""
    if "lifecycle_stage_id" not in record:
        return
    if sent.get("contact_status_id"):
        status = account.get("contact_statuses", record["contact_status_id"]) or {}
        if sent.get("lifecycle_stage_id") not in (None, status["lifecycle_stage_id"]):
            raise InvalidError(["Contact status does not belong to the lifecycle stage"])
        record["lifecycle_stage_id"] = status["lifecycle_stage_id"]
    elif sent.get("lifecycle_stage_id") or record["lifecycle_stage_id"] is None:
        stages = account.records("lifecycle_stages")
        stage = next((each for each in stages if each["id"] == record["lifecycle_stage_id"]), stages[0])
        record["lifecycle_stage_id"] = stage["id"]
        record["contact_status_id"] = next(iter(stage["contact_status_ids"]), None)


CONTACTS = Resource(
    name="contacts",
    singular="contact",
    model="Contact",
    writable={
        "first_name": Text(),
        "last_name": Text(),
        "sales_accounts": Structure(listed=True),
        "sales_account": Structure(),
        "email": EmailAddress(),
        "emails": Emails(),
        "mobile_number": Text(),
        "work_number": Text(),
        "external_id": Text(),
        **OWNED,
        "subscription_status": WHOLE,
        "subscription_types": Text(),
        "lifecycle_stage_id": Reference("lifecycle_stages"),
        "contact_status_id": Reference("contact_statuses"),
        **TAGGED,
        "job_title": Text(),
        "time_zone": Text(),
        **ADDRESS,
        **SOCIALS,
        "lead_source_id": Reference("lead_sources"),
        "campaign_id": Reference("campaigns"),
        "medium": Text(),
        "keyword": Text(),
    },
    kept={
        "display_name": None,
        "last_seen": None,
        "lead_score": 0,
        "open_deals_amount": "0.0",
        "open_deals_count": 0,
        "won_deals_amount": "0.0",
        "won_deals_count": 0,
        **CONTACTED,
        **KEPT,
        "customer_fit": 0,
        "whatsapp_subscription_status": 2,
        "sms_subscription_status": 2,
        "system_tags": [],
        **{
            f"{which}_{what}": None
            for which in ("first", "last", "latest")
            for what in ("campaign", "medium", "source")
        },
        "mcr_id": None,
        "phone_numbers": [],
        # Recorded as well, and not set by anything here (section 12).
        "work_email": None,
        "locale": None,
        "first_seen_chat": None,
        "last_seen_chat": None,
        "total_sessions": None,
        "unsubscription_reason": None,
        "other_unsubscription_reason": None,
    },
    unique={
        "email": "Email is not unique",
        "mobile_number": "MobileNumber is not unique",
        "external_id": "Contact is not unique",
    },
    identifiers=("emails", "email", "mobile_number", "external_id"),
    columns=(
        *STAMPS,
        OWNER,
        Column("display_name", "display_name"),
        Column("name", "display_name"),
        *texts("first_name", "last_name", "email", "mobile_number", "work_number", "job_title", "city", "country"),
        *texts("external_id", "last_contacted"),
        *integers("lead_score", "contact_status_id", "lifecycle_stage_id", "territory_id"),
    ),
    keys=_keys,
    labels={
        "sales_accounts": "Accounts",
        "emails": "Emails",
        "mobile_number": "Mobile",
        "work_number": "Work",
        "external_id": "External ID",
        "owner_id": "Sales owner",
        "contact_status_id": "Status",
        "lead_source_id": "Source",
        "linkedin": "LinkedIn",
    },
    views=recycle_bin(
        View("My Contacts", "owner_id = :owner"),
        View("New Contacts", "created_at >= :recent"),
        View("All Contacts"),
        View("Recently Modified", "updated_at >= :recent"),
        View("Recently Imported", "0"),
        View("Never Contacted", "last_contacted IS NULL"),
    ),
    embedded={"sales_accounts": ("sales_accounts", embedded_accounts)},
    side_loaded={
        **SIDE_LOADED_PEOPLE,
        "territory": ("territory_id", "territories"),
        "lead_source": ("lead_source_id", "lead_sources"),
        "source": ("lead_source_id", "lead_sources"),
        "campaign": ("campaign_id", "campaigns"),
        "contact_status": ("contact_status_id", "contact_statuses"),
        "lifecycle_stage": ("lifecycle_stage_id", "lifecycle_stages"),
    },
    hidden=frozenset({"sales_accounts", "sales_account"}),
    absent_ids=ABSENT_IDS | {"lifecycle_stage_id", "contact_status_id"},
    first_id=31_016_358_306,
    has_custom_fields=True,
    complete=complete,
)

_OF_SUITE = {"lifecycle_stage_id", "contact_status_id"}

CLASSIC_CONTACTS = replace(
    CONTACTS,
    writable={name: kind for name, kind in CONTACTS.writable.items() if name not in _OF_SUITE},
    columns=tuple(column for column in CONTACTS.columns if column.name not in _OF_SUITE),
    side_loaded={name: held for name, held in CONTACTS.side_loaded.items() if held[0] not in _OF_SUITE},
)
"""Contacts without lifecycle stages, as Classic has them."""
