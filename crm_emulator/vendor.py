"""The base of every emulated CRM: routes, sign-in, quota, error dialect, seeds, and direct access for tests."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from inspect import cleandoc
from random import Random
from typing import Any, ClassVar

from crm_emulator.clock import Clock
from crm_emulator.faults import Kind
from crm_emulator.messages import Answer, Record, Request
from crm_emulator.outbox import Outbox
from crm_emulator.query import Query
from crm_emulator.quota import Exceeded, Quota, Rate
from crm_emulator.routing import Route, Router
from crm_emulator.store import Store
from crm_emulator.tables import Table


class UnknownObjectError(LookupError):
    """A test, or the control API, named an object or a record that is not there."""


class Vendor(ABC):
    """One emulated CRM over the shared store.

    Attributes:
        name: One lower-case word, which names its tables and its part of the control API.
        prefix: The path at which its routes begin: ``/copper/developer_api/v1``.
        hosts: The vendor's own host names, as shell patterns: a request to one of them belongs to this CRM.
        base_path: The path between ``prefix`` and the end of a plugin's ``base_url``, where routes lie outside it too.
        sizes: How many records each object is seeded with by default.
        rates: The rates that the vendor publishes.
        names_requests: Whether every answer carries the vendor's id of the request (``x-request-id``).
        keys: The attributes that hold its credentials; each customer has others.
        outbox: The notifications that it sends by itself; None for a vendor that sends none.
        customer: The number of the customer whose account it is, from 1.
        customers: How many customers there are.
        tables: The table of each object, by the vendor's own plural word.
        base_url: The vendor's whole prefix on the running server; a plugin's ``base_url``.
        quota: The quota in force now; ``Quota(())`` is none.
        switches: A dataclass of the behaviours that can be chosen.
    """

    name: ClassVar[str]
    prefix: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]] = ()
    base_path: ClassVar[str] = ""
    sizes: ClassVar[Mapping[str, int]] = {}
    rates: ClassVar[tuple[Rate, ...]]
    names_requests: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = ()
    tables: Mapping[str, Table]
    switches: Any

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.base_url = self.prefix
        self.quota = Quota(())
        self.customer = self.customers = 1
        self.outbox: Outbox | None = None
        self._pending_seed: tuple[int, Mapping[str, int]] | None = None
        store.define(*self.tables.values())
        self._is_ready = False

    def serve_customer(self, number: int, customers: int) -> None:
        """Become the account of one of the customers: after the first their keys end in their numbers."""
        self.customer, self.customers = number, customers
        for name in self.keys if number > 1 else ():
            key = getattr(self, name)
            setattr(self, name, key[: -len(str(number))] + str(number))  # as long as the vendor's keys are

    @property
    def account_name(self) -> str:
        """The name of the account in the request log, the control API and the pages: ``copper``, ``copper_2``."""
        return self.name if self.customer == 1 else f"{self.name}_{self.customer}"

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """All routes, made when they are first needed."""
        return self.declare_routes()

    @cached_property
    def router(self) -> Router:
        """The router over all routes."""
        return Router(self.routes)

    @abstractmethod
    def declare_routes(self) -> tuple[Route, ...]:
        """Return all routes."""

    @abstractmethod
    def refusal(self, request: Request) -> Answer | None:
        """Return the answer to a request whose credentials are wrong; None if they are right."""

    @abstractmethod
    def unknown_route(self, request: Request) -> Answer:
        """Return the answer where no route is."""

    @abstractmethod
    def malformed_body(self, request: Request) -> Answer:
        """Return the answer to a body that is not JSON."""

    @abstractmethod
    def over_quota(self, exceeded: Exceeded | None, retry_after: float | None) -> Answer:
        """Return the 429: by the quota, or on demand with this Retry-After."""

    @abstractmethod
    def seed(self, seed: int, sizes: Mapping[str, int]) -> None:
        """Fill the empty store: the same seed and sizes give the same bytes."""

    @abstractmethod
    def insert(self, object_name: str, attributes: Record) -> Record:
        """Create a record as the API would, at once and unasked.

        What the vendor itself keeps (``id``, ``date_modified`` …) may be given too, and is then taken as it is.
        """

    @abstractmethod
    def change(self, object_name: str, record_id: int, attributes: Record) -> Record:
        """Update a record as the API would; the vendor's own attributes are taken as they are."""

    @abstractmethod
    def delete(self, object_name: str, record_id: int) -> None:
        """Delete a record as the API would."""

    @abstractmethod
    def disturb(self, kind: Kind, route: str, random: Random) -> None:
        """Edit, add or delete some record of the object that a route is about."""

    @abstractmethod
    def configuration(self) -> str:
        """Settings for the plugins, ready to paste."""

    def below(self, path: str) -> str | None:
        """Return a path's part below the vendor's prefix; None for a path that is not the vendor's."""
        rest = path.removeprefix(self.prefix)
        return rest if path.startswith(self.prefix) and rest[:1] in {"", "/"} else None

    def find(self, request: Request, below: str) -> tuple[Route, dict[str, str]] | None:
        """Find the route of a request, and the values of its parameters; ``below`` is its path after the prefix."""
        return self.router.find(request.method, below)

    def seed_when_used(self, seed: int, sizes: Mapping[str, int]) -> None:
        """Seed at the first request, or at the first look from a test: not every test uses every CRM."""
        self._pending_seed = (seed, sizes)
        self._is_ready = False

    def ensure_ready(self) -> None:
        """Make its tables, and seed them if that is still to be done and the database holds nothing."""
        with self.store.lock:
            if self._is_ready:
                return
            self._is_ready = True
            self.store.create(*self.tables.values())
            pending, self._pending_seed = self._pending_seed, None
            if pending is not None and not any(self.store.count(Query(table)) for table in self.tables.values()):
                self.seed(*pending)
                self.store.lag.clear()  # what was always there is in the index

    def use_quota(self, rates: tuple[Rate, ...] | None = None) -> None:
        """Keep these rates from now on; left out, the vendor's own."""
        self.quota = Quota(self.rates if rates is None else rates)

    def authorize(self, redirect_uri: str) -> str:  # noqa: ARG002 - of those that give out codes
        """Return an OAuth code, as if a user had allowed it; raises ValueError where the vendor gives out none."""
        raise ValueError(f"{self.account_name} gives out no codes")

    def revoke(self) -> None:
        """End the OAuth token that was given out; raises ValueError where the vendor gives out none."""
        raise ValueError(f"{self.account_name} gives out no tokens")

    def counts(self) -> dict[str, int]:
        """Count the records of each object; none of a further account that nobody has used: it is seeded then."""
        if self.customer > 1 and not self._is_ready:
            return {}
        return {name: self.count(name) for name in self.tables}

    def described_switches(self) -> dict[str, str]:
        """Return what each switch does, by its name: the Attributes section of the switches' docstring."""
        section = cleandoc(type(self.switches).__doc__ or "").partition("Attributes:\n")[2]
        joined = re.sub(r"\n {8,}", " ", section)
        return dict(re.findall(r"^ {4}(\w+): (.+)$", joined, re.MULTILINE))

    def words_for(self, switch: str) -> tuple[str, ...]:
        """Return the words that a switch can be: those that its description quotes; none where it takes any text."""
        described = self.described_switches().get(switch, "")
        words = tuple(dict.fromkeys(re.findall(r"``(\w+)``", described.partition(":")[2])))
        return words if getattr(type(self.switches)(), switch, None) in words else ()

    def is_signed_by(self, request: Request) -> bool:
        """Return whether a request, not yet routed, carries the account's credentials."""
        return self.refusal(request) is None

    @property
    def root(self) -> str:
        """The path that stands for the vendor's host: ``/copper``."""
        return "/" + self.prefix.split("/")[1]

    def has_host(self, host: str) -> bool:
        """Return whether a host name is one of the vendor's own."""
        return any(fnmatchcase(host, pattern) for pattern in self.hosts)

    # Direct access: what is in the CRM, without asking its API.

    def table(self, object_name: str) -> Table:
        """Return the table of an object; raises UnknownObjectError."""
        self.ensure_ready()
        try:
            return self.tables[object_name]
        except KeyError:
            known = ", ".join(self.tables)
            raise UnknownObjectError(f"{self.name} has no {object_name!r}; it has {known}") from None

    def get(self, object_name: str, record_id: int) -> Record | None:
        """Return the record with this id, or None."""
        return self.store.get(self.table(object_name), record_id)

    def known(self, object_name: str, record_id: int) -> Record:
        """Return the record with this id; raises UnknownObjectError."""
        record = self.get(object_name, record_id)
        if record is None:
            raise UnknownObjectError(f"{self.name} has no {object_name} {record_id}")
        return record

    def records(self, object_name: str) -> list[Record]:
        """Return all records of an object, in the order of their ids."""
        return self.store.records(Query(self.table(object_name)))

    def count(self, object_name: str) -> int:
        """Count an object's records."""
        return self.store.count(Query(self.table(object_name)))
