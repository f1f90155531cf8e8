"""Deals: their stages, accounts, contacts and products (reference sections 2 to 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.objects.account_links import account_named
from crm_emulator.freshsales.objects.declaration import (
    ABSENT_IDS,
    KEPT,
    OWNED,
    OWNER,
    SIDE_LOADED_PEOPLE,
    STAMPS,
    TAGGED,
    Resource,
    View,
    custom_keys,
    integers,
    recycle_bin,
    texts,
)
from crm_emulator.freshsales.objects.products import embedded_products, settle_lines
from crm_emulator.freshsales.values import AMOUNT, WHOLE, Day, Instant, Reference, References, Structure, Text
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

CLOSED = {"Closed Won", "Closed Lost"}


_AT_STAGE = "deal_stage_id IN (SELECT s.id FROM :stages AS s WHERE json_extract(s.body, '$.forecast_type') = '{}')"


def _keys(record: Record) -> Iterable[tuple[str, str]]:
    yield ("name", record["name"].lower())
    yield from custom_keys(record)
    for contact in record.get("contact_ids") or ():
        yield ("contact", str(contact))


def complete(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Apply a deal's own rules: stage and pipeline, account and contacts, products, value."""
    if record.get("sales_account"):
        record["sales_account_id"] = account_named(account, record["sales_account"])
    record["sales_account"] = None
    contacts = [*(record["contact_ids"] or []), *(record["contacts_added_list"] or [])]
    record["contact_ids"], record["contacts_added_list"] = list(dict.fromkeys(contacts)), None
    if "products" in sent:
        record["products"] = settle_lines(account, record["products"] or [], {"deal_id": record["id"]})
        record["has_products"] = bool(record["products"])
    _settle_stage(account, record, old, sent)
    record["base_currency_amount"] = record["amount"]
    if record["amount"] is not None:
        record["expected_deal_value"] = str(float(record["amount"]) * (record["probability"] or 0) / 100)


