"""Links that we wrote to records that are made again: found by the digests of what was last sent, and renewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crm_api.crm_objects import Attribute, CrmId, CrmObject
from target_crm.ledger.run_history import Line, RunHistory
from target_crm.ledger.values import Scope
from target_crm.mapping.changes import mark_of
from target_crm.undo.decisions import CHANGED, Back, Decision, Left, Place
from target_crm.undo.places import Places
from target_crm.undo.references import References, has_references
from target_crm.undo.steps import Touched


class Follower:
    """Finds the records of the source that were last sent with a reference to a record that is made again.

    Args:
        places: The ways into the CRM.
        history: What the ledger tells of streams and digests.
        run_id: The run that is taken back.
    """

    def __init__(self, places: Places, history: RunHistory, run_id: str) -> None:
        self._places = places
        self._history = history
        self._run_id = run_id
        self._references = References(places.run.crm)
        self._made: dict[Place, CrmId] = {}

    def followers(self, decisions: Sequence[Decision]) -> list[Decision]:
        """Return what becomes of such records; those that get the reference back anyhow are left out."""
        made = [each.place for each in decisions if each.back is Back.MAKE or each.made is not None]
        self._made = {each.place: each.made for each in decisions if each.made is not None}
        if not made:
            return []
        touched = {each.place: each for each in decisions}
        found: list[Decision] = []
        for scope, stream, object_name in self._history.scopes(self._places.run.source):
            crm_object = self._places.object_of(object_name)
            if crm_object is None or crm_object.whole_records or not crm_object.readable:
                continue
            attributes = [each for each in crm_object.attributes if has_references(each) and each.updatable]
            sought = {
                (attribute.name, place): attribute
                for attribute in attributes
                for place in made
                if attribute.refers_to in {None, place[0]} and self._references.reference(attribute, place) is not None
            }
            if sought:
                found += self._in_scope(scope, stream, crm_object, sought, touched)
        return found

    def _in_scope(
        self,
        scope: Scope,
        stream: str,
        crm_object: CrmObject,
        sought: Mapping[tuple[str, Place], Attribute],
        touched: Mapping[Place, Decision],
    ) -> Iterator[Decision]:
        mapper = self._places.mapper(crm_object)
        contents = {
            (mark_of(attribute), mapper.attributes.content(attribute, self._references.reference(attribute, place))): (
                attribute,
                place,
            )
            for (_, place), attribute in sought.items()
        }
        refers: dict[str, dict[str, Place]] = {}
        for source_id, mark, content in self._places.run.ledger.digests.sent_with(scope, contents):
            attribute, place = contents[mark, content]
            refers.setdefault(source_id, {})[attribute.name] = place
        known = self._places.run.ledger.known(scope, refers)
        standing = {
            source_id: each.crm_id
            for source_id, each in known.items()
            if each.crm_id is not None and source_id in refers
        }
        records = self._places.run.crm.read(crm_object, list(standing.values())) if standing else {}
        for source_id, crm_id in standing.items():
            place = crm_object.name, crm_id
            line = Line(0, scope, stream, crm_object.name, source_id, self._run_id, 0.0, "linked", crm_id, (), "")
            one = Touched(crm_id, (line,), frozenset({(scope.id, source_id)}))
            before = touched.get(place)
            if crm_id in records and (before is None or before.back in {Back.NOTHING, Back.RESTORE}):
                given = {} if before is None else before.values
                wanted = {name: target for name, target in refers[source_id].items() if name not in given}
                yield from self._decided(one, crm_object, records[crm_id], wanted)

    def _decided(
        self, touched: Touched, crm_object: CrmObject, current: Mapping[str, object], wanted: Mapping[str, Place]
    ) -> Iterator[Decision]:
        attributes = self._places.mapper(crm_object).attributes
        shown = attributes.shown(current)
        values: dict[str, object] = {}
        left: list[Left] = []
        for name, place in wanted.items():
            attribute = crm_object.attribute(name)
            if attribute is None:
                continue
            reference = self._references.reference(attribute, place)
            is_shown, value = attributes.value(shown, current, attribute)
            if place in self._made and self._references.places(attribute, value) == [(place[0], self._made[place])]:
                continue  # an undo that ended early has renewed it
            is_empty = not self._references.places(attribute, value)
            if is_shown and not is_empty and not attributes.same(attribute, value, reference):
                left.append(Left(CHANGED, name))
            else:
                values[name] = reference
        owner = touched.last.scope.id, touched.last.source_id
        if values:
            yield Decision(touched, Back.FOLLOW, values, tuple(left), current=current, owner=owner)
        elif left:
            yield Decision(touched, Back.NOTHING, left=tuple(left), current=current)
