"""The order in which streams are written: those that others refer to come first (pure)."""

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
