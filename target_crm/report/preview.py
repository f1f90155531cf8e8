"""The preview of a dry run: for each record what would be done, field by field, and the requests as they would be."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TextIO
from urllib.parse import urlencode

import msgspec
from typing_extensions import override

from crm_api.console import is_structured, on_one_line
from crm_api.transport.request import Request
from target_crm.mapping.values import Difference
from target_crm.report.outcomes import LINKED, Observer, Outcome, RecordOutcome

logger = logging.getLogger("target-crm")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Preview(Observer):
    """Writes down what a real run would do.

    Args:
        redact: Masks secrets.
        on_close: Called when the run is over.
        out: Where to write; stdout is Singer's.
    """

    def __init__(
        self, redact: Callable[[str], str], on_close: Callable[[], None] = lambda: None, out: TextIO | None = None
    ) -> None:
        self._redact = redact
        self._out = out or sys.stderr
        self._lock = threading.Lock()
        self._on_close = on_close
        self._structured = out is None and is_structured()

    def request(self, request: Request) -> None:
        """Show a request that would be sent."""
        self._line(spelled_request(request))

    @override
    def ended(self, outcomes: Sequence[RecordOutcome]) -> None:
        """Show records that would be written, deleted, held, or left alone though not because they are unchanged."""
        for each in outcomes:
            if (what := _spelled_outcome(each)) is not None:
                self._line(f"{each.stream} {each.source_id}: {what}")

    @override
    def close(self) -> None:
        """Let go of what was opened for the dry run alone."""
        self._on_close()

    def _line(self, text: str) -> None:
        if self._structured:
            logger.info("%s", self._redact(text), extra={"event_name": "dry_run"})
            return
        with self._lock, suppress(OSError):  # a log that is full changes nothing
            print(self._redact(on_one_line(text)), file=self._out)


def _spelled_outcome(outcome: RecordOutcome) -> str | None:
    """Say what would be done; None where there is nothing to show."""
    ended = outcome.outcome
    fields = "; ".join(map(_spelled, outcome.differences))
    of_id = "" if outcome.crm_id is None else f" {outcome.crm_id}"
    held = outcome.held.state if outcome.held else ""
    if outcome.left_out:
        fields += f" (left out: {', '.join(outcome.left_out)})"
    shown = {
        Outcome.CREATED: f"create: {fields}",
        Outcome.UPDATED: f"update{of_id}: {fields}",
        LINKED: f"update{of_id}: {fields}",
        Outcome.DELETED: f"delete{of_id}",
        Outcome.SKIPPED: f"skip: {outcome.reason}",
        Outcome.UNCHANGED: outcome.matched_by and f"{outcome.matched_by}: {outcome.crm_id}",
        Outcome.REJECTED: f"{held}, {outcome.kind}: {outcome.reason}",
        Outcome.WAITING: "" if held == "deleting" else f"{held}, {outcome.kind}: {outcome.reason}",
    }
    said = "".join(f" ({_spelled_conflict(**each)})" for each in outcome.in_conflict)
    if said and ended is Outcome.UNCHANGED:
        return f"leave {outcome.crm_id}{said}"
    return f"{shown[ended]}{said}" if shown.get(ended) else None


def _spelled_conflict(
    attribute: str, new: Any, current: Any = None, last_sent: Any = None, *, current_is_unknown: bool = False
) -> str:
    before = "" if last_sent is None else f", last sent {_json(last_sent)}"
    there = "unknown" if current_is_unknown else _json(current)
    return f"in conflict: {attribute}: {there} in the CRM, {_json(new)} at the source{before}"


def spelled_request(request: Request) -> str:
    """Spell a request on one line: method, address, its own headers, body."""
    query = f"?{urlencode(request.params)}" if request.params else ""
    headers = "".join(f" {name}: {value}" for name, value in request.headers.items())
    return f"{request.method} {request.path}{query}{headers}{_body(request)}"


def _body(request: Request) -> str:
    if request.body is not None:
        return f" {_json(request.body)}"
    if request.form is not None:
        return f" {urlencode(request.form)}"
    return "" if request.content is None else f" {request.content.decode('utf-8', 'replace')}"


def _spelled(difference: Difference) -> str:
    new = _json(difference.new)
    return (
        f"{difference.attribute}: {new}"
        if difference.old is None
        else (f"{difference.attribute}: {_json(difference.old)} -> {new}")
    )


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode()
