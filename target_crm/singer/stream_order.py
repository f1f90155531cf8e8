"""The order in which streams are written: a stream that others refer to comes first (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet


def parents_first(refers_to: Mapping[str, AbstractSet[str]]) -> list[str]:
    """Order streams so that each comes after those it refers to; in a circle, in the order in which they came.

    Args:
        refers_to: For each stream, the streams that its records refer to.
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
    """Return the streams that refer to themselves, directly or through other streams.

    Args:
        refers_to: For each stream, the streams that its records refer to.
    """

    def leads_to(name: str, goal: str, passed: frozenset[str]) -> bool:
        onward = refers_to.get(name, frozenset()) - passed
        return goal in refers_to.get(name, ()) or any(leads_to(each, goal, passed | onward) for each in onward)

    return [name for name in refers_to if leads_to(name, name, frozenset({name}))]
