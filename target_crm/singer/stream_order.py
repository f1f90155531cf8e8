"""The order in which streams are written: those that others refer to come first; and circles among them (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet


def parents_first(refers_to: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Order streams so that each comes after those it refers to; in a circle, in the order in which they came.

    Args:
        refers_to: By stream, the streams whose records its own refer to.
    """
    ordered: dict[str, None] = {}

    def place(name: str, above: frozenset[str]) -> None:
        if name in refers_to and name not in ordered and name not in above:
            for parent in sorted(refers_to[name]):
                place(parent, above | {name})
            ordered[name] = None

    for name in refers_to:
        place(name, frozenset())
    return list(ordered)


def in_circles(refers_to: Mapping[str, AbstractSet[str]]) -> list[str]:
    """The streams that, by way of others or directly, refer to themselves.

    Args:
        refers_to: As above.
    """

    def leads_to(name: str, goal: str, passed: frozenset[str]) -> bool:
        onward = refers_to.get(name, frozenset()) - passed
        return goal in refers_to.get(name, ()) or any(leads_to(each, goal, passed | onward) for each in onward)

    return [name for name in refers_to if leads_to(name, name, frozenset({name}))]
