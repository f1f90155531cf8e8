"""Records created, updated, deleted, forgotten, cloned, shown: the rules that every resource shares (sections 3, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError, NotFoundError, humanized
from crm_emulator.freshsales.fields import custom_fields, field_label, read_custom_fields, required_fields
from crm_emulator.freshsales.objects.declaration import RECYCLED
from crm_emulator.freshsales.values import WrongValueError
from crm_emulator.query import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record
    from crm_emulator.tables import Table


def create(account: FreshsalesAccount, resource: Resource, sent: Mapping[str, Any], entity_name: str = "") -> Record:
    """Create a record, of a custom module if named; raises InvalidError with all that is wrong."""
    new: Record = {"id": _new_id(account, resource, sent), **_empty(resource)}
    if entity_name:
        new["entity_name"] = entity_name
    record = _written(account, resource, sent, None, new)
    record["creater_id"] = account.user_id
    record["created_at"] = record["updated_at"] = account.stamp()
    if "record_type_id" in record:
        record["record_type_id"] = f"7{resource.first_id % 10**9:010d}"
    _finish(account, resource, record, None, sent)
    return record


def update(account: FreshsalesAccount, resource: Resource, record_id: int, sent: Mapping[str, Any]) -> Record:
    """Change a record; what was not sent stays (section 3.2).

    Raises:
        NotFoundError: There is no such record, or it lies in the recycle bin.
        InvalidError: Something sent is wrong.
    """
    old = fetch(account, resource, record_id)
    record = _written(account, resource, sent, old, dict(old))
    record["updated_at"] = account.stamp()
    if "updater_id" in record:
        record["updater_id"] = account.user_id
    _finish(account, resource, record, old, sent)
    return record


def _finish(
    account: FreshsalesAccount, resource: Resource, record: Record, old: Record | None, sent: Mapping[str, Any]
) -> None:
    resource.complete(account, record, old, sent)
    if "last_assigned_at" in record and record["owner_id"] != (old or {}).get("owner_id"):
        record["last_assigned_at"] = account.stamp()
    if account.direct:  # what Freshsales keeps itself is taken as a test gives it
        record.update({name: value for name, value in sent.items() if name in resource.kept})
    _check_unique(account, resource, record)
    account.store.put(account.tables[resource.name], record)


def fetch(account: FreshsalesAccount, resource: Resource, record_id: int, *, recycled: bool = False) -> Record:
    """Return a record; one in the recycle bin only when asked for. Raises NotFoundError."""
    record = account.store.get(account.tables[resource.name], record_id, hidden=recycled)
    if record is None or (recycled and not record.get("is_deleted")):
        raise NotFoundError
    return record


def recycle(account: FreshsalesAccount, resource: Resource, record_id: int) -> None:
    """Move a record into the recycle bin, or delete it if the resource has none; raises NotFoundError (section 3.2)."""
    record = fetch(account, resource, record_id)
    if resource.recycles:
        record["is_deleted"] = True
        record["updated_at"] = account.stamp()
        account.store.put(account.tables[resource.name], record, hidden=RECYCLED)
    else:
        account.store.remove(account.tables[resource.name], record_id)


def restore(account: FreshsalesAccount, resource: Resource, record_id: int) -> Record:
    """Restore a record from the recycle bin; raises NotFoundError."""
    record = fetch(account, resource, record_id, recycled=True)
    record["is_deleted"] = False
    account.store.put(account.tables[resource.name], record)
    return record


def forget(account: FreshsalesAccount, resource: Resource, record_id: int) -> None:
    """Delete a record for good, from the recycle bin or not; raises NotFoundError (section 3.2)."""
    table = account.tables[resource.name]
    if account.store.text(table, record_id, hidden=True) is None:
        raise NotFoundError
    account.store.remove(table, record_id)


def clone(account: FreshsalesAccount, resource: Resource, record_id: int, overrides: Mapping[str, Any]) -> Record:
    """Copy a record with some attributes changed; unique values must change too (section 3.2)."""
    original = fetch(account, resource, record_id)
    copied = {
        name: original[name]
        for name in resource.writable
        if original.get(name) not in (None, []) and name not in {"emails", "email", *resource.unique}
    }
    if resource.has_custom_fields:
        known = custom_fields(account, field_owner(resource, original))
        unique = {name for name, field in known.items() if field["unique"]}
        custom = {name: value for name, value in original["custom_field"].items() if name not in unique}
        copied["custom_field"] = {**custom, **(overrides.get("custom_field") or {})}
    if "name" in resource.unique and "name" not in overrides:
        copied["name"] = f"{original['name']} (clone)"
    changed = {name: value for name, value in overrides.items() if name != "custom_field"}
    return create(account, resource, {**copied, **changed}, original.get("entity_name") or "")


def _new_id(account: FreshsalesAccount, resource: Resource, sent: Mapping[str, Any]) -> int:
    if account.direct and "id" in sent:
        account.store.reserve_ids(account.tables[resource.name], sent["id"])
        return int(sent["id"])
    return account.next_id(resource.name)


def field_owner(resource: Resource, record: Record) -> str:
    """Return the name under which a record's fields are kept: its resource's, or its custom module's."""
    return str(record.get("entity_name") or resource.name)


