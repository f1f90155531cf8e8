"""Customer records created, updated, deleted: the rules that every object shares (reference section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotAllowedError, NotFoundError, unrecognized
from crm_emulator.copper.custom_fields import definitions_on, held_values, read_fields, values_for
from crm_emulator.copper.objects.activities import DELETED, PARENTS
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.copper.objects.declaration import CustomerObject, empty, read_values
from crm_emulator.copper.values import without_ids
from crm_emulator.messages import Record

_BLANK = (None, "", {"id": None, "type": None})


def create(account: CopperAccount, crm_object: CustomerObject, sent: Mapping[str, Any]) -> Record:
    """Create a record; raises InvalidError."""
    if crm_object.name == "people" and account.switches.company_name_on_person == "link_or_create":
        sent = _with_company(account, sent)
    record, custom = _read(account, crm_object, sent, None)
    record["id"] = account.store.next_id(crm_object.table)
    now = account.clock.seconds()
    record["date_created"] = record["date_modified"] = now
    if crm_object.has_custom_fields:
        record["custom_fields"] = values_for(definitions_on(account, crm_object), custom, record["id"])
    crm_object.complete(account, record, None, sent)
    account.store.put(crm_object.table, record)
    if crm_object.name == "activities":
        count_interaction(account, record)
    return record


def _with_company(account: CopperAccount, sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the company that a new person names: the one with that name, else a new one (section 4.4, unverified)."""
    name = sent.get("company_name")
    if not isinstance(name, str) or not name or sent.get("company_id") is not None:
        return sent
    known = account.matching("companies", "name = ?", name)
    company = known[0] if known else create(account, BY_NAME["companies"], {"name": name})
    return {**sent, "company_id": company["id"]}


def update(account: CopperAccount, crm_object: CustomerObject, record_id: int, sent: Mapping[str, Any]) -> Record:
    """Change a record: what was not sent stays; if nothing was sent, nothing changes (section 2).

    Raises:
        NotFoundError: There is no such record.
        InvalidError: Something sent is wrong.
    """
    old = fetch(account, crm_object, record_id)
    if not sent:
        return old
    if old.get("is_deleted"):
        raise NotFoundError
    record, custom = _read(account, crm_object, sent, old)
    if crm_object.has_custom_fields:
        definitions = definitions_on(account, crm_object)
        record["custom_fields"] = values_for(definitions, {**held_values(old), **custom}, record_id)
    crm_object.complete(account, record, old, sent)
    record["date_modified"] = account.clock.seconds()
    account.store.put(crm_object.table, record)
    return record


def fetch(account: CopperAccount, crm_object: CustomerObject, record_id: int) -> Record:
    """Return a record; of a deleted activity its stub. Raises NotFoundError."""
    record = account.store.get(crm_object.table, record_id, hidden=crm_object.name == "activities")
    if record is None:
        raise NotFoundError
    return record


def delete(account: CopperAccount, crm_object: CustomerObject, record_id: int) -> dict[str, Any]:
    """Delete a record and all references to it; of an activity a stub remains (sections 6.2, 7.7).

    Raises:
        NotFoundError: There is no such record.
        NotAllowedError: A system activity.
    """
    record = fetch(account, crm_object, record_id)
    stub = {"id": record_id, "is_deleted": True}
    if crm_object.name != "activities":
        account.store.remove(crm_object.table, record_id)
        _remove_references(account, crm_object, record_id)
        return stub
    if record.get("is_deleted"):
        raise NotFoundError
    if record["type"]["category"] == "system" and not account.direct:
        raise NotAllowedError(422, "Invalid request: System activities cannot be deleted")
    kept = {name: record[name] for name in ("activity_date", "date_created", "date_modified", "parent")}
    account.store.put(crm_object.table, stub | kept, hidden=DELETED)
    account.store.set_text(crm_object.table, record_id, stub)
    return stub


