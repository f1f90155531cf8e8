"""The account that a run reads: its session, what is asked of it once, its clocks, and the streams that failed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_api.console import as_typed
from crm_api.copper.session import connect
from crm_api.copper.settings import copper_settings
from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    GoneError,
    NoRouteError,
    NotEnabledError,
    RefusedError,
    SettingError,
)
from crm_api.transport.answer import Answer
from crm_api.transport.nesting import WrongFormError
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from tap_copper.answers import record_in, records_in, sound_records_in, value_in
from tap_copper.concurrency import NAP_SECONDS, RequestLimit, WorkerPool, in_a_thread
from tap_copper.custom_fields import Definition
from tap_copper.errors import EmptyAnswerError, StoppedError
from tap_copper.odd_text import MendedText
from tap_copper.output import PageWriter
from tap_copper.progress import Progress, StreamRead, log_event

ENOUGH_CONCURRENT = 16  # requests under way at once, unless answers take long


@dataclass(frozen=True)
class Time:
    """The clocks of a run.

    Attributes:
        now: The wall clock: aware, in UTC.
        monotonic: A clock that never goes back, in seconds.
        sleep: Waits so many seconds.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Account:
    """The Copper account of one run, shared by all its streams.

    Args:
        config: The settings of the tap.
        writer: Writes the Singer messages.
        clocks: The clocks of the run.
        logger: The log of the tap.

    Attributes:
        concurrency: How many requests are under way at once where answers come soon.
        most_concurrent: How many may be under way at once, however long an answer takes.
        accepted: The credentials have been good for a whole stream.
        failures: Pairs of a stream's name and the error that ended its reading.
        run_id: Names the run for those who share its quota; None: it has no name.
        stopped_by: The number of the signal that asked the run to stop; None while none has.
        definitions_flaw: What is wrong in the list of definitions; empty if nothing is.
    """

    def __init__(self, config: Mapping[str, Any], writer: PageWriter, clocks: Time, logger: logging.Logger) -> None:
        self.config = config
        self.writer = writer
        self.time = clocks
        self.logger = logger
        self.progress = Progress(clocks.monotonic)
        self.most_concurrent: int = config["max_concurrency"]
        self.concurrency = min(self.most_concurrent, ENOUGH_CONCURRENT)
        self.run_id: str | None = None
        self.accepted = False
        self.failures: list[tuple[str, Exception]] = []
        self.stopped_by: int | None = None
        self.definitions_flaw = ""
        self._way_to_end = as_typed("quota clear")  # a thread that connects has no command line
        self._unanswered = False
        self._request_limit = RequestLimit(self.most_concurrent)

    @cached_property
    def session(self) -> CrmSession:
        """The session with Copper, connected when it is first used.

        Raises:
            SettingError: A network setting cannot be used.
        """
        session = connect(copper_settings(self.config), clock=self.time.monotonic, sleep=self.pause)
        session.quota.run_id = self.run_id
        session.quota.way_to_end = self._way_to_end
        return session

    @cached_property
    def requests_per_minute(self) -> int:
        """The account's quota; 0 is unlimited."""
        return copper_settings(self.config).requests_per_minute

    @cached_property
    def prefetch(self) -> WorkerPool:
        """The threads that ask the first query of streams ahead of their turn.

        Where an answer takes a second, twenty streams need not take twenty. Other streams are read meanwhile: the limit
        that every request passes keeps both together below ``max_concurrency``.
        """
        return WorkerPool(self.concurrency)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        read: Callable[[bytes], Any] | None = None,
        template: str | None = None,
    ) -> Answer:
        """Send a request that changes nothing, however often it is sent.

        Args:
            method: GET, or POST for a search.
            path: Appended to ``base_url``.
            params: Query parameters.
            body: The values of a JSON body.
            read: Makes the answer's value of its body; JSON if left out. A ValueError says that the body is broken.
            template: The path as it was declared, if it was: telemetry shows it in place of values.

        Raises:
            EmptyAnswerError: The answer is empty where there must be a record.
            BusyError: There was no usable answer.
            CrmError: Every other failure; see the tree in ``crm_api.errors``.
            StoppedError: A signal has asked to stop.
        """
        given: dict[str, Any] = {"params": params, "body": body, "template": template} | (
            {} if read is None else {"read": read}
        )
        # A signal interrupts no wait for an answer: the thread that hears of it must be free.
        if threading.current_thread() is threading.main_thread():
            return in_a_thread(lambda: self._exchange(method, path, given), self.check)
        return self._exchange(method, path, given)

    def wait_for_turn(self) -> None:
        """Wait until the quota lets one more request leave.

        Raises:
            StopError: The quota that is shared failed.
            StoppedError: A signal has asked to stop.
        """
        self.session.quota.wait_until_free()

    def _exchange(self, method: str, path: str, given: Mapping[str, Any]) -> Answer:
        read, mended = given.get("read", value_in), MendedText()
        request = Request(method, path, repeatable=True, **{**given, "read": mended.reader(read)})
        with self._request_limit:
            answer = self.session.exchange(request)
        if mended.places:
            log_event(self.logger, "text_replaced", level="WARNING", call=f"{method} {path}", places=mended.places)
        if mended.content is not None:
            return replace(answer, content=mended.content)
        if answer.content.strip():
            return answer
        for nothing in (b"[]", b"{}"):  # a list of no records; a single record is not left out
            with suppress(ValueError):
                return replace(answer, content=nothing, value=read(nothing))
        raise EmptyAnswerError(f"{method} {path}", status=answer.status, happened="The CRM's answer was empty")

    @property
    def definitions(self) -> Sequence[Definition]:
        """The definitions of custom fields, read once a run; an empty list where there are no credentials.

        Raises:
            CrmError: They could not be read; each call raises the error of the first.
        """
        if isinstance(self._definitions, CrmError):
            raise self._definitions
        return self._definitions

    @cached_property
    def _definitions(self) -> Sequence[Definition] | CrmError:
        if not (self.config.get("api_key") or self.config.get("access_token")):
            return ()
        try:
            answer: list[Definition] = self.ask("GET", "/custom_field_definitions", read=self._definitions_in).value
        except (RefusedError, BusyError) as error:
            if isinstance(error, GoneError):
                error.advice = "Check base_url."
            if not isinstance(error, NotEnabledError):
                log_event(self.logger, "definitions_failed", level="WARNING", said=error.said)
            self._unanswered = _is_unanswered(error)
            return error
        if self.definitions_flaw:
            log_event(self.logger, "definitions_failed", level="WARNING", said=self.definitions_flaw)
        if unknown := set(map(str, self.config["custom_field_names"])) - {str(each["id"]) for each in answer}:
            log_event(self.logger, "unknown_custom_fields", level="WARNING", ids=",".join(sorted(unknown)))
        return answer

    def _definitions_in(self, content: bytes) -> list[Definition]:
        """Read definitions. One that is broken costs its own column, and the stream of the definitions."""
        try:
            return list(records_in(content))
        except WrongFormError as flaw:
            if not (found := sound_records_in(content)):
                raise
            self.definitions_flaw = str(flaw)
            return list(found)

    @cached_property
    def record(self) -> dict[str, Any]:
        """The account's own record, read once a run.

        Raises:
            CrmError: It could not be read.
        """
        answer: dict[str, Any] = self.ask("GET", "/account", read=record_in).value
        return answer

    @cached_property
    def zone(self) -> tzinfo:
        """The account's time zone; UTC where Copper names none, or one that is not known here."""
        try:
            return ZoneInfo(str(self.record.get("primary_timezone") or "UTC"))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return UTC
        except (RefusedError, BusyError) as error:  # which is the matter of the stream `account`
            log_event(self.logger, "zone_unknown", level="WARNING", said=error.said)
            return UTC

    def fail(self, stream: StreamRead, error: Exception) -> None:
        """Note that a stream could not be read to its end: the others are read, then the run ends with an error.

        Raises:
            SettingError: There is no such address, and none for the account either: base_url is wrong.
            CrmError: Two streams in a row got no usable answer, or were not let in, and neither is a plain question of
                the account's own record: the next would fare no better.
        """
        log_event(self.logger, "stream_failed", stream=stream.name)
        self.progress.fail(stream)
        if not self.accepted and any(isinstance(each, GoneError | NoRouteError) for each in (error, error.__cause__)):
            self._check_address()
        unanswered, self._unanswered = self._unanswered, _is_unanswered(error)
        if unanswered and self._unanswered and not (_is_of_endpoint(error) and self._is_answered()):
            raise error
        self.failures.append((stream.name, error))

    def _check_address(self) -> None:
        """Ask for the account's own record, as the target does first, where no stream has been read yet."""
        try:
            _ = self.record
        except (GoneError, NoRouteError) as error:
            advice = "" if "base_url" in error.sentence else " Check base_url."
            raise SettingError(f"{error.sentence}{advice}") from error
        except CrmError:  # which says nothing of the address
            return

    def _is_answered(self) -> bool:
        """Whether Copper still answers this key: then what failed is the matter of single endpoints."""
        try:
            self.ask("GET", "/account", read=record_in)
        except EmptyAnswerError:
            pass
        except CrmError:
            return False
        self._unanswered = False
        return True

    def finish(self, stream: StreamRead) -> None:
        """Note that a stream has been read to its end."""
        log_event(self.logger, "stream_finished", stream=stream.name, records=stream.emitted)
        self._unanswered = False
        self.accepted = True

    def check(self) -> None:
        """Go on, unless a signal has asked to stop.

        Raises:
            StoppedError: A signal has.
        """
        if self.stopped_by is not None:
            raise StoppedError(self.stopped_by)

    def pause(self, seconds: float) -> None:
        """Sleep, unless a signal comes."""
        until = self.time.monotonic() + seconds
        while (left := until - self.time.monotonic()) > 0:
            self.check()
            self.time.sleep(min(left, NAP_SECONDS))
        self.check()


def _is_unanswered(error: Exception) -> bool:
    """Whether an error says that there was no answer, or no leave: a wrong form is one endpoint's own matter."""
    if isinstance(error, BusyError):
        return error.status is None or error.status >= HTTPStatus.BAD_REQUEST
    return isinstance(error, CredentialsError)


def _is_of_endpoint(error: Exception) -> bool:
    """Whether an error may be the matter of one endpoint: not a quota that is used up, nor a server that is silent."""
    return isinstance(error, CrmError) and error.status not in {None, HTTPStatus.TOO_MANY_REQUESTS}