def _written(
    account: FreshsalesAccount, resource: Resource, sent: Mapping[str, Any], old: Record | None, record: Record
) -> Record:
    """Return the record that results, without the rules of its own; raises InvalidError with all that is wrong."""
    problems = _unknown(account, resource, sent)
    refused = set()
    for name, value in sent.items():
        kind = resource.writable.get(name)
        if kind is None:
            continue
        try:
            record[name] = None if value is None else _kept_text(account, kind.read(value, account))
        except WrongValueError as wrong:
            problems.append(f"{field_label(resource, name)} {wrong}")
            refused.add(name)
    for name in required_fields(account, resource, field_owner(resource, record)):
        looked_at = (old is None or name in sent) and name not in refused
        if looked_at and record.get(name) in (None, "", []):
            problems.append(f"{field_label(resource, name)} can't be blank")
    if resource.has_custom_fields:
        problems += _settle_custom(account, field_owner(resource, record), record, sent, old)
    if problems:
        raise InvalidError(dict.fromkeys(problems))
    return record


def _kept_text(account: FreshsalesAccount, value: Any) -> Any:
    return value.strip() if isinstance(value, str) and account.switches.text_ends == "trim" else value


def _empty(resource: Resource) -> Record:
    empty: Record = dict.fromkeys(resource.writable)
    empty |= {
        name: []
        for name in ("emails", "tags", "sales_accounts", "contact_ids", "product_pricings", "products")
        if name in empty
    }
    if resource.has_custom_fields:
        empty["custom_field"] = {}
    return empty | {name: list(first) if isinstance(first, list) else first for name, first in resource.kept.items()}


def _unknown(account: FreshsalesAccount, resource: Resource, sent: Mapping[str, Any]) -> list[str]:
    if account.direct:
        return []
    known = {*resource.writable, *resource.read_only, *(["custom_field"] if resource.has_custom_fields else [])}
    problems = []
    if account.switches.unknown_attributes == "reject":
        problems += [f"Unknown attribute: {name}" for name in sent if name not in known]
    if account.switches.read_only_attributes == "reject":
        problems += [f"{humanized(name)} is read-only" for name in sent if name in resource.read_only]
    return problems


def _settle_custom(
    account: FreshsalesAccount, owner: str, record: Record, sent: Mapping[str, Any], old: Record | None
) -> list[str]:
    """Set every custom field of the record, also those never set; a field not sent keeps its value."""
    known = custom_fields(account, owner)
    held = (old or {}).get("custom_field") or {}
    values: Record = {}
    problems: list[str] = []
    if sent.get("custom_field") is not None:
        values, problems = read_custom_fields(account, owner, sent["custom_field"])
    record["custom_field"] = {name: values.get(name, held.get(name)) for name in known}
    problems += [
        f"{field['label']} can't be blank"
        for name, field in known.items()
        if field["required"] and record["custom_field"][name] is None and old is None
    ]
    return problems


def _check_unique(account: FreshsalesAccount, resource: Resource, record: Record) -> None:
    """Refuse an e-mail, mobile number, account name or unique custom value that another record has (section 4)."""
    table = account.tables[resource.name]
    messages = dict(resource.unique)
    for name, field in custom_fields(account, field_owner(resource, record)).items():
        if field["unique"]:
            messages[name] = f"{field['label']} is not unique"
    problems = []
    for key, value in table.keys(record) if messages else ():
        if key not in messages:
            continue
        holders = account.store.holders(table, key, value)
        if not account.switches.recycled_hold_unique:
            holders = [holder for holder in holders if account.store.text(table, holder) is not None]
        if any(holder != record["id"] for holder in holders):
            problems.append(messages[key])
    if problems:
        raise InvalidError(dict.fromkeys(problems))


def recycled_query(table: Table) -> Query:
    """Return the records in the recycle bin."""
    return Query(table, hidden=(RECYCLED,))
