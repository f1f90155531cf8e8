"""Attributes that the CRM changes by itself with others, as a probability with its stage: they go back together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_api.crm_objects import Attribute
from target_crm.undo.steps import Written


@dataclass(frozen=True)
class Followers:
    """The attributes of one record that follow others.

    Attributes:
        written: The attributes that the run wrote, or that the CRM changed with them.
        sent: The names of those that the run wrote itself.
        attribute: Returns an attribute; None: there is none of that name.
    """

    written: Mapping[str, Written]
    sent: frozenset[str]
    attribute: Callable[[str], Attribute | None]

    def leaders(self, name: str) -> list[str]:
        """Return the attributes of the record with which the CRM changes one."""
        attribute = self.attribute(name)
        return [] if attribute is None else [each for each in attribute.follows if each in self.written]

    def holding_back(self, values: Mapping[str, Any], changed: Sequence[str]) -> dict[str, str]:
        """Return the attributes that cannot go back without taking what somebody has changed since with them.

        Args:
            values: The values that attributes would get.
            changed: The attributes that somebody has changed since.

        Returns:
            Each with the attribute that was changed.
        """
        held: dict[str, str] = {}
        pending = list(changed)
        while pending:
            name = pending.pop()
            new = {each: name for each in self.leaders(name) if each in values and each not in held}
            held |= new
            pending += new
        return held

    def left_behind(self, values: Mapping[str, Any], left: Sequence[str]) -> dict[str, str]:
        """Return the attributes that only the CRM changed, and whose cause stays as it is; each with that cause."""
        return {
            name: staying[0]
            for name in values
            if name not in self.sent and (staying := [each for each in self.leaders(name) if each in left])
        }

    def pinned(self, values: Mapping[str, Any], left: Sequence[str]) -> dict[str, Any]:
        """Return the former values of what is as it was, and would be changed by the CRM with what goes back."""
        return {
            name: each.before
            for name, each in self.written.items()
            if each.was_read
            and name not in values
            and name not in left
            and any(leader in values for leader in self.leaders(name))
        }
