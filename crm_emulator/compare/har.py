"""HAR files, as browsers and proxies write them (HTTP Archive 1.2)."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from crm_emulator.compare.bodies import ends_early, json_of
from crm_emulator.compare.other_files import what_json_is
from crm_emulator.compare.packed import UnreadBodyError, from_base64, unpacked
from crm_emulator.compare.recording import Exchange, Recording, UnreadableError
from crm_emulator.compare.shown_names import ShownNames, texts_in, words_of
from crm_emulator.protocol import decoded_path

_BASIC = "basic "
_UNFINISHED = re.compile(r"\s*(?:t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|-)?\s*")
_SHORTEST_SECRET = 6
_HARMLESS = re.compile(
    r"accept|access-control|age$|allow|alt-svc|cache|connection|content|date|etag|expires|host|if-|keep-alive|last-modified|link"
    r"|location|nel|origin|pragma|referer|report|sec-|server|strict|te$|transfer|upgrade|user-agent|vary|via|x-frame|x-content|:",
    re.IGNORECASE,
)


class _Named(msgspec.Struct):
    name: str | None = ""
    value: Any = ""


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
    headers: list[_Named] | None = None
    cookies: Any = None
    query: Any = msgspec.field(name="queryString", default=None)
    sent: _Sent | None = msgspec.field(name="postData", default=None)


class _Response(msgspec.Struct):
    status: float | str | None = None
    status_text: str | None = msgspec.field(name="statusText", default=None)
    headers: list[_Named] | None = None
    cookies: Any = None
    content: _Content | None = None


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response | None = None
    began: str | None = msgspec.field(name="startedDateTime", default=None)


class _Log(msgspec.Struct):
    entries: list[Any]


class _Har(msgspec.Struct):
    log: _Log


def read_har(content: bytes) -> Recording:
    """Read a HAR file; raises UnreadableError."""
    recording = Recording()
    wrong = ""
    for each in _decoded(content).log.entries:
        try:
            entry = msgspec.convert(each, _Entry)
        except msgspec.ValidationError as error:
            wrong = wrong or str(error)
            recording.passed_over["whose entry is none of a HAR"] += 1
            continue
        exchange = _exchange(entry)
        _note(entry, recording.names)
        if exchange is None:
            recording.passed_over["with an address that is none"] += 1
        else:
            recording.add(exchange)
    if wrong and not recording.exchanges:
        raise UnreadableError(f"it is JSON, and no HAR: {wrong}")
    return recording


def _decoded(content: bytes) -> _Har:
    try:
        try:
            return msgspec.json.decode(content, type=_Har)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):  # which half a surrogate is enough for; json takes it
            return msgspec.convert(json.loads(content.rstrip(b"\0 \r\n\t")), _Har)
    except msgspec.ValidationError as error:
        other = what_json_is(_first_object(content))
        raise UnreadableError(other or f"it is JSON, and no HAR: {error}") from error
    except json.JSONDecodeError as error:
        raise UnreadableError(_broken(content, error)) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"it is no UTF-8 at byte {error.start:,}; save it as UTF-8") from error
    except RecursionError as error:
        raise UnreadableError("it is nested too deeply") from error


def _broken(content: bytes, error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Extra data"):
        return f"it goes on after its end, at line {error.lineno}, column {error.colno}; give one HAR file at a time"
    rest = content.decode("utf-8", "replace")[error.pos :]
    if len(rest) <= 1 or error.msg.startswith("Unterminated") or _UNFINISHED.fullmatch(rest):
        return "it ends in the middle: its JSON is cut off"
    return what_json_is(_first_object(content)) or f"it is no JSON: line {error.lineno}, column {error.colno}"


def _first_object(content: bytes) -> Any:
    """Return the value of the whole, or of the first line where each line is JSON of its own."""
    value = json_of(content)
    return value if isinstance(value, dict) else json_of(content.partition(b"\n")[0])


def _exchange(entry: _Entry) -> Exchange | None:
    """Return what an entry holds; None where its address is none."""
    try:
        parts = urlsplit(entry.request.url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if not host or parts.scheme not in {"http", "https"}:  # data: and blob: of a browser, and web sockets
        return None
    answer: bytes | None = None
    body: bytes | None = None
    content_type = unread = ""
    is_cut = False
    response = entry.response or _Response()
    try:
        answer, is_cut = _answer(response)
    except UnreadBodyError as error:
        unread = str(error)
    with suppress(UnreadBodyError):  # it is asked without a body
        content_type, body = _body(entry.request)
    return Exchange(
        method=entry.request.method.upper(),
        host=host,
        path=decoded_path(parts.path or "/"),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        content_type=content_type,
        body=body,
        status=_status(response.status),
        answer=answer,
        is_cut=is_cut,
        unread=unread,
        began=entry.began or "",
    )


def _status(given: float | str | None) -> int:
    """Return a status, also one that was written as text; 0: there was no answer."""
    try:
        return int(float(given or 0))
    except (ValueError, OverflowError):
        return 0


def _body(request: _Request) -> tuple[str, bytes]:
    """Return the type of a request's body, and the body."""
    sent = request.sent
    if sent is None:
        return "", b""
    content_type = sent.mime_type or _header(request.headers, "content-type")
    if sent.text:
        raw = sent.text.encode("utf-8", "replace")
        raw = from_base64(raw) if sent.encoding == "base64" else raw
        return content_type, unpacked(raw, _header(request.headers, "content-encoding"))[0]
    pairs = [(each.name or "", "" if each.value is None else str(each.value)) for each in sent.params or ()]
    return content_type, urlencode(pairs).encode()


