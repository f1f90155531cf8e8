"""Leads, which only Classic has (reference sections 2, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.objects.contacts import CONTACTS
from crm_emulator.freshsales.objects.declaration import (
    ABSENT_IDS,
    Resource,
    View,
    custom_keys,
    integers,
    recycle_bin,
    texts,
)
from crm_emulator.freshsales.objects.emails import email_keys, settle_emails
from crm_emulator.freshsales.values import Flag, Reference, Structure, Text
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

_OF_SUITE = {"lifecycle_stage_id", "contact_status_id", "sales_accounts", "sales_account"}


def _keys(record: Record) -> Iterable[tuple[str, str]]:
    yield from email_keys(record)
    yield from custom_keys(record)
    for name in ("mobile_number", "external_id"):
        if record.get(name):
            yield (name, record[name].lower())


def complete(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a lead's own rules: addresses, name, stage."""
    settle_emails(account, record, old, sent)
    words = filter(None, (record["first_name"], record["last_name"]))
    record["display_name"] = " ".join(words) or record["email"]
    if record["lead_stage_id"] is None:
        record["lead_stage_id"] = account.records("lead_stages")[0]["id"]


LEADS = Resource(
    name="leads",
    singular="lead",
    model="Lead",
    writable={
        **{name: kind for name, kind in CONTACTS.writable.items() if name not in _OF_SUITE},
        "company": Structure(),
        "deal": Structure(),
        "lead_stage_id": Reference("lead_stages"),
        "lead_reason_id": Reference("lead_reasons"),
        "do_not_disturb": Flag(),
        "department": Text(),
    },
    required=("last_name",),
    kept={name: first for name, first in CONTACTS.kept.items() if not name.startswith(("open_deals", "won_deals"))},
    identifiers=CONTACTS.identifiers,
    columns=(
        *(column for column in CONTACTS.columns if column.name not in _OF_SUITE),
        *texts("department"),
        *integers("lead_stage_id"),
        Column("company_name", "company.name"),
    ),
    keys=_keys,
    labels=CONTACTS.labels,
    views=recycle_bin(
        View("My Leads", "owner_id = :owner"),
        View("New Leads", "created_at >= :recent"),
        View("All Leads"),
        View("Recently Modified", "updated_at >= :recent"),
        View("Never Contacted", "last_contacted IS NULL"),
    ),
    side_loaded={
        **{name: held for name, held in CONTACTS.side_loaded.items() if held[0] not in _OF_SUITE},
        "lead_stage": ("lead_stage_id", "lead_stages"),
        "lead_reason": ("lead_reason_id", "lead_reasons"),
    },
    # A recorded lead holds no id but its own (section 12).
    absent_ids=ABSENT_IDS | {"lead_stage_id", "lead_reason_id", "record_type_id"},
    first_id=2_001_483_001,
    has_custom_fields=True,
    complete=complete,
)
