"""Freshsales' form of values and records: sends them, reads them, and adds to lists.

Facts: instants are ISO 8601 with the account's offset, amounts are answered as text (``"5600.0"``), ids are numbers or
numeric text (recorded answers of accounts). The array ``sales_accounts`` replaces a contact's accounts; e-mails are
nested attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload, outgoing
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.transport.listing import MOST_DIGITS
from crm_api.values import READERS, is_empty

_READ = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.MOMENT, Kind.DAY, Kind.ID})
_NAMED = frozenset({"sales_account", "company"})
"""Attributes that are a name in payloads, and ``{"name": …}`` on the wire."""
_ADDED_BY_FRESHSALES = frozenset({"contacts_added_list"})
"""Lists that Freshsales itself adds to."""


def encode(attribute: Attribute, value: Any, models: Mapping[str, str]) -> Any:
    """Turn a value into the vendor's form.

    Args:
        attribute: The attribute of the value.
        value: The value as ``crm_api.values`` reads it.
        models: Names of kinds of record in ``targetable_type``, by singular name.

    Raises:
        ValueError: No record can be about one of that kind.
    """
    if isinstance(value, date):
        is_day = attribute.kind is Kind.MOMENT and not isinstance(value, datetime)
        return (datetime.combine(value, time(), UTC) if is_day else value).isoformat()
    if attribute.kind is Kind.IDENTIFIER and value is not None:
        model = models.get(value["type"])
        if not model:
            raise ValueError(f"must have a type that is one of: {', '.join(each for each in models if models[each])}")
        return {"id": value["id"], "type": model}
    if attribute.kind is Kind.IDS and attribute.item is not None:
        return [{attribute.item: each, "is_primary": place == 0} for place, each in enumerate(value or ())]
    return {"name": value} if attribute.name in _NAMED and value is not None else value


def decode(attribute: Attribute, value: Any) -> Any:
    """Turn the vendor's form into a value, tolerant of other spellings.

    Raises:
        ValueError: The value is not in the vendor's form.
    """
    if value is None:
        return None
    if attribute.name in _NAMED and isinstance(value, Mapping):
        return value.get("name")
    if attribute.kind in _READ:
        read = READERS[attribute.kind](value)
        return read.astimezone(UTC) if isinstance(read, datetime) else read  # accounts answer with their own offset
    if attribute.kind is Kind.NAME_ID and attribute.custom_id is None and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


def sent(payload: Payload) -> dict[str, Any]:
    """Make the JSON object that is sent of a payload."""
    body = dict(payload)
    if (target := body.pop("targetable", None)) is not None:
        body |= {"targetable_type": target["type"], "targetable_id": target["id"]}
    if (emails := body.get("emails")) is not None:
        values = [each["value"] for each in emails]
        body["emails"] = values[0] if len(values) == 1 else values
    if (accounts := body.get("sales_accounts")) is not None:
        # The first that is marked stays primary; if none is marked, the first of all becomes primary.
        primary = next((each["id"] for each in accounts if each.get("is_primary")), None)
        primary = primary or next((each["id"] for each in accounts), None)
        body["sales_accounts"] = [{"id": each["id"], "is_primary": each["id"] == primary} for each in accounts]
    return body


def shaped(record: CrmRecord) -> dict[str, Any]:
    """Add to a record that Freshsales answered the attributes that it is written by, where names differ."""
    whole = dict(record)
    targets = whole.get("targetables")
    if isinstance(targets, list) and targets and isinstance(targets[0], Mapping):
        whole["targetable"] = {"id": as_id(targets[0].get("id")), "type": targets[0].get("type")}
    accounts = whole.get("sales_accounts")
    if isinstance(accounts, list):
        primary = next((each for each in accounts if isinstance(each, Mapping) and each.get("is_primary")), None)
        whole["sales_account"] = {"name": primary["name"]} if primary and primary.get("name") else None
    if "emails" not in whole and "email" in whole:
        whole["emails"] = [] if is_empty(whole["email"]) else [{"value": whole["email"]}]
    elif isinstance(whole.get("emails"), str):
        whole["emails"] = [{"value": whole["emails"]}]
    if "id" in whole:
        whole["id"] = as_id(whole["id"])
    return whole


def as_id(value: Any) -> CrmId:
    """Return an id as a number, also if it is numeric text."""
    is_number = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= MOST_DIGITS
    return int(value) if is_number else value


def is_id(crm_id: CrmId) -> bool:
    """Whether an id is a whole number, as Freshsales' ids are: no other text may shape a path."""
    text = str(crm_id).removeprefix("-")
    return text.isascii() and text.isdecimal()


def split(payload: Payload) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide a payload into what can be sent without knowing the record, and the elements to add to its lists."""
    names = outgoing(payload).added - _ADDED_BY_FRESHSALES
    added = {name: value for name, value in payload.items() if name in names}
    return {name: value for name, value in payload.items() if name not in added}, added


def joined(crm_object: CrmObject, record: CrmRecord, added: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Make the lists that a record must be given to hold the added elements; a list that holds them is left out."""
    lists: dict[str, Any] = {}
    for name, elements in added.items():
        attribute = crm_object.attribute(name)
        if attribute is None:
            continue
        held = record.get(name)
        held = held if isinstance(held, list) else []
        known = {_identity(attribute, each) for each in held}
        new = [each for each in elements if _identity(attribute, each) not in known]
        if new:
            lists[name] = [*held, *new]
    return lists


def _identity(attribute: Attribute, element: Any) -> str:
    value = element.get(attribute.item) if isinstance(element, Mapping) and attribute.item else element
    return str(value).strip().casefold()


def identifier_of(crm_object: FreshsalesObject, attribute: str, wanted: Payload, value: str) -> Any:
    """Find the value by which a record is upserted, in the payload's own spelling."""
    held = wanted.get(attribute)
    if attribute.startswith("cf_"):
        held = (wanted.get("custom_field") or {}).get(attribute)
    known = crm_object.attribute(attribute)
    if known is not None and known.kind is Kind.ITEMS:
        held = held[0][known.item] if held else None
    return value if is_empty(held) else held
