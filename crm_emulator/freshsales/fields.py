"""The account's fields: what /settings/…/fields shows, custom fields, and which ones the account requires."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import humanized
from crm_emulator.freshsales.selectors import SELECTORS
from crm_emulator.freshsales.values import (
    LONG_TEXT,
    Choice,
    Flag,
    Instant,
    Number,
    Reference,
    Text,
    ValueType,
    WrongValueError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record

CUSTOM_TYPES = ("text", "textarea", "number", "checkbox", "date", "dropdown", "radio", "multi_select_dropdown")


def field_name(label: str) -> str:
    """Return the name of a custom field: ``Lead Tier`` is ``cf_lead_tier`` (section 4: every key starts with cf_)."""
    return "cf_" + re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def define_field(
    account: FreshsalesAccount,
    resource: str,
    label: str,
    kind: str = "text",
    choices: Sequence[str] = (),
    *,
    required: bool = False,
    unique: bool = False,
) -> Record:
    """Add a custom field, as an administrator does on the settings page; there is no API for it."""
    if kind not in CUSTOM_TYPES:
        raise ValueError(f"{kind!r} is not a type of custom field; use one of {', '.join(CUSTOM_TYPES)}")
    field_id = account.next_id("field_settings")
    record = {
        "id": field_id,
        "resource": resource,
        "label": label,
        "name": field_name(label),
        "type": kind,
        "choices": [
            {"id": field_id * 100 + index, "value": value, "position": index + 1} for index, value in enumerate(choices)
        ],
        "required": required,
        "unique": unique,
    }
    account.store.put(account.tables["field_settings"], record)
    return record


def require_field(account: FreshsalesAccount, resource: str, name: str, *, required: bool) -> None:
    """Make a standard field required, or no longer; ``required`` is the account's own rule (section 2)."""
    known = account.matching("field_settings", "resource = ? AND json_extract(body, '$.name') = ?", resource, name)
    record = known[0] if known else {"id": account.next_id("field_settings"), "resource": resource, "name": name}
    account.store.put(account.tables["field_settings"], {**record, "required": required})


def custom_fields(account: FreshsalesAccount, resource: str) -> dict[str, Record]:
    """Return the custom fields of a resource, by name."""
    settings = account.matching("field_settings", "resource = ?", resource)
    return {each["name"]: each for each in settings if each["name"].startswith("cf_")}


def required_fields(account: FreshsalesAccount, resource: Resource, field_owner: str) -> list[str]:
    """Standard fields that a create must carry."""
    chosen = {
        each["name"]: each["required"]
        for each in account.matching("field_settings", "resource = ?", field_owner)
        if not each["name"].startswith("cf_")
    }
    names = [name for name in resource.required if chosen.get(name, True)]
    return [*names, *(name for name, required in chosen.items() if required and name not in names)]


def read_custom_fields(account: FreshsalesAccount, resource: str, sent: Any) -> tuple[Record, list[str]]:
    """Return the values of a ``custom_field`` that was sent, and what is wrong with it."""
    if not isinstance(sent, dict):
        return {}, ["Custom field must be an object"]
    known = custom_fields(account, resource)
    values: Record = {}
    problems: list[str] = []
    for name, value in sent.items():
        field = known.get(name)
        if field is None:
            if account.switches.unknown_attributes == "reject":
                problems.append(f"Unknown custom field: {name}")
            continue
        try:
            values[name] = None if value is None else _read(account, field, value)
        except WrongValueError as wrong:
            problems.append(f"{field['label']} {wrong}")
    return values, problems


def _read(account: FreshsalesAccount, field: Record, value: Any) -> Any:
    words = tuple(choice["value"] for choice in field["choices"])
    if field["type"] == "multi_select_dropdown":
        chosen = value.split(";") if isinstance(value, str) else value
        if not isinstance(chosen, list) or not set(chosen) <= set(words):
            raise WrongValueError("is not included in the list")
        return chosen
    kinds: dict[str, ValueType] = {
        "text": Text(),
        "textarea": LONG_TEXT,
        "number": Number(),
        "checkbox": Flag(),
        "date": Instant(),
        "dropdown": Choice(words),
        "radio": Choice(words),
    }
    return kinds[field["type"]].read(value, account)


def shown_fields(account: FreshsalesAccount, resource: Resource) -> list[Record]:
    """Return the items of ``GET /settings/{resource}/fields`` (section 2; shapes recorded)."""
    required = set(required_fields(account, resource, resource.name))
    shown = [
        _shown(resource, index, name, field_label(resource, name), kind.field_type, _choices(account, kind))
        | {"required": name in required}
        for index, (name, kind) in enumerate(resource.writable.items(), 1)
        if name not in {"email", "sales_account", "contacts_added_list", "products"}
    ]
    for field in custom_fields(account, resource.name).values():
        item = _shown(resource, len(shown) + 1, field["name"], field["label"], field["type"], field["choices"])
        shown.append(item | {"id": field["id"], "default": False, "required": field["required"]})
    return shown


def _shown(resource: Resource, position: int, name: str, label: str, kind: str, choices: list[Record]) -> Record:
    return {
        "id": resource.first_id % 1_000_000 * 1_000 + position,
        "label": label,
        "name": name,
        "type": kind,
        "default": True,
        "actionable": True,
        "position": position,
        "choices": choices,
        "base_model": resource.model,
        "required": False,
        "quick_add_position": None,
        "visible": True,
    }


def field_label(resource: Resource, name: str) -> str:
    """Return a standard field's label."""
    return resource.labels.get(name) or humanized(name)


def _choices(account: FreshsalesAccount, kind: ValueType) -> list[Record]:
    if not isinstance(kind, Reference) or kind.object_name not in SELECTORS:
        return []
    return [
        {"id": item["id"], "value": _word(item), "position": index}
        for index, item in enumerate(account.records(kind.object_name), 1)
    ]


def _word(item: Record) -> str | None:
    return item.get("name") or item.get("display_name") or item.get("currency_code")
