"""The only door to the network: waits for a turn, signs, sends, repeats what is safe to repeat, names the error."""

from __future__ import annotations

import http.cookiejar
import logging
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
from typing_extensions import override

from crm_api.errors import (
    BODY_CHARACTERS,
    SHOWN_CHARACTERS,
    BusyError,
    CrmError,
    InDoubtError,
    InvalidError,
    RedirectError,
    StopError,
    UnreachableError,
)
from crm_api.transport import failures
from crm_api.transport.answer import REQUEST_ID_CHARACTERS, Answer, Dialect, Failure, body_of
from crm_api.transport.connections import LimitedAdapter, NotTakenError, Permit
from crm_api.transport.miss import Miss
from crm_api.transport.nesting import NotReadError, check_nesting, check_number
from crm_api.transport.network import (
    Network,
    checked_base_url,
    checked_ca_bundle,
    checked_proxy,
    is_loopback,
    origin_of,
)
from crm_api.transport.redaction import Redactor
from crm_api.transport.request import FORM, Renewable, Request, Unsigned
from crm_api.transport.retry import (
    TOLD_FROM_SECONDS,
    TOO_MANY_REQUESTS,
    Attempt,
    RequestFate,
    RetryPolicy,
    tell_wait,
    too_long,
)
from crm_api.transport.tracing import Trace, logger
from crm_api.transport.traffic import Traffic
from crm_api.watching.telemetry import OFF, SentRequest, Telemetry