def _answer(response: _Response) -> tuple[bytes, bool]:
    """Return the body of an answer, and whether its end is missing; raises UnreadBodyError."""
    content = response.content or _Content()
    if not content.text:
        length = _header(response.headers, "content-length").strip()
        if (content.size and content.size > 0) or (length.isdigit() and int(length) > 0):
            raise UnreadBodyError("is not in the recording")
        return b"", False
    text = content.text.encode("utf-8", "replace")
    if not content.encoding:
        return text, ends_early(text)
    if content.encoding.lower() != "base64":
        raise UnreadBodyError("is encoded in an unknown way")
    body, is_cut = unpacked(from_base64(text), _header(response.headers, "content-encoding"))
    return body, is_cut or ends_early(body)


def _header(headers: list[_Named] | None, name: str) -> str:
    return next((str(each.value or "") for each in headers or () if (each.name or "").lower() == name), "")


def _note(entry: _Entry, names: ShownNames) -> None:
    """Take note of an entry's values: none of them is shown where it is a key."""
    request, response = entry.request, entry.response or _Response()
    for text in _signed(request, response):
        names.signed.update(each for each in words_of(text) if len(each) >= _SHORTEST_SECRET)
    told = [str(each.value or "") for each in (*(request.headers or ()), *(response.headers or ()))]
    for text in (request.method, response.status_text or "", *texts_in(request.query), request.url, *told):
        names.others.update(words_of(text))


def _signed(request: _Request, response: _Response) -> Iterator[str]:
    """Return the values of cookies and of headers that may be a secret, and what an address says of a user."""
    for each in (*(request.headers or ()), *(response.headers or ())):
        if not _HARMLESS.match(each.name or ""):
            yield str(each.value or "")
            yield _of_basic(str(each.value or ""))
    yield from texts_in(request.cookies)
    yield from texts_in(response.cookies)
    yield request.url.partition("://")[2].partition("/")[0].rpartition("@")[0]


def _of_basic(value: str) -> str:
    """Return ``user:password`` of a header; empty if it holds none."""
    if value[: len(_BASIC)].lower() != _BASIC:
        return ""
    try:
        return b64decode(value[len(_BASIC) :]).decode("utf-8", "replace")
    except ValueError:
        return ""
