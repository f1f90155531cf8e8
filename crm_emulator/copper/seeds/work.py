"""Seeded opportunities, projects, tasks and activities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from crm_emulator.copper.objects.opportunities import PRIORITIES, STATUSES
from crm_emulator.copper.seeds.contacts import company_name
from crm_emulator.copper.seeds.context import PARENTS, SINGULARS, UNTIL, SeedContext
from crm_emulator.copper.values import write_date
from crm_emulator.messages import Record

_UNRELATED = {"id": None, "type": None}


def opportunities(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make opportunities in all pipelines, each with an owner."""
    draw, pick = random.random, context.pick
    for index in range(size):
        record_id = context.first_id + index
        pipeline = pick(random, context.records["pipelines"])
        stage = pick(random, pipeline["stages"])
        company_id = context.record_id(random, "companies", 0.9)
        status = STATUSES[0] if draw() < 0.6 else pick(random, STATUSES)  # noqa: PLR2004 - most are open
        created, modified = context.stamps(random)
        count, contacted = context.contacted("opportunities", index)
        value = round(draw() * 90_000, 2) if draw() < 0.85 else None  # noqa: PLR2004 - most
        closes = datetime.fromtimestamp(modified + int(draw() * 10_000_000), UTC)
        record = {
            "id": record_id,
            "name": f"{pick(random, context.samples.words)} {index + 1}",
            "assignee_id": pick(random, context.lists["users"]),
            "close_date": write_date(closes, "mdy") if draw() < 0.8 else None,  # noqa: PLR2004 - most
            "company_id": company_id,
            "company_name": company_name(context, company_id - context.first_id)[0] if company_id else None,
            "customer_source_id": context.one_of(random, "customer_sources", 0.6),
            "details": pick(random, context.samples.sentences) if draw() < 0.5 else None,  # noqa: PLR2004 - half
            "loss_reason_id": context.one_of(random, "loss_reasons") if status == "Lost" else None,
            "pipeline_id": pipeline["id"],
            "pipeline_stage_id": stage["id"],
            "primary_contact_id": context.record_id(random, "people", 0.9),
            "priority": pick(random, PRIORITIES) if draw() < 0.95 else None,  # noqa: PLR2004 - 7.4
            "status": status,
            "tags": context.tags(random),
            "monetary_unit": "USD" if value is not None else None,
            "monetary_value": value,
            "win_probability": None if index % 7 == 6 else stage["win_probability"],  # noqa: PLR2004 - some (section 10)
            "interaction_count": count,
            **context.converted_money(value, index),
            "pipeline_type": pipeline["type"],
            "pipeline_is_revenue": pipeline["is_revenue"],
            "date_stage_changed": modified,
            "date_last_contacted": contacted,
            "leads_converted_from": [],
            "date_lead_created": None,
            "date_created": created,
            "date_modified": modified,
            "custom_fields": context.custom_fields("opportunities", random, record_id),
        }
        yield record, 0


def _related(context: SeedContext, random: Random, names: tuple[str, ...], rate: float) -> dict[str, Any] | None:
    object_name = context.pick(random, names)
    record_id = context.record_id(random, object_name, rate)
    if object_name == "leads" and record_id is not None and record_id - context.first_id in context.converted:
        return None
    return {"id": record_id, "type": SINGULARS[object_name]} if record_id else None


