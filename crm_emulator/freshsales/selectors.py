"""The account's picklists, as /selector/… shows them (reference section 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm_emulator.messages import Record


@dataclass(frozen=True)
class Selector:
    """One picklist.

    Attributes:
        name: The name of the object: ``owners``.
        first_id: The id of its first item.
        names: The names in the list of a new account.
        key: The plural key of its answer, where that is not its name; else empty.
    """

    name: str
    first_id: int
    names: tuple[str, ...] = ()
    key: str = ""

    def items(self) -> list[Record]:
        """Return the items of a fresh account: id, name, position, partial."""
        return [
            {"id": self.first_id + index, "name": name, "position": index + 1}
            | ({} if self.name == "lifecycle_stages" else {"partial": True})  # recorded without
            for index, name in enumerate(self.names)
        ]


_OUTCOMES = ("Interested", "Left message", "No response", "Not interested", "Not able to reach")
_ALL = (
    Selector("owners", 31_000_148_397, key="users"),
    Selector("territories", 31_000_000_775, ("DACH", "Nordics", "North America")),
    Selector("deal_pipelines", 31_000_060_739, ("Default Pipeline", "Partner Pipeline")),
    Selector(
        "deal_stages",
        31_000_425_871,
        ("New", "Follow-up", "Under review", "Demo", "Negotiation", "Won", "Lost", "New", "Negotiation", "Won", "Lost"),
    ),
    Selector(
        "deal_reasons",
        31_000_538_251,
        ("Opted our rival", "Price is too high", "Lack of expertise", "Lack of budget", "No response", "Other"),
    ),
    Selector("deal_types", 31_000_179_100, ("New Business", "Existing Business-Renewal", "Existing Business-Upsell")),
    Selector("deal_products", 31_000_180_200, ("Starter plan", "Gold plan")),
    Selector("deal_payment_statuses", 31_000_119_234, ("Offline", "Online")),
    Selector("currencies", 31_000_060_446, ("USD", "EUR")),
    Selector(
        "lead_sources",
        31_000_836_318,
        ("Web", "Organic Search", "Email", "Chat", "Phone", "Referral", "Paid Search", "Social", "Webinar", "Blog"),
    ),
    Selector(
        "industry_types",
        31_004_057_004,
        ("Accounting", "Advertising", "Agriculture", "Apparel", "Banking", "Biotechnology", "Education", "Energy",
         "Food and Beverage", "Healthcare", "Insurance", "Manufacturing", "Retail", "Software", "Telecommunications"),
    ),
    Selector(
        "business_types",
        31_000_596_651,
        ("Analyst", "Competitor", "Customer", "Integrator", "Investor", "Partner", "Press", "Prospect", "Reseller",
         "Other"),
    ),
    Selector("campaigns", 31_000_031_011, ("Spring mailing", "Trade fair")),
    Selector(
        "contact_statuses",
        31_000_543_557,
        ("New", "Contacted", "Interested", "Unqualified", "Qualified", "Lost", "Won", "Churned"),
    ),
    Selector("lifecycle_stages", 32_009_647_298, ("Lead", "Sales Qualified Lead", "Customer")),
    Selector("lead_stages", 31_000_611_001, ("New", "Contacted", "Interested", "Under review", "Unqualified")),
    Selector("lead_reasons", 31_000_612_001, ("No budget", "No interest")),
    Selector(
        "sales_activity_types",
        31_000_477_933,
        ("Chat", "Phone", "Meeting", "Task", "Email", "SMS outgoing", "Reminder"),
    ),
    Selector(
        "sales_activity_entity_types", 31_000_179_229, ("Follow up", "Call reminder", "Demo", "Discussion", "Review")
    ),
    Selector("sales_activity_outcomes", 31_002_091_456, _OUTCOMES * 3),
)  # fmt: skip

SELECTORS = {selector.name: selector for selector in _ALL}
CLASSIC_ONLY = frozenset({"lead_stages", "lead_reasons"})
SUITE_ONLY = frozenset({"lifecycle_stages", "contact_statuses"})

_PIPELINE, _PARTNERS = (each["id"] for each in SELECTORS["deal_pipelines"].items())
_OPEN, _WON, _LOST = "Open", "Closed Won", "Closed Lost"
_FIRST_PIPELINES_STAGES = 7
_PROBABILITIES = {"New": 20, "Follow-up": 40, "Under review": 50, "Demo": 60, "Negotiation": 80, "Won": 100, "Lost": 0}
_STAGE_OF_STATUS = (0, 0, 0, 0, 1, 1, 2, 2)
_TYPES_WITH_OUTCOMES = (1, 2, 4)


def fresh_items(name: str, stamp: str, id_shift: int = 0) -> list[Record]:
    """Return the items of a new account, with all attributes of each list (recordings named in section 2).

    ``id_shift`` is added to all ids.
    """
    items = SELECTORS[name].items()
    more = _MORE.get(name)
    full = [{**item, **more(index, item, stamp)} if more else item for index, item in enumerate(items)]
    unnamed = {"name", "position"} if name == "currencies" else set()
    return [
        {part: _shifted(part, value, id_shift) for part, value in item.items() if part not in unnamed} for item in full
    ]


def _shifted(name: str, value: Any, id_shift: int) -> Any:
    if name == "id" or name.endswith("_id"):
        return value + id_shift
    return [each + id_shift for each in value] if name.endswith("_ids") else value


def _deal_stage(index: int, item: Record, stamp: str) -> dict[str, Any]:
    name = item["name"]
    first = index < _FIRST_PIPELINES_STAGES
    return {
        "position": index + 1 if first else index + 1 - _FIRST_PIPELINES_STAGES,
        "forecast_type": {"Won": _WON, "Lost": _LOST}.get(name, _OPEN),
        "updated_at": stamp,
        "deal_pipeline_id": _PIPELINE if first else _PARTNERS,
        "choice_type": {"Won": 3, "Lost": 4, "New": 5}.get(name, 2),
        "probability": _PROBABILITIES[name],
    }


def _contact_status(index: int, _item: Record, _stamp: str) -> dict[str, Any]:
    return {
        "forecast_type": _OPEN,
        "lifecycle_stage_id": SELECTORS["lifecycle_stages"].first_id + _STAGE_OF_STATUS[index],
    }


def _lifecycle_stage(index: int, item: Record, _stamp: str) -> dict[str, Any]:
    first = SELECTORS["contact_statuses"].first_id
    statuses = [first + status for status, stage in enumerate(_STAGE_OF_STATUS) if stage == index]
    return {"disabled": False, "default": True, "type": item["name"], "contact_status_ids": statuses}


_MORE: dict[str, Callable[[int, Record, str], dict[str, Any]]] = {
    "deal_stages": _deal_stage,
    "deal_pipelines": lambda index, _item, _stamp: {"is_default": index == 0, "rotting_days": 30},
    "contact_statuses": _contact_status,
    "lifecycle_stages": _lifecycle_stage,
    "currencies": lambda index, item, _stamp: {
        "is_active": True,
        "currency_code": item["name"],
        "exchange_rate": "1.0" if index == 0 else "0.92",
        "currency_type": 1 if index == 0 else 2,
        "schedule_info": None,
    },
    "sales_activity_types": lambda _index, item, _stamp: {
        "internal_name": item["name"].lower().replace(" ", "_"),
        "show_in_conversation": True,
        "is_default": True,
        "is_checkedin": False,
    },
    "sales_activity_entity_types": lambda _index, _item, _stamp: {
        "sales_activity_type_id": SELECTORS["sales_activity_types"].first_id + 3,
        "sales_activity_type_name": "Task",
    },
    "sales_activity_outcomes": lambda index, _item, _stamp: {
        "position": index % len(_OUTCOMES) + 1,
        "sales_activity_type_id": SELECTORS["sales_activity_types"].first_id
        + _TYPES_WITH_OUTCOMES[index // len(_OUTCOMES)],
    },
}
