"""Decisions of an undo: what goes back of each record, and what is left and why. Pure, given ledger and CRM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from crm_api.crm_objects import Attribute, CrmId, CrmRecord
from crm_api.values import has_value
from target_crm.ledger.run_history import Line
from target_crm.mapping.attribute_values import AttributeValues
from target_crm.mapping.changes import mark_of
from target_crm.mapping.last_sent import LastSent
from target_crm.mapping.values import KeptValue
from target_crm.undo.followers import Followers
from target_crm.undo.later_writes import LaterWrite, standing
from target_crm.undo.steps import Claim, Touched, Written, written_in

CHANGED = "changed in the CRM since"
NOT_KEPT = "its former value was not kept"
NO_VALUES = "no values are kept of it: set keep_values_days before a run, and take it back before so many days are over"
GONE = "the CRM no longer has it: it was deleted there, or merged into another record"
NO_ATTRIBUTE = "the CRM no longer has this field"
ONLY_ADDED = "the CRM only adds to this list, and takes nothing from it"
CREATE_ONLY = "the CRM takes it with a new record only"
STILL_SAFE = frozenset({NOT_KEPT, NO_ATTRIBUTE, ONLY_ADDED, CREATE_ONLY})
"""Reasons that tell of no edit since."""
HELD_BACK = "the CRM would change {name} with it, which was changed since"
GOES_WITH = "it goes with {name}, which is left"
NOT_READ = "the CRM does not show its records one by one, so that nobody can tell what was changed since"
IN_DOUBT = "a write of it got no answer: let target-crm run first, which looks into it"
IS_THERE = "the CRM still has it: the delete was not carried out"
UNCLAIMED = "no source record stands for it any more"
CAME_BACK = "its source has it again, as record {crm_id} of the CRM"


Place = tuple[str, CrmId]
"""A record of the CRM: the object's name and the id."""


class Back(StrEnum):
    """The ways in which a record goes back."""

    RESTORE = "update"
    """Attributes get their former values."""
    DELETE = "delete"
    """The run created it."""
    MAKE = "create"
    """The run deleted it."""
    FOLLOW = "link"
    """It refers to a record that is made again, and that has another id now."""
    NOTHING = "skip"
    """Nothing of it goes back; what is left says why."""

    @property
    def sends(self) -> bool:
        """Whether something is sent to the CRM."""
        return self is not Back.NOTHING


@dataclass(frozen=True, slots=True)
class Left:
    """Something that does not go back.

    Attributes:
        reason: Why, for people.
        attribute: The attribute; empty: the whole record.
    """

    reason: str
    attribute: str = ""

    @property
    def said(self) -> str:
        """The reason, with the attribute's name before it."""
        return f"{self.attribute}: {self.reason}" if self.attribute else self.reason


@dataclass(frozen=True)
class Facts:
    """The facts about one record besides what the run did.

    Attributes:
        kept: The values that are kept, by the number of the line.
        records: The records that lines hold whole, by the number of the line.
        current: The record as the CRM has it; None: it does not have it.
        is_readable: Whether the CRM shows its records by their ids.
        since: What was written of it after the run, in order.
        undone_by: The runs that took this run back, or took that back, and so on.
        claims: The source records that stand for it now.
        in_doubt: Whether a write of it has no answer, and none that this undo would make.
        tried: The attributes that an undo which ended early gave former values, without an answer.
        last: The source record that the run wrote last, as it was last sent.
        now: The CRM records that the source records which stood for it have now, by source record.
        owner: The source record in whose name it can be written; None: no source record stands for it.
    """

    kept: Mapping[int, Sequence[KeptValue]]
    records: Mapping[int, CrmRecord]
    current: CrmRecord | None
    is_readable: bool
    since: Sequence[Line]
    undone_by: Collection[str]
    claims: Collection[Claim]
    in_doubt: bool
    tried: Collection[str]
    last: LastSent
    now: Mapping[Claim, CrmId | None]
    owner: Claim | None

    @cached_property
    def others(self) -> list[LaterWrite]:
        """The writes of later runs that still stand; undos of this run are none."""
        return standing(self.since, self.kept, self.undone_by)


