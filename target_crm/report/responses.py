"""Captured responses: what became of each record, as Singer messages in a file, or posted to a webhook."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
from typing_extensions import override

from crm_api.errors import CrmError
from crm_api.transport.answer import Dialect
from crm_api.transport.network import Network, checked_base_url, tokens_in
from crm_api.transport.quota import Quota
from crm_api.transport.redaction import Redactor
from crm_api.transport.request import Request, Unsigned
from crm_api.transport.retry import RetryPolicy
from crm_api.transport.session import CrmSession
from target_crm.files import FileError, file_errors, open_private, write_through
from target_crm.report.outcomes import Observer, RecordOutcome

AT_ONCE = 100  # records in one post
ATTEMPTS = 3  # attempts to send one post
PAUSE_SECONDS = 30.0  # between two posts, where the first was not taken
KEPT = 10_000  # outcomes that a webhook did not take, kept for later
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TEXT = {"type": ["string", "null"]}
SCHEMA = {
    "type": "SCHEMA",
    "stream": "outcomes",
    "key_properties": ["run_id", "number"],
    "schema": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("run_id", "stream", "source_id", "object", "outcome", "kind", "reason"), _TEXT),
            "number": {"type": "integer"},
            "crm_id": {"type": ["integer", "string", "null"]},
            "status": {"type": ["integer", "null"]},
            "at": {"type": "string", "format": "date-time"},
            "left_out": {"type": ["object", "null"]},
            "conflicts": {"type": ["array", "null"], "items": {"type": "object"}},
            "answer": {"type": ["object", "null"]},
        },
    },
}


class Outlet(Protocol):
    """The file or the address that captured outcomes go to."""

    def put(self, outcomes: list[dict[str, Any]]) -> None:
        """Hand on some outcomes, in order."""

    def close(self) -> None:
        """Take the end: no more outcomes follow."""


class Responses(Observer):
    """Captures what became of records. Thread-safe; what was captured is handed on when ``flush`` returns.

    Lines are numbered. A record that is tried again in the same run has a further line: the last one of a source id
    says how things stand.

    Args:
        outlet: The file or the address that gets the outcomes.
        run_id: Names the run.
        redact: Masks secrets that an answer repeats.
    """

    def __init__(self, outlet: Outlet, run_id: str, redact: Redactor) -> None:
        self._outlet = outlet
        self._redact = redact
        self._run_id = run_id
        self._lock = threading.Lock()
        self._captured: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)

    @override
    def ended(self, outcomes: Sequence[RecordOutcome]) -> None:
        """Note what became of records."""
        at = datetime.now(UTC).isoformat()
        lines = [
            {
                "run_id": self._run_id,
                "stream": each.stream,
                "source_id": each.source_id,
                "object": each.object,
                "outcome": str(each.outcome),
                "crm_id": each.crm_id,
                "status": each.status,
                "kind": each.kind or None,
                "reason": each.reason or None,
                "left_out": {name: why.sentence for name, why in each.left_out.items()} or None,
                "conflicts": self._redact.value(each.in_conflict) or None,
                "at": at,
                "answer": self._redact.value(each.answer) or None,
            }
            for each in outcomes
        ]
        with self._lock:
            self._captured += [line | {"number": next(self._numbers)} for line in lines]

    @override
    def flush(self) -> None:
        """Hand on what was captured."""
        with self._lock:
            captured, self._captured = self._captured, []
        if captured:
            self._outlet.put(captured)

    @override
    def close(self) -> None:
        """Hand on the rest."""
        try:
            self.flush()
        finally:
            self._outlet.close()


class ResponseFile:
    """A file of Singer messages, begun anew by each run, on the disk before STATE passes.

    Args:
        path: The file.

    Raises:
        SettingError: It cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = open_private(path, "responses_path", os.O_TRUNC)
        try:
            self._put([SCHEMA])
        except FileError:
            self._file.close()
            raise

    def put(self, outcomes: list[dict[str, Any]]) -> None:
        """Append RECORD messages.

        Raises:
            FileError: The disk is full, or the like.
        """
        self._put([{"type": "RECORD", "stream": "outcomes", "record": outcome} for outcome in outcomes])

    def _put(self, messages: Iterable[Mapping[str, Any]]) -> None:
        with file_errors("responses_path", self._path):
            write_through(self._file, b"".join(_ENCODER.encode(message) + b"\n" for message in messages))

    def close(self) -> None:
        """Close it."""
        self._file.close()


class Webhook:
    """An address that gets the outcomes as JSON arrays; some twice, if it does not answer: they are numbered.

    What it does not take is kept, up to a limit, and offered again now and then and at the end of the run, which it can
    neither stop nor delay for long.

    Args:
        url: The address; a query is sent with every post.
        network: Proxy, timeouts and certificates; no credentials of the CRM go there.
        sleep: Waits so many seconds, between attempts.
        warn: Called with a sentence about what the address did not take.
        clock: Monotonic seconds.

    Raises:
        SettingError: The URL cannot work.
    """

    def __init__(
        self,
        url: str,
        network: Network,
        sleep: Callable[[float], None],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        address, _, query = url.partition("?")
        self._query = dict(parse_qsl(query, keep_blank_values=True))
        self._session = CrmSession(
            checked_base_url(address, "responses_url", shown=False),
            signature=Unsigned(),
            dialect=Dialect(),
            quota=Quota(),
            network=network,
            retry_policy=RetryPolicy(max_attempts=ATTEMPTS),
            redact=Redactor([url, *tokens_in(url)]),
            sleep=sleep,
        )
        self._warn = warn
        self._clock = clock
        self._kept: deque[dict[str, Any]] = deque()
        self._dropped = 0
        self._not_before = clock()

    def put(self, outcomes: list[dict[str, Any]]) -> None:
        """Post them, unless it failed a moment ago."""
        self._kept.extend(outcomes)
        while len(self._kept) > KEPT:
            self._kept.popleft()
            self._dropped += 1
        if self._clock() >= self._not_before:
            self._post()

    def _post(self) -> None:
        while self._kept:
            part = list(itertools.islice(self._kept, AT_ONCE))
            try:
                self._session.exchange(Request("POST", "", params=self._query, body=part, read=bytes, repeatable=True))
            except CrmError as error:
                self._not_before = self._clock() + PAUSE_SECONDS
                answered = "" if error.status is None else f"HTTP {error.status} "
                why = (f"{answered}{error.said}".strip() or "no answer came").rstrip(".")
                self._warn(f"The webhook at responses_url did not take {_outcomes(len(part))}, kept for later: {why}")
                return
            for _ in part:
                self._kept.popleft()

    def close(self) -> None:
        """Post what is left, and let the connection go."""
        self._post()
        if left := self._dropped + len(self._kept):
            self._warn(f"The webhook never took {_outcomes(left)} of this run; what they tell is in the ledger")
        self._session.close()


def _outcomes(number: int) -> str:
    return "1 outcome" if number == 1 else f"{number:,} outcomes"
