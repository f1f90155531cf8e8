"""References put in place: the CRM's ids of records of other streams, or of records found by a match key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from target_crm.engine.decisions import Ready
from target_crm.engine.incoming import source_id
from target_crm.engine.lookup import Finder
from target_crm.engine.run import ObjectContext, StreamContext
from target_crm.ledger.tables import key_of, shown
from target_crm.ledger.values import Awaited, Link, OnMatch, OnRecord
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import ByMatch, Found, FromStream, LeftOut, MatchKey, MatchPart, Reference
from target_crm.report.outcomes import RejectKind


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A reference that leads nowhere yet, or to too many.

    Attributes:
        kind: The published kind of the rejection, or of what it waits for.
        reason: Why, for people.
        waits_on: The records that it waits for, of streams or of the CRM (by the name of the object);
            None if it is rejected.
    """

    kind: str
    reason: str
    waits_on: tuple[Awaited, ...] | None = None


class ReferenceResolver:
    """Puts references into the records of one stream.

    Args:
        context: The way into the CRM of the stream that refers.
        missing: What to do where nothing is found: ``wait``, ``link_later``, ``reject`` or ``leave_out``. What cannot
            be written without its reference waits even so.
    """

    def __init__(self, context: StreamContext, missing: str) -> None:
        self._context = context
        self._missing = missing
        self._required = {attribute.name for attribute in context.mapper.crm_object.attributes if attribute.required}
        self._finders: dict[str, Finder] = {}

    def resolve(self, ready: Sequence[Ready]) -> list[tuple[Ready, Unresolved | None]]:
        """Return each record with its references in place, or why that cannot be."""
        by_stream = self._by_stream(ready)
        by_match = self._by_match(ready)

        def hits_of(reference: Reference) -> Sequence[Found]:
            to = reference.to
            return by_stream.get(_key(to), []) if isinstance(to, FromStream) else by_match[to]

        return [
            self._resolved(each, [(reference, hits_of(reference)) for reference in each.mapped.references])
            for each in ready
        ]

    def _resolved(
        self, ready: Ready, hits: Sequence[tuple[Reference, Sequence[Found]]]
    ) -> tuple[Ready, Unresolved | None]:
        """Put in what was found for one record's references, if its stream's settings can do with that."""
        ambiguous = [reference for reference, found in hits if len(found) > 1]
        missing = [reference for reference, found in hits if not found]
        if ambiguous:
            last = ambiguous[-1]
            reason = f"{last.attribute}: {_spelled(last)} matches several records of the CRM"
            return ready, Unresolved(RejectKind.AMBIGUOUS, reason)
        if missing and not self._goes_without(missing):
            return ready, self._lacking(missing)
        mapped = ready.mapped
        if missing and self._missing == "leave_out":
            lost = {each.attribute: LeftOut(f"{_spelled(each)} is not in the CRM") for each in missing}
            mapped = replace(mapped, left_out={**mapped.left_out, **lost})
        if mapped.references:
            found = {reference.attribute: each[0] for reference, each in hits if each}
            mapped = self._context.mapper.resolve(mapped, found)
        links = tuple(map(_link_of, missing)) if self._missing == "link_later" else ()
        return replace(ready, mapped=mapped, links=links), None

    def _goes_without(self, missing: Sequence[Reference]) -> bool:
        if self._missing == "link_later":
            return self._required.isdisjoint(reference.attribute for reference in missing)
        return self._missing == "leave_out"

    def _lacking(self, missing: Sequence[Reference]) -> Unresolved:
        reason = "; ".join(f"{each.attribute}: {_spelled(each)} is not in the CRM yet" for each in missing)
        if self._missing == "reject":
            return Unresolved(RejectKind.MISSING_REFERENCE, reason)
        waits_on = tuple(
            OnRecord(*_key(each.to)) if isinstance(each.to, FromStream) else OnMatch(each.to.object) for each in missing
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
        for stream, wanted_ids in asked.items():
            hits = self._context.ledger.found(self._context.run.source, stream, wanted_ids)
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
            run = self._context.run
            crm_object = run.crm.objects[object_name]
            mapper = Mapper(run.crm, crm_object, MappingSettings())
            scope = run.ledger.object_scope(run.source, object_name)
            self._finders[object_name] = Finder(
                ObjectContext(run.crm.owner(crm_object), mapper, run.ledger, scope, run, run.recent.to(object_name))
            )
        return self._finders[object_name]


def _link_of(reference: Reference) -> Link:
    to = reference.to
    if isinstance(to, FromStream):
        return Link(reference.attribute, OnRecord(*_key(to)))
    parts = [[part.attribute, list(part.values)] for part in to.key.parts]
    return Link(reference.attribute, OnMatch(shown(json.dumps([to.object, parts], ensure_ascii=False))))


def reference_of(link: Link) -> Reference:
    """Return the reference that a pending link stands for."""
    if isinstance(link.on, OnRecord):
        return Reference(link.attribute, FromStream(link.on.stream, (link.on.source_id,), keyed=True))
    crm_object, parts = json.loads(link.on.sought)
    key = MatchKey(tuple(MatchPart(attribute, tuple(values)) for attribute, values in parts))
    return Reference(link.attribute, ByMatch(crm_object, key))


def _key(to: FromStream) -> tuple[str, str]:
    """Return the keys by which the ledger knows the stream and its record."""
    if to.keyed:
        return to.stream, to.source_id[0]
    return key_of(to.stream), source_id(to.source_id) or ""


def _spelled(reference: Reference) -> str:
    to = reference.to
    if isinstance(to, FromStream):
        return f"the record of stream {to.stream}"
    return f"{to.object} with that {' and '.join(part.attribute for part in to.key.parts)}"