@dataclass(frozen=True, eq=False)
class Decision:
    """The decision about one record that the run wrote.

    Attributes:
        touched: The record.
        back: What is done.
        values: The values that attributes get, in the form of answers.
        left: What does not go back.
        is_back: Whether all of it is as it was already.
        current: The record as the CRM had it.
        made: The CRM's id of the record that was made again for it already; None: none was.
        related: Records of the CRM that refer to it and go back as well: by object and id.
        owner: The source record in whose name it is written; None: no source record stands for it.
    """

    touched: Touched
    back: Back
    values: Mapping[str, Any] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    is_back: bool = False
    current: CrmRecord | None = None
    made: CrmId | None = None
    related: frozenset[Place] = frozenset()
    owner: Claim | None = None

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that people would be told of it."""
        return self.place, self.back, dict(self.values), self.left, self.is_back

    @property
    def follows(self) -> bool:
        """Whether the run did not write it, and it only refers to a record that is made again."""
        return self.touched.last.id == 0

    @property
    def place(self) -> Place:
        """The object's name and the CRM's id."""
        return self.touched.last.object, self.touched.crm_id


@dataclass(frozen=True)
class Decider:
    """Decides about the records of one object.

    Attributes:
        values: Takes records of the object apart.
        places: Returns the records that a value of an attribute refers to.
        deleted: The records that the run deleted: references to them may have gone with them.
    """

    values: AttributeValues
    places: Callable[[Attribute, Any], Collection[Place]]
    deleted: Collection[Place]

    def decide(self, touched: Touched, facts: Facts) -> Decision:
        """Choose what becomes of one record."""
        if touched.is_created and touched.is_deleted:
            return Decision(touched, Back.NOTHING, is_back=True)
        if touched.is_deleted:
            return self._of_deleted(touched, facts)
        if not facts.is_readable:
            return _left(touched, facts, NOT_READ)
        if facts.current is None:
            return self._of_gone(touched, facts)
        if facts.in_doubt:
            return _left(touched, facts, IN_DOUBT)
        return self._of_created(touched, facts) if touched.is_created else self._of_updated(touched, facts)

    def _of_gone(self, touched: Touched, facts: Facts) -> Decision:
        """A record that was written, and that the CRM no longer has."""
        deleted = [line for line in facts.since if line.action in {"deleted", "deleting"}]
        if not deleted:
            return _left(touched, facts, GONE)
        if deleted[-1].run_id not in facts.undone_by:
            return _left(touched, facts, f"run {deleted[-1].run_id} deleted it since")
        if touched.is_created:
            # A delete that an undo was about to send, and that was carried out, is noted once more.
            is_noted = any(line.action == "deleted" for line in deleted)
            return Decision(touched, Back.NOTHING if is_noted else Back.DELETE, is_back=is_noted)
        return _left(touched, facts, GONE)

    # Updates

    def _of_updated(self, touched: Touched, facts: Facts) -> Decision:
        current = facts.current or {}
        if facts.owner is None:
            return _left(touched, facts, UNCLAIMED)
        written = written_in(touched.lines, facts.kept, self._same)
        if not written or not any(facts.kept.get(line.id) for line in touched.lines):
            return _left(touched, facts, NO_VALUES)
        shown = self.values.shown(current)
        values: dict[str, Any] = {}
        left: list[Left] = []
        as_left: dict[str, Any] = {}
        for name, each in written.items():
            attribute = self.values.attribute(name)
            if attribute is None:
                left.append(Left(NO_ATTRIBUTE, name))
                continue
            is_shown, value = self.values.value(shown, current, attribute)
            if each.was_read and is_shown and self._same(name, value, each.before):
                if name in facts.tried:  # sent once more, so that its answer is kept
                    values[name], as_left[name] = each.before, each.after
                continue
            if each.was_read and not is_shown and self._same(name, each.after, each.before):
                continue
            if (reason := self._reason(attribute, each, facts, is_shown=is_shown, value=value)) is None:
                values[name] = each.before
            else:
                left.append(Left(reason, name))
        self._with_followers(touched, written, values, left)
        back = Back.RESTORE if values else Back.NOTHING
        is_back = not values and not left
        before = {**current, **self.values.payload(as_left)} if as_left else current
        return Decision(touched, back, values, tuple(left), is_back=is_back, current=before, owner=facts.owner)

    def _with_followers(
        self, touched: Touched, written: Mapping[str, Written], values: dict[str, Any], left: list[Left]
    ) -> None:
        """Let attributes that the CRM changes by itself with others go back with these, or stay with them."""
        sent = frozenset(name for line in touched.lines for name in line.fields)
        followers = Followers(written, sent, self.values.attribute)
        changed = [each.attribute for each in left if each.reason not in STILL_SAFE]
        for name, why in followers.holding_back(values, changed).items():
            del values[name]
            left.append(Left(HELD_BACK.format(name=why), name))
        staying = [each.attribute for each in left]
        for name, why in followers.left_behind(values, staying).items():
            del values[name]
            left.append(Left(GOES_WITH.format(name=why), name))
        values |= followers.pinned(values, staying)

    def _reason(
        self, attribute: Attribute, written: Written, facts: Facts, *, is_shown: bool, value: Any
    ) -> str | None:
        """The reason why an attribute does not go back; None if it does."""
        name = attribute.name
        if not written.was_read:
            return NOT_KEPT
        if attribute.only_added:
            return ONLY_ADDED
        if not attribute.updatable:
            return CREATE_ONLY
        later = [each for each in facts.others if name in each.fields]
        if later:
            return f"run {later[-1].run_id} has written it since"
        if is_shown and not self._is_as_left(attribute, written.after, value, facts.last):
            return CHANGED
        return None

    def _is_as_left(self, attribute: Attribute, after: Any, value: Any, last: LastSent) -> bool:
        """Tell whether the CRM holds what the run left; the CRM may spell it in its own way."""
        if self.values.same(attribute, value, after):
            return True
        now, then = set(self.places(attribute, value)), set(self.places(attribute, after))
        if now < then and (then - now).issubset(self.deleted):
            return True
        mark = mark_of(attribute)
        return last.knows(mark) and last.was_seen(mark, self.values.content(attribute, value))

    def _same(self, name: str, one: Any, other: Any) -> bool:
        attribute = self.values.attribute(name)
        return one == other if attribute is None else self.values.same(attribute, one, other)

    # Creates

    def _of_created(self, touched: Touched, facts: Facts) -> Decision:
        current = facts.current or {}
        if not any(facts.kept.get(line.id) for line in touched.lines):
            return _left(touched, facts, NO_VALUES)
        if facts.others:
            return _left(touched, facts, f"run {facts.others[-1].run_id} has written it since")
        if others := set(facts.claims) - touched.joined:
            named = ", ".join(sorted(source_id for _, source_id in others))
            return _left(touched, facts, f"another source record stands for it, too: {named}")
        edited = self._edited(touched, facts)
        if edited:
            return Decision(touched, Back.NOTHING, left=tuple(Left(CHANGED, name) for name in edited), current=current)
        return Decision(touched, Back.DELETE, current=current)

    def _edited(self, touched: Touched, facts: Facts) -> list[str]:
        """The attributes of a record that the run created which are no longer as the run left them."""
        current = facts.current or {}
        shown = self.values.shown(current)
        written = written_in(touched.lines, facts.kept, self._same)
        answered = next((facts.records[line.id] for line in touched.lines if line.id in facts.records), {})
        as_answered = self.values.shown(answered)
        updated = {line.id for line in touched.lines if line.action != "created"}
        edited: list[str] = []
        for name in {**written, **as_answered, **shown}:
            attribute = self.values.attribute(name)
            if attribute is None or not attribute.is_writable:
                continue
            is_shown, value = self.values.value(shown, current, attribute)
            if not is_shown:
                continue
            is_updated = name in written and written[name].line in updated
            if (
                not is_updated
                and name in as_answered
                and self._is_as_left(attribute, as_answered[name], value, facts.last)
            ):
                continue
            if name in written:
                if not self._is_as_left(attribute, written[name].after, value, facts.last):
                    edited.append(name)
            elif name in as_answered or (attribute.custom_id is not None and answered and has_value(value)):
                edited.append(name)
        had = {name for name, value in as_answered.items() if has_value(value)}
        had |= {name for name, each in written.items() if has_value(each.after)}
        return [name for name in edited if not self._is_derived(name, edited, shown, had)]

    def _is_derived(self, name: str, edited: Collection[str], shown: Mapping[str, Any], had: Collection[str]) -> bool:
        """Tell whether the CRM made a value of a reference that nobody has changed, such as the name of its record.

        Args:
            name: The attribute's name.
            edited: The attributes that are not as the run left them.
            shown: What the record shows now.
            had: The attributes that had a value at some time in the run.
        """
        attribute = self.values.attribute(name)
        source = None if attribute is None else attribute.name_of or attribute.unless
        if source is None or source in edited or source not in shown:
            return False
        return has_value(shown[source]) or (source in had and not has_value(shown.get(name)))

    # Deletes

    def _of_deleted(self, touched: Touched, facts: Facts) -> Decision:
        came_back = [crm_id for crm_id in facts.now.values() if crm_id not in {None, touched.crm_id}]
        made = any(line.run_id in facts.undone_by for line in facts.since if line.action == "created")
        if came_back and made:
            return Decision(touched, Back.NOTHING, is_back=True, made=came_back[0])
        if came_back:
            return _left(touched, facts, CAME_BACK.format(crm_id=came_back[0]))
        if (reason := _reason_to_leave_deleted(touched, facts)) is not None:
            return _left(touched, facts, reason)
        values = self._former(touched, facts)
        return Decision(touched, Back.MAKE, values) if values else _left(touched, facts, NO_VALUES)

    def _former(self, touched: Touched, facts: Facts) -> dict[str, Any]:
        """The values of a deleted record as it was before the run, as far as a new one takes them."""
        values: dict[str, Any] = {}
        for line in touched.lines:
            if line.action != "deleting":
                continue
            kept = facts.kept.get(line.id)
            whole = self.values.shown(facts.records.get(line.id, {}))
            values = {value.attribute: value.before for value in kept} if kept else whole
        for name, each in written_in(touched.lines, facts.kept, self._same).items():
            if each.was_read:
                values[name] = each.before
        return {name: value for name, value in values.items() if has_value(value) and self._is_creatable(name)}

    def _is_creatable(self, name: str) -> bool:
        attribute = self.values.attribute(name)
        return attribute is not None and attribute.creatable


def _reason_to_leave_deleted(touched: Touched, facts: Facts) -> str | None:
    """The reason why a deleted record is not made again; None: it may be."""
    if facts.current is not None:
        return IS_THERE
    if facts.in_doubt:
        return IN_DOUBT
    if touched.last.action == "deleting" and facts.since:
        return f"run {facts.since[-1].run_id} deleted it since"
    return None


def _left(touched: Touched, facts: Facts, reason: str) -> Decision:
    return Decision(touched, Back.NOTHING, left=(Left(reason),), current=facts.current)
