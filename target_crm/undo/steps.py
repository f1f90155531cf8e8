"""The records of the CRM that a run wrote, and what each attribute was before it: pure, given the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crm_api.crm_objects import CrmId
from target_crm.ledger.run_history import WRITES, Line
from target_crm.ledger.values import Scope
from target_crm.mapping.values import KeptValue

Claim = tuple[int, str]
"""A source record: the number of its stream's scope, and its source id."""
Same = Callable[[str, Any, Any], bool]
"""Tells whether two values of an attribute are one."""


@dataclass(frozen=True)
class Touched:
    """One record of the CRM that the run wrote.

    Attributes:
        crm_id: The CRM's id.
        lines: What the run did to it, in order; at least one line.
        joined: The source records that came to stand for it in the run.
    """

    crm_id: CrmId
    lines: tuple[Line, ...]
    joined: frozenset[Claim]

    @property
    def last(self) -> Line:
        """The last line of it, whose source record the undo speaks of."""
        return self.lines[-1]

    @property
    def is_created(self) -> bool:
        """Whether the run created it."""
        return any(line.action == "created" for line in self.lines)

    @property
    def is_deleted(self) -> bool:
        """Whether the run deleted it, or was about to."""
        return self.last.action in {"deleted", "deleting"}

    @property
    def source_ids(self) -> dict[Scope, set[str]]:
        """The source records in whose name the run wrote it, by scope."""
        found: dict[Scope, set[str]] = {}
        for line in self.lines:
            found.setdefault(line.scope, set()).add(line.source_id)
        return found


@dataclass(frozen=True, slots=True)
class Written:
    """One attribute that the run wrote.

    Attributes:
        before: The CRM's value before, in the form of answers.
        after: The value that was sent last.
        was_read: Whether the value before is known.
        line: The number of the line that wrote it last.
    """

    before: Any
    after: Any
    was_read: bool
    line: int


def touched_by(lines: Iterable[Line]) -> list[Touched]:
    """Group the lines of a run by the record of the CRM that they tell of, in the order of their first ones."""
    grouped: dict[tuple[int, CrmId], list[Line]] = {}
    joined: dict[tuple[int, CrmId], set[Claim]] = {}
    for line in lines:
        if line.crm_id is None:
            continue
        key = line.scope.object_id, line.crm_id
        joined.setdefault(key, set()).add((line.scope.id, line.source_id))
        if line.action in WRITES:
            grouped.setdefault(key, []).append(line)
    return [Touched(key[1], tuple(found), frozenset(joined[key])) for key, found in grouped.items()]


def written_in(lines: Sequence[Line], kept: Mapping[int, Sequence[KeptValue]], same: Same) -> dict[str, Written]:
    """Return the attributes that lines of one record wrote, with the values before the first and after the last.

    Where somebody changed a value between two writes of the run, what that person typed is the former value: the
    second write replaced it.

    Args:
        lines: The lines, in order.
        kept: The values that are kept, by the number of the line.
        same: Tells whether two values of an attribute are one.
    """
    written: dict[str, Written] = {}
    for line in lines:
        if line.action not in {"created", "updated", "linked"}:
            continue
        values = {value.attribute: value for value in kept.get(line.id, ())}
        for name in {*values, *line.fields}:
            value, former = values.get(name), written.get(name)
            if value is None:
                unknown = Written(None, None, was_read=False, line=line.id)
                written[name] = unknown if former is None else replace(former, was_read=False, line=line.id)
                continue
            first = Written(value.before, value.after, value.was_read or line.action == "created", line.id)
            if former is None or (value.was_read and former.was_read and not same(name, former.after, value.before)):
                written[name] = first
            else:
                written[name] = replace(former, after=value.after, line=line.id)
    return written
