"""How accounts stand: their STATE, their last run, and who writes them now, as their ledgers tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from target_crm.accounts.entries import Entry
from target_crm.ledger import tables
from target_crm.ledger.held_locks import HeldLock, held_locks
from target_crm.ledger.looks import looked_at
from target_crm.ledger.presence import has_ledger
from target_crm.ledger.runs import KeptRun, run_of
from target_crm.ledger.states import KeptState, states_of
from target_crm.ledger.store import Store
from target_crm.ledger.tables import key_of
from target_crm.settings import SETTINGS

LOOK = "operator"  # the run id of somebody who looks


@dataclass(frozen=True)
class Standing:
    """How an account stands.

    Attributes:
        name: The entry's name.
        states: The STATE of each of its pipelines.
        last_run: Its last run; None if none is known.
        locks: What of it is being written.
    """

    name: str
    states: Sequence[KeptState] = ()
    last_run: KeptRun | None = None
    locks: Sequence[HeldLock] = ()


def standings(entries: Sequence[Entry], say: Callable[[str], None]) -> Iterator[Standing]:
    """Yield how entries stand, ledger by ledger.

    Args:
        entries: The entries.
        say: Called with a sentence for each ledger of an earlier version.

    Raises:
        SettingError: The URL of a ledger cannot work.
        LedgerError: A ledger cannot be read.
    """
    by_ledger: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_ledger[entry.ledger_url].append(entry)
    for url, sharing in by_ledger.items():
        if not has_ledger(url):
            yield from (Standing(entry.name) for entry in sharing)
            continue
        with looked_at(url, LOOK, say) as store:
            locks = list(held_locks(store))
            for entry in sharing:
                yield _standing(store, entry, locks)


def _standing(store: Store, entry: Entry, locks: Sequence[HeldLock]) -> Standing:
    states = states_of(store, entry.key)
    account = account_in(store, entry, states)
    held = [each for each in locks if (each.crm, each.account) == account]
    return Standing(entry.name, states, None if account is None else _last_run(store, entry, account), held)


def account_in(store: Store, entry: Entry, states: Sequence[KeptState]) -> tuple[str, str] | None:
    """Return the CRM and the account of an entry, as its ledger knows them; None if it does not.

    It does by ``account_name``, by the runs that moved the entry's STATE, and where it knows one account only.
    """
    crm = str(entry.target.get("crm"))
    if name := entry.target.get("account_name"):
        return crm, key_of(name)
    runs = tables.runs
    moved = sa.select(runs.c.account).where(runs.c.crm == crm, runs.c.run_id.in_([each.run_id for each in states]))
    known = sa.select(tables.accounts.c.account).where(tables.accounts.c.crm == crm)
    for query in (moved.distinct(), known):
        found = [row.account for row in store.rows(query)]
        if len(found) == 1:
            return crm, found[0]
    return None


def _last_run(store: Store, entry: Entry, account: tuple[str, str]) -> KeptRun | None:
    runs = tables.runs
    source = entry.target.get("source_name") or SETTINGS["properties"]["source_name"]["default"]
    of_it = runs.c.crm == account[0], runs.c.account == account[1], runs.c.source_name == key_of(source)
    rows = store.rows(sa.select(runs).where(*of_it).order_by(runs.c.number.desc()).limit(1))
    return run_of(rows[0]) if rows else None
