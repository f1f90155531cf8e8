"""Freshsales' bulk calls: submits them, polls their jobs to the end, and reads the reports.

Facts: https://developers.freshworks.com/crm/api/#bulk_upsert_contact and ``job_statuses``. The call is answered at once
with the address of a job; only the job says what became of the rows, as JSON in a text. States other than success and
failure have no documented names, nor have the keys of a failed row: both are read tolerantly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec

from crm_api.crm import BeforeSend, NothingDone
from crm_api.dry_run import DryRunAnswer
from crm_api.errors import SHOWN_CHARACTERS, BusyError, InDoubtError, InvalidError, NoRouteError, RefusedError
from crm_api.freshsales.session import spelled
from crm_api.transport.answer import Answer
from crm_api.transport.nesting import read_json
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

FIRST_POLL_SECONDS = 0.5
POLL_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)
LATER_POLL_SECONDS = 30.0
JOB_SECONDS = 900.0  # a job that has not ended by then is in doubt
BUSY_SECONDS = 5.0  # after a 405, which means that too many jobs are in progress
BUSY_ATTEMPTS = 60
_DONE, _FAILED = ("SUCCESS", "COMPLETE", "DONE"), ("FAIL", "ERROR", "ABORT", "CANCEL")
_PLACES = ("row", "row_number", "index", "position")
_ENCODER = msgspec.json.Encoder(enc_hook=str)


@dataclass(frozen=True)
class Failure:
    """Why a row was not carried out.

    Attributes:
        reason: Freshsales' own words.
        body: The report's whole entry about the row, as JSON.
    """

    reason: str
    body: str


@dataclass(frozen=True)
class Report:
    """The report of a job that has ended.

    Attributes:
        failures: Failures by the row's position.
        complete: Whether every row that is not in ``failures`` was carried out; otherwise nobody knows.
        records: Records by the row's position; empty if the report does not hold them.
        created_at: When Freshsales took the job, by its own clock; None if the report does not say.
        is_dry_run: Whether a dry run has made the report up, and no job was submitted.
    """

    failures: Mapping[int, Failure]
    complete: bool
    records: Mapping[int, Mapping[str, Any]]
    created_at: str | None
    is_dry_run: bool = False


class Jobs:
    """Carries out the bulk calls of an account.

    Args:
        session: Returns the account's session.
        sleep: Waits so many seconds between polls.
    """

    def __init__(self, session: Callable[[], CrmSession], sleep: Callable[[float], None]) -> None:
        self._session = session
        self._sleep = sleep
        self._longest_unfinished = 0.0
        """Seconds after which a job was seen unfinished: the next ones need not be asked any sooner."""

    def carry_out(
        self, path: str, name: str, rows: Sequence[Mapping[str, Any]], before_send: BeforeSend | None = None
    ) -> Report:
        """Submit rows and wait until their job has ended.

        Repeatable: every row is an upsert by the value that identifies its record.

        Args:
            path: Path of the bulk call, for example ``/contacts/bulk_upsert``.
            name: Name of the property that holds the rows.
            rows: Rows, each an identifier and ``data``.
            before_send: Called before each attempt to submit.

        Raises:
            InvalidError: The call, or the job as a whole, was refused.
            InDoubtError: The job has not ended in time.
            BusyError: Too many jobs have been in progress for minutes.
        """
        answer = self._submitted(path, {name: list(rows)}, before_send)
        job = answer.value
        job_path = _job_path(job)
        first = max(FIRST_POLL_SECONDS, self._longest_unfinished)
        waits = itertools.chain((first,), POLL_SECONDS, itertools.repeat(LATER_POLL_SECONDS))
        waited = unfinished = 0.0
        while not (state := _state(job)).startswith(_DONE):
            if state.startswith(_FAILED):
                said = self._session().redact.cut(_why(job, state), SHOWN_CHARACTERS)
                raise InvalidError(f"POST {path}", status=HTTPStatus.UNPROCESSABLE_ENTITY, said=said)
            if job_path is None or waited >= JOB_SECONDS:
                raise InDoubtError(f"POST {path}", happened=f"The bulk job has not ended after {waited:.0f} seconds")
            wait_seconds = next(waits)
            self._sleep(wait_seconds)
            unfinished, waited = waited, waited + wait_seconds
            job = self._asked(job_path)
        self._longest_unfinished = unfinished
        return replace(read_report(job, rows), is_dry_run=isinstance(answer, DryRunAnswer))

    def _asked(self, job_path: str) -> Any:
        try:
            return self._session().exchange(Request("GET", job_path)).value
        except RefusedError as error:  # the rows may have been carried out nevertheless
            raise InDoubtError(
                error.call,
                status=error.status,
                said=error.said,
                body=error.body,
                happened="The result of a bulk job cannot be read",
            ) from error

    def _submitted(self, path: str, body: Mapping[str, Any], before_send: BeforeSend | None) -> Answer:
        nothing_done: NothingDone | None = None

        def sending() -> NothingDone | None:
            nonlocal nothing_done
            nothing_done = None if before_send is None else before_send()
            return nothing_done

        for attempt in itertools.count(1):
            try:
                answer = self._session().exchange(
                    Request("POST", path, body=body, repeatable=True), before_send=sending
                )
            except NoRouteError as error:
                if error.status != HTTPStatus.METHOD_NOT_ALLOWED:
                    raise
                if attempt == BUSY_ATTEMPTS:
                    raise BusyError(
                        f"POST {path}", status=error.status, happened="Too many bulk jobs are in progress"
                    ) from error
                if nothing_done is not None:
                    nothing_done()
                self._sleep(BUSY_SECONDS)
            else:
                return answer
        raise AssertionError("unreachable")


def _job_path(job: Any) -> str | None:
    """Make the job's path of the number in its address: credentials must not go to another host."""
    url = job.get("job_status_url") if isinstance(job, dict) else None
    number = urlsplit(str(url)).path.rstrip("/").rpartition("/")[2] if url else ""
    return f"/job_statuses/{number}" if number.isalnum() else None


