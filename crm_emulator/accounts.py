"""Accounts at the CRMs: one at each, in a store of their own; further ones have other keys and other records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crm_emulator.anything.vendor import Anything
from crm_emulator.apptivo.vendor import Apptivo
from crm_emulator.clock import Clock
from crm_emulator.copper.switches import Switches
from crm_emulator.copper.vendor import Copper
from crm_emulator.freshsales.vendor import Freshsales, FreshsalesClassic
from crm_emulator.store import Store
from crm_emulator.vendor import Vendor

MOST = 100
_IDS_APART = 100_000_000  # more than lie between the first ids of any two objects of Freshsales, or of Apptivo


class Accounts:
    """The accounts of one customer: one at each CRM.

    All accounts at a CRM have the same address; the key says whose a request is for, as at Copper and Apptivo.

    Args:
        customers: How many customers there are.
        number: The number of the customer, from 1. Keys of the first are the ones in the documentation.
        clock: The clock of all CRMs.
        database: A SQLite file that keeps the records.
        switches: Copper's switches.

    Attributes:
        store: The records.
        vendors: The CRMs, in the order in which they are listed; the endpoint for anything is the first customer's.
    """

    def __init__(
        self, number: int, customers: int, clock: Clock, database: str | None, switches: Switches | None
    ) -> None:
        self.number = number
        self.store = Store(_numbered(database, number))
        self.store.id_shift = (number - 1) * _IDS_APART
        self.store.lag.now = clock.now
        self.copper = Copper(self.store, clock, switches)
        self.freshsales = Freshsales(self.store, clock)
        self.freshsales_classic = FreshsalesClassic(self.store, clock)
        self.apptivo = Apptivo(self.store, clock)
        self.anything = Anything(self.store, clock)
        named: tuple[Vendor, ...] = (self.copper, self.freshsales, self.freshsales_classic, self.apptivo)
        self.vendors = (*named, self.anything) if number == 1 else named
        for vendor in self.vendors:
            vendor.serve_customer(number, customers)
        self.store.seal()

    def fill(self, seed: int, sizes: Mapping[str, Mapping[str, int]]) -> None:
        """Have each vendor that holds no records seeded when it is first used, each customer's with other records."""
        for vendor in self.vendors:
            vendor.seed_when_used(seed + self.number - 1, sizes[vendor.name])

    def clear(self) -> None:
        """Delete all records, and forget what was to be sent."""
        self.store.clear()
        for vendor in self.vendors:
            if vendor.outbox is not None:
                vendor.outbox.clear()

    def close(self) -> None:
        """Send nothing more, and close the store."""
        for vendor in self.vendors:
            if vendor.outbox is not None:
                vendor.outbox.close()
        self.store.close()

    def dump(self) -> bytes:
        """Return all records as the bytes of a SQLite file."""
        with self.store.lock:
            for vendor in self.vendors:
                vendor.ensure_ready()
            return self.store.dump()

    def load(self, state: bytes) -> None:
        """Replace all records by a dump; raises ForeignStateError, and then replaces nothing."""
        self.store.restore(state)
        self.store.lag.clear()


def _numbered(database: str | None, number: int) -> str | None:
    """Return the file of a customer's records: ``state.sqlite``, ``state-2.sqlite``."""
    if database is None or number == 1:
        return database
    path = Path(database)
    return str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
