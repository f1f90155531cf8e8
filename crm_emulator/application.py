"""The way from a request to its delivery: faults, quota, sign-in, endpoint, log. Knows no sockets."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random

from crm_emulator.addresses import host_name
from crm_emulator.crms import EmulatedCrms
from crm_emulator.faults import Fault, Kind
from crm_emulator.journal import LoggedRequest
from crm_emulator.messages import Answer, MalformedBodyError, Request
from crm_emulator.routing import Route
from crm_emulator.vendor import Vendor

_logger = logging.getLogger(__name__)

_REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
_PAGE = "<html>\n<head><title>{0} {1}</title></head>\n<body>\n<center><h1>{0} {1}</h1></center>\n</body>\n</html>\n"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer and how it travels.

    Attributes:
        answer: The answer; None drops the connection with a reset.
        cut: Whether to send only half of the body that Content-Length promises, and then close.
        slow_seconds: Seconds over which the body is spread.
        refuse_seconds: Seconds for which connections are refused afterwards.
        logged: The entry of the request log in which its end is noted; None: not logged.
    """

    answer: Answer | None
    cut: bool = False
    slow_seconds: float = 0.0
    refuse_seconds: float = 0.0
    logged: LoggedRequest | None = None


class Application:
    """The emulated CRMs, the control API and the pages behind one door.

    Args:
        crms: The emulated CRMs.
        answer_outside_crms: Answers the requests whose path belongs to no CRM.
        seed: Decides which records a disturbance changes.

    Attributes:
        clock: The clock of the CRMs.
        bugs: Exceptions that escaped an endpoint: defects of the emulator, never of its user.
    """

    def __init__(
        self, crms: EmulatedCrms, answer_outside_crms: Callable[[Request], Awaitable[Answer]], seed: int = 0
    ) -> None:
        self.clock = crms.clock
        self.bugs: list[Exception] = []
        self._crms = crms
        self._answer_outside_crms = answer_outside_crms
        self._random = Random(seed)  # noqa: S311 - which record is disturbed must be repeatable, not secret

    async def deliver(self, request: Request, query: str) -> Delivery:
        """Carry a request out; a failure of the emulator itself, or of a test's callback, is a 500 and is kept."""
        logged = None
        method = request.method
        try:
            if method == "HEAD":  # the answer to GET, whose body the server keeps back
                request = replace(request, method="GET")
            host = self._hosted_by(request)
            if host is not None:
                request = replace(request, path=host.root + request.path)
            vendor = self._vendor(request) or host  # a vendor's own name has nothing but the vendor behind it
            if vendor is None:
                return Delivery(await self._answer_outside_crms(request))
            vendor.ensure_ready()
            below = vendor.below(request.path)
            found = None if below is None else vendor.find(request, below)
            route, parameters = found or (None, {})
            request = replace(request, route=route.path if route else "", parameters=parameters)
            logged = self._begin(vendor, replace(request, method=method), query)
            return await self._deliver(vendor, request, route, logged)
        except Exception as bug:  # ours, whatever it is: logged, answered with 500, and raised by the fixture
            _logger.exception("the emulator failed on %s %s", request.method, request.path)
            self.bugs.append(bug)
            return Delivery(html_error(500), logged=logged)

    def _hosted_by(self, request: Request) -> Vendor | None:
        """Return the vendor whose own host name a request was sent to."""
        host = host_name(request.headers.get("host", ""))
        return next((vendor for vendor in self._crms.accounts[0].vendors if vendor.has_host(host)), None)

    def _begin(self, vendor: Vendor, request: Request, query: str) -> LoggedRequest:
        return self._crms.journal.begin(
            self.clock.now(), vendor.account_name, request.method, request.path, query, request.route, request.body
        )

    async def _deliver(self, vendor: Vendor, request: Request, route: Route | None, logged: LoggedRequest) -> Delivery:
        """Count the request against the quota, apply the faults that strike it, and carry it out."""
        trouble = self._crms.faults.decide(vendor.account_name, request.method, request.route)
        logged.fault = trouble.name
        with vendor.store.lock:
            exceeded = vendor.quota.admit(request.method, request.route, self.clock.now())
            logged.quota_share = vendor.quota.share(self.clock.now())
        if trouble.latency_seconds:
            await self.clock.sleep(trouble.latency_seconds)
        with vendor.store.lock:
            for disturbance in trouble.disturbances:
                for _ in range(disturbance.records):
                    vendor.disturb(disturbance.kind, request.route, self._random)
            for hook in list(self._crms.before_requests):
                hook(request)
            if exceeded is not None:
                return Delivery(vendor.over_quota(exceeded, None), logged=logged)
            return self._carry_out(vendor, request, route, trouble.fault, logged)

    def _vendor(self, request: Request) -> Vendor | None:
        """Find the account that a request is for: by its path, then by its key; for an unknown key the first."""
        asked = [vendor for vendor in self._crms.vendors if vendor.below(request.path) is not None]
        if len(asked) > 1:
            return next((vendor for vendor in asked if vendor.is_signed_by(request)), asked[0])
        return asked[0] if asked else None

    def _carry_out(
        self, vendor: Vendor, request: Request, route: Route | None, fault: Fault | None, logged: LoggedRequest
    ) -> Delivery:
        if fault is None:
            answer = self._answer(vendor, request, route)
            named = (("x-request-id", f"{logged.number:032x}"),) if vendor.names_requests else ()
            return Delivery(replace(answer, headers=(*answer.headers, *named)), logged=logged)
        match fault.kind:
            case Kind.ERROR:
                return Delivery(_error(vendor, fault), logged=logged)
            case Kind.RESET:
                return Delivery(None, logged=logged)
            case Kind.REFUSE:
                return Delivery(None, refuse_seconds=fault.seconds, logged=logged)
            case _:
                return self._damaged(vendor, self._answer(vendor, request, route), fault, logged)

    def _damaged(self, vendor: Vendor, answer: Answer, fault: Fault, logged: LoggedRequest) -> Delivery:
        match fault.kind:
            case Kind.ERROR_AFTER:
                return Delivery(_error(vendor, fault), logged=logged)
            case Kind.LOST:
                return Delivery(None, logged=logged)
            case Kind.CUT:
                return Delivery(answer, cut=True, logged=logged)
            case Kind.SLOW:
                return Delivery(answer, slow_seconds=fault.seconds, logged=logged)
            case _:
                half = answer.body[: len(answer.body) // 2]
                return Delivery(replace(answer, body=half + b'\n<!-- "'), logged=logged)

    def _answer(self, vendor: Vendor, request: Request, route: Route | None) -> Answer:
        refusal = vendor.refusal(request)
        if refusal is not None:
            return refusal
        if route is None:
            return vendor.unknown_route(request)
        try:
            return self._write(vendor, route, request) if route.writes else route.endpoint(request)
        except MalformedBodyError:
            return vendor.malformed_body(request)

    def _write(self, vendor: Vendor, route: Route, request: Request) -> Answer:
        """Carry out a write in a transaction, rolled back if the write is refused."""
        with vendor.store.transaction() as transaction:
            answer = route.endpoint(request)
            if answer.status >= HTTPStatus.BAD_REQUEST:
                transaction.roll_back()
        return answer

    def finish(self, delivery: Delivery) -> None:
        """Write down that a delivery has ended."""
        answer, logged = delivery.answer, delivery.logged
        if logged is not None:
            status, body = (answer.status, answer.body) if answer else (0, b"")
            self._crms.journal.end(logged, status, body, self.clock.now())
            _logger.info("%s %s %s %s", logged.method, logged.path, logged.status, logged.fault)


def html_error(status: int, *headers: tuple[str, str]) -> Answer:
    """Return the HTML page with which a proxy in front of a vendor answers."""
    page = _PAGE.format(status, _REASONS.get(status, "Error"))
    return Answer(status, page.encode(), "text/html", headers)


def _error(vendor: Vendor, fault: Fault) -> Answer:
    if fault.status == 429:  # noqa: PLR2004 - Too Many Requests
        return vendor.over_quota(None, fault.retry_after)
    if fault.retry_after is None:
        return html_error(fault.status)
    return html_error(fault.status, ("Retry-After", f"{fault.retry_after:g}"))
