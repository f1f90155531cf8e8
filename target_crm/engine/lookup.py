"""The CRM's records that match: look-ups by match key, many values a request where the vendor allows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from crm_api.crm_objects import CrmId, CrmRecord
from target_crm.engine.decisions import Candidates
from target_crm.engine.run import ObjectContext
from target_crm.mapping.values import MatchKey

FEW_SEARCHES = 10  # counting first costs a request itself, and so few searches save little
ID = "id"


Fresh = Mapping[str, Mapping[str, set[CrmId]]]
"""CRM ids by attribute and match value."""


class Finder:
    """Finds the CRM's records of one kind by match keys.

    Args:
        context: The way to that kind of record.
        clock: Unix seconds.
    """

    def __init__(self, context: ObjectContext, *, clock: Callable[[], float] = time.time) -> None:
        self._crm = context.crm
        self._crm_object = context.mapper.crm_object
        self._mapper = context.mapper
        self._ledger = context.ledger
        self._scope = context.scope
        self._pool = context.run.pool
        self._is_whole = context.run.crm.is_whole  # of the account, as a dry run asks it
        self._recent = context.recent
        self._clock = clock

    def candidates(self, keys: Mapping[str, Sequence[MatchKey]]) -> dict[str, Candidates]:
        """Find what matches each of several records by the first of its match keys that finds anything.

        Args:
            keys: Match keys in order of preference, by the record's source id.
        """
        found: dict[str, Candidates] = {}
        rank = 0
        while asked := {
            source_id: keys_of[rank]
            for source_id, keys_of in keys.items()
            if source_id not in found and len(keys_of) > rank
        }:
            hits = self.hits(asked.values())
            fresh = self._fresh(asked.values())
            for source_id, key in asked.items():
                matching = self._matching(key, hits, fresh)
                if matching:
                    found[source_id] = Candidates(key, matching)
                elif unclear := [crm_id for crm_id, record in hits.items() if self._mapper.may_match(key, record)]:
                    found[source_id] = Candidates(key, unclear=frozenset(unclear))
            rank += 1
        return found

    def hits(self, keys: Collection[MatchKey]) -> dict[CrmId, CrmRecord]:
        """Search for records that may match any of the keys, by the CRM's id: searches may be fuzzy."""
        by_attribute: dict[str | None, set[str]] = {}
        for key in keys:
            attribute = self._searchable(key)
            by_attribute.setdefault(attribute, set()).update(_values(key, attribute))
        hits: dict[CrmId, CrmRecord] = {}
        for attribute, values in by_attribute.items():
            for record in self._search(attribute, sorted(values)):
                hits[record[ID]] = self._recent.get(record[ID]) or record
        return self._completed(keys, hits)

    def _completed(self, keys: Collection[MatchKey], hits: dict[CrmId, CrmRecord]) -> dict[CrmId, CrmRecord]:
        """Read the records that match as far as they show the attributes of a key."""
        names = {part.attribute for key in keys for part in key.parts}
        partial_hits = {crm_id: record for crm_id, record in hits.items() if not names <= record.keys()}
        lacking = [
            crm_id
            for crm_id, record in partial_hits.items()
            if any(self._mapper.may_match(key, record) for key in keys)
        ]
        if lacking:
            hits |= self._crm.read(self._crm_object, lacking, immediate=True)
        return hits

    def _matching(self, key: MatchKey, hits: Mapping[CrmId, CrmRecord], fresh: Fresh) -> dict[CrmId, CrmRecord | None]:
        matching: dict[CrmId, CrmRecord | None] = {
            crm_id: record if self._is_whole(record) else None
            for crm_id, record in hits.items()
            if self._mapper.matches(key, record)
        }
        of_parts = (set().union(*(fresh[part.attribute].get(value, ()) for value in part.values)) for part in key.parts)
        for crm_id in set.intersection(*of_parts) - matching.keys():
            record = self._recent.get(crm_id)
            if record is None or self._mapper.matches(key, record):
                matching[crm_id] = record
        return {crm_id: record for crm_id, record in matching.items() if not self._recent.is_gone(crm_id)}

    def _fresh(self, keys: Iterable[MatchKey]) -> Fresh:
        """The CRM records to which our own writes of the last minutes, also of another run, gave these values."""
        since = self._clock() - self._recent.seconds
        asked: dict[str, set[str]] = {}
        for key in keys:
            for part in key.parts:
                asked.setdefault(part.attribute, set()).update(part.values)
        return {name: self._ledger.fresh_keys.found(self._scope, name, values, since) for name, values in asked.items()}

    def _searchable(self, key: MatchKey) -> str | None:
        names = [part.attribute for part in key.parts]
        if ID in names:
            return ID
        sizes = {name: self._crm.find_size(self._crm_object, name) for name in names}
        by_most = sorted((name for name in names if sizes[name]), key=lambda name: -sizes[name])
        return by_most[0] if by_most else None

    def _search(self, attribute: str | None, values: Sequence[str]) -> list[CrmRecord]:
        if attribute == ID:
            wanted: list[CrmId] = [int(value) if value.isdecimal() else value for value in values]
            return list(self._crm.read(self._crm_object, wanted).values())
        if attribute is None or self._is_dearer(attribute, values):
            return list(self._crm.scan(self._crm_object))
        size = self._crm.find_size(self._crm_object, attribute)
        chunks = [values[start : start + size] for start in range(0, len(values), size)]
        found = self._pool.gather([partial(self._crm.find, self._crm_object, attribute, chunk) for chunk in chunks])
        return [record for records in found for record in records]

    def _is_dearer(self, attribute: str, values: Sequence[str]) -> bool:
        """Tell whether searching costs more requests than reading everything."""
        searches = -(-len(values) // self._crm.find_size(self._crm_object, attribute))
        if searches <= FEW_SEARCHES:
            return False
        count = self._crm.count(self._crm_object)
        return count is not None and searches > 1 + -(-count // self._crm.page_size)


def _values(key: MatchKey, attribute: str | None) -> set[str]:
    return {value for part in key.parts if part.attribute == attribute for value in part.values}
