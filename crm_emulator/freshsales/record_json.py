"""The JSON of records in answers: links, sums, and the additions by ``include`` (reference sections 3.1, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.selectors import SELECTORS
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record

_LINKED = ("conversations", "document_associations", "notes", "tasks", "appointments")
_LINKED_OF_PEOPLE = ("timeline_feeds", "reminders", "duplicates", "connections")
_OF_TARGET = {"Contact": "contacts", "SalesAccount": "sales_accounts", "Deal": "deals", "Lead": "leads"}
_PERSON = ("id", "avatar", "display_name", "first_name", "last_name", "email", "work_number", "mobile_number")
_BESIDE: dict[str, tuple[str, ...]] = {
    "contacts": _PERSON,
    "leads": _PERSON,
    "sales_accounts": ("id", "avatar", "name"),
    "deals": ("id", "avatar", "name", "deal_pipeline_id"),
}
"""The attributes of an object beside tasks (recorded)."""
_SEARCHED: dict[str, frozenset[str]] = {
    "contacts": frozenset(
        {*_PERSON, "job_title", "lead_score", "open_deals_amount", "last_contacted_mode", "last_contacted", "city",
         "country", "created_at", "updated_at"}
    ),
}  # fmt: skip
"""The attributes of a record that filtered_search finds, where they were recorded (section 8)."""
_NOT_IN_LISTS = {"custom_field", "links", "emails"}


def full_json(account: FreshsalesAccount, resource: Resource, record: Record, include: Iterable[str] = ()) -> Record:
    """Return a record as its vendor answers with it."""
    include = list(include)
    visible = {name: value for name, value in record.items() if name not in resource.hidden}
    if "open_deals_amount" in visible:
        visible |= _deal_sums(account, resource, record["id"])
    if resource.views and "entity_name" not in record:
        links = (*_LINKED, *(_LINKED_OF_PEOPLE if "display_name" in record else ()))
        visible["links"] = {link: f"{account.link_prefix}/{resource.name}/{record['id']}/{link}" for link in links}
    for name in include:
        if name in resource.embedded:
            attribute, value = resource.embedded[name]
            visible[attribute] = value(account, record)
        elif name == "targetable":
            visible["targetable"] = _targetable(record)
    return _without_absent_ids(account, resource, visible, include)


def partial_json(
    account: FreshsalesAccount, resource: Resource, record: Record, *, is_filtered: bool = False
) -> Record:
    """Return a record as searches show it: no custom fields, and less still by filtered_search (section 8)."""
    visible = {name: value for name, value in record.items() if name not in resource.hidden | _NOT_IN_LISTS}
    if "open_deals_amount" in visible:
        visible |= _deal_sums(account, resource, record["id"])
    if is_filtered and account.switches.searched_records == "recorded" and resource.name in _SEARCHED:
        visible = {name: value for name, value in visible.items() if name in _SEARCHED[resource.name]}
    return {"partial": True, **_without_absent_ids(account, resource, visible)}


def _without_absent_ids(
    account: FreshsalesAccount, resource: Resource, shown: Record, include: Iterable[str] = ()
) -> Record:
    """Leave out the ids that records were recorded without, as the switch says (section 12)."""
    if account.switches.read_ids == "present":
        return shown
    absent = resource.absent_ids
    if account.switches.read_ids == "included":
        absent -= {resource.side_loaded[name][0] for name in include if name in resource.side_loaded}
    return {name: value for name, value in shown.items() if name not in absent}


def _targetable(record: Record) -> Record | None:
    target = next(iter(record.get("targetables") or ()), None)
    words = {"SalesAccount": "sales_account"}
    return target and {"type": words.get(target["type"], target["type"].lower()), "id": target["id"]}


def side_loaded(
    account: FreshsalesAccount, resource: Resource, records: Iterable[Record], include: Iterable[str]
) -> dict[str, list[Record]]:
    """Return the collections that ``include`` puts beside the records, by their key."""
    wanted: dict[str, dict[int, None]] = {}
    records = list(records)
    for name in include:
        if name in {"targetable", "targetables"}:
            for record in records:
                for target in record.get("targetables") or ():
                    if target["type"] in _OF_TARGET:
                        wanted.setdefault(_OF_TARGET[target["type"]], {})[target["id"]] = None
            continue
        attribute, object_name = resource.side_loaded.get(name) or _activity_people(name)
        if attribute and resource.views:
            wanted.setdefault(object_name, {})  # nothing is an empty list, as recorded beside appointments (3.1)
        for record in records if attribute else ():
            held = record.get(attribute)
            for each in held if isinstance(held, list) else [held]:
                if each is not None:
                    wanted.setdefault(object_name, {})[each] = None
    return {_key(name): _items(account, name, ids, beside=not resource.views) for name, ids in wanted.items()}


def _key(object_name: str) -> str:
    """Return the key of a collection: that of its picklist, but ``contact_status`` of statuses (section 12)."""
    if object_name == "contact_statuses":
        return "contact_status"
    return (SELECTORS[object_name].key if object_name in SELECTORS else "") or object_name


def _activity_people(name: str) -> tuple[str, str]:
    """Return the attribute and object for the names that tasks, appointments and activities share."""
    return {
        "owner": ("owner_id", "owners"),
        "users": ("owner_id", "owners"),
        "creater": ("creater_id", "owners"),
        "updater": ("updater_id", "owners"),
        "task_type": ("task_type_id", "sales_activity_entity_types"),
        "outcome": ("outcome_id", "sales_activity_outcomes"),
    }.get(name, ("", ""))


def _items(account: FreshsalesAccount, object_name: str, ids: Iterable[int], *, beside: bool) -> list[Record]:
    """Return objects beside a record; beside tasks and other activities they were recorded with other attributes."""
    found = [account.get(object_name, each) for each in ids]
    names = _BESIDE.get(object_name)
    items: list[Record] = [
        {name: item.get(name) for name in names} if names else item for item in found if item is not None
    ]
    if object_name == "owners" and beside:
        items = [
            {
                **item,
                "avatar": None,
                "type": "FdMultitenant::User",
                "uuid": str(576_330_539_864_639_149 + item["id"]),
            }
            for item in items
        ]
    return items


def _deal_sums(account: FreshsalesAccount, resource: Resource, record_id: int) -> dict[str, Any]:
    """Sum up a contact's or an account's deals, open and won."""
    table = account.tables["deals"]
    if resource.name == "sales_accounts":
        condition = Condition("sales_account_id = ?", (record_id,), "sales_account_id")
    else:
        keys = table.keys_name
        condition = Condition(
            f"id IN (SELECT id FROM \"{keys}\" WHERE kind = 'contact' AND value = ?)",  # noqa: S608 - our own name
            (str(record_id),),
        )
    sums = {"Open": [0.0, 0], "Closed Won": [0.0, 0], "Closed Lost": [0.0, 0]}
    deals = account.store.records(Query(table, (condition,)))
    if deals:
        types = {each["id"]: each["forecast_type"] for each in account.records("deal_stages")}
        for deal in deals:
            found = sums[types[deal["deal_stage_id"]]]
            found[0] += float(deal["amount"] or 0)
            found[1] += 1
    (open_amount, open_count), (won_amount, won_count) = sums["Open"], sums["Closed Won"]
    return {
        "open_deals_amount": str(open_amount),
        "open_deals_count": open_count,
        "won_deals_amount": str(won_amount),
        "won_deals_count": won_count,
    }
