"""Results of records, read from the answer of a declared endpoint (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.crm import Refused, Result, Unclear, Written
from crm_api.crm_objects import CrmId
from crm_api.endpoints.endpoint import AnswerPaths, Endpoint
from crm_api.endpoints.json_paths import Path, all_at, found_at
from crm_api.endpoints.requests import Item
from crm_api.endpoints.xml_answers import read_xml
from crm_api.errors import InDoubtError, InvalidError
from crm_api.transport.answer import Answer

_ENCODER = msgspec.json.Encoder(order="sorted", enc_hook=str)
LONGEST_ID = 1 << 16  # characters; no server takes an address that is as long, and the ledger keeps ids for ever
_HASH = "~"
_NOTHING: tuple[Any, ...] = (None, "", [], {}, False)


def value_of(endpoint: Endpoint, content: bytes) -> Any:
    """Read the body of a success as values, from JSON or XML; None for another body that no path leads into.

    Raises:
        ValueError: A path leads into the body, and it is neither JSON nor XML.
    """
    try:
        return read_xml(content) if content.lstrip()[:1] == b"<" else msgspec.json.decode(content)
    except (ValueError, RecursionError):
        if endpoint.answer.needed:
            raise
    return None


def results_of(endpoint: Endpoint, items: Sequence[Item], answer: Answer) -> list[Result]:
    """Read one result for each record, in the order of the records. Words of the answer are neither masked nor cut.

    Raises:
        InDoubtError: The answer does not say of any record whether it was written.
        InvalidError: The answer says that several records were refused together.
    """
    paths = endpoint.answer
    if endpoint.batch is None:
        result = _result(paths, items[0], answer.value, answer)
        if isinstance(result, Unclear):
            raise unreadable(endpoint, answer)
        return [result]
    if paths.items is None:  # the answer says nothing about single records
        results = [_result(AnswerPaths(error=paths.error), item, answer.value, answer) for item in items]
        if len(items) > 1 and isinstance(results[0], Refused):
            raise InvalidError(
                f"{endpoint.method} {endpoint.path}", status=answer.status, said=results[0].reason, body=answer.text
            )
        return results
    found = items_at(paths.items, answer.value)
    if len(found) != len(items):
        raise unreadable(endpoint, answer)
    return [_result(paths, item, each, answer) for item, each in zip(items, found, strict=True)]


def items_at(path: Path, value: Any) -> list[Any]:
    """Find the items that a path leads to: a list, every match, or in XML the only element."""
    paths = (path,) if isinstance(path, str) else path
    found: list[Any] = next((met for each in paths if (met := all_at(each, value))), [])
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def _result(paths: AnswerPaths, item: Item, value: Any, answer: Answer) -> Result:
    wrong = found_at(paths.error, value)
    if wrong not in _NOTHING:
        said = wrong if isinstance(wrong, str) else _ENCODER.encode(wrong).decode()
        return Refused(said, answer.status, body=_ENCODER.encode(value).decode())
    crm_id = id_at(paths.id, value)
    if crm_id is None:
        crm_id = item.id
    if crm_id is None and paths.id is not None:
        return Unclear(answer.status, _ENCODER.encode(value).decode())
    record = value if paths.record is None else found_at(paths.record, value)
    return Written(stand_in(item) if crm_id is None else crm_id, record if isinstance(record, Mapping) else {})


def id_at(path: Path | None, value: Any) -> CrmId | None:
    """Find the id that a path leads to; None if it leads to no id, or to one that is too long for an address."""
    crm_id = found_at(path, value)
    is_id = isinstance(crm_id, int | str) and not isinstance(crm_id, bool) and crm_id != ""
    return crm_id if is_id and len(str(crm_id)) <= LONGEST_ID else None


def stand_in(item: Item) -> CrmId:
    """Make an id for a record whose endpoint gives none: its source id, or else a hash of its payload."""
    if item.source is not None:
        return item.source.source_id
    return f"{_HASH}{blake2b(_ENCODER.encode(item.payload), digest_size=12).hexdigest()}"


def is_stand_in(crm_id: CrmId | None, source_id: str) -> bool:
    """Tell whether an id may be one that ``stand_in`` made of a record with that source id."""
    return crm_id == source_id or str(crm_id).startswith(_HASH)


def unreadable(endpoint: Endpoint, answer: Answer) -> InDoubtError:
    """Make the error of an answer that does not say what became of the records."""
    return InDoubtError(
        f"{endpoint.method} {endpoint.path}",
        status=answer.status,
        happened="The answer does not say what became of each record",
        body=answer.text,
    )
