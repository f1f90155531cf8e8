"""Writes of later runs, without those that were taken back since: pure, given the history."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from target_crm.ledger.run_history import UNDO_OF, Line
from target_crm.mapping.values import KeptValue


@dataclass(frozen=True, slots=True)
class LaterWrite:
    """The part of a line of the history by a later run that still stands.

    Attributes:
        run_id: The run.
        fields: The attributes that it wrote; empty: nobody knows which.
    """

    run_id: str
    fields: frozenset[str]


def standing(
    lines: Sequence[Line], kept: Mapping[int, Sequence[KeptValue]], left_out: Collection[str]
) -> list[LaterWrite]:
    """Return what later runs wrote of one record of the CRM and what no undo of theirs has given back.

    An undo cancels the attributes that it wrote in the lines of its run, and these cancel it: the attribute is as it
    was before both.

    Args:
        lines: What was written of the record after the run, in order.
        kept: The values that are kept, by the number of the line.
        left_out: Runs that do not count.
    """
    found: list[LaterWrite] = []
    for line in lines:
        if line.run_id in left_out:
            continue
        fields = frozenset({*line.fields, *(value.attribute for value in kept.get(line.id, ()))})
        undone = line.reason.removeprefix(UNDO_OF) if line.reason.startswith(UNDO_OF) else None
        given_back = {name for each in found if each.run_id == undone for name in each.fields & fields}
        found = [
            each if each.run_id != undone else replace(each, fields=each.fields - given_back)
            for each in found
            if each.run_id != undone or not each.fields or each.fields - given_back
        ]
        if not fields or fields - given_back:
            found.append(LaterWrite(line.run_id, fields - given_back))
    return found
