"""HAR files, as browsers and proxies write them (HTTP Archive 1.2)."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from crm_emulator.compare.recording import Exchange, Recording, UnreadableError
from crm_emulator.protocol import decoded_path

_MOST_UNPACKED = 64 * 2**20  # bytes of one body
_SHORTEST_SECRET = 6
_BASIC = "basic "
_SIGNED = frozenset({"authorization", "cookie", "set-cookie"})
_SEPARATORS = re.compile(r"[\s=;:,\"]+")  # of cookies, of a user and a password


class _Named(msgspec.Struct):
    name: str = ""
    value: str | None = ""


class _Sent(msgspec.Struct):
    text: str | None = None
    params: list[_Named] | None = None
    mime_type: str | None = msgspec.field(name="mimeType", default=None)
    encoding: str | None = None


class _Content(msgspec.Struct):
    text: str | None = None
    size: float | None = None
    encoding: str | None = None


class _Request(msgspec.Struct):
    method: str
    url: str
    headers: list[_Named] = []
    cookies: list[Any] = []
    sent: _Sent | None = msgspec.field(name="postData", default=None)


class _Response(msgspec.Struct):
    status: int
    headers: list[_Named] = []
    content: _Content | None = None


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response


class _Log(msgspec.Struct):
    entries: list[_Entry]


class _Har(msgspec.Struct):
    log: _Log


class _UnreadBodyError(Exception):
    """A body was not recorded in a form that can be read; says why."""


def read_har(content: bytes) -> Recording:
    """Read a HAR file; raises UnreadableError."""
    recording = Recording()
    secrets: set[str] = set()
    for entry in _decoded(content).log.entries:
        secrets |= _secrets(entry)
        exchange = _exchange(entry)
        if exchange is None:
            recording.passed_over["with an address that is none"] += 1
        else:
            recording.exchanges.append(exchange)
    recording.secrets = secrets
    return recording


def _decoded(content: bytes) -> _Har:
    try:
        try:
            return msgspec.json.decode(content, type=_Har)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):  # which half a surrogate is enough for; json takes it
            return msgspec.convert(json.loads(content), _Har)
    except msgspec.ValidationError as error:
        raise UnreadableError(f"it is JSON, and no HAR: {error}") from error
    except json.JSONDecodeError as error:
        rest = len(content.decode("utf-8", "replace")) - error.pos
        if rest <= 1 or error.msg.startswith("Unterminated"):
            raise UnreadableError("it ends in the middle: its JSON is cut off") from error
        raise UnreadableError(f"it is no JSON: line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"it is no UTF-8 at byte {error.start:,}") from error
    except RecursionError as error:
        raise UnreadableError("it is nested too deeply") from error


def _exchange(entry: _Entry) -> Exchange | None:
    """Return what an entry holds; None where its address is none."""
    try:
        parts = urlsplit(entry.request.url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if not host:  # data: and blob: of a browser
        return None
    answer: bytes | None = None
    body: bytes | None = None
    content_type = unread = ""
    try:
        answer = _answer(entry.response)
    except _UnreadBodyError as error:
        unread = str(error)
    with suppress(_UnreadBodyError):  # it is asked without a body
        content_type, body = _body(entry.request)
    return Exchange(
        method=entry.request.method.upper(),
        host=host,
        path=decoded_path(parts.path or "/"),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        content_type=content_type,
        body=body,
        status=entry.response.status,
        answer=answer,
        unread=unread,
    )


def _body(request: _Request) -> tuple[str, bytes]:
    """Return the type of a request's body, and the body."""
    sent = request.sent
    if sent is None:
        return "", b""
    content_type = sent.mime_type or _header(request.headers, "content-type")
    if sent.text:
        raw = sent.text.encode("utf-8", "replace")
        return content_type, _from_base64(raw) if sent.encoding == "base64" else raw
    pairs = [(each.name, each.value or "") for each in sent.params or ()]
    return content_type, urlencode(pairs).encode()


def _answer(response: _Response) -> bytes:
    """Return the body of an answer; raises _UnreadBodyError."""
    content = response.content or _Content()
    if not content.text:
        if content.size and content.size > 0:
            raise _UnreadBodyError("is not in the recording")
        return b""
    if content.encoding is None or not content.encoding:
        return content.text.encode("utf-8", "replace")
    if content.encoding.lower() != "base64":
        raise _UnreadBodyError("is encoded in an unknown way")
    return _unpacked(
        _from_base64(content.text.encode("utf-8", "replace")), _header(response.headers, "content-encoding")
    )


def _from_base64(text: bytes) -> bytes:
    """Return the bytes of a base64 text; raises _UnreadBodyError."""
    try:
        return b64decode(text, validate=True)
    except Base64Error as error:
        raise _UnreadBodyError("is not the base64 that it says it is") from error


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Unpack a body that was recorded as it travelled; most programs record it unpacked, whatever its header says."""
    if not encoding or body[:1] in {b"{", b"[", b"<"}:
        return body
    if encoding.lower() not in {"gzip", "deflate"}:
        raise _UnreadBodyError("is compressed with brotli or zstd")
    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        unpacked = unpacker.decompress(body, _MOST_UNPACKED)
    except zlib.error as error:
        raise _UnreadBodyError("is compressed in an unknown way") from error
    if unpacker.unconsumed_tail:
        raise _UnreadBodyError("is too large when unpacked")
    return unpacked


def _header(headers: list[_Named], name: str) -> str:
    return next((each.value or "" for each in headers if each.name.lower() == name), "")


def _secrets(entry: _Entry) -> set[str]:
    """Return the values of headers, and their words: none of them is shown where it is a key."""
    named = (*entry.request.headers, *entry.response.headers)
    signed = [each.value or "" for each in named if each.name.lower() in _SIGNED]
    signed += [_of_basic(value) for value in signed]
    signed += [entry.request.url.partition("://")[2].partition("/")[0].rpartition("@")[0]]
    words = {word for value in signed for word in _SEPARATORS.split(value)}
    words |= {word for value in (each.value or "" for each in named) for word in (value, *value.split())}
    return {word for word in words if len(word) >= _SHORTEST_SECRET}


def _of_basic(value: str) -> str:
    """Return ``user:password`` of a header; empty if it holds none."""
    if value[: len(_BASIC)].lower() != _BASIC:
        return ""
    try:
        return b64decode(value[len(_BASIC) :]).decode("utf-8", "replace")
    except ValueError:
        return ""
