"""A record on its way into the CRM, and what tells it apart from others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.values import LARGEST_WHOLE
from target_crm.ledger.tables import key_of
from target_crm.mapping.values import Rejection, Side

_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")
HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class IncomingRecord:
    """One record of one stream, after stream maps.

    Attributes:
        source_id: The id by which the ledger knows it; with the version's hash where every version is appended.
        order_id: The source id alone: records of one ``order_id`` are written in the order of their arrival.
        record: The record's values by name.
        record_hash: A digest of the record and of the settings it is mapped with.
        message: The line it came in, before stream maps.
        gone: Whether its source has deleted it.
        held_at: When the ledger began to hold it (Unix seconds), if it comes from there; None from the input.
        flaw: Why it cannot be mapped, or None.
        former_ids: Other source ids under which the ledger may know it.
        take: The side whose values somebody chose for its conflicts; None: the settings decide.
    """

    source_id: str
    order_id: str
    record: Mapping[str, Any]
    record_hash: bytes
    message: bytes
    gone: bool = False
    held_at: float | None = None
    flaw: Rejection | None = None
    former_ids: tuple[str, ...] = ()
    take: Side | None = None


def source_id(values: Sequence[Any]) -> str | None:
    """Make the id by which the ledger knows a record of the values of its source id; None if one of them is missing.

    A number and its text are one: 7, 7.0 and "7" are one customer in two files. What is long or odd is digested.
    """
    if len(values) == 1:
        text = _text(values[0])
    else:
        texts = [_text(value) for value in values]
        text = None if None in texts else msgspec.json.encode(texts).decode()
    return None if text is None else key_of(text)


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal | float):
        whole = Decimal(value)
        return str(int(whole)) if abs(whole) < LARGEST_WHOLE and whole == int(whole) else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _SORTED.encode(value).decode()


def record_hash(record: Mapping[str, Any], fingerprint: bytes) -> bytes:
    """Make a digest that tells two versions of a record apart and does not depend on the order of keys.

    Args:
        record: The record.
        fingerprint: A digest of the settings that it is mapped with: other settings make another payload.
    """
    return hashlib.blake2b(_SORTED.encode(record), digest_size=HASH_BYTES, salt=fingerprint).digest()


def fingerprint(*parts: Any) -> bytes:
    """Make a short digest of settings."""
    return hashlib.blake2b(_SORTED.encode(parts), digest_size=HASH_BYTES).digest()
