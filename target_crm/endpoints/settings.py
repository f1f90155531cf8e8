"""The settings of declared endpoints: as a JSON schema, and as endpoints; what is wrong is said in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from crm_api.endpoints.body_code import imported
from crm_api.endpoints.endpoint import METHODS, AnswerPaths, Batch, Endpoint, Format, XmlForm
from crm_api.endpoints.json_paths import compiled
from crm_api.endpoints.templates import places
from crm_api.endpoints.xml_bodies import is_xml_name
from crm_api.errors import SettingError
from crm_api.settings import JsonSchema, nearest
from crm_api.transport.addresses import checked_base_url

_TEXT = {"type": ["string", "null"]}
_TEXTS = {"type": ["array", "null"], "items": {"type": "string"}}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_LOOSE = re.compile(r"[{}]")
_PLACE = re.compile(r"\{[^{}]+\}")

ENDPOINT_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "method": {
            **_TEXT,
            "description": f"One of {', '.join(METHODS)}. POST if left out; for find GET, for delete DELETE.",
        },
        "path": {
            "type": "string",
            "description": "Below base_url, or a whole URL; {field} stands for a field of the record, percent-encoded. "
            "In update and delete, {crm_id} is the id that the endpoint gave the record.",
        },
        "query": {"type": ["object", "null"], "description": "Parameters: constants, or {field}."},
        "headers": {
            "type": ["object", "null"],
            "additionalProperties": {"type": "string"},
            "description": "Further headers: constants, or {field}.",
        },
        "format": {**_TEXT, "description": "Of the body: json (if left out), xml or form."},
        "xml": {
            "type": ["object", "null"],
            "properties": {"root": _TEXT, "item": _TEXT, "attributes": _TEXTS},
            "description": "With format xml: the outermost element (record), the element of each record of a batch or "
            "of each element of a list (item), and the fields that become XML attributes.",
        },
        "attributes": {**_TEXTS, "description": "The fields that the body holds; the whole record if left out."},
        "property": {**_TEXT, "description": "The body is an object that holds the record under this name."},
        "extra": {"type": ["object", "null"], "description": "Constant properties of the body."},
        "batch": {
            "type": ["object", "null"],
            "properties": {
                "size": {"type": ["integer", "null"], "minimum": 1},
                "property": _TEXT,
                "extra": {"type": ["object", "null"]},
                "id_property": _TEXT,
                "code": _TEXT,
            },
            "description": "Several records in one request: how many (100), the property that holds the list, constant "
            "properties beside it; under which name an element of an update gives its crm_id; or code, a "
            "package.module:function that makes the bodies.",
        },
        "answer": {
            "type": ["object", "null"],
            "properties": dict.fromkeys(("items", "id", "error", "record"), _TEXT),
            "description": "Where the answer says what became of a record, as JSONPath: the list with one item for "
            "each record of a batch, and in an item its id, what is wrong with it, and the record as it is now.",
        },
        "success": {
            "type": ["array", "null"],
            "items": {"type": "integer"},
            "description": "The statuses that mean success; every 2xx if left out.",
        },
        "repeatable": {
            "type": ["boolean", "null"],
            "description": "Sending it twice is the same as once. PUT and DELETE are, unless this says no.",
        },
        "idempotency_header": {
            **_TEXT,
            "description": "Header by whose value the API knows a repeated request, so that one whose answer was lost "
            "may be sent again.",
        },
    }
)
ENDPOINT: JsonSchema = {"type": ["object", "null"], "properties": dict(ENDPOINT_SETTINGS)}
ROLES = ("create", "find", "update", "delete")


def endpoint_of(given: Mapping[str, Any], where: str, *, role: str, stream: str = "") -> Endpoint:
    """The endpoint that the settings declare.

    Args:
        given: The settings.
        where: What they are called, for errors: ``streams.links.endpoint``.
        role: One of ``ROLES``.
        stream: What ``{stream}`` in path, query and headers stands for; empty: nothing.

    Raises:
        SettingError: Something cannot work.
    """
    method = str(given.get("method") or ("GET" if role == "find" else "DELETE" if role == "delete" else "POST")).upper()
    _one_of(method, METHODS, f"{where}.method")
    form = str(given.get("format") or "json").lower()
    _one_of(form, tuple(map(str, Format)), f"{where}.format")
    path = given.get("path")
    if not path:
        raise SettingError(f"{where}.path is missing: the address below base_url, or a whole URL")
    attributes = given.get("attributes")
    endpoint = Endpoint(
        _checked_path(_of_stream(path, quote(stream, safe="")), f"{where}.path"),
        method,
        query=_of_stream(dict(given.get("query") or {}), stream),
        headers=_headers(_of_stream(dict(given.get("headers") or {}), stream), f"{where}.headers"),
        format=Format(form),
        attributes=None if attributes is None else tuple(attributes),
        property=given.get("property"),
        extra=given.get("extra") or {},
        xml=_xml(given.get("xml") or {}, f"{where}.xml"),
        batch=_batch(given.get("batch"), f"{where}.batch"),
        answer=_answer(given.get("answer") or {}, f"{where}.answer"),
        success=_success(given.get("success"), f"{where}.success"),
        repeatable=given.get("repeatable"),
        idempotency_header=_header(given.get("idempotency_header"), f"{where}.idempotency_header"),
    )
    for said in _contradictions(endpoint, given, role):
        raise SettingError(f"{where}: {said}")
    return endpoint


def _contradictions(endpoint: Endpoint, given: Mapping[str, Any], role: str) -> Iterator[str]:
    if given.get("xml") and endpoint.format is not Format.XML:
        yield "xml is given, and format is not xml"
    if not endpoint.has_body and any(given.get(name) for name in ("property", "extra", "batch", "xml")):
        yield f"{endpoint.method} sends no body for property, extra, batch or xml to shape"
    if role in {"find", "delete"} and endpoint.batch is not None:
        yield f"{role} goes one record at a time: it takes no batch"
    if endpoint.batch is None and endpoint.answer.items is not None and role != "find":
        yield "answer.items tells the records of a batch apart, and there is no batch"
    nameless = endpoint.batch is not None and not endpoint.batch.property and not endpoint.batch.code
    if nameless and endpoint.format is Format.FORM:
        yield "a form holds named fields: give batch.property for the list of records"
    if endpoint.batch is not None and endpoint.answer.items is None and endpoint.answer.id is not None:
        yield "answer.id is looked for in each of answer.items, which says where the list is: give it too"
    if role == "find" and endpoint.answer.id is None:
        yield "answer.id is missing: where each record that is found has its id, such as $.id"


def _one_of(value: str, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        raise SettingError(f"{where}: {value!r} is none of {', '.join(known)}{nearest(value, list(known))}")


def _of_stream(template: Any, stream: str) -> Any:
    """The stream's name in its place; a default endpoint serves many."""
    if not stream:
        return template
    if isinstance(template, str):
        return template.replace("{stream}", stream)
    if isinstance(template, dict):
        return {name: _of_stream(inner, stream) for name, inner in template.items()}
    return template


