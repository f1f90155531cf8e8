"""Payloads with made-up ids of records that do not exist yet: which records they are, and their ids later (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.crm_objects import CrmId
from target_crm.engine.approval import Place
from target_crm.ledger.store import as_json
from target_crm.mapping.comparison import spelled

Symbols = Mapping[str, Place]
"""The records of a plan by the ids, as text, that the dry run made up for them."""
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def plain(value: Any) -> Any:
    """Return a value as it comes back from a file of JSON."""
    return _DECODER.decode(as_json(value))


def leaves(value: Any) -> Iterator[Any]:
    """Yield the values that hold no others, at any depth."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each)
    else:
        yield value


def symbols_in(value: Any, known: Symbols) -> dict[str, Place]:
    """Return the made-up ids that a value holds, each with the record it stands for."""
    texts = {str(leaf) for leaf in leaves(value) if isinstance(leaf, int | str) and not isinstance(leaf, bool)}
    return {text: known[text] for text in sorted(texts & known.keys())}


def readable(value: Any, symbols: Symbols) -> Any:
    """Return a value with the stream and the source id in place of each made-up id that it is or holds."""
    if isinstance(value, Mapping):
        return {name: readable(each, symbols) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [readable(each, symbols) for each in value]
    place = symbols.get(str(value)) if isinstance(value, int | str) and symbols else None
    return value if place is None else f"{place[0]} {place[1]}, new"


def is_same(planned: Any, actual: Any, symbols: Symbols, real: Callable[[Place], CrmId | None]) -> bool:
    """Tell whether a value is what was planned, with real ids in place of those that were made up.

    Args:
        planned: The value as the plan's file has it.
        actual: The value as it is about to be sent, ``plain``.
        symbols: The made-up ids of the plan's line.
        real: Returns the CRM's id of a record; None: it has none.
    """
    if isinstance(planned, Mapping):
        return (
            isinstance(actual, Mapping)
            and planned.keys() == actual.keys()
            and all(is_same(each, actual[name], symbols, real) for name, each in planned.items())
        )
    if isinstance(planned, list):
        return (
            isinstance(actual, list)
            and len(planned) == len(actual)
            and all(is_same(each, actual[at], symbols, real) for at, each in enumerate(planned))
        )
    if isinstance(planned, int | str) and (place := symbols.get(str(planned))) is not None:
        crm_id = real(place)
        if crm_id is not None and str(crm_id) == str(actual):
            return True
    return type(planned) is type(actual) and spelled(planned) == spelled(actual)
