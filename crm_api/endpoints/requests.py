"""Records turned into the request that a declared endpoint takes (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.crm_objects import CrmId, Payload
from crm_api.endpoints.body_code import bodies_of
from crm_api.endpoints.endpoint import PARAMETERS, SOURCE, Batch, Endpoint, Format
from crm_api.endpoints.templates import as_text, filled_header, filled_path, filled_value
from crm_api.endpoints.xml_bodies import as_xml
from crm_api.transport.request import Request

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=str)
_KEY_BYTES = 16


@dataclass(frozen=True)
class Item:
    """One record on its way to an endpoint.

    Attributes:
        payload: What is sent; ``PARAMETERS`` and ``SOURCE`` in it are about it.
        id: Of the CRM record to change; None for a create.
        id_name: What placeholders call the id.
        beside: What placeholders stand for besides, and bodies do not hold.
    """

    payload: Payload
    id: CrmId | None = None
    id_name: str = "id"
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sent(self) -> dict[str, Any]:
        """The payload alone."""
        return {name: value for name, value in self.payload.items() if name not in {PARAMETERS, SOURCE}}

    @property
    def fields(self) -> Mapping[str, Any]:
        """What placeholders stand for."""
        own = {**self.payload, **self.beside} if self.beside else self.payload
        return own if self.id is None else {**own, self.id_name: self.id}

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The flags of its stream."""
        return self.payload.get(PARAMETERS) or {}

    @property
    def source_id(self) -> str | None:
        """What the source calls it, if that is known."""
        source = self.payload.get(SOURCE)
        return None if source is None else str(source[1])


def key_of(items: Sequence[Item]) -> str:
    """By which an API knows a repeated request: a hash of stream, source id, last write and payload of each record."""
    payloads = [item.payload for item in items]
    return blake2b(_SORTED.encode(payloads), digest_size=_KEY_BYTES).hexdigest()


def prepare(endpoint: Endpoint, items: Sequence[Item]) -> Request:
    """The one request that carries the records.

    Args:
        endpoint: The declaration.
        items: One record; several where the endpoint takes batches, all with the same ``place``.

    Raises:
        ValueError: A placeholder has no value, or a value cannot be written in the endpoint's form.
    """
    path, params, headers = place(endpoint, items[0])
    if endpoint.idempotency_header:
        headers[endpoint.idempotency_header] = key_of(items)
    if not endpoint.has_body:
        return Request(endpoint.method, path, params, headers=headers)
    body = _body(endpoint, items)
    if endpoint.format is Format.FORM:
        if not isinstance(body, Mapping):
            raise ValueError("A form holds named fields: give the endpoint a property for the list of records")
        form = {name: _field(value) for name, value in body.items() if value is not None}
        return Request(endpoint.method, path, params, form=form, headers=headers)
    if endpoint.format is Format.XML:
        content = as_xml(endpoint.xml, body)
        xml = "application/xml; charset=utf-8"
        return Request(endpoint.method, path, params, content=content, content_type=xml, headers=headers)
    return Request(endpoint.method, path, params, body=body, headers=headers)


def place(endpoint: Endpoint, item: Item) -> tuple[str, dict[str, str], dict[str, str]]:
    """Where a record is sent: path, parameters and headers. Records in one request have the same.

    Raises:
        ValueError: A placeholder has no value, or one that cannot stand there.
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
    """Which records go into one request, by their positions: those that are sent to the same place, at most a batch.

    Where the settings' own code makes the bodies, it says which. A record that cannot be sent stands where it may: the
    request that it spoils is taken apart.
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
        return [chunk]  # said when it is sent
    return [[chunk[number] for number in numbers] for _, numbers in bodies]


def _body(endpoint: Endpoint, items: Sequence[Item]) -> Any:
    if endpoint.batch is None:
        return _wrapped(endpoint, _record(endpoint, items[0]))
    if endpoint.batch.code is not None:
        bodies = bodies_of(endpoint.batch.code, [_record(endpoint, item) for item in items])
        if len(bodies) != 1:
            raise ValueError(f"{endpoint.batch.code} makes several bodies of records that it put into one before")
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
        return item.sent
    fields = item.fields
    return {name: fields[name] for name in endpoint.attributes if name in fields}


def _wrapped(endpoint: Endpoint, record: dict[str, Any]) -> dict[str, Any]:
    return {**record, **endpoint.extra} if endpoint.property is None else {**endpoint.extra, endpoint.property: record}


def _field(value: Any) -> str:
    """A field of a form: scalars as they are, anything else as JSON."""
    if isinstance(value, str | bool | int | float | Decimal):
        return as_text(value)
    return _ENCODER.encode(value).decode()