def _checked_path(path: str, where: str) -> str:
    address, _, _ = path.partition("?")
    shown = "the URL" if "://" in address else repr(address)  # a query, and a URL given to us alone, may hold a key
    if _LOOSE.search(_PLACE.sub("", path)):
        raise SettingError(f"{where}: {shown} has a brace that belongs to no {{field}}")
    if "?" in path or "#" in path:
        raise SettingError(f"{where}: {shown} holds a query: put it under query, where {{field}} is encoded")
    bare = _PLACE.sub("x", address)
    if not bare.isascii() or not bare.isprintable() or " " in bare:
        raise SettingError(f"{where}: {shown} holds characters that cannot stand in a URL: percent-encode them")
    if any(segment in {".", ".."} for segment in bare.split("/")):
        raise SettingError(f"{where}: {shown} leaves its place with a dot or two")
    if "://" not in address:
        return path if path.startswith("/") else f"/{path}"
    if places("/".join(address.split("/")[:3])):
        raise SettingError(f"{where}: {shown} must name its host: no field may choose whom records are sent to")
    try:
        checked_base_url(bare)
    except SettingError as error:
        raise SettingError(f"{where}: {str(error).removeprefix('base_url ')}") from None
    return path


def _headers(headers: dict[str, str], where: str) -> dict[str, str]:
    for name, value in headers.items():
        _header(name, where)
        if not value.isprintable() or value != value.strip() or not value.isascii():
            raise SettingError(f"{where}.{name} holds characters that are not valid in an HTTP header")
    return headers


def _header(name: str | None, where: str) -> str | None:
    if name and _HEADER_NAME.fullmatch(name) is None:
        raise SettingError(f"{where}: {name!r} is no name of a header")
    return name or None


def _xml(given: Mapping[str, Any], where: str) -> XmlForm:
    form = XmlForm(
        given.get("root") or XmlForm.root, given.get("item") or XmlForm.item, tuple(given.get("attributes") or ())
    )
    for name in (form.root, form.item, *form.attributes):
        if not is_xml_name(name):
            raise SettingError(f"{where}: {name!r} is no name in XML")
    return form


def _batch(given: Mapping[str, Any] | None, where: str) -> Batch | None:
    if given is None:
        return None
    code = given.get("code")
    if code:
        try:
            imported(code)
        except SettingError as error:
            raise SettingError(f"{where.removesuffix('batch')}{str(error).rstrip('.')}") from error
        if given.get("property") or given.get("extra"):
            raise SettingError(f"{where}: code makes the whole body; property and extra have no place in it")
    if given.get("extra") and not given.get("property"):
        raise SettingError(f"{where}: extra needs property: beside a bare list there is no place for it")
    size = given.get("size") or Batch.size
    return Batch(size, given.get("property"), given.get("extra") or {}, given.get("id_property"), code or None)


def _answer(given: Mapping[str, Any], where: str) -> AnswerPaths:
    for name, path in given.items():
        if path is not None:
            try:
                compiled(path)
            except SettingError as error:
                raise SettingError(f"{where}.{name}: {error}") from None
    return AnswerPaths(given.get("items"), given.get("id"), given.get("error"), given.get("record"))


def _success(given: list[int] | None, where: str) -> frozenset[int] | None:
    if given is None:
        return None
    strange = [status for status in given if not 200 <= status <= 599]  # noqa: PLR2004 - what HTTP calls an answer
    if strange or not given:
        raise SettingError(f"{where}: a list of statuses such as [200, 201], not {given}")
    return frozenset(given)
