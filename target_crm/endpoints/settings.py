"""The settings of a declared endpoint: each declared once, and the ``Endpoint`` that they make."""

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
from crm_api.transport.network import checked_base_url
from target_crm.setting_fields import Setting, read_settings, schemas_of

ROLES = ("create", "find", "update", "delete")
_METHOD_BY_ROLE = {"create": "POST", "find": "GET", "update": "POST", "delete": "DELETE"}
_TEXT: JsonSchema = {"type": ["string", "null"]}
_TEXTS: JsonSchema = {"type": ["array", "null"], "items": {"type": "string"}}
_OBJECT: JsonSchema = {"type": ["object", "null"]}
_XML: JsonSchema = {
    **_OBJECT,
    "properties": {
        "root": {**_TEXT, "description": "The name of the outermost element; record if left out."},
        "item": {**_TEXT, "description": "The name of the element of each record, or of each element of a list."},
        "attributes": {**_TEXTS, "description": "The fields that become XML attributes."},
    },
}
_BATCH: JsonSchema = {
    **_OBJECT,
    "properties": {
        "size": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "The most records in one request; 100 if left out.",
        },
        "property": {**_TEXT, "description": "The property that holds the list; the body is the list if left out."},
        "extra": {**_OBJECT, "description": "Constant properties beside the list."},
        "id_property": {**_TEXT, "description": "The property of each record of an update that holds its crm_id."},
        "code": {**_TEXT, "description": "package.module:function of yours that makes the bodies."},
    },
}
_ANSWER: JsonSchema = {
    **_OBJECT,
    "properties": {
        "items": {**_TEXT, "description": "JSONPath of the list with one item for each record, or of what is found."},
        "id": {**_TEXT, "description": "JSONPath of the record's id, in an item where there are items."},
        "error": {**_TEXT, "description": "JSONPath of what is wrong with the record; nothing there: it was written."},
        "record": {**_TEXT, "description": "JSONPath of the record as it is now; the item itself if left out."},
    },
}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_BRACE = re.compile(r"[{}]")
_PLACEHOLDER = re.compile(r"\{[^{}]+\}")


def endpoint_of(given: Mapping[str, Any], where: str, *, role: str, stream: str = "") -> Endpoint:
    """Make the endpoint that the settings declare.

    Args:
        given: The endpoint's settings, which fit ``ENDPOINT``.
        where: Their place, for errors: ``streams.links.endpoint``.
        role: One of ``ROLES``.
        stream: The name that replaces ``{stream}`` in path, query and headers; empty: nothing does.

    Raises:
        SettingError: Something in them cannot work.
    """
    path = given.get("path")
    if not path:
        raise SettingError(f"{where}.path is missing. Give the address below base_url, or a whole URL")
    filled = {
        **given,
        "method": given.get("method") or _METHOD_BY_ROLE[role],
        "path": _with_stream(path, quote(stream, safe="")),
        "query": _with_stream(given.get("query"), stream),
        "headers": _with_stream(given.get("headers"), stream),
    }
    endpoint = Endpoint(**read_settings(_SETTINGS, filled, where))
    for problem in _contradictions(endpoint, given, role):
        raise SettingError(f"{where}.{problem}")
    return endpoint


def _contradictions(endpoint: Endpoint, given: Mapping[str, Any], role: str) -> Iterator[str]:
    """Each begins with the name of the setting at fault."""
    if given.get("xml") and endpoint.format is not Format.XML:
        yield "xml has no effect, since format is not xml. Set format to xml, or remove xml"
    for name in ("property", "extra", "batch", "xml") if not endpoint.has_body else ():
        if given.get(name):
            yield f"{name} has no effect: {endpoint.method} sends no body. Remove it, or choose another method"
    if given.get("idempotency_seconds") is not None and endpoint.idempotency_header is None:
        yield "idempotency_seconds has no effect without idempotency_header. Remove it, or give idempotency_header"
    if role in {"find", "delete"} and endpoint.batch is not None:
        yield f"batch has no effect: {role} sends one record at a time. Remove it"
    if endpoint.batch is None and endpoint.answer.items is not None and role != "find":
        yield "answer.items has no effect without batch. Remove it, or give batch"
    unnamed_list = endpoint.batch is not None and not endpoint.batch.property and not endpoint.batch.code
    if unnamed_list and endpoint.format is Format.FORM:
        yield "batch.property is missing: in a form, the list of records must have a name"
    if endpoint.batch is not None and endpoint.answer.items is None and endpoint.answer.id is not None:
        yield "answer.items is missing: with batch, answer.id is looked for in each item of the list that it names"
    if role == "find" and endpoint.answer.id is None:
        yield "answer.id is missing: the JSONPath of the id in each record that is found, such as $.id"


def _with_stream(template: Any, stream: str) -> Any:
    """Put the stream's name into an address or parameters, since a default endpoint serves many streams."""
    if not stream:
        return template
    if isinstance(template, str):
        return template.replace("{stream}", stream)
    if isinstance(template, Mapping):
        return {name: _with_stream(inner, stream) for name, inner in template.items()}
    return template


def _one_of(value: str, known: tuple[str, ...], where: str) -> str:
    if value not in known:
        raise SettingError(f"{where} must be one of {', '.join(known)}, not {value!r}{nearest(value, list(known))}")
    return value


def _method(given: str, where: str) -> str:
    return _one_of(given.upper(), METHODS, where)


def _format(given: str, where: str) -> Format:
    return Format(_one_of((given or Format.JSON).lower(), tuple(map(str, Format)), where))


