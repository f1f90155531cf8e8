"""The emulator as a Python context manager, for anybody's tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from crm_emulator.access import Access, checked_token, new_token
from crm_emulator.addresses import HOST, is_every, is_loopback, is_name
from crm_emulator.application import Application
from crm_emulator.clock import Clock
from crm_emulator.control import Control
from crm_emulator.copper.switches import Switches
from crm_emulator.crms import EmulatedCrms
from crm_emulator.faults import Fault
from crm_emulator.messages import Answer, Request
from crm_emulator.pages.site import Pages
from crm_emulator.quota import Rate
from crm_emulator.server import Listener
from crm_emulator.strictness import Strictness
from crm_emulator.version import require_equal_versions

if TYPE_CHECKING:
    from crm_emulator.certificates import Certificates


class EmulatorBugError(AssertionError):
    """An endpoint of the emulator raised: the test that met it proves nothing."""


class Emulator(EmulatedCrms):
    """Emulated CRMs on a free port of 127.0.0.1, for as long as the ``with`` block lasts.

    Example:
        >>> with Emulator(seed=7, people=1000) as emulator:
        ...     settings = {"base_url": emulator.copper.base_url, "api_key": emulator.copper.api_key}

    Args:
        seed: The number from which records are drawn; equal seeds and numbers of records give equal bytes.
        people, companies, leads, opportunities, projects, tasks, activities: How many of each Copper gets; one left out
            is the default (see ``crm_emulator.copper.seeds.SIZES``), or 0 when ``empty``.
        empty: No records but the settings lists.
        listen: The address to listen on. Beyond this machine the control API and the pages take a token.
        port: The port to listen on; 0 is any free one.
        token: The token; left out, a new one where it is needed.
        tls: The folder of the certificates, made where they are missing; left out, no TLS is spoken.
        database: A SQLite file that keeps the records; one that already holds some is not seeded again.
        accounts: How many accounts there are at each CRM; ``emulator.accounts[1].copper`` is the second at Copper.
        quota: Whether the vendors' own rates are kept; or the rates to keep instead.
        clock: Left out, the machine's; ``Clock(frozen_at=…)`` stands still until ``clock.advance``.
        faults: Faults in force from the start.
        switches: Copper's switches.
        strictness: ``strict`` or ``lenient``, for all CRMs; left out, every switch has its default.
        sizes: Numbers of records by CRM and object: ``{"freshsales": {"contacts": 500}}``. Each CRM is seeded when it
            is first used, with its default numbers where nothing is said and ``empty`` is not set.

    Attributes:
        control_token: The token of the control API and the pages; empty: they take none.
        ca_file: The certificate of the authority that clients have to trust; None without TLS.
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
        listen: str = HOST,
        port: int = 0,
        token: str = "",
        tls: str | Path | None = None,
        database: str | None = None,
        accounts: int = 1,
        quota: bool | tuple[Rate, ...] = False,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        switches: Switches | None = None,
        strictness: Strictness | str | None = None,
        sizes: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        require_equal_versions()
        copper = {
            "people": people,
            "companies": companies,
            "leads": leads,
            "opportunities": opportunities,
            "projects": projects,
            "tasks": tasks,
            "activities": activities,
        }
        super().__init__(
            seed=seed,
            sizes={"copper": {name: size for name, size in copper.items() if size is not None}, **(sizes or {})},
            empty=empty,
            host=listen,
            port=port,
            database=database,
            accounts=accounts,
            quota=quota,
            clock=clock,
            switches=switches,
        )
        self.trouble(*faults)
        if strictness is not None:
            self.set_strictness(strictness)
        self.control_token = checked_token(token) or ("" if is_loopback(listen) else new_token())
        access = Access(self.control_token, "http" if tls is None else "https")
        self._control, self._pages = Control(self, access), Pages(self, access)
        self.application = Application(self, self._answer_outside_crms, seed)
        self.ca_file: Path | None = None
        context = None
        if tls is not None:
            found = self._certificates(Path(tls))
            self.ca_file, context, self.scheme = found.authority, found.context(), "https"
        self.listener = Listener(self.application, port, listen, context)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def _certificates(self, folder: Path) -> Certificates:
        from crm_emulator.certificates import certificates  # noqa: PLC0415 - most emulators speak no TLS

        hosts = [host for vendor in self.accounts[0].vendors for host in vendor.hosts]
        own = [] if is_every(self.host) else [self.host]
        machine = socket.gethostname().lower()
        return certificates(folder, [*hosts, *own, *filter(is_name, [machine])])

    async def _answer_outside_crms(self, request: Request) -> Answer:
        return self._pages.answer(request) or await self._control.answer(request)

    async def listen(self) -> None:
        """Seed, and serve on the running loop; raises OSError when the port is taken."""
        self.fill()
        self.listener.start()
        self.port = self.listener.port
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
        self.close()

    async def _end(self) -> None:
        """Close all connections and cancel the requests that are still under way."""
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
