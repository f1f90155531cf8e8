"""The settings that every seeded Copper account has, empty of records or not."""

from __future__ import annotations

from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.endpoints.custom_field_definitions import create_definition
from crm_emulator.copper.sign_in import USER_EMAIL

USERS = (
    ("Ada Lovelace", USER_EMAIL),
    ("Grace Hopper", "grace@emulator.example"),
    ("Søren Kierkegaard", "soren@emulator.example"),
    ("José Álvarez", "jose@emulator.example"),
    ("Mary Jackson", "mary@emulator.example"),
)
_LISTS = {
    "contact_types": ("Potential Customer", "Current Customer", "Partner", "Other", "Uncategorized"),
    "customer_sources": ("Email", "Cold Call", "Advertising", "Referral", "Website"),
    "loss_reasons": ("Price", "Features", "Competitor", "Timing"),
}
_LEAD_STATUSES = ("New", "Open", "Unqualified", "Junk", "Contacted")
_PIPELINES: tuple[tuple[str, str, bool, tuple[tuple[str, int], ...]], ...] = (
    ("Sales", "opportunity", True, (("Qualified", 5), ("Follow-up", 10), ("Proposal", 40), ("Contract Sent", 80))),
    ("Business Development", "opportunity", True, (("First Meeting", 15), ("Partner Meeting", 45), ("Signed", 95))),
    ("Onboarding", "project", False, (("Kick-off", 25), ("Hand-over", 75))),
)
# (id, category, name, disabled, counts as interaction): section 4.10 knows user 0 and system 1, 3, 6, 48.
_ACTIVITY_TYPES = (
    (0, "user", "Note", False, False),
    (190_711, "user", "Phone Call", False, True),
    (190_712, "user", "Meeting", False, True),
    (190_713, "user", "Fax", True, True),
    (1, "system", "Property Changed", False, False),
    (3, "system", "Pipeline Stage Changed", False, False),
    (6, "system", "Email", False, True),
    (48, "system", "Form Submitted", False, False),
)
_FIELDS: tuple[dict[str, Any], ...] = (
    {
        "name": "Customer Number", "data_type": "String", "available_on": ["lead", "person", "company"],
        "is_filterable": True,
    },
    {"name": "Background", "data_type": "Text", "available_on": ["opportunity", "project"]},
    {
        "name": "Segment", "data_type": "Dropdown", "available_on": ["lead", "person", "company", "opportunity"],
        "is_filterable": True, "options": [{"name": name} for name in ("Small Business", "Mid-Market", "Großkunde")],
    },
    {
        "name": "Interests", "data_type": "MultiSelect", "available_on": ["lead", "person"], "is_filterable": True,
        "options": [{"name": name} for name in ("Pricing", "Support", "Integrations", "Café visits")],
    },
    {"name": "Renewal Date", "data_type": "Date", "available_on": ["company", "opportunity"], "is_filterable": True},
    {"name": "Newsletter", "data_type": "Checkbox", "available_on": ["lead", "person"], "is_filterable": True},
    {"name": "Lead Score", "data_type": "Float", "available_on": ["lead", "person"], "is_filterable": True},
    {"name": "Lead score!", "data_type": "Percentage", "available_on": ["lead", "opportunity"], "is_filterable": True},
    {"name": "Profile", "data_type": "URL", "available_on": ["person"]},
    {"name": "Budget", "data_type": "Currency", "available_on": ["company", "task", "project"], "currency": "EUR"},
    {"name": "Parent Company", "data_type": "Connect", "available_on": ["company"]},
    {"name": "客户等级", "data_type": "String", "available_on": ["person"]},
    {
        "name": "Subsidiaries", "data_type": "Connect", "available_on": ["company"], "connected_to": "Parent Company",
    },
)  # fmt: skip


def seed_settings(account: CopperAccount) -> None:
    """Write the account, users, lists, pipelines, types and custom fields."""
    company_id = account.new_id("account")
    record = {"id": company_id, "name": "Emulated Copper", "primary_timezone": "America/New_York"}
    account.put("account", {**record, "logo_mini_url": "https://logos.emulator.example/mini.png"})
    team = {"id": 9_401, "name": "Sales"}
    for index, (name, email) in enumerate(USERS):
        groups = [team] if index else []
        account.put("users", {"id": account.new_id("users"), "name": name, "email": email, "groups": groups})
    for object_name, names in _LISTS.items():
        for name in names:
            account.put(object_name, {"id": account.new_id(object_name), "name": name})
    for order, name in enumerate(_LEAD_STATUSES, 1):
        status = {"id": account.new_id("lead_statuses"), "name": name, "order": order, "is_default": order == 1}
        account.put("lead_statuses", status)
    for name, kind, is_revenue, stages in _PIPELINES:
        _seed_pipeline(account, name, kind, stages, is_revenue=is_revenue)
    for number, category, name, is_disabled, counts in _ACTIVITY_TYPES:
        type_id = number + account.store.id_shift if category == "user" and number else number
        record = {"id": type_id, "category": category, "name": name}
        account.put(
            f"{category}_activity_types", {**record, "is_disabled": is_disabled, "count_as_interaction": counts}
        )
        if category == "user" and type_id:
            _seed_custom_type(account, company_id, type_id, name, is_disabled=is_disabled)
    with account.direct_access():
        made: dict[str, int] = {}
        for field in _FIELDS:
            sent = {name: value for name, value in field.items() if name != "connected_to"}
            if "connected_to" in field:
                sent["connected_id"] = made[field["connected_to"]]
            made[field["name"]] = create_definition(account, sent)["id"]


def _seed_custom_type(account: CopperAccount, company_id: int, type_id: int, name: str, *, is_disabled: bool) -> None:
    custom = {"id": type_id, "company_id": company_id, "icon_type": "Phone", "is_disabled": is_disabled}
    account.put("custom_activity_types", {**custom, "is_interaction": True, "name": name, "is_default_task_type": None})
    account.store.reserve_ids(account.store.tables["copper_custom_activity_types"], type_id)


def _seed_pipeline(
    account: CopperAccount, name: str, kind: str, stages: tuple[tuple[str, int], ...], *, is_revenue: bool
) -> None:
    pipeline_id = account.new_id("pipelines")
    nested = []
    for stage_name, probability in stages:
        stage = {"id": account.new_id("pipeline_stages"), "name": stage_name}
        account.put("pipeline_stages", {**stage, "pipeline_id": pipeline_id, "win_probability": probability})
        nested.append({**stage, "win_probability": probability})
    pipeline = {"id": pipeline_id, "name": name, "stages": nested, "type": kind, "is_revenue": is_revenue}
    account.put("pipelines", pipeline)
