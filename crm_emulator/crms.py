"""The emulated CRMs together: one store, clock, request log and plan of faults for all. Knows no sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from fnmatch import fnmatchcase
from typing import Any

from crm_emulator.accounts import MOST, Accounts
from crm_emulator.addresses import url_host
from crm_emulator.checked_values import require_kind, require_object, require_within, shown
from crm_emulator.clock import Clock
from crm_emulator.copper.switches import Switches
from crm_emulator.faults import Fault, FaultPlan, Kind
from crm_emulator.journal import Journal, LoggedRequest
from crm_emulator.messages import Request
from crm_emulator.quota import Rate
from crm_emulator.strictness import Strictness, set_strictness
from crm_emulator.vendor import Vendor

_MOST_RECORDS = 10_000_000


class EmulatedCrms:
    """All emulated CRMs, with the access that tests have past the CRMs' APIs.

    Args:
        seed: The number from which records are drawn; equal seeds and numbers of records give equal bytes.
        sizes: Numbers of records by CRM and object; an object left out gets its CRM's default, or 0 when ``empty``.
        empty: No records but the settings lists.
        host: The address on which the server in front of them listens.
        port: Its port; 0 until a free one is found.
        database: A SQLite file that keeps the records; one that already holds some is not seeded again.
        accounts: How many accounts there are at each CRM, from 1 to 100.
        quota: Whether the vendors' own rates are kept; or the rates to keep instead.
        clock: The clock of all CRMs.
        switches: Copper's switches.

    Attributes:
        scheme: ``http``, or ``https`` where the server speaks TLS.
        accounts: The accounts at each CRM, customer by customer; ``copper`` and its like are the first customer's.
        vendors: All emulated accounts, in the order in which they are listed.
        faults: The faults in force and the scripts under way.
        journal: The request log and its counters.
        before_requests: Called, with the request, before each one is read; they may change records.
    """

    def __init__(  # noqa: PLR0913 - each is named
        self,
        *,
        seed: int,
        sizes: Mapping[str, Mapping[str, int]],
        empty: bool,
        host: str,
        port: int,
        database: str | None,
        accounts: int,
        quota: bool | tuple[Rate, ...],
        clock: Clock | None,
        switches: Switches | None,
    ) -> None:
        if not 1 <= accounts <= MOST:
            raise ValueError(f"there can be 1 to {MOST} accounts, not {accounts}")
        self.seed_number = seed
        self.host = host
        self.scheme = "http"
        self.port = port
        self.clock = clock or Clock()
        self.clock.require_dates()
        self.accounts = tuple(
            Accounts(number, accounts, self.clock, database, switches if number == 1 else copy(switches))
            for number in range(1, accounts + 1)
        )
        self.vendors: tuple[Vendor, ...] = tuple(vendor for each in self.accounts for vendor in each.vendors)
        first = self.accounts[0]
        self.store = first.store
        self.copper = first.copper
        self.freshsales, self.freshsales_classic = first.freshsales, first.freshsales_classic
        self.apptivo = first.apptivo
        self.anything = first.anything
        self.sizes: dict[str, dict[str, int]] = {
            vendor.name: {**({} if empty else vendor.sizes), **sizes.get(vendor.name, {})} for vendor in first.vendors
        }
        if quota:
            for vendor in self.vendors:
                vendor.use_quota(quota if isinstance(quota, tuple) else None)
        self.faults = FaultPlan(seed=seed)
        self.journal = Journal()
        self.before_requests: list[Callable[[Request], object]] = []

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, or the address that was asked for."""
        return f"{self.scheme}://{url_host(self.host)}:{self.port}"

    @property
    def requests(self) -> list[LoggedRequest]:
        """The request log, oldest first."""
        return list(self.journal.requests)

    # Records

    def fill(self) -> None:
        """Have each vendor that holds no records seeded when it is first used."""
        for each in self.accounts:
            each.fill(self.seed_number, self.sizes)

    def reset(self, seed: int | None = None, sizes: Mapping[str, Mapping[str, int]] | None = None) -> None:
        """Delete all records and seed anew, with another seed or other numbers of records if given.

        Raises:
            ValueError: One of them is none, or is of an object that is not seeded; nothing is changed then.
        """
        if seed is not None:
            require_kind("the seed", seed, int)
        self._check_sizes({} if sizes is None else sizes)
        self.seed_number = self.seed_number if seed is None else seed
        for name, changed in (sizes or {}).items():
            self.sizes[name] |= changed
        for each in self.accounts:
            with each.store.lock:
                each.clear()
                each.fill(self.seed_number, self.sizes)

    def _check_sizes(self, sizes: Any) -> None:
        """Raise ValueError unless these are numbers of records by CRM and object."""
        seeded = {vendor.name: vendor.sizes for vendor in self.vendors if vendor.sizes}
        for name, changed in require_object("sizes", sizes, seeded).items():
            for object_name, size in require_object(f"the sizes of {name}", changed, seeded[name]).items():
                require_kind(f"the number of {object_name}", size, int)
                require_within(f"the number of {object_name}", size, 0, _MOST_RECORDS)

    def dump(self, customer: int = 1) -> bytes:
        """Return all records of a customer's CRMs as the bytes of a SQLite file; ``load`` and ``database`` take it."""
        return self.accounts_of(customer).dump()

    def load(self, state: bytes, customer: int = 1) -> None:
        """Replace all records of a customer by a dump; raises ForeignStateError, and then replaces nothing."""
        self.accounts_of(customer).load(state)

    def accounts_of(self, customer: int) -> Accounts:
        """Return the accounts of a customer, from 1 on; raises ValueError."""
        if not 1 <= customer <= len(self.accounts):
            there = "there is account 1 alone" if len(self.accounts) == 1 else f"there are 1 to {len(self.accounts)}"
            raise ValueError(f"there is no account {customer}; {there}")
        return self.accounts[customer - 1]

    def close(self) -> None:
        """Close the stores; the records are gone unless a database keeps them."""
        for each in self.accounts:
            each.close()

    def set_strictness(self, strictness: Strictness | str) -> None:
        """Make all CRMs ``strict`` or ``lenient``; raises ValueError for another word."""
        if strictness not in list(Strictness):
            raise ValueError(f"strictness must be one of {', '.join(Strictness)}, not {shown(strictness)}")
        for vendor in self.vendors:
            set_strictness(vendor, Strictness(strictness))

    # Trouble

    def trouble(self, *faults: Fault | str) -> None:
        """Put faults in force: values, or their text form ``error:status=500,every=20,route=POST /people``."""
        read = [fault if isinstance(fault, Fault) else Fault.parse(fault) for fault in faults]
        for fault in read:
            self._require_account(fault.vendor)
        self.faults.add(*read)

    def script(self, route: str, steps: Iterable[Fault | Kind | str], vendor: str = "*") -> None:
        """Decide the next answers of a route (a shell pattern over ``METHOD /template``) one by one; ``ok`` is none.

        ``vendor`` is a shell pattern over the names of accounts: ``copper_2``.
        """
        require_kind("a script's vendor", vendor, str)
        self._require_account(vendor)
        self.faults.script(route, steps, vendor)

    def _require_account(self, pattern: str) -> None:
        """Raise ValueError where a pattern names no account, and what is asked for could never happen."""
        names = [vendor.account_name for vendor in self.vendors]
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(f"no account is named {pattern!r}; there are {', '.join(names)}")

    def no_trouble(self) -> None:
        """End all faults and scripts."""
        self.faults.clear()

    def between_requests(self, change: Callable[[Request], object]) -> Callable[[], None]:
        """Call ``change`` with each request before it is read; it may change records. Returns a function to end it."""
        self.before_requests.append(change)
        return lambda: self.before_requests.remove(change)
