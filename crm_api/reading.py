"""What a declared endpoint's answer says became of each record (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.answer import Answer
from crm_api.crm import CrmId, Refused, Result, Written
from crm_api.endpoint import AnswerPaths, Endpoint
from crm_api.errors import InDoubtError
from crm_api.json_paths import found_at
from crm_api.preparing import Item

_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)


def results_of(endpoint: Endpoint, items: Sequence[Item], answer: Answer) -> list[Result]:
    """One result for each record, in their order.

    Raises:
        InDoubtError: The answer does not tell what became of each.
    """
    paths = endpoint.answer
    if endpoint.batch is None:
        return [_result(paths, items[0], answer.value, answer, endpoint)]
    found = found_at(paths.items, answer.value)
    if paths.items is None:  # it says nothing of the records one by one
        return [_result(AnswerPaths(error=paths.error), item, answer.value, answer, endpoint) for item in items]
    if not isinstance(found, list) or len(found) != len(items):
        raise unreadable(endpoint, answer)
    return [_result(paths, item, each, answer, endpoint) for item, each in zip(items, found, strict=True)]


def _result(paths: AnswerPaths, item: Item, value: Any, answer: Answer, endpoint: Endpoint) -> Result:
    wrong = found_at(paths.error, value)
    if wrong not in (None, "", [], {}, False):
        said = wrong if isinstance(wrong, str) else _ENCODER.encode(wrong).decode()
        return Refused(said, answer.status, body=_ENCODER.encode(value).decode())
    crm_id = found_at(paths.id, value)
    if not isinstance(crm_id, int | str) or isinstance(crm_id, bool) or crm_id == "":
        crm_id = item.id
    if crm_id is None and paths.id is not None:
        raise unreadable(endpoint, answer)
    record = value if paths.record is None else found_at(paths.record, value)
    return Written(stand_in(item) if crm_id is None else crm_id, record if isinstance(record, Mapping) else {})


def stand_in(item: Item) -> CrmId:
    """What a record is called whose endpoint gives it no id: the same for the same record."""
    return f"~{blake2b(item.key.encode() or _ENCODER.encode(item.payload), digest_size=12).hexdigest()}"


def unreadable(endpoint: Endpoint, answer: Answer) -> InDoubtError:
    """The answer to a write is none that can be understood."""
    return InDoubtError(
        f"{endpoint.method} {endpoint.path}",
        status=answer.status,
        happened="The answer does not tell what became of each record",
    )