def _read(
    account: CopperAccount, crm_object: CustomerObject, sent: Mapping[str, Any], old: Record | None
) -> tuple[Record, dict[int, Any]]:
    """Return the record that results, without the rules of its own; raises InvalidError with all that is wrong."""
    problems: list[tuple[str, str, str]] = []
    unknown = [name for name in sent if name not in crm_object.writable and name != "custom_fields"]
    if account.switches.read_only_attributes == "ignore":
        unknown = [name for name in unknown if name not in crm_object.attributes]
        kinds = crm_object.writable
        sent = {name: without_ids(kinds[name], value) if name in kinds else value for name, value in sent.items()}
    if account.switches.unknown_attributes == "ignore":
        unknown = [name for name in unknown if name in crm_object.attributes]
    if "custom_fields" in sent and not crm_object.has_custom_fields:
        unknown.append("custom_fields")
    if unknown:
        problems.append(unrecognized(unknown))
    values = read_values(crm_object, account, sent, problems)
    if old is None:
        record = {name: empty(kind) for name, kind in crm_object.writable.items()}
        record |= {name: list(first) if isinstance(first, list) else first for name, first in crm_object.kept.items()}
    else:
        record = dict(old)
    record |= values
    known = {name for name, _, _ in problems}
    problems += [
        (name, "can't be blank", "blank")
        for name in crm_object.required
        if (old is None or name in sent) and record[name] in _BLANK and name not in known
    ]
    custom: dict[int, Any] = {}
    if sent.get("custom_fields") is not None and crm_object.has_custom_fields:
        try:
            held = held_values(old) if old else {}
            custom = read_fields(sent["custom_fields"], definitions_on(account, crm_object), account, held)
        except InvalidError as wrong:
            problems += wrong.problems
    if problems:
        raise InvalidError(problems)
    return {"id": None, **record}, custom


def count_interaction(account: CopperAccount, activity: Record) -> None:
    """Count an interaction on the record that it belongs to, which does not count as an update (section 7.9)."""
    kind, parent = activity["type"], activity["parent"]
    declared_type = account.get(f"{kind['category']}_activity_types", kind["id"])
    owner = BY_NAME[PARENTS[parent["type"]]]
    record = account.store.get(owner.table, parent["id"]) if parent["id"] else None
    if record is None or declared_type is None or not declared_type["count_as_interaction"]:
        return
    if "interaction_count" in record:
        record["interaction_count"] += 1
    if "date_last_contacted" in record:
        record["date_last_contacted"] = max(record["date_last_contacted"] or 0, activity["activity_date"])
    account.store.put(owner.table, record)


# Who refers to whom: (object that refers, its attribute), by the object referred to.
_REFERRERS: dict[str, tuple[tuple[str, str], ...]] = {
    "companies": (("people", "company_id"), ("opportunities", "company_id")),
    "people": (("companies", "primary_contact_id"), ("opportunities", "primary_contact_id")),
}


def _remove_references(account: CopperAccount, crm_object: CustomerObject, record_id: int) -> None:
    for object_name, attribute in _REFERRERS.get(crm_object.name, ()):
        for record in account.matching(object_name, f"{attribute} = ?", record_id):
            record[attribute] = None
            if attribute == "company_id":
                record["company_name"] = None
            account.store.put(BY_NAME[object_name].table, record)
    for object_name, none in (("projects", None), ("tasks", {"id": None, "type": None})):
        for record in account.matching(
            object_name, "related_id = ? AND related_type = ?", record_id, crm_object.singular
        ):
            record["related_resource"] = none
            account.store.put(BY_NAME[object_name].table, record)
    identity = f"{crm_object.singular}/{record_id}"
    for link in account.matching("related", "first = ? OR second = ?", identity, identity):
        account.remove("related", link["id"])
    for file in account.matching("files", "parent_id = ? AND parent_type = ?", record_id, crm_object.singular):
        account.remove("files", file["id"])