def _settle_stage(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    if sent.get("deal_stage_id") and not sent.get("deal_pipeline_id"):
        stage = account.get("deal_stages", record["deal_stage_id"]) or {}
        record["deal_pipeline_id"] = stage.get("deal_pipeline_id")
    if record["deal_pipeline_id"] is None:
        pipelines = account.records("deal_pipelines")
        record["deal_pipeline_id"] = next(each["id"] for each in pipelines if each["is_default"])
    stages = [each for each in account.records("deal_stages") if each["deal_pipeline_id"] == record["deal_pipeline_id"]]
    known = {each["id"]: each for each in stages}
    if sent.get("deal_stage_id") and record["deal_stage_id"] not in known:
        raise InvalidError(["Deal stage does not belong to the deal pipeline"])
    if record["deal_stage_id"] not in known:
        record["deal_stage_id"] = stages[0]["id"]
    stage = known[record["deal_stage_id"]]
    if old is None or old["deal_stage_id"] != stage["id"]:
        record["stage_updated_time"] = account.stamp()
        record["probability"] = record["probability"] if sent.get("probability") is not None else stage["probability"]
        closed = stage["forecast_type"] in CLOSED
        if not sent.get("closed_date"):
            record["closed_date"] = account.stamp() if closed else None


def _embedded_contacts(_account: FreshsalesAccount, record: Record) -> list[int]:
    return list(record["contact_ids"] or [])


DEALS = Resource(
    name="deals",
    singular="deal",
    model="Deal",
    writable={
        "name": Text(),
        "amount": AMOUNT,
        "sales_account_id": Reference("sales_accounts", "auto_complete"),
        "sales_account": Structure(),
        "contacts_added_list": References("contacts"),
        "contact_ids": References("contacts"),
        "deal_pipeline_id": Reference("deal_pipelines"),
        "deal_stage_id": Reference("deal_stages"),
        "deal_reason_id": Reference("deal_reasons"),
        "closed_date": Instant(),
        **OWNED,
        "currency_id": Reference("currencies"),
        **TAGGED,
        "deal_payment_status_id": Reference("deal_payment_statuses"),
        "probability": WHOLE,
        "expected_close": Day(),
        "deal_type_id": Reference("deal_types"),
        "deal_product_id": Reference("deal_products"),
        "lead_source_id": Reference("lead_sources"),
        "campaign_id": Reference("campaigns"),
        "products": Structure(listed=True),
    },
    required=("name", "amount"),
    identifiers=("name",),  # section 6: of a row in bulk; a client also sends it singly
    kept={
        "base_currency_amount": None,
        "stage_updated_time": None,
        "age": 0,
        "web_form_id": None,
        "upcoming_activities_time": None,
        "collaboration": {},
        "expected_deal_value": None,
        **KEPT,
        "fc_widget_collaboration": {"convo_token": None, "auth_token": None, "encoded_jwt_token": None},
        "forecast_category": 1,
        "deal_prediction": 0,
        "deal_prediction_last_updated_at": None,
        "freddy_forecast_metrics": None,
        "last_deal_prediction": None,
        "has_products": False,
        "rotten_days": None,
    },
    columns=(
        *STAMPS,
        OWNER,
        *texts("name", "expected_close", "closed_date"),
        Column("amount", "amount", "REAL"),
        *integers(
            "sales_account_id", "deal_stage_id", "deal_pipeline_id", "probability", "deal_type_id", "lead_source_id"
        ),
    ),
    keys=_keys,
    labels={
        "amount": "Deal value",
        "sales_account_id": "Account name",
        "contact_ids": "Related contacts",
        "deal_reason_id": "Lost reason",
        "owner_id": "Sales owner",
        "deal_payment_status_id": "Payment status",
        "probability": "Probability (%)",
        "expected_close": "Expected close date",
        "deal_type_id": "Type",
        "lead_source_id": "Source",
    },
    views=recycle_bin(
        View("My Deals", "owner_id = :owner"),
        View("New Deals", "created_at >= :recent"),
        View("All Deals"),
        View("Open Deals", _AT_STAGE.format("Open")),
        View("Won Deals", _AT_STAGE.format("Closed Won")),
        View("Lost Deals", _AT_STAGE.format("Closed Lost")),
        View("Recently Modified", "updated_at >= :recent"),
        View("Recently Imported", "0"),
    ),
    embedded={"products": ("products", embedded_products), "contacts": ("contact_ids", _embedded_contacts)},
    side_loaded={
        **SIDE_LOADED_PEOPLE,
        "sales_account": ("sales_account_id", "sales_accounts"),
        "contacts": ("contact_ids", "contacts"),
        "deal_stage": ("deal_stage_id", "deal_stages"),
        "deal_pipeline": ("deal_pipeline_id", "deal_pipelines"),
        "deal_type": ("deal_type_id", "deal_types"),
        "deal_reason": ("deal_reason_id", "deal_reasons"),
        "deal_product": ("deal_product_id", "deal_products"),
        "deal_payment_status": ("deal_payment_status_id", "deal_payment_statuses"),
        "currency": ("currency_id", "currencies"),
        "lead_source": ("lead_source_id", "lead_sources"),
        "source": ("lead_source_id", "lead_sources"),
        "campaign": ("campaign_id", "campaigns"),
        "territory": ("territory_id", "territories"),
    },
    hidden=frozenset({"sales_account", "contacts_added_list", "contact_ids", "products"}),
    # Recorded deals hold deal_pipeline_id, deal_stage_id and web_form_id only (section 12).
    absent_ids=ABSENT_IDS
    | {
        "sales_account_id",
        "deal_reason_id",
        "deal_type_id",
        "deal_payment_status_id",
        "deal_product_id",
        "currency_id",
        "record_type_id",
    },
    first_id=31_001_944_158,
    has_custom_fields=True,
    complete=complete,
)
