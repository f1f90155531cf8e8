"""Records turned into the request that a declared endpoint takes (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.crm import CrmId, Payload, Request
from crm_api.endpoint import Batch, Endpoint, Format
from crm_api.templates import as_text, filled_header, filled_path, filled_value
from crm_api.xml_bodies import as_xml

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Item:
    """One record on its way to an endpoint.

    Attributes:
        payload: What is sent.
        id: Of the CRM record to change; None for a create. Placeholders call it ``id``.
        key: Tells a repeated request by an idempotency header.
    """

    payload: Payload
    id: CrmId | None = None
    key: str = ""

    @property
    def fields(self) -> Mapping[str, Any]:
        """What placeholders stand for."""
        return self.payload if self.id is None else {**self.payload, "id": self.id}


@dataclass(frozen=True)
class Prepared:
    """A request that is ready to be sent.

    Attributes:
        request: Method, address and body.
        headers: Of this request.
        content_type: Of ``request.content``.
    """

    request: Request
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


def prepare(endpoint: Endpoint, items: Sequence[Item], parameters: Mapping[str, Any] | None = None) -> Prepared:
    """The one request that carries the records.

    Args:
        endpoint: The declaration.
        items: One record; several where the endpoint takes batches. Placeholders stand for the first one's fields.
        parameters: The stream's own, by the name that settings call them: constants or ``{name}``.

    Raises:
        ValueError: A placeholder has no value, or a value cannot be written in the endpoint's form.
    """
    fields = items[0].fields
    query = {name: filled_value(value, fields) for name, value in endpoint.query.items()}
    for name, value in (parameters or {}).items():
        query[endpoint.parameters[name]] = filled_value(value, fields)
    headers = {name: filled_header(value, fields) for name, value in endpoint.headers.items()}
    if endpoint.idempotency_header and items[0].key:
        headers[endpoint.idempotency_header] = items[0].key
    path = filled_path(endpoint.path, fields)
    params = {name: as_text(value) for name, value in query.items() if value is not None}
    if not endpoint.has_body:
        return Prepared(Request(endpoint.method, path, params), headers)
    body = _body(endpoint, items)
    if endpoint.format is Format.FORM:
        if not isinstance(body, Mapping):
            raise ValueError("A form holds named fields: give the endpoint a property for the list of records")
        form = {name: _field(value) for name, value in body.items() if value is not None}
        return Prepared(Request(endpoint.method, path, params, form=form), headers)
    if endpoint.format is Format.XML:
        content = as_xml(endpoint.xml, body)
        return Prepared(
            Request(endpoint.method, path, params, content=content), headers, "application/xml; charset=utf-8"
        )
    return Prepared(Request(endpoint.method, path, params, body=body), headers)


def _body(endpoint: Endpoint, items: Sequence[Item]) -> Any:
    if endpoint.batch is None:
        return _wrapped(endpoint, _record(endpoint, items[0]))
    return _batched(endpoint.batch, [_element(endpoint, endpoint.batch, item) for item in items])


def _element(endpoint: Endpoint, batch: Batch, item: Item) -> Any:
    record = _record(endpoint, item)
    return _wrapped(endpoint, record if item.id is None else {batch.id_property: item.id, **record})


def _batched(batch: Batch, elements: list[Any]) -> Any:
    return elements if batch.property is None else {**batch.extra, batch.property: elements}


def _record(endpoint: Endpoint, item: Item) -> dict[str, Any]:
    if endpoint.attributes is None:
        return dict(item.payload)
    return {name: item.fields[name] for name in endpoint.attributes if name in item.fields}


def _wrapped(endpoint: Endpoint, record: dict[str, Any]) -> dict[str, Any]:
    return {**record, **endpoint.extra} if endpoint.property is None else {**endpoint.extra, endpoint.property: record}


def _field(value: Any) -> str:
    """A field of a form: scalars as they are, anything else as JSON."""
    if isinstance(value, str | bool | int | float | Decimal):
        return as_text(value)
    return _ENCODER.encode(value).decode()
