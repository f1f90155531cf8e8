"""References put in place: the CRM ids of records of other streams, or of records found by a match key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from target_crm.engine.decisions import Ready
from target_crm.engine.incoming import source_id
from target_crm.engine.lookup import Finder
from target_crm.engine.run import Office
from target_crm.ledger.values import Link
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import ByMatch, Found, FromStream, MatchKey, MatchPart, Reference
from target_crm.report.outcomes import RejectKind

BY_MATCH = ""  # in place of a stream's name: what is waited for is a record of the CRM, found by a match key


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A reference that leads nowhere yet, or to too many.

    Attributes:
        kind: Of the rejection, or why it waits.
        reason: For people.
        waits_on: Streams and source ids it waits for (``BY_MATCH`` and the object, for what is to be found in the CRM);
            None if it is rejected.
    """

    kind: str
    reason: str
    waits_on: tuple[tuple[str, str], ...] | None = None


class Parents:
    """Finds what the records of one stream refer to.

    Args:
        office: What all streams share.
        mapper: Of the stream that refers.
        missing: What to do where nothing is found: ``wait``, ``link_later``, ``reject`` or ``leave_out``. What cannot
            be written without its reference waits all the same.
    """

    def __init__(self, office: Office, mapper: Mapper, missing: str) -> None:
        self._office = office
        self._mapper = mapper
        self._missing = missing
        self._required = {attribute.name for attribute in mapper.crm_object.attributes if attribute.required}
        self._finders: dict[str, Finder] = {}

    def resolve(self, ready: Sequence[Ready]) -> list[tuple[Ready, Unresolved | None]]:
        """Each record with its references in place, or why that cannot be."""
        by_stream = self._by_stream(ready)
        by_match = self._by_match(ready)
        resolved: list[tuple[Ready, Unresolved | None]] = []
        for each in ready:
            found: dict[str, Found] = {}
            missing: list[Reference] = []
            ambiguous: Reference | None = None
            for reference in each.mapped.references:
                to = reference.to
                hits = by_stream.get(_key(to), []) if isinstance(to, FromStream) else by_match[to]
                if not hits:
                    missing.append(reference)
                elif len(hits) > 1:
                    ambiguous = reference
                else:
                    found[reference.attribute] = hits[0]
            if ambiguous is not None:
                reason = f"{ambiguous.attribute}: {_spelled(ambiguous)} matches several records of the CRM"
                resolved.append((each, Unresolved(RejectKind.AMBIGUOUS, reason)))
            elif missing and not self._goes_without(missing):
                resolved.append((each, self._lacking(missing)))
            else:
                mapped = self._mapper.resolve(each.mapped, found) if each.mapped.references else each.mapped
                links = tuple(map(_link_of, missing)) if self._missing == "link_later" else ()
                resolved.append((replace(each, mapped=mapped, links=links), None))
        return resolved

    def _goes_without(self, missing: Sequence[Reference]) -> bool:
        if self._missing == "link_later":
            return self._required.isdisjoint(reference.attribute for reference in missing)
        return self._missing == "leave_out"

    def _lacking(self, missing: Sequence[Reference]) -> Unresolved:
        reason = "; ".join(f"{each.attribute}: {_spelled(each)} is not in the CRM yet" for each in missing)
        if self._missing == "reject":
            return Unresolved(RejectKind.MISSING_REFERENCE, reason)
        waits_on = tuple(
            _key(each.to) if isinstance(each.to, FromStream) else (BY_MATCH, each.to.object) for each in missing
        )
        return Unresolved(RejectKind.MISSING_REFERENCE, reason, waits_on)

    def _by_stream(self, ready: Sequence[Ready]) -> dict[tuple[str, str], list[Found]]:
        asked: dict[str, set[str]] = {}
        for each in ready:
            for reference in each.mapped.references:
                if isinstance(reference.to, FromStream):
                    stream, wanted = _key(reference.to)
                    asked.setdefault(stream, set()).add(wanted)
        found: dict[tuple[str, str], list[Found]] = {}
        office = self._office
        for stream, wanted_ids in asked.items():
            hits = office.ledger.found(office.source, stream, wanted_ids)
            found |= {(stream, wanted): [hit] for wanted, hit in hits.items()}
        return found

    def _by_match(self, ready: Sequence[Ready]) -> dict[ByMatch, list[Found]]:
        asked: dict[str, dict[ByMatch, None]] = {}
        for each in ready:
            for reference in each.mapped.references:
                if isinstance(reference.to, ByMatch):
                    asked.setdefault(reference.to.object, {})[reference.to] = None
        found: dict[ByMatch, list[Found]] = {}
        for crm_object, sought in asked.items():
            keys: dict[str, Sequence[MatchKey]] = {str(number): [to.key] for number, to in enumerate(sought)}
            candidates = self._finder(crm_object).candidates(keys)
            for number, to in enumerate(sought):
                hits = candidates.get(str(number))
                found[to] = [Found(crm_object, crm_id) for crm_id in hits.found] if hits else []
        return found

    def _finder(self, object_name: str) -> Finder:
        if object_name not in self._finders:
            office = self._office
            self._finders[object_name] = Finder(
                office.crm,
                Mapper(office.crm, office.crm.objects[object_name], MappingSettings()),
                office.ledger,
                office.ledger.whole(office.source, object_name),
                office.pool,
                recent=office.recent(object_name),
                fresh_seconds=office.fresh_seconds,
            )
        return self._finders[object_name]


def _link_of(reference: Reference) -> Link:
    to = reference.to
    if isinstance(to, FromStream):
        return Link(reference.attribute, *_key(to))
    parts = [[part.attribute, list(part.values)] for part in to.key.parts]
    return Link(reference.attribute, BY_MATCH, json.dumps([to.object, parts], ensure_ascii=False))


def reference_of(link: Link) -> Reference:
    """The reference that a pending link stands for."""
    if link.stream != BY_MATCH:
        return Reference(link.attribute, FromStream(link.stream, (link.on_source_id,)))
    crm_object, parts = json.loads(link.on_source_id)
    key = MatchKey(tuple(MatchPart(attribute, tuple(values)) for attribute, values in parts))
    return Reference(link.attribute, ByMatch(crm_object, key))


def _key(to: FromStream) -> tuple[str, str]:
    return to.stream, source_id(to.source_id) or ""


def _spelled(reference: Reference) -> str:
    to = reference.to
    if isinstance(to, FromStream):
        return f"the record of stream {to.stream}"
    return f"{to.object} with that {' and '.join(part.attribute for part in to.key.parts)}"
