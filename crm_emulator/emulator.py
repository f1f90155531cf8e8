"""The emulator as a Python context manager, for anybody's tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from crm_emulator.anything.vendor import Anything
from crm_emulator.application import Application
from crm_emulator.apptivo.vendor import Apptivo
from crm_emulator.clock import Clock
from crm_emulator.control import Control
from crm_emulator.copper.switches import Switches
from crm_emulator.copper.vendor import Copper
from crm_emulator.faults import Fault, Kind
from crm_emulator.freshsales.vendor import Freshsales, FreshsalesClassic
from crm_emulator.journal import Journal, LoggedRequest
from crm_emulator.messages import Request
from crm_emulator.pages import Pages
from crm_emulator.quota import Rate
from crm_emulator.server import HOST, Listener
from crm_emulator.store import Store
from crm_emulator.vendor import Vendor


class EmulatorBugError(AssertionError):
    """An endpoint of the emulator raised: the test that met it proves nothing."""


class Emulator:
    """Emulated CRMs on a free port of 127.0.0.1, for as long as the ``with`` block lasts.

    Example:
        >>> with Emulator(seed=7, people=1000) as emulator:
        ...     settings = {"base_url": emulator.copper.base_url, "api_key": emulator.copper.api_key}

    Args:
        seed: The same seed, with the same numbers of records, gives the same bytes.
        people, companies, leads, opportunities, projects, tasks, activities: How many of each Copper gets; one left out
            is the default (see ``crm_emulator.copper.seeds.SIZES``), or 0 when ``empty``.
        empty: No records but the settings lists.
        port: 0 is any free one.
        database: A SQLite file that keeps the state; one that already holds records is not seeded again.
        quota: Whether the vendors' own rates are kept; or the rates to keep instead.
        clock: Left out, the machine's; ``Clock(frozen_at=…)`` stands still until ``clock.advance``.
        faults: In force from the start.
        switches: Copper's choices.
        sizes: Numbers of records by CRM and object: ``{"freshsales": {"contacts": 500}}``. Each CRM is seeded when it
            is first used, with its default numbers where nothing is said and ``empty`` is not set.
    """

    def __init__(  # noqa: PLR0913 - every one is optional and named
        self,
        *,
        seed: int = 1,
        people: int | None = None,
        companies: int | None = None,
        leads: int | None = None,
        opportunities: int | None = None,
        projects: int | None = None,
        tasks: int | None = None,
        activities: int | None = None,
        empty: bool = False,
        port: int = 0,
        database: str | None = None,
        quota: bool | tuple[Rate, ...] = False,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        switches: Switches | None = None,
        sizes: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        copper = {
            "people": people,
            "companies": companies,
            "leads": leads,
            "opportunities": opportunities,
            "projects": projects,
            "tasks": tasks,
            "activities": activities,
        }
        self.seed_number = seed
        self.clock = clock or Clock()
        self.store = Store(database)
        self.store.lag.now = self.clock.now
        self.copper = Copper(self.store, self.clock, switches)
        self.freshsales = Freshsales(self.store, self.clock)
        self.freshsales_classic = FreshsalesClassic(self.store, self.clock)
        self.apptivo = Apptivo(self.store, self.clock)
        self.anything = Anything(self.store, self.clock)
        self.vendors: tuple[Vendor, ...] = (
            self.copper,
            self.freshsales,
            self.freshsales_classic,
            self.apptivo,
            self.anything,
        )
        asked = {"copper": {name: size for name, size in copper.items() if size is not None}, **(sizes or {})}
        self.sizes: dict[str, dict[str, int]] = {
            vendor.name: {**({} if empty else vendor.sizes), **asked.get(vendor.name, {})} for vendor in self.vendors
        }
        self.store.seal()
        if quota:
            for vendor in self.vendors:
                vendor.use_quota(quota if isinstance(quota, tuple) else None)
        control, pages = Control(self), Pages(self)
        self.application = Application(
            self.store, self.clock, self.vendors, lambda request: pages.answer(request) or control.answer(request), seed
        )
        self.application.faults.add(*faults)
        self.listener = Listener(self.application, port)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # Life

    def fill(self) -> None:
        """Have each vendor that holds nothing seeded when it is first used."""
        for vendor in self.vendors:
            vendor.seed_when_used(self.seed_number, self.sizes[vendor.name])

    def reset(self, seed: int | None = None, sizes: Mapping[str, Mapping[str, int]] | None = None) -> None:
        """Throw all records away and seed anew, with another seed or other numbers of records if given."""
        with self.store.lock:
            self.store.clear()
            self.seed_number = self.seed_number if seed is None else seed
            for name, changed in (sizes or {}).items():
                self.sizes[name] |= changed
            self.fill()

    def dump(self) -> bytes:
        """All records of all CRMs, as the bytes of a SQLite file; ``load`` and ``database`` take it again."""
        with self.store.lock:
            for vendor in self.vendors:
                vendor.awaken()
            return self.store.dump()

    def load(self, state: bytes) -> None:
        """Replace all records by a dump; raises ForeignStateError, and then nothing is replaced."""
        self.store.restore(state)
        self.store.lag.clear()

    async def listen(self) -> None:
        """Seed, and serve on the running loop; raises OSError when the port is taken."""
        self.fill()
        self.listener.start()
        for vendor in self.vendors:
            vendor.base_url = self.url + vendor.prefix + vendor.base_path

    def start(self) -> Self:
        """Serve from a thread of its own."""
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(target=loop.run_forever, name="crm-emulator", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.listen(), loop).result()
        except BaseException:  # whatever ended it, no thread stays behind
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop serving; the records are gone unless a database keeps them."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            self._loop = self._thread = None
        self.store.close()

    async def _end(self) -> None:
        """Close all connections and let go of requests that are still being waited for."""
        await self.listener.close()
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bugs = self.application.bugs
        self.stop()
        if bugs and error is None:
            raise EmulatorBugError(f"an endpoint of the emulator raised {bugs[0]!r}") from bugs[0]

    # What a test reads

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{HOST}:{self.listener.port}"

    @property
    def journal(self) -> Journal:
        """The request log and its counters."""
        return self.application.journal

    @property
    def requests(self) -> list[LoggedRequest]:
        """The log, oldest first."""
        return list(self.application.journal.requests)

    # Trouble

    def trouble(self, *faults: Fault | str) -> None:
        """Put faults in force: values, or their text form ``error:status=500,every=20,route=POST /people``."""
        self.application.faults.add(*(fault if isinstance(fault, Fault) else Fault.parse(fault) for fault in faults))

    def script(self, route: str, steps: Iterable[Fault | Kind | str]) -> None:
        """Decide the next answers of a route (a shell pattern over ``METHOD /template``) one by one; ``ok`` is none."""
        self.application.faults.script(route, steps)

    def no_trouble(self) -> None:
        """End all faults and scripts."""
        self.application.faults.clear()

    def between_requests(self, change: Callable[[Request], object]) -> Callable[[], None]:
        """Call ``change`` with each request before it is read; it may change records. Returns what ends that."""
        self.application.before_requests.append(change)
        return lambda: self.application.before_requests.remove(change)

    @contextmanager
    def refusing_connections(self) -> Iterator[None]:
        """Refuse connections, and reset the open ones, for the length of a ``with`` block."""
        self._on_loop(self.listener.refuse)
        try:
            yield
        finally:
            self._on_loop(self.listener.accept)

    def _on_loop(self, action: Callable[[], None]) -> None:
        async def act() -> None:
            action()

        if threading.current_thread() is self._thread:  # of ``between_requests``: the loop itself cannot wait for it
            action()
        elif self._loop is not None:
            asyncio.run_coroutine_threadsafe(act(), self._loop).result()
