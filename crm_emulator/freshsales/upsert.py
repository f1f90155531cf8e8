"""Finding or creating a record by an identifier (reference section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.fields import custom_fields
from crm_emulator.messages import is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record

_KEYS = {"emails": "email"}


def upsert(
    account: FreshsalesAccount, resource: Resource, identifier: Mapping[str, Any], sent: Mapping[str, Any]
) -> tuple[Record, bool]:
    """Create or update a record; return it, and whether it is new. Raises InvalidError."""
    if len(identifier) != 1:
        raise InvalidError(["unique_identifier must name one field"])
    (name, value), *_ = identifier.items()
    found = matching(account, resource, name, value)
    if len(found) > 1 and account.switches.ambiguous_upsert == "reject":
        raise InvalidError([f"Several records have this {name}"])
    if found:
        return records.update(account, resource, found[0], sent), False
    if name == "id":
        raise InvalidError(["Id is invalid"])
    return records.create(account, resource, _with_identifier(sent, name, value)), True


def matching(account: FreshsalesAccount, resource: Resource, name: str, value: Any) -> list[int]:
    """Return the ids of the records that an identifier names; raises InvalidError if the field identifies nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise InvalidError([f"unique_identifier {name} can't be blank"])
    if name == "id":
        number = int(value) if is_whole(str(value)) else 0
        return [number] if account.exists(resource.name, number) else []
    unique = {field for field, held in custom_fields(account, resource.name).items() if held["unique"]}
    if name not in resource.identifiers and name not in unique:
        raise InvalidError([f"{name} is not a unique identifier"])
    return account.holders(resource.name, _KEYS.get(name, name), str(value))


def _with_identifier(sent: Mapping[str, Any], name: str, value: Any) -> Mapping[str, Any]:
    """Add the identifier's value to a new record: nothing but the identifier is enough (section 5)."""
    if name.startswith("cf_"):
        return {**sent, "custom_field": {name: value, **(sent.get("custom_field") or {})}}
    if name in {"emails", "email"}:
        return sent if "emails" in sent or "email" in sent else {**sent, "emails": value}
    return {name: value, **sent}
