"""Objects that Freshsales puts beside its records: the owner, the source, the territory and the like.

Facts: recorded contacts, deals and leads hold no id of such an object (docs/reference/freshsales-api.md, section 12).
``include`` puts the objects beside the record, and in some accounts the ids into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_api.crm_objects import CrmRecord


@dataclass(frozen=True)
class SideLoad:
    """A kind of object beside records.

    Attributes:
        include: Its name in ``include``.
        attribute: The attribute that holds its id.
        keys: Keys of the list beside the record in which it stands, any of them.
        named: The attribute that holds its name as ``{"name": …}``; empty if there is none.
    """

    include: str
    attribute: str
    keys: tuple[str, ...]
    named: str = ""


OWNER = SideLoad("owner", "owner_id", ("users",))
TERRITORY = SideLoad("territory", "territory_id", ("territories",))
OF_PEOPLE_AND_DEALS = (
    OWNER,
    TERRITORY,
    SideLoad("source", "lead_source_id", ("lead_sources", "sources")),
    SideLoad("campaign", "campaign_id", ("campaigns",)),
)
OF_CONTACTS = (
    *OF_PEOPLE_AND_DEALS,
    SideLoad("lifecycle_stage", "lifecycle_stage_id", ("lifecycle_stages",)),
    SideLoad("contact_status", "contact_status_id", ("contact_status", "contact_statuses")),
)
OF_ACCOUNTS = (
    OWNER,
    TERRITORY,
    SideLoad("industry_type", "industry_type_id", ("industry_types",)),
    SideLoad("business_type", "business_type_id", ("business_types",)),
)
OF_DEALS = (
    *OF_PEOPLE_AND_DEALS,
    SideLoad("sales_account", "sales_account_id", ("sales_accounts",), named="sales_account"),
    SideLoad("deal_type", "deal_type_id", ("deal_types",)),
    SideLoad("deal_reason", "deal_reason_id", ("deal_reasons",)),
    SideLoad("deal_payment_status", "deal_payment_status_id", ("deal_payment_statuses",)),
    SideLoad("deal_product", "deal_product_id", ("deal_products",)),
    SideLoad("currency", "currency_id", ("currencies",)),
)
OF_LEADS = (
    *OF_PEOPLE_AND_DEALS,
    SideLoad("lead_stage", "lead_stage_id", ("lead_stages",)),
    SideLoad("lead_reason", "lead_reason_id", ("lead_reasons",)),
)


def with_ids(side_loads: Iterable[SideLoad], record: CrmRecord, answer: Any, *, alone: bool) -> dict[str, Any]:
    """Add to a record the ids of the objects beside it, as far as the answer tells whose they are.

    Args:
        side_loads: The kinds of object that were asked for.
        record: A record of the answer.
        answer: The answer that holds it.
        alone: Whether it is the only record of the answer: then the objects are its own.

    Returns:
        The record; an id that the answer does not tell stays out of it.
    """
    whole = dict(record)
    beside = answer if isinstance(answer, Mapping) else {}
    for each in side_loads:
        listed = next((beside[key] for key in each.keys if isinstance(beside.get(key), list)), None)
        if listed is None or (listed and not (alone and len(listed) == 1)):
            continue
        found = listed[0] if listed else None
        if found is not None and not (isinstance(found, Mapping) and found.get("id") is not None):
            continue
        crm_id = None if found is None else found["id"]
        if whole.setdefault(each.attribute, crm_id) != crm_id:
            continue  # the record itself knows better
        if each.named and (found is None or found.get("name")):
            whole.setdefault(each.named, found and {"name": found["name"]})
    return whole
