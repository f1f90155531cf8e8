"""Makes the requests that a declared endpoint takes of records (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.crm_objects import CrmId, Outgoing, Payload, SourceRecord, outgoing
from crm_api.endpoints.body_code import bodies_of
from crm_api.endpoints.endpoint import Batch, Endpoint, Format
from crm_api.endpoints.templates import as_text, filled_header, filled_path, filled_value
from crm_api.endpoints.xml_bodies import as_xml
from crm_api.naming.spelling import spelled_as
from crm_api.transport.request import Request

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=str)
_KEY_BYTES = 16


@dataclass(frozen=True)
class Item:
    """One record on its way to an endpoint.

    Attributes:
        payload: The attributes to send.
        id: Id of the CRM record to change; None for a create.
        id_name: The placeholder that stands for the id.
        beside: Further values for placeholders, by name; bodies do not hold them.
        parameters: Flags of the record's stream, by name.
        source: The source's record; None where it does not matter.
    """

    payload: Payload
    id: CrmId | None = None
    id_name: str = "id"
    beside: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    source: SourceRecord | None = None

    @property
    def fields(self) -> Mapping[str, Any]:
        """Values of placeholders, by name."""
        own = {**self.payload, **self.beside} if self.beside else self.payload
        return own if self.id is None else {**own, self.id_name: self.id}


def item_of(payload: Payload, crm_id: CrmId | None = None, id_name: str = "id") -> Item:
    """A payload on its way, with its parameters and its source."""
    whole = outgoing(payload)
    return Item(whole.payload, crm_id, id_name, parameters=whole.parameters, source=whole.source)


def key_of(items: Sequence[Item]) -> str:
    """The key by which an API recognises a repeated request: a hash of each record's payload, parameters and source."""
    payloads = [Outgoing(item.payload, item.parameters, item.source).flat for item in items]
    return blake2b(_SORTED.encode(payloads), digest_size=_KEY_BYTES).hexdigest()


def prepare(endpoint: Endpoint, items: Sequence[Item]) -> Request:
    """Make the one request that carries the records.

    Args:
        endpoint: The endpoint.
        items: One record; or several with one ``place``, if the endpoint takes batches.

    Raises:
        ValueError: A placeholder has no value, or a value cannot be written in the endpoint's format.
    """
    path, params, headers = place(endpoint, items[0])
    if endpoint.idempotency_header:
        headers[endpoint.idempotency_header] = key_of(items)
    if not endpoint.has_body:
        return Request(endpoint.method, path, params, headers=headers, template=endpoint.path)
    body = _body(endpoint, items)
    if endpoint.format is Format.FORM:
        if not isinstance(body, Mapping):
            raise ValueError("format form needs named fields: give the endpoint batch.property for the list of records")
        form = {name: _field(value) for name, value in body.items() if value is not None}
        return Request(endpoint.method, path, params, form=form, headers=headers, template=endpoint.path)
    if endpoint.format is Format.XML:
        content = as_xml(endpoint.xml, body)
        xml = "application/xml; charset=utf-8"
        return Request(
            endpoint.method,
            path,
            params,
            content=content,
            content_type=xml,
            headers=headers,
            template=endpoint.path,
        )
    return Request(endpoint.method, path, params, body=body, headers=headers, template=endpoint.path)


def place(endpoint: Endpoint, item: Item) -> tuple[str, dict[str, str], dict[str, str]]:
    """Make path, query parameters and headers for a record; the records of one request must agree in them.

    Raises:
        ValueError: A placeholder has no value, or one that is not valid in its place.
    """
    fields = item.fields
    query = {name: filled_value(value, fields) for name, value in endpoint.query.items()}
    for name, value in item.parameters.items():
        if name in endpoint.parameters:
            query[endpoint.parameters[name]] = value
    headers = {name: filled_header(value, fields) for name, value in endpoint.headers.items()}
    params = {name: as_text(value) for name, value in query.items() if value is not None}
    return filled_path(endpoint.path, fields), params, headers


def groups(endpoint: Endpoint, items: Sequence[Item]) -> list[list[int]]:
    """Divide records into requests: for each request, the positions of records with one place, at most a batch.

    Where the user's own code makes the bodies, it divides the records. A record that cannot be sent may be in any
    request: a request that fails because of it is taken apart by the caller.
    """
    places: dict[Any, list[int]] = {}
    for position, item in enumerate(items):
        try:
            key = msgspec.json.encode(place(endpoint, item)) if endpoint.batch is not None else position
        except ValueError:
            key = position
        places.setdefault(key, []).append(position)
    size = endpoint.size
    chunks = [chunk[start : start + size] for chunk in places.values() for start in range(0, len(chunk), size)]
    if endpoint.batch is None or endpoint.batch.code is None:
        return chunks
    return [each for chunk in chunks for each in _coded(endpoint, endpoint.batch.code, items, chunk)]


def _coded(endpoint: Endpoint, code: str, items: Sequence[Item], chunk: list[int]) -> list[list[int]]:
    try:
        bodies = bodies_of(code, [_record(endpoint, items[position]) for position in chunk])
    except ValueError:
        return [chunk]  # reported when it is sent
    return [[chunk[number] for number in numbers] for _, numbers in bodies]


def _body(endpoint: Endpoint, items: Sequence[Item]) -> Any:
    if endpoint.batch is None:
        return _wrapped(endpoint, _record(endpoint, items[0]))
    if endpoint.batch.code is not None:
        bodies = bodies_of(endpoint.batch.code, [_record(endpoint, item) for item in items])
        if len(bodies) != 1:
            raise ValueError(f"{endpoint.batch.code} makes several bodies of records that it put into one body before")
        return _sendable(endpoint.batch.code, bodies[0][0])
    return _batched(endpoint.batch, [_element(endpoint, endpoint.batch, item) for item in items])


def _sendable(code: str, body: Any) -> Any:
    try:
        _ENCODER.encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{code} makes a body that cannot be sent: {error}") from error
    return body


def _element(endpoint: Endpoint, batch: Batch, item: Item) -> Any:
    record = _record(endpoint, item)
    if item.id is not None and batch.id_property is not None:
        others = {name: value for name, value in record.items() if name != batch.id_property}
        record = {batch.id_property: item.id, **others}
    return _wrapped(endpoint, record)


def _batched(batch: Batch, elements: list[Any]) -> Any:
    return elements if batch.property is None else {**batch.extra, batch.property: elements}


def _record(endpoint: Endpoint, item: Item) -> dict[str, Any]:
    if endpoint.attributes is None:
        return dict(item.payload)
    fields = item.fields
    spelt = ((name, spelled_as(name, fields)) for name in endpoint.attributes)
    return {name: fields[there] for name, there in spelt if there is not None}


def _wrapped(endpoint: Endpoint, record: dict[str, Any]) -> dict[str, Any]:
    return {**record, **endpoint.extra} if endpoint.property is None else {**endpoint.extra, endpoint.property: record}


def _field(value: Any) -> str:
    """Write a field of a form: scalars unchanged, any other value as JSON."""
    if isinstance(value, str | bool | int | float | Decimal):
        return as_text(value)
    return _ENCODER.encode(value).decode()
