"""One answer of a CRM, read to its end; and how each vendor says that a request failed."""

from __future__ import annotations

import email.utils
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import requests
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
from crm_api.transport.connections import Limits, NotTakenError
from crm_api.transport.nesting import read_json

PACKINGS = ("gzip", "deflate")  # zlib unpacks both piece by piece, so that a bomb is noticed before it goes off
MOST_PACKINGS = 3  # on top of each other; a proxy may add one
MOST_MEMBERS = 2000  # of a gzip: programs that pack in parallel make one for each 64 KiB
PIECE_BYTES = 1 << 18
ERROR_BYTES = 1 << 20  # of an error's body: enough for the words about a hundred refused records
RATIO = 200  # JSON shrinks to a tenth or a thirtieth, pages of nearly equal records to a hundredth
UNSUSPICIOUS_BYTES = 1 << 23  # a body that is no larger may have any ratio
_GZIP = b"\x1f\x8b"

# None of them looks twice at a letter, however a page is made: an error costs time that grows with its length.
_TITLE = re.compile(r"<title(?:\s[^<>]*)?>", re.IGNORECASE)
_TITLE_END = re.compile(r"</title\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]+>")
REQUEST_ID_CHARACTERS = 200  # of the server's id of a request
_SECONDS = re.compile(r"[0-9]{1,300}(\.[0-9]{1,300})?")  # so many digits still make a number


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: HTTP status.
        headers: Headers by name, in any case.
        content: The body, unzipped.
        value: The value that ``Request.read`` made of the body; None for an empty body.
        seconds: Seconds from the sending of its request until it began to come.
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


def body_of(answer: requests.Response, limits: Limits, *, is_error: bool) -> bytes:
    """Read the body of an answer, unpacked; of an error as much as messages need.

    Raises:
        NotTakenError: A success is too large, too slow, or packed in a way that cannot be read.
        urllib3.exceptions.HTTPError: The answer was cut, or is not HTTP.
    """
    found: list[bytes] = []
    most = min(ERROR_BYTES, limits.body_bytes) if is_error else limits.body_bytes
    try:
        came = 0
        declared = answer.headers.get("Content-Length", "")
        if not is_error and declared.isdecimal() and len(declared) < len(str(1 << 63)) and int(declared) > most:
            raise limits.too_large()
        for piece in _unpacked(answer, limits):
            found.append(piece)
            came += len(piece)
            if came > most:
                raise limits.too_large()
    except NotTakenError:
        if not is_error:
            raise
        # The status says what became of the request; these are only words.
    finally:
        answer.close()  # gives the connection back if all of the answer was read, and ends it otherwise
    return found[0] if len(found) == 1 else b"".join(found)


def _unpacked(answer: requests.Response, limits: Limits) -> Iterator[bytes]:
    """Unpack a body piece by piece, so that no more is unpacked than is looked at."""
    pieces: Iterator[bytes] = iter(partial(answer.raw.read, PIECE_BYTES, decode_content=False), b"")
    packings = [each.strip().lower() for each in answer.headers.get("Content-Encoding", "").split(",", MOST_PACKINGS)]
    packings = [each.removeprefix("x-") for each in packings if each not in {"", "identity"}]
    if len(packings) > MOST_PACKINGS:
        raise NotTakenError(f"the answer is packed more than {MOST_PACKINGS} times")
    for packing in reversed(packings):
        if packing not in PACKINGS:
            raise NotTakenError(f"the answer is packed as {packing!r}, which was not asked for")
        pieces = _inflated(pieces, limits, is_gzip=packing == "gzip")
    return pieces


def _inflated(pieces: Iterator[bytes], limits: Limits, *, is_gzip: bool) -> Iterator[bytes]:
    """Unpack one packing.

    Raises:
        NotTakenError: It cannot be unpacked, was cut, or unpacks to too much.
    """
    packed = unpacked = 0
    members = _Members(is_gzip=is_gzip)
    for piece in pieces:
        packed += len(piece)
        for part in members.unpack(piece):
            unpacked += len(part)
            if unpacked > limits.body_bytes:
                raise limits.too_large()
            if unpacked > UNSUSPICIOUS_BYTES and unpacked > RATIO * packed:
                raise NotTakenError(f"the answer unpacks to more than {RATIO} times its size")
            yield part
    if members.is_open:
        raise NotTakenError("the answer was cut short", final=False)


class _Members:
    """The members of a gzip, one after the other; deflate has a single one."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._inflater: Any = None
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether a member has begun and not ended."""
        return self._inflater is not None

    def unpack(self, piece: bytes) -> Iterator[bytes]:
        """Unpack one more piece, into parts of a limited size."""
        while piece:
            if self._inflater is None:
                if self._count and not (self._is_gzip and piece.startswith(_GZIP)):
                    return  # padding behind the last member
                self._count += 1
                if self._count > MOST_MEMBERS:
                    raise NotTakenError(f"the answer is packed in more than {MOST_MEMBERS} parts")
                self._inflater = zlib.decompressobj(_window(piece, is_gzip=self._is_gzip))
            try:
                part = self._inflater.decompress(piece, PIECE_BYTES)
            except zlib.error:
                raise NotTakenError("the answer cannot be unpacked", final=False) from None
            yield part
            piece = self._inflater.unconsumed_tail
            if self._inflater.eof:
                piece, self._inflater = self._inflater.unused_data, None


def _window(start: bytes, *, is_gzip: bool) -> int:
    """Choose zlib's window: of gzip, or of deflate with the header of RFC 1950, which some servers leave out."""
    if is_gzip:
        return 16 + zlib.MAX_WBITS
    has_header = int.from_bytes(start[:2], "big") % 31 == 0 and start[0] & 0x0F == zlib.DEFLATED
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
