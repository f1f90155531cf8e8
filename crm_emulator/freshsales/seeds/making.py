"""What a seeded record of each resource is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.seeds.settings import MODULE, TIERS
from crm_emulator.pools import Pools, pools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record

UNTIL = 1_767_225_600
"""2026-01-01T00:00:00Z: the latest instant in seeded records, fixed so that the same seed gives the same bytes."""

_SPAN_SECONDS = 2 * 365 * 86_400
_MODELS = (("contacts", "Contact"), ("sales_accounts", "SalesAccount"), ("deals", "Deal"))


@dataclass
class Scene:
    """What makers draw from.

    Attributes:
        lists: The ids of each picklist.
        made: The ids of the records made so far.
    """

    random: Random
    lists: dict[str, list[int]]
    pools: Pools = field(default_factory=pools)
    made: dict[str, list[int]] = field(default_factory=dict)

    def one(self, pool: Any) -> Any:
        """One of a pool."""
        return pool[int(self.random.random() * len(pool))]

    def item(self, name: str) -> int:
        """An id of a picklist."""
        return int(self.one(self.lists[name]))

    def some(self, name: str) -> int | None:
        """The id of a record made before, or None if there is none."""
        made = self.made.get(name)
        return int(self.one(made)) if made else None

    def often(self, share: float = 0.7) -> bool:
        """Yes, in this share of cases."""
        return self.random.random() < share

    def stamps(self) -> dict[str, str]:
        """created_at and updated_at."""
        changed = UNTIL - int(self.random.random() * _SPAN_SECONDS)
        created = changed - (0 if self.often(0.3) else int(self.random.random() * 20_000_000))
        return {"created_at": _iso(created), "updated_at": _iso(changed)}

    def place(self) -> dict[str, str | None]:
        """Address parts."""
        street, city, state, zipcode, country = self.one(self.pools.addresses)
        return {"address": street, "city": city, "state": state, "zipcode": zipcode, "country": country}

    def target(self) -> dict[str, Any]:
        """Some record to be about; {} if there is none."""
        name, model = self.one(_MODELS)
        found = self.some(name)
        return {"targetable_type": model, "targetable_id": found} if found else {}


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _person(scene: Scene, place: int) -> Record:
    first, last = scene.one(scene.pools.first_names), int(scene.random.random() * len(scene.pools.last_names))
    return {
        "first_name": first,
        "last_name": scene.pools.last_names[last],
        "emails": f"{scene.pools.handles[last]}.{place + 1}@{scene.one(scene.pools.domains)}.example",
        "mobile_number": f"+1 202 555 {place:04d}",
        "job_title": scene.one(scene.pools.titles),
        "owner_id": scene.item("owners"),
        "lead_source_id": scene.item("lead_sources"),
        "lead_score": int(scene.random.random() * 100),
        **scene.place(),
        **scene.stamps(),
    }


def contact(scene: Scene, place: int) -> Record:
    """A contact, most of them of an account."""
    account_id = scene.some("sales_accounts") if scene.often() else None
    custom = {
        "cf_customer_no": f"C-{place + 1:05d}",
        "cf_loyalty_tier": scene.one(TIERS),
        "cf_newsletter": scene.often(0.5),
    }
    return {
        **_person(scene, place),
        "external_id": f"crm-{place + 1:05d}",
        "sales_accounts": [{"id": account_id, "is_primary": True}] if account_id else [],
        "tags": [scene.one(("customer", "prospect", "à rappeler"))] if scene.often(0.4) else [],
        "last_contacted": _iso(UNTIL - int(scene.random.random() * _SPAN_SECONDS)) if scene.often(0.5) else None,
        "custom_field": custom,
    }


def sales_account(scene: Scene, place: int) -> Record:
    """A sales account."""
    company = int(scene.random.random() * len(scene.pools.companies))
    return {
        "name": f"{scene.pools.companies[company]} {place + 1}",
        "website": f"https://{scene.pools.domains[company]}.example",
        "phone": scene.one(scene.pools.phones),
        "industry_type_id": scene.item("industry_types"),
        "business_type_id": scene.item("business_types"),
        "number_of_employees": scene.one((11, 51, 201, 501)),
        "annual_revenue": int(scene.random.random() * 5_000_000),
        "owner_id": scene.item("owners"),
        "custom_field": {"cf_account_no": f"A-{place + 1:05d}", "cf_segment": "Mid-Market"},
        **scene.place(),
        **scene.stamps(),
    }


def deal(scene: Scene, place: int) -> Record:
    """A deal of an account and a contact."""
    contact_id = scene.some("contacts")
    return {
        "name": f"{scene.one(scene.pools.words)} {place + 1}",
        "amount": round(scene.random.random() * 90_000, 2),
        "sales_account_id": scene.some("sales_accounts"),
        "contacts_added_list": [contact_id] if contact_id else [],
        "deal_stage_id": scene.item("deal_stages"),
        "expected_close": _iso(UNTIL + int(scene.random.random() * 10_000_000))[:10],
        "owner_id": scene.item("owners"),
        "custom_field": {"cf_external_ref": f"D-{place + 1:05d}"},
        **scene.stamps(),
    }


def lead(scene: Scene, place: int) -> Record:
    """A lead, most of them with a company."""
    company = {"name": scene.one(scene.pools.companies)} if scene.often() else None
    custom = {"cf_lead_no": f"L-{place + 1:05d}", "cf_budget": int(scene.random.random() * 50_000)}
    return {
        **_person(scene, place),
        "company": company,
        "lead_stage_id": scene.item("lead_stages"),
        "custom_field": custom,
    }


def note(scene: Scene, _place: int) -> Record:
    """A note."""
    return {"description": scene.one(scene.pools.sentences), **scene.target(), **scene.stamps()}


def task(scene: Scene, _place: int) -> Record:
    """A task."""
    due = _iso(UNTIL + int((scene.random.random() - 0.5) * 5_000_000))
    title = f"Call {scene.one(scene.pools.last_names)}"
    status = 1 if scene.often(0.4) else 0
    return {"title": title, "due_date": due, "status": status, **scene.target(), **scene.stamps()}


def appointment(scene: Scene, _place: int) -> Record:
    """An appointment of an hour."""
    begins = UNTIL + int((scene.random.random() - 0.5) * 5_000_000)
    span = {"from_date": _iso(begins), "end_date": _iso(begins + 3_600), "time_zone": "UTC"}
    return {"title": f"Meet {scene.one(scene.pools.last_names)}", **span, **scene.target(), **scene.stamps()}


def sales_activity(scene: Scene, _place: int) -> Record:
    """A sales activity of half an hour."""
    begins = UNTIL - int(scene.random.random() * _SPAN_SECONDS)
    span = {"start_date": _iso(begins), "end_date": _iso(begins + 1_800)}
    kind = scene.item("sales_activity_types")
    return {
        "title": scene.one(scene.pools.words),
        "sales_activity_type_id": kind,
        **span,
        **scene.target(),
        **scene.stamps(),
    }


def product(scene: Scene, place: int) -> Record:
    """A product with one price."""
    price = {"currency_code": "USD", "unit_price": round(scene.random.random() * 900 + 10, 2)}
    code = {"product_code": f"P-{place + 1:04d}", "sku_number": f"SKU-{place + 1:06d}", "category": "Software"}
    words = scene.one(scene.pools.words)
    return {
        "name": f"{words} {place + 1}",
        **code,
        "pricing_type": 1,
        "product_pricings": [price],
        "is_active": True,
        **scene.stamps(),
    }


def subscription(scene: Scene, place: int) -> Record:
    """A record of the custom module."""
    custom = {"cf_contract_no": f"S-{place + 1:04d}", "cf_seats": 1 + int(scene.random.random() * 200)}
    return {"name": f"Subscription {place + 1}", "custom_field": custom, **scene.stamps()}


MAKERS: dict[str, Callable[[Scene, int], Record]] = {
    "sales_accounts": sales_account,
    "contacts": contact,
    "deals": deal,
    "leads": lead,
    "products": product,
    "notes": note,
    "tasks": task,
    "appointments": appointment,
    "sales_activities": sales_activity,
    "custom_records": subscription,
}
"""In the order in which they are made, since later ones belong to earlier ones."""

ENTITIES = {"custom_records": MODULE}


def spare(account: FreshsalesAccount, resources: Mapping[str, Resource], object_name: str, random: Random) -> Record:
    """Attributes for one more record, when one is to be added while the account is being read."""
    lists = {name: [each["id"] for each in account.records(name)] for name in account.tables if name not in resources}
    scene = Scene(random, lists)
    for name in ("contacts", "sales_accounts", "deals"):
        found = account.store.random_id(account.tables[name], random)
        scene.made[name] = [found] if found else []
    made = MAKERS[object_name](scene, random.getrandbits(30))
    return {name: value for name, value in made.items() if name not in {"created_at", "updated_at"}}
