"""The e-mail addresses of contacts and leads: several, one of them primary (reference section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

Email = dict[str, Any]


def settle_emails(account: FreshsalesAccount, record: Record, old: Record | None, sent: Mapping[str, Any]) -> None:
    """Work out ``emails`` and ``email`` from what was sent: nested attributes by id or value, or plain strings."""
    held: list[Email] = [dict(each) for each in (old or {}).get("emails") or []]
    if "emails" in sent:
        held = _written(account, held, record["emails"] or [])
    if sent.get("email"):
        held = _with_primary(account, held, record["email"])
    if held and not any(each["is_primary"] for each in held):
        held[0]["is_primary"] = True
    record["emails"] = held
    record["email"] = next((each["value"] for each in held if each["is_primary"]), None)


def _written(account: FreshsalesAccount, held: list[Email], sent: list[Email]) -> list[Email]:
    kept = list(held) if account.switches.emails_on_write == "merge" else []
    for item in sent:
        found = _find([*held, *kept], item)
        if item.get("id") is not None and found is None:
            raise InvalidError(["Emails is invalid"])
        if item.get("_destroy"):
            kept = [each for each in kept if each is not found]
            continue
        if found is None:
            found = {"id": account.next_id("emails"), "value": item["value"], "is_primary": False, "label": None}
            found["_destroy"] = False
        if not any(each is found for each in kept):
            kept.append(found)
        found["value"] = item["value"]
        found["label"] = item.get("label", found["label"])
        if item.get("is_primary"):
            for each in kept:
                each["is_primary"] = each is found
    return kept


def _find(held: list[Email], item: Email) -> Email | None:
    for each in held:
        if item.get("id") is not None:
            if each["id"] == item["id"]:
                return each
        elif each["value"].lower() == str(item.get("value")).lower():
            return each
    return None


def _with_primary(account: FreshsalesAccount, held: list[Email], value: str) -> list[Email]:
    found = _find(held, {"value": value})
    primary = next((each for each in held if each["is_primary"]), None)
    if found is None and primary is not None:
        found = primary
        found["value"] = value
    if found is None:
        found = {"id": account.next_id("emails"), "value": value, "is_primary": True, "label": None, "_destroy": False}
        held = [*held, found]
    for each in held:
        each["is_primary"] = each is found
    return held


def email_keys(record: Record) -> Iterable[tuple[str, str]]:
    """Yield the addresses that a record is found by, in lower case (section 5)."""
    for each in record.get("emails") or ():
        yield ("email", each["value"].lower())