if TYPE_CHECKING:
    from crm_api.transport.quota import Quota, Turn

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class CrmSession(requests.Session):
    """A pooled session bound to one CRM account; shared by threads.

    Args:
        base_url: The vendor's whole prefix; paths are appended to it.
        signature: Signs each attempt anew; only requests to the origin of ``base_url`` are signed.
        dialect: How the vendor reports failures.
        quota: The account's rates.
        retry_policy: How often failed attempts are repeated, and after how long.
        network: How to reach the CRM.
        redact: Masks secrets in errors and in the debug log.
        sleep: Waits so many seconds between attempts; may raise to give up.
        clock: Monotonic seconds.

    Raises:
        SettingError: ``base_url`` is not an http(s) URL or is plain http to another machine, the proxy is not a URL, a
            header cannot be sent, or the certificates cannot be read.
    """

    def __init__(
        self,
        base_url: str,
        *,
        signature: requests.auth.AuthBase,
        dialect: Dialect,
        quota: Quota,
        retry_policy: RetryPolicy | None = None,
        network: Network | None = None,
        redact: Redactor | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        network = network or Network()
        self.base_url = checked_base_url(base_url)
        self.quota = quota
        self.redact = redact or Redactor()
        self.traffic = Traffic()
        self._telemetry = OFF
        self.server_date: datetime | None = None
        """The CRM's clock as of its last answer; None if the answers do not say."""
        self.network = network
        self._reached = False
        self._dialect = dialect
        self._retry_policy = retry_policy or RetryPolicy()
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self.trust_env = False  # no .netrc, no proxy of the environment
        self.auth = signature
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update(network.checked_headers())
        self._is_local = is_loopback(urlsplit(self.base_url).hostname)
        if network.proxy:
            proxy = network.proxy if self._is_local else checked_proxy(network.proxy)
            self.proxies = {"http": proxy, "https": proxy}
        if network.ca_bundle:
            self.verify = checked_ca_bundle(network.ca_bundle)
        self._limits = network.limits
        self._adapter = LimitedAdapter(self._limits, connections=network.max_concurrency, clock=clock)
        self.mount("https://", self._adapter)
        self.mount("http://", self._adapter)

    def require(self, permit: Permit) -> None:
        """Check a permit immediately before anything of a request leaves: what that raises ends the request unsent."""
        self._adapter.permit = permit

    @property
    def telemetry(self) -> Telemetry:
        """The telemetry of the run, which is told of every request."""
        return self._telemetry

    def watch(self, telemetry: Telemetry) -> None:
        """Tell the telemetry of a run of every request from now on."""
        telemetry.reach(self.base_url, self.redact)
        self._telemetry = telemetry

    def exchange(
        self, request: Request, *, before_send: Callable[[], Callable[[], None] | None] | None = None
    ) -> Answer:
        """Send one request and return its answer, a success.

        Args:
            request: What to send, and how to take the answer.
            before_send: Called after the wait for a turn, immediately before each attempt is sent. What it returns is
                called before the next attempt is waited for, and before a StopError or a BusyError is raised, if no
                attempt so far can have changed anything.

        Raises:
            StopError: No further request can succeed; see the tree in ``crm_api.errors``.
            RefusedError: The CRM changed nothing.
            BusyError: Nothing was changed, or it is safe to do again.
            InDoubtError: The request is not repeatable, it was sent, and no answer says what became of it.
        """
        wire = self._wired(request)
        number = 0
        sent = renewed = False
        while True:
            number += 1
            asked_at = self.quota.clock()
            with self._turn(request) as turn:
                nothing_done = None if before_send is None else before_send()
                with self._lock:
                    self.traffic.sent(self._clock(), again=number > 1)
                outcome = self._attempt(request, wire, turn)
            if self._telemetry.is_on:
                self._tell(request, number, outcome, turn, asked_at)
            if logger.isEnabledFor(logging.DEBUG):
                self._log(request, wire, outcome)
            if isinstance(outcome, Answer):
                self.traffic.answered(outcome.status)
                return replace(outcome, seconds=turn.seconds)
            if not renewed and wire.has_credentials and outcome.is_unsigned and isinstance(self.auth, Renewable):
                renewed = True  # 401 says that nothing was done
                _take_back(nothing_done, certain=not sent)
                self.auth.renew()
                continue
            sent_before, sent = sent, sent or outcome.fate is RequestFate.UNKNOWN
            attempt = Attempt(outcome.fate, number, outcome.retry_after_seconds)
            if (
                outcome.final
                or number >= outcome.most_attempts
                or not self._retry_policy.may_repeat(attempt, repeatable=request.may_repeat, reached=self._reached)
            ):
                error = self._error(request, outcome, number=number, sent=sent)
                _take_back(nothing_done, certain=not sent_before and _says_nothing_done(outcome, error))
                raise error from outcome.cause
            _take_back(nothing_done, certain=not sent)  # a kill during the wait leaves nothing in doubt
            wait_seconds = self._wait_seconds(request, attempt, outcome)
            if outcome.fate is RequestFate.TURNED_AWAY:  # every worker is over the rate, not this one alone
                self.quota.pause(wait_seconds, f"the CRM turned {request.call} away")
            else:
                if wait_seconds >= TOLD_FROM_SECONDS:
                    tell_wait(wait_seconds, f"no usable answer to {request.call}")
                self._sleep(wait_seconds)

    @override
    def close(self) -> None:
        super().close()
        self.quota.close()

    @override
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None  # requests would build the next request, and fail on an address that is not a URL

    def _wired(self, request: Request) -> _Wired:
        """The request as ``requests`` takes it: credentials and ``Network.headers`` go to no other origin."""
        is_path = request.path.startswith("/") or "://" not in request.path
        url = self.base_url + request.path if is_path else request.path
        has_credentials = is_path or origin_of(url) == origin_of(self.base_url)
        is_local = self._is_local if has_credentials else is_loopback(urlsplit(url).hostname)
        own: requests.structures.CaseInsensitiveDict[str | None] = requests.structures.CaseInsensitiveDict()
        if not has_credentials:
            own.update(dict.fromkeys(self.network.headers))
        own.update(request.headers)
        content, content_type = request.content, request.content_type
        if request.body is not None:
            content, content_type = _ENCODER.encode(request.body), "application/json"
        if content_type and has_credentials:  # whoever gives another one means these bodies
            content_type = requests.structures.CaseInsensitiveDict(self.network.headers).get(
                "Content-Type", content_type
            )
        content_type = content_type or (FORM if request.form is not None and content is None else None)
        if content_type and not own.get("Content-Type"):
            own["Content-Type"] = content_type
        unsigned = requests.Request(
            request.method,
            url,
            params=request.params,
            data=request.form if content is None else content,
            headers=own,
            auth=None if has_credentials else Unsigned(),
        )
        return _Wired(unsigned, has_credentials, {} if is_local else self.proxies)

    def _log(self, request: Request, wire: _Wired, outcome: Answer | Miss) -> None:
        trace = Trace(self.redact, values=self.network.log_values)
        if isinstance(outcome, Answer):
            trace.answered(wire.unsigned, request.path, outcome)
        else:
            trace.answered(wire.unsigned, request.path, outcome.answer, outcome.said)

    def _tell(self, request: Request, number: int, outcome: Answer | Miss, turn: Turn, asked_at: float) -> None:
        waited, seconds = turn.sent_at - asked_at, self.quota.clock() - turn.sent_at
        error, away = ("", False) if isinstance(outcome, Answer) else (outcome.error, outcome.is_turned_away)
        self._telemetry.sent(SentRequest(request, number, outcome.status, error, away, waited, seconds))

    def _attempt(self, request: Request, wire: _Wired, turn: Turn) -> Answer | Miss:
        answer: Answer | None = None
        try:
            got = self.send(
                self.prepare_request(wire.unsigned),
                timeout=self.network.timeout_seconds,
                allow_redirects=False,
                proxies=wire.proxies,
                verify=self.verify,
                stream=True,
            )
            turn.note_answer(self.quota.clock())  # by its first bytes, the request has arrived
            if given := got.headers.get("x-request-id"):  # which the ledger keeps
                got.headers["x-request-id"] = self.redact.cut(given, REQUEST_ID_CHARACTERS)
            answer = Answer(got.status_code, got.headers)
            is_success = answer.ok if request.success is None else answer.status in request.success
            content = body_of(got, self._limits, is_error=not is_success)
        except NotTakenError as error:
            return Miss(
                failures.fate_of(error), answer, cause=error, said=str(error), advice=error.advice, final=error.final
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return Miss(
                failures.fate_of(error),
                cause=error,
                said=failures.reason_of(error),
                final=failures.is_certificate(error),
            )
        answer = Answer(answer.status, answer.headers, content)
        self.server_date = answer.date or self.server_date
        failure = self._dialect.failure(answer)
        if request.success is not None and is_success:
            failure = None
        elif request.success is not None and failure is None:
            failure = Failure(
                InvalidError, f"HTTP {answer.status} is not listed in success: {self._dialect.said(answer)}"
            )
        if failure is None:
            try:
                check_number(content, self._limits.body_bytes)
                check_nesting(content)
                value = request.read(content) if content else None
            except NotReadError as error:
                said, advice = str(error), error.advice
                attempts = error.attempts
                return Miss(RequestFate.UNKNOWN, answer, cause=error, said=said, advice=advice, most_attempts=attempts)
            except (ValueError, RecursionError) as error:
                page = f"expected JSON, got an HTML page titled {answer.title!r}" if answer.title else ""
                return Miss(RequestFate.UNKNOWN, answer, cause=error, said=page or "the body is not the expected JSON")
            self._reached = True
            return Answer(answer.status, answer.headers, content, value)
        self._reached = True
        return self._miss(answer, failure)

    def _miss(self, answer: Answer, failure: Failure) -> Miss:
        if issubclass(failure.kind, BusyError):  # 429, or however the vendor says so
            with self._lock:
                self.traffic.turned_away += 1
            return Miss(RequestFate.TURNED_AWAY, answer, failure, retry_after_seconds=answer.retry_after_seconds)
        if issubclass(failure.kind, InDoubtError):
            return Miss(RequestFate.UNKNOWN, answer, failure, retry_after_seconds=answer.retry_after_seconds)
        return Miss(RequestFate.UNKNOWN, answer, failure, final=True)

    @contextmanager
    def _turn(self, request: Request) -> Iterator[Turn]:
        """Wait for a turn of the quota, and note when the request that took it had ended without an answer."""
        turn = self.quota.take(bulk=request.bulk, answer_within=self.network.timeout_seconds)
        try:
            yield turn
        finally:
            if turn.ended_at is None:
                turn.ended_at = self.quota.clock()
            if self.quota.is_shared:
                with suppress(StopError):  # an answer that came is kept; the next turn tells that the store failed
                    self.quota.settle()

    def _wait_seconds(self, request: Request, attempt: Attempt, miss: Miss) -> float:
        """Seconds until the next attempt; an error if the CRM asks for more than anybody should wait."""
        seconds, most = self._retry_policy.wait_seconds(attempt), self.network.max_wait_seconds
        asked = attempt.retry_after_seconds
        if asked is None or asked <= most:
            return min(seconds, most)
        status = miss.answer.status if miss.answer else None
        busy = BusyError(request.call, status=status, happened=too_long(asked, most))
        busy.retry_after_seconds = asked
        raise busy from miss.cause

    def _error(self, request: Request, miss: Miss, *, number: int, sent: bool) -> CrmError:
        said = miss.failure.said if miss.failure else miss.said
        answer = miss.answer
        facts: dict[str, Any] = {
            "status": answer.status if answer else None,
            "said": self.redact.cut(said, SHOWN_CHARACTERS),
            "body": self.redact.cut(answer.text, BODY_CHARACTERS) if answer else "",
        }
        attempts = "1 attempt" if number == 1 else f"{number} attempts"
        name, repeatable = request.call, request.may_repeat
        kind = miss.failure.kind if miss.failure else None
        if miss.fate is RequestFate.NOT_SENT and not sent:
            return UnreachableError(name, **facts)
        if miss.fate is RequestFate.TURNED_AWAY:
            answered = "429" if facts["status"] == TOO_MANY_REQUESTS else "that there are too many requests"
            busy = BusyError(name, **facts, happened=f"The CRM answered {answered} to {attempts}")
            busy.retry_after_seconds = miss.retry_after_seconds
            return busy
        if kind is RedirectError and not repeatable:
            return InDoubtError(name, **facts)  # a request that a proxy redirects may have been carried out
        if kind is not None and not issubclass(kind, InDoubtError):
            return kind(name, **facts)
        if repeatable:
            advice = None if self._reached else "Check base_url: the server at base_url does not look like the CRM."
            happened = f"The CRM gave no usable answer to {attempts}"
            return BusyError(name, **facts, happened=happened, advice=miss.advice or advice)
        return InDoubtError(name, **facts, advice=miss.advice and f"{InDoubtError.advice} {miss.advice}")


def _take_back(nothing_done: Callable[[], None] | None, *, certain: bool) -> None:
    """Tell whoever keeps what is about to be sent that nothing was done, where that is certain."""
    if nothing_done is not None and certain:
        nothing_done()


def _says_nothing_done(miss: Miss, error: CrmError) -> bool:
    """Tell whether an attempt that ends a run, or its hurry, has certainly changed nothing."""
    if not isinstance(error, StopError | BusyError):
        return False
    is_refusal = miss.failure is not None and not issubclass(miss.failure.kind, (InDoubtError, RedirectError))
    return is_refusal or miss.fate is not RequestFate.UNKNOWN


@dataclass(frozen=True)
class _Wired:
    """A request as ``requests`` takes it.

    Attributes:
        unsigned: The request, signed anew for each attempt.
        has_credentials: It goes to the account's own origin.
        proxies: The proxy by scheme; empty for an address of this machine.
    """

    unsigned: requests.Request
    has_credentials: bool
    proxies: MutableMapping[str, str]