def _state(job: Any) -> str:
    return str(job.get("status") or "").upper() if isinstance(job, dict) else ""


def _why(job: Mapping[str, Any], state: str) -> str:
    return spelled(_data_of(job)) or f"the bulk job ended as {state}"


def _data_of(job: Mapping[str, Any]) -> Any:
    inside = job.get("data")
    if isinstance(inside, str):
        try:
            return read_json(inside)
        except ValueError:
            return inside
    return inside


def read_report(job: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Report:
    """Read the report of a job that has ended.

    A failed row is recognised by its identifier, or by its position. If the report lists fewer failures than it counts,
    it is not complete.
    """
    inside = _data_of(job)
    inside = inside if isinstance(inside, dict) else {}
    status = inside.get("record_status")
    status = status if isinstance(status, dict) else {}
    listed = inside.get("detailed_failure_report") or status.get("detailed_failure_report") or []
    if isinstance(listed, dict):
        listed = [{"identifier": key, "message": value} for key, value in listed.items()]
    failures: dict[int, Failure] = {}
    # Of more failures than rows the report says nothing that could be relied on, and each is compared with every row.
    for item in listed if isinstance(listed, list) and len(listed) <= len(rows) else []:
        place = _place(item, rows, failures)
        if place is not None:
            failures[place] = Failure(_reason(item), _ENCODER.encode(item).decode())
    records = inside.get("records")
    failed = status.get("failed")
    succeeded = status.get("succeeded")
    return Report(
        failures,
        complete=failed == len(failures) and (succeeded is None or succeeded == len(rows) - len(failures)),
        records=dict(enumerate(records)) if isinstance(records, list) else {},
        created_at=job.get("created_at"),
    )


def _place(item: Any, rows: Sequence[Mapping[str, Any]], taken: Mapping[int, Any]) -> int | None:
    words = {word.casefold() for word in _words(item)}
    for place, row in enumerate(rows):
        identifier = next((str(value).casefold() for name, value in row.items() if name != "data"), "")
        if place not in taken and identifier in words:
            return place
    if isinstance(item, dict):
        for name in _PLACES:
            position = item.get(name)
            if isinstance(position, int) and 0 <= position < len(rows) and position not in taken:
                return position
    return None


def _words(item: Any) -> Iterator[str]:
    if isinstance(item, dict):
        for value in item.values():
            yield from _words(value)
    elif isinstance(item, list):
        for value in item:
            yield from _words(value)
    elif isinstance(item, str | int) and not isinstance(item, bool):
        yield str(item)


def _reason(item: Any) -> str:
    return spelled(item) or _ENCODER.encode(item).decode()