def _path(path: str, where: str) -> str:
    address, _, _ = path.partition("?")
    shown = "the URL" if "://" in address else repr(address)  # a query, and a URL given to us alone, may hold a key
    if _BRACE.search(_PLACEHOLDER.sub("", path)):
        raise SettingError(f"{where}: {shown} has a brace that belongs to no {{field}}. Percent-encode it")
    if "?" in path or "#" in path:
        raise SettingError(f"{where}: {shown} holds a query. Put it under query, where {{field}} is encoded")
    bare = _PLACEHOLDER.sub("x", address)
    if not bare.isascii() or not bare.isprintable() or " " in bare:
        raise SettingError(f"{where}: {shown} holds characters that cannot stand in a URL. Percent-encode them")
    if any(segment in {".", ".."} for segment in bare.split("/")):
        raise SettingError(f"{where}: {shown} must not contain . or .. segments")
    if "://" not in address:
        return path if path.startswith("/") else f"/{path}"
    if places("/".join(address.split("/")[:3])):
        raise SettingError(f"{where}: {shown} must name its host: no field may choose where records are sent")
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


def _header(name: str, where: str) -> str | None:
    if name and _HEADER_NAME.fullmatch(name) is None:
        raise SettingError(f"{where}: {name!r} is not a valid header name")
    return name or None


def _xml(given: Mapping[str, Any], where: str) -> XmlForm:
    form = XmlForm(
        given.get("root") or XmlForm.root, given.get("item") or XmlForm.item, tuple(given.get("attributes") or ())
    )
    for name in (form.root, form.item, *form.attributes):
        if not is_xml_name(name):
            raise SettingError(f"{where}: {name!r} is not a valid XML name")
    return form


def _batch(given: Mapping[str, Any], where: str) -> Batch:
    code = given.get("code")
    if code:
        try:
            imported(code)
        except SettingError as error:
            raise SettingError(f"{where.removesuffix('batch')}{str(error).rstrip('.')}") from error
        for name in ("property", "extra"):
            if given.get(name):
                raise SettingError(f"{where}.{name} has no effect: code makes the whole body. Remove it")
    if given.get("extra") and not given.get("property"):
        raise SettingError(f"{where}.extra needs property: a bare list has no room for other properties")
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


def _success(given: list[int], where: str) -> frozenset[int]:
    strange = [status for status in given if not 200 <= status <= 599]  # noqa: PLR2004 - what HTTP calls an answer
    if strange or not given:
        raise SettingError(f"{where} must be a list of HTTP statuses such as [200, 201], not {given}")
    return frozenset(given)


_SETTINGS: Mapping[str, Setting] = {
    "method": Setting(
        f"The HTTP method: one of {', '.join(METHODS)}. If left out, GET for find, DELETE for delete, POST otherwise.",
        _TEXT,
        _method,
    ),
    "path": Setting(
        "The address below base_url, or a whole URL. {field} stands for a field of the record and is percent-encoded; "
        "in update and delete, {crm_id} is the id that the endpoint gave the record.",
        {"type": "string"},
        _path,
    ),
    "query": Setting("The parameters of the URL, by name: constants, or {field} for a field of the record.", _OBJECT),
    "headers": Setting(
        "Further headers of the request, by name: constants, or {field} for a field of the record.",
        {**_OBJECT, "additionalProperties": {"type": "string"}},
        _headers,
    ),
    "format": Setting("The form of the body: json (if left out), xml or form.", _TEXT, _format),
    "xml": Setting(
        "With format xml: the name of the outermost element (root), of the element of each record of a batch or of "
        "each element of a list (item), and the fields that become XML attributes (attributes).",
        _XML,
        _xml,
    ),
    "attributes": Setting(
        "The fields of the record that the body holds. The whole record if left out.",
        _TEXTS,
        lambda given, _: tuple(given),
    ),
    "property": Setting("The name under which the body, then an object, holds the record.", _TEXT),
    "extra": Setting("Constant properties of the body.", _OBJECT),
    "batch": Setting(
        "Send several records in one request: how many (size, 100 if left out), the property that holds their list "
        "(property), constant properties beside it (extra), the name under which each record of an update holds its "
        "crm_id (id_property); or a package.module:function of yours that makes the bodies (code).",
        _BATCH,
        _batch,
    ),
    "answer": Setting(
        "JSONPaths of the result in the answer: the list with one item for each record of a batch (items), and in an "
        "item the record's id (id), its error (error) and the record as it is now (record).",
        _ANSWER,
        _answer,
    ),
    "success": Setting(
        "The HTTP statuses that mean success. Every 2xx if left out.",
        {"type": ["array", "null"], "items": {"type": "integer"}},
        _success,
    ),
    "repeatable": Setting(
        "A request may be repeated, with the effect of one. If left out, true for PUT and DELETE.",
        {"type": ["boolean", "null"]},
    ),
    "idempotency_header": Setting(
        "The header by whose value the API recognises a repeated request. With it, a request that got no answer may be "
        "sent again.",
        _TEXT,
        _header,
    ),
    "idempotency_seconds": Setting(
        "How long the API remembers the value of idempotency_header, in seconds. A request that got no answer and is "
        "older is in doubt, as without the header. 86400 (a day) if left out.",
        {"type": ["number", "null"], "minimum": 0},
        lambda given, _: float(given),
    ),
}
"""By the attribute of ``Endpoint`` that each makes, whose default holds where the setting is left out."""
ENDPOINT_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(schemas_of(_SETTINGS))
ENDPOINT: JsonSchema = {"type": ["object", "null"], "properties": dict(ENDPOINT_SETTINGS)}
