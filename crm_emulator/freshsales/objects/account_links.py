"""The sales accounts that contacts and deals belong to (reference section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.freshsales.objects.sales_accounts import SALES_ACCOUNTS
from crm_emulator.freshsales.values import Reference, WrongValueError

if TYPE_CHECKING:
    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

_SHOWN = ("id", "name", "avatar", "website", "last_contacted", "record_type_id")


def settle_accounts(account: FreshsalesAccount, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the accounts that replace the former ones; the first is primary if none is marked (section 4)."""
    ids: dict[int, bool] = {}
    for each in sent:
        try:
            found = Reference("sales_accounts").read(each.get("id"), account)
        except WrongValueError:
            raise InvalidError(["Sales accounts is invalid"]) from None
        ids[found] = bool(each.get("is_primary"))
    primary = next((found for found, marked in ids.items() if marked), next(iter(ids), None))
    return [{"id": found, "is_primary": found == primary} for found in ids]


def account_named(account: FreshsalesAccount, sent: dict[str, Any]) -> int:
    """Return the id of the account with a name or id; create one if no account has the name (section 4)."""
    if sent.get("id") is not None:
        return int(settle_accounts(account, [sent])[0]["id"])
    name = sent.get("name")
    if not isinstance(name, str) or not name.strip():
        raise InvalidError(["Sales account name can't be blank"])
    holders = account.holders(SALES_ACCOUNTS.name, "name", name)
    return holders[0] if holders else int(records.create(account, SALES_ACCOUNTS, dict(sent))["id"])


def embedded_accounts(account: FreshsalesAccount, record: Record) -> list[dict[str, Any]]:
    """Return the accounts that ``include=sales_accounts`` shows inside a contact."""
    shown = []
    for each in record.get("sales_accounts") or ():
        found = account.get("sales_accounts", each["id"])
        if found is not None:
            shown.append(
                {"partial": True, **{name: found.get(name) for name in _SHOWN}, "is_primary": each["is_primary"]}
            )
    return shown
