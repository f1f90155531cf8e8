"""One answer of a CRM, read to its end; and how each vendor says that a request failed."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from requests.structures import CaseInsensitiveDict

from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    ForbiddenError,
    GoneError,
    InDoubtError,
    InvalidError,
    RedirectError,
)
from crm_api.transport.nesting import read_json
from crm_api.transport.receiving import ERROR_BYTES

# None of them looks twice at a letter, however a page is made: an error costs time that grows with its length.
_TITLE = re.compile(r"<title(?:\s[^<>]*)?>", re.IGNORECASE)
_TITLE_END = re.compile(r"</title\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]+>")
_SECONDS = re.compile(r"[0-9]{1,300}(\.[0-9]{1,300})?")  # so many digits still make a number


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        headers: Headers by name, in any case.
        content: The body, unzipped.
        value: The value that ``Request.read`` made of the body; None for an empty body.
        seconds: Seconds from the sending of its request until it had come.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict)
    content: bytes = b""
    value: Any = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def date(self) -> datetime | None:
        """The server's clock, from its Date header (UTC, whole seconds); None without one."""
        value = self.headers.get("date")
        return http_date(value) if value else None

    @property
    def retry_after_seconds(self) -> float | None:
        """Seconds that the server asks to wait (Retry-After); None if it does not ask."""
        return retry_after_seconds(self.headers.get("retry-after"), self.date or datetime.now(UTC))

    @property
    def request_id(self) -> str:
        """The server's id of the request (x-request-id); empty if there is none."""
        return self.headers.get("x-request-id", "")

    @property
    def text(self) -> str:
        """The body as text, for messages; of a long one the beginning."""
        return self.content[:ERROR_BYTES].decode("utf-8", "replace")

    @property
    def title(self) -> str:
        """The title of the page if the body is HTML; empty otherwise."""
        text = self.text
        found = _TITLE.search(text)
        end = _TITLE_END.search(text, found.end()) if found else None
        return " ".join(text[found.end() : end.start()].split()) if found and end else ""

    def json(self) -> Any:
        """Read the body as JSON values; None if it is not JSON, is nested too deeply, or is too long for an error."""
        try:
            return read_json(self.content) if len(self.content) <= ERROR_BYTES else None
        except ValueError:
            return None


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header: seconds, or an HTTP date (RFC 9110, 10.2.3). None if absent or unreadable."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    moment = http_date(value)
    return None if moment is None else max((moment - now).total_seconds(), 0.0)


def http_date(value: str) -> datetime | None:
    """Read an HTTP date; None if the text is not one."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    # The year 99999999999 is no year, and Python 3.11 raises IndexError for a date that ends too early.
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


@dataclass(frozen=True)
class Failure:
    """The failure that an answer reports.

    Attributes:
        kind: Class of the error to raise.
        said: The CRM's own words.
    """

    kind: type[CrmError]
    said: str


class Dialect:
    """A vendor's way of reporting failures: by HTTP status, unless a subclass knows another."""

    kinds: Mapping[int, type[CrmError]] = {
        HTTPStatus.UNAUTHORIZED: CredentialsError,
        HTTPStatus.FORBIDDEN: ForbiddenError,
        HTTPStatus.NOT_FOUND: GoneError,
        HTTPStatus.GONE: GoneError,
        HTTPStatus.REQUEST_TIMEOUT: InDoubtError,
        HTTPStatus.TOO_MANY_REQUESTS: BusyError,
    }

    def failure(self, answer: Answer) -> Failure | None:
        """Find the failure that an answer reports; None for a success."""
        if answer.ok:
            return None
        return Failure(self.kind(answer), self.said(answer))

    def kind(self, answer: Answer) -> type[CrmError]:
        """Choose the error by the status. 5xx does not say whether the request was carried out: in doubt."""
        if answer.status in self.kinds:
            return self.kinds[answer.status]
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status < HTTPStatus.OK:
            return InDoubtError
        return RedirectError if answer.status < HTTPStatus.BAD_REQUEST else InvalidError

    def said(self, answer: Answer) -> str:
        """Take the vendor's own words: the title of an HTML page, otherwise the text."""
        return answer.title or _TAG.sub(" ", answer.text).strip()