def projects(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make projects, most of them of an opportunity or a company."""
    for index in range(size):
        record_id = context.first_id + index
        created, modified = context.stamps(random)
        record = {
            "id": record_id,
            "name": f"{context.pick(random, context.samples.words)} Project {index + 1}",
            "related_resource": _related(context, random, ("opportunities", "companies"), 0.7),
            "assignee_id": context.one_of(random, "users"),
            "status": "Open" if random.random() < 0.7 else "Completed",  # noqa: PLR2004 - most
            "details": context.pick(random, context.samples.sentences) if random.random() < 0.5 else None,  # noqa: PLR2004 - half
            "tags": context.tags(random),
            "date_created": created,
            "date_modified": modified,
            "custom_fields": context.custom_fields("projects", random, record_id),
        }
        yield record, 0


def tasks(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make tasks, due around their last change."""
    draw = random.random
    for index in range(size):
        record_id = context.first_id + index
        created, modified = context.stamps(random)
        due = modified + int(draw() * 2_000_000) if draw() < 0.8 else None  # noqa: PLR2004 - most
        completed = draw() < 0.4  # noqa: PLR2004 - a part
        record = {
            "id": record_id,
            "name": f"{'Call' if draw() < 0.5 else 'Write to'} {context.pick(random, context.samples.last_names)}",  # noqa: PLR2004 - half
            "related_resource": _related(context, random, ("people", "companies", "opportunities", "leads"), 0.8)
            or _UNRELATED,
            "assignee_id": context.one_of(random, "users"),
            "due_date": due,
            "reminder_date": due - 3_600 if due and draw() < 0.5 else None,  # noqa: PLR2004 - half
            "priority": "None" if draw() < 0.8 else "High",  # noqa: PLR2004 - most
            "status": "Completed" if completed else "Open",
            "details": context.pick(random, context.samples.sentences) if draw() < 0.3 else None,  # noqa: PLR2004 - a part
            "tags": context.tags(random),
            "custom_activity_type_id": None,
            "completed_date": modified if completed else None,
            "date_created": created,
            "date_modified": modified,
            "custom_fields": context.custom_fields("tasks", random, record_id),
        }
        yield record, 0


_STAGE_CHANGED = 3
# (type, category) of the activities that count as interactions, and of those that do not.
_OF_ACCOUNTS = ((190_711, "user"), (190_712, "user"))
_INTERACTIONS = (*_OF_ACCOUNTS, (6, "system"))
_OTHERS = ((0, "user"), (1, "system"), (48, "system"))
_OTHERS_OF_OPPORTUNITIES = (*_OTHERS, (_STAGE_CHANGED, "system"))


def activities(context: SeedContext, random: Random, size: int) -> Iterator[tuple[Record, int]]:
    """Make activities as the context has planned them: two of three are interactions."""
    for index in range(min(size, len(context.activity_dates))):
        parent = PARENTS[context.activity_kinds[index]]
        date = context.activity_dates[index]
        others = _OTHERS_OF_OPPORTUNITIES if parent == "opportunities" else _OTHERS
        type_id, category = context.pick(random, _INTERACTIONS if index % 3 else others)
        type_id += context.account.store.id_shift if (type_id, category) in _OF_ACCOUNTS else 0
        old, new = _change(context, random, type_id) if category == "system" else (None, None)
        modified = date if random.random() < 0.7 else min(UNTIL, date + int(random.random() * 500_000))  # noqa: PLR2004 - 7.7
        record = {
            "id": context.first_activity_id + index,
            "parent": {"id": context.first_id + context.activity_parents[index], "type": SINGULARS[parent]},
            "type": {"id": type_id, "category": category},
            "user_id": context.one_of(random, "users", 0.95),
            "details": None if type_id in {1, _STAGE_CHANGED} else context.pick(random, context.samples.sentences),
            "activity_date": date,
            "old_value": old,
            "new_value": new,
            "date_created": max(date, modified),
            "date_modified": modified,
        }
        yield record, 0


def _change(context: SeedContext, random: Random, type_id: int) -> tuple[Any, Any]:
    """Make the old and new value that a system activity reports: texts, or stages (section 4.9)."""
    if type_id == 1:
        return context.pick(random, context.samples.words), context.pick(random, context.samples.words)
    if type_id == _STAGE_CHANGED:
        stages = context.pick(random, context.records["pipelines"])["stages"]
        return tuple({"id": stage["id"], "name": stage["name"]} for stage in (stages[0], stages[-1]))  # type: ignore[return-value]  # a pair
    return None, None
