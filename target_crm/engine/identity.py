"""Source ids: by what the records of one stream are told apart, and known again when they come another time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum, auto
from hashlib import blake2b
from typing import Any

from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.engine.former_ids import FormerIds
from target_crm.engine.incoming import HASH_BYTES, record_hash, source_id
from target_crm.load_method import LoadMethod
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import MatchKey, Rejection
from target_crm.report.outcomes import RejectKind
from target_crm.stream_settings import StreamSettings

_CONTENT = re.compile(f"#[0-9a-f]{{{2 * HASH_BYTES}}}")
_UPSERTS = frozenset({LoadMethod.UPSERT, LoadMethod.OVERWRITE})


class _By(Enum):
    """The ways in which a record is known again."""

    ATTRIBUTES = auto()
    """By the attributes of ``source_id``, or the key properties."""
    MATCH_KEY = auto()
    """By the value of the only match key."""
    WHOLE = auto()
    """By all that it holds: a record that changes is another one."""


class SourceIds:
    """Makes the source ids of one stream's records.

    Args:
        stream: The stream's name.
        settings: The stream's settings.
        mapper: Knows the stream's match keys.
        known: The attributes of the stream's schema; empty: it does not say.
        keyed: Whether its SCHEMA names key properties.

    Raises:
        SettingError: Nothing tells a record that has changed from a new one, and the load method must know.
    """

    def __init__(
        self, stream: str, settings: StreamSettings, mapper: Mapper, known: Collection[str], *, keyed: bool
    ) -> None:
        self._names = settings.source_id
        self._mapper = mapper
        self._method = settings.load_method
        self._by = self._way(stream, settings, known)
        appends_rows = self._method is LoadMethod.APPEND_ONLY and self._by is _By.ATTRIBUTES
        is_told_by_content = appends_rows or not keyed or self._by is _By.WHOLE
        self._former = FormerIds(settings, with_source_id=appends_rows) if is_told_by_content else None

    def _way(self, stream: str, settings: StreamSettings, known: Collection[str]) -> _By:
        if settings.source_id:
            return _By.ATTRIBUTES
        if settings.by_whole or self._method is LoadMethod.APPEND_ONLY:
            return _By.WHOLE
        if self._mapper.has_match_value(known):
            return _By.MATCH_KEY
        if self._method in _UPSERTS:
            raise SettingError(_without_key(stream, self._mapper.match_on))
        return _By.WHOLE

    @property
    def by_match_key(self) -> bool:
        """True where a record is known again by its match key alone."""
        return self._by is _By.MATCH_KEY

    @property
    def by_whole(self) -> bool:
        """True where a record that changes is another one."""
        return self._by is _By.WHOLE

    def of(self, record: Mapping[str, Any]) -> str | Rejection:
        """Make the source id of a record, or say why it cannot be told from others.

        Raises:
            TypeError, ValueError, ArithmeticError: The record holds what JSON cannot carry.
        """
        if self._by is _By.ATTRIBUTES:
            found = source_id([record.get(name) for name in self._names])
            return found or Rejection(RejectKind.NO_SOURCE_ID, _no_source_id(self._names, record))
        if self._by is _By.MATCH_KEY:
            value = self._mapper.match_value(record)
            if isinstance(value, Rejection):
                return value
            if value is not None and (known_by := source_id(value)) is not None:
                return known_by
            if self._method in _UPSERTS:
                return Rejection(RejectKind.NO_SOURCE_ID, _no_match_value(self._mapper.match_on))
        return self.row(record)

    @staticmethod
    def row(record: Mapping[str, Any]) -> str:
        """Make the id of a record's very content."""
        return f"#{record_hash(record, b'').hex()}"

    def rows(self, record: Mapping[str, Any]) -> Iterator[str]:
        """Make the ids that a record had while its stream had no key: of its content, with and without the key."""
        yield self.row(record)
        if self._names:
            yield self.row({name: value for name, value in record.items() if name not in self._names})

    def by_values(self, record: Mapping[str, Any], keys: Collection[MatchKey]) -> set[str]:
        """Make the ids that a record may have had while a value of its only match key told it from others.

        Args:
            record: The record.
            keys: Its match keys. Of an attribute with several values another one may have stood first.
        """
        if self._by is _By.WHOLE or len(self._mapper.match_on) != 1:
            return set()
        value = self._mapper.match_value(record)
        values = [] if value is None or isinstance(value, Rejection) else [value]
        values += [(each,) for key in keys if len(key.parts) == 1 for each in key.parts[0].values]
        return set(filter(None, map(source_id, values)))

    def former(self, record: Mapping[str, Any], aside: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the ids that version 0.1.0 may have made of a record's content; none where it made none.

        Args:
            record: The record, without columns that begin with ``_sdc_``.
            aside: Those columns.
        """
        return () if self._former is None else self._former.of(record, aside)


def id_of_message(message: bytes) -> str:
    """Make an id for a record that has none, of the line it came in."""
    return f"#{blake2b(message, digest_size=16).hexdigest()}"


def is_content(source_id_: str) -> bool:
    """Tell whether a source id was made of a record's content, and not by its source."""
    return _CONTENT.fullmatch(source_id_) is not None


def _without_key(stream: str, match_on: Sequence[Sequence[str]]) -> str:
    keys = ", or ".join(" and ".join(together) for together in match_on)
    why = f"its SCHEMA has nothing for the match key {keys}"
    if len(match_on) != 1:
        why = f"no single match key stands in for them{f' (there are {keys})' if keys else ''}"
    return (
        f"Stream {stream!r} has no key properties, and {why}: a record that changes could not be told from a new one. "
        f"Set streams.{stream}.source_id to the attributes that identify a "
        'record at the source, or to "*" if a changed record is a new one, or load_method to append-only'
    )


def _no_match_value(match_on: Sequence[Sequence[str]]) -> str:
    names = " and ".join(match_on[0]) if match_on else "a match key"
    return (
        f"It has no value for {names}, by which alone the records of the stream are known again, as they have no key "
        "properties. Give it one, or set source_id"
    )


def _no_source_id(names: Sequence[str], record: Mapping[str, Any]) -> str:
    lacking = [name for name in names if name not in record]
    if lacking:
        there = f"{' or '.join(lacking)} is missing{nearest(lacking[0], list(record))}"
    else:
        there = f"{' or '.join(names)} is null"
    return f"{there}: every record needs a source id"
