"""Opportunities (reference section 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.copper.answers import InvalidError, invalid
from crm_emulator.copper.filters import Ids, Ignored, Words
from crm_emulator.copper.objects import declaration
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import Choice, DateText, Number, Reference, Tags, Text
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

STATUSES = ("Open", "Won", "Lost", "Abandoned")
PRIORITIES = ("None", "Low", "Medium", "High")
_CLOSES = "date_seconds(json_extract(body, '$.close_date'))"
_STAGE_CHANGES = declaration.bounds(stage_change_date="date_stage_changed", date_stage_changed="date_stage_changed")


def complete(account: CopperAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Fill in pipeline and stage, the stage's probability, the company's name, the account's currency."""
    if account.switches.primary_contact_required and old is None and record["primary_contact_id"] is None:
        raise invalid("primary_contact_id", "can't be blank", "blank")
    _place_in_pipeline(account, record, old, sent)
    company = account.get("companies", record["company_id"]) if record["company_id"] else None
    record["company_name"] = company["name"] if company else None
    if record["monetary_value"] is not None and record["monetary_unit"] is None:
        record["monetary_unit"] = account.currency
    declaration.convert_money(account, record, old)
    if record["status"] is None:
        record["status"] = "Open"
    if record["priority"] is None and old is None:
        record["priority"] = "None"


def _place_in_pipeline(account: CopperAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    pipelines = {pipeline["id"]: pipeline for pipeline in account.records("pipelines")}
    if not pipelines:
        return
    if record["pipeline_id"] is None:
        stages = {stage["id"]: each["id"] for each in pipelines.values() for stage in each["stages"]}
        record["pipeline_id"] = stages.get(record["pipeline_stage_id"], next(iter(pipelines)))
    pipeline = pipelines[record["pipeline_id"]]
    moved = old is not None and old["pipeline_id"] != record["pipeline_id"]
    if record["pipeline_stage_id"] is None or (moved and sent.get("pipeline_stage_id") is None):
        record["pipeline_stage_id"] = pipeline["stages"][0]["id"]
    stage = next((each for each in pipeline["stages"] if each["id"] == record["pipeline_stage_id"]), None)
    if stage is None:
        raise InvalidError([("pipeline_stage_id", "does not belong to the pipeline", "invalid")])
    record["pipeline_type"] = pipeline["type"]
    record["pipeline_is_revenue"] = pipeline["is_revenue"]
    if old is None or old["pipeline_stage_id"] != stage["id"]:
        record["date_stage_changed"] = account.clock.seconds()
        if sent.get("win_probability") is None:
            record["win_probability"] = stage["win_probability"]


OPPORTUNITIES = CustomerObject(
    name="opportunities",
    singular="opportunity",
    writable={
        "name": Text(255),
        "assignee_id": Reference("users"),
        "close_date": DateText(),
        "company_id": Reference("companies"),
        "company_name": Text(255),  # clients send it; it is the company's own (4.6)
        "customer_source_id": Reference("customer_sources"),
        "details": Text(),
        "loss_reason_id": Reference("loss_reasons"),
        "pipeline_id": Reference("pipelines"),
        "pipeline_stage_id": Reference("pipeline_stages"),
        "primary_contact_id": Reference("people"),
        "priority": Choice(PRIORITIES),
        "status": Choice(STATUSES),
        "tags": Tags(),
        "monetary_unit": Text(3),
        "monetary_value": Number(),
        "win_probability": Number(whole=True, low=0, high=100),
    },
    required=("name",),
    kept={
        "interaction_count": 0,
        "converted_unit": None,
        "converted_value": None,
        "pipeline_type": None,
        "pipeline_is_revenue": None,
        "date_stage_changed": None,
        "date_last_contacted": None,
        "leads_converted_from": [],
        "date_lead_created": None,
        "date_created": None,
        "date_modified": None,
    },
    table=declaration.table(
        "opportunities",
        declaration.NAME,
        *declaration.STAMPS,
        *declaration.texts("status", "priority", "company_name", "monetary_unit"),
        Column("monetary_value", "monetary_value", "REAL"),
        *declaration.integers(
            "assignee_id",
            "company_id",
            "customer_source_id",
            "loss_reason_id",
            "pipeline_id",
            "pipeline_stage_id",
            "primary_contact_id",
            "interaction_count",
            "date_stage_changed",
            "date_last_contacted",
        ),
    ),
    filters={
        **declaration.COMMON_FILTERS,
        "company_ids": Ids("company_id", finds_empty=True),
        "primary_contact_ids": Ids("primary_contact_id"),
        # Both spellings are in use (9.5); ids are positions in the list of words.
        "status_ids": Words("status", numbered=STATUSES),
        "statuses": Words("status", numbered=STATUSES),
        "priority_ids": Words("priority", numbered=PRIORITIES),
        "priorities": Words("priority", numbered=PRIORITIES),
        "pipeline_ids": Ids("pipeline_id"),
        "pipeline_stage_ids": Ids("pipeline_stage_id"),
        "customer_source_ids": Ids("customer_source_id"),
        "loss_reason_ids": Ids("loss_reason_id"),
        "fields": Ignored(),  # the search itself reads it
        **_STAGE_CHANGES,
        **declaration.bounds(
            close_date=_CLOSES,
            interaction_date="date_last_contacted",
            interaction_count="interaction_count",
            monetary_value="monetary_value",
        ),
    },
    sorts={
        **{word: word for word in ("name", "company_name", "customer_source_id", "interaction_count", "monetary_unit")},
        **{word: word for word in ("monetary_value", "priority", "status")},
        **declaration.SORT_STAMPS,
        "assignee": "assignee_id",
        "inactive_days": "-ifnull(date_last_contacted, date_created)",
        "last_interaction": "date_last_contacted",
        "primary_contact": "primary_contact_id",
        "stage": "pipeline_stage_id",
    },
    default_sort="name",
    bulk=frozenset({"create"}),
    complete=complete,
)
