"""Checks of entries before they are run: the settings of both plugins, and whose accounts they reach."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator

from crm_api.crm import Account
from crm_api.errors import CrmError, SettingError
from crm_api.transport.redaction import Redactor
from target_crm.accounts.entries import Accounts, Entry
from target_crm.accounts.taps import inside_tap
from target_crm.crms import account_of
from target_crm.exit_codes import EXPECTED, ending_of
from target_crm.target import TargetCrm


def checked_entries(accounts: Accounts, names: Collection[str], *, connects: bool) -> Iterator[tuple[str, str, str]]:
    """Check entries, one after the other.

    Args:
        accounts: The entries of the file.
        names: The names of those that are meant.
        connects: Whether the CRMs are asked whose accounts they are.

    Yields:
        The name of an entry, what is wrong with it (empty: nothing), and whose account it is (empty: nobody asked).
    """
    reached: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name in names:
        if name in accounts.flaws:
            yield name, accounts.flaws[name], ""
            continue
        entry = accounts.entries[name]
        try:
            target = checked(entry)
            account = account_of(target.connect()) if connects else None
        except EXPECTED as error:
            yield name, Redactor(entry.secrets)(ending_of(error, None).sentence), ""
            continue
        if account is None:
            yield name, "", ""
            continue
        key = target.config["crm"], target.config.get("account_name") or account.id, target.config["source_name"]
        reached[key].append(name)
        others = reached[key][:-1]
        same = f"It is the account of {others[0]}, with the same source_name: give it one of its own" if others else ""
        yield name, same, _shown(account)


def checked(entry: Entry) -> TargetCrm:
    """Check the settings of both plugins; sends nothing.

    Raises:
        SettingError: One cannot work; it names the entry's plugin.
        ConfigValidationError: A setting of target-crm does not fit its schema.
    """
    try:
        if entry.tap.name:
            inside_tap(entry.tap.name).check(entry.tap.config)
        elif shutil.which(entry.tap.command[0]) is None:
            raise SettingError(f"there is no command {entry.tap.command[0]}. Install the tap, or give its path")
    except CrmError as error:
        raise SettingError(f"{entry.tap.shown}: {error.sentence}") from error
    if entry.tap.catalog is not None and not entry.tap.catalog.is_file():
        raise SettingError(f"There is no catalog file {entry.tap.catalog}")
    return TargetCrm(config=dict(entry.target))


def _shown(account: Account) -> str:
    return f"{account.name} (id {account.id})"
