"""Kinds and keys that were seen at each place of many bodies, and where two accounts of that differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from crm_emulator.compare.kinds import NULL, TEXT, forms_of, is_hidden, kind_of
from crm_emulator.compare.shown_names import HIDDEN, ShownNames

CUT = "\x00cut"
"""The key of an object whose end was not recorded: it may have further keys."""

_ENOUGH = 5  # values, before it means something that all have one form
_MANY = 20  # values, before it means something that none is null
_DEEPEST = 60  # levels; what lies deeper is not looked at
# Objects whose keys somebody chose: an account's own fields, and what goes with a webhook of Copper.
_OWN_FIELDS = frozenset({"custom_field", "custom_fields", "secret", "headers"})
_OWN_PREFIX = "cf_"  # of a field of the account's own in Freshsales


@dataclass(frozen=True, order=True)
class Difference:
    """One difference: where in the bodies it is, and what differs. Holds no value of a record."""

    where: str
    said: str

    @property
    def is_of_kinds(self) -> bool:
        """Whether values differ in kind, not a status or what keys there are."""
        return self.where != "status" and ", here " in self.said

    @property
    def is_of_missing_key(self) -> bool:
        """Whether a key was recorded that the emulator does not have there."""
        return self.said.endswith(", missing here")

    @property
    def is_of_nulls(self) -> bool:
        """Whether all is null here where values were recorded."""
        return self.said.endswith(f", here {NULL}")


@dataclass(slots=True)
class Seen:
    """Kinds and keys that were seen at one place.

    Attributes:
        kinds: How often a value of each kind was there.
        forms: The forms that all texts there have in common; None before the first text.
        whole: How many objects there were recorded to their end.
        present: In how many of those each key stood.
        keys: What was seen below each key.
        elements: What was seen in lists.
        hidden: How many values somebody had hidden before, of which nothing is known.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    forms: frozenset[str] | None = None
    whole: int = 0
    present: Counter[str] = field(default_factory=Counter)
    keys: dict[str, Seen] = field(default_factory=dict)
    elements: Seen | None = None
    hidden: int = 0

    def add(self, value: Any, depth: int = 0) -> None:
        """Take note of a value."""
        if isinstance(value, str) and is_hidden(value):
            self.hidden += 1
            return
        kind = kind_of(value)
        self.kinds[kind] += 1
        if depth > _DEEPEST:
            return
        if isinstance(value, str) and value:
            self._add_forms(value)
        elif isinstance(value, list):
            self.elements = self.elements or Seen()
            for each in value:
                self.elements.add(each, depth + 1)
        elif isinstance(value, dict):
            self._add_keys(value, depth)

    def _add_forms(self, text: str) -> None:
        if self.forms is None:
            self.forms = forms_of(text)
        elif self.forms:
            self.forms &= forms_of(text)

    def _add_keys(self, value: dict[str, Any], depth: int) -> None:
        names = value.keys() - {CUT}
        if CUT not in value:
            self.whole += 1
            self.present.update(names)
        for name in names:
            seen = self.keys.get(name)
            if seen is None:
                seen = self.keys[name] = Seen()
            seen.add(value[name], depth + 1)

    def add_kind(self, kind: str) -> None:
        """Take note of something that is no JSON."""
        self.kinds[kind] += 1

    def names(self) -> Iterator[str]:
        """Name all keys, at every place."""
        yield from self.keys
        for each in (*self.keys.values(), *([self.elements] if self.elements else [])):
            yield from each.names()

    def hidden_values(self) -> int:
        """Count the hidden values, at every place."""
        inner = (*self.keys.values(), *([self.elements] if self.elements else []))
        return self.hidden + sum(each.hidden_values() for each in inner)

    @property
    def count(self) -> int:
        """How many values were seen."""
        return self.kinds.total()


def differences(
    recorded: Seen, here: Seen, names: ShownNames, where: str = "", *, nulls_differ: bool = False
) -> Iterator[Difference]:
    """Say where recorded bodies differ from the emulator's; nothing is said of a place that one side alone shows.

    Args:
        recorded: What was seen in the recording.
        here: What was seen in the emulator's answers.
        names: Decides which names of keys are shown.
        where: The place, as ``contacts[].emails[].value``.
        nulls_differ: Whether it differs, too, if all is null here where values were recorded.
    """
    if not recorded.count or not here.count:
        return
    for said in _of_kinds(recorded, here, nulls_differ=nulls_differ):
        yield Difference(where or "the body", said)
    is_own = re.split(r"[.\[]", where)[-1] in _OWN_FIELDS
    is_map = _is_map(recorded, here)
    hidden = Seen()
    for name in sorted(recorded.keys.keys() | here.keys.keys()):
        ours, theirs = here.keys.get(name), recorded.keys.get(name)
        shown = HIDDEN if is_own or (is_map and name not in names.known) else names.shown(name)
        place = f"{where}.{shown}".lstrip(".")
        if ours is not None and theirs is not None:
            if 0 < recorded.present[name] < recorded.whole and 0 < here.whole == here.present[name]:
                yield Difference(place, "sometimes missing, here never")
            yield from differences(theirs, ours, names, place, nulls_differ=nulls_differ)
        elif is_own or name.startswith(_OWN_PREFIX):
            continue
        elif ours is None and theirs is not None and shown == HIDDEN:
            hidden.kinds += theirs.kinds
            hidden.whole += 1
        else:
            yield from _of_one_side(recorded, here, name, place)
    if hidden.whole and here.whole:
        many = f": {hidden.whole} keys" if hidden.whole > 1 else ""
        yield Difference(
            f"{where}.{HIDDEN}".lstrip("."), f"recorded ({_listed(hidden.kinds) or 'hidden'}), missing here{many}"
        )
    if recorded.elements is not None and here.elements is not None:
        yield from differences(recorded.elements, here.elements, names, f"{where}[]", nulls_differ=nulls_differ)


def _is_map(recorded: Seen, here: Seen) -> bool:
    """Return whether recorded objects may be lists by names that people have: of one kind, under no key known here."""
    kinds = {frozenset(each.kinds) for each in recorded.keys.values()}
    return len(recorded.keys) > 1 == len(kinds) and not recorded.keys.keys() & here.keys.keys()


def _of_one_side(recorded: Seen, here: Seen, name: str, place: str) -> Iterator[Difference]:
    """Say that a key stands on one side alone, where both sides show such objects whole."""
    if name in recorded.keys and here.whole:
        yield Difference(place, f"recorded ({_listed(recorded.keys[name].kinds) or 'hidden'}), missing here")
    elif name in here.keys and recorded.whole and here.present[name] == here.whole:
        yield Difference(place, f"never recorded, always here ({_listed(here.keys[name].kinds)})")


def _of_kinds(recorded: Seen, here: Seen, *, nulls_differ: bool) -> Iterator[str]:
    known = here.kinds.keys() - {NULL}
    if recorded.kinds[NULL] and not here.kinds[NULL] and here.count >= _MANY:
        yield f"null, here never ({_listed(known)})"
    if not known:
        if nulls_differ and (others := recorded.kinds.keys() - {NULL}):
            yield f"{_listed(others)}, here {NULL}"
        return
    if "number" in known:
        known |= {"integer"}
    others = recorded.kinds.keys() - {NULL} - known
    if others:
        yield f"{_listed(others)}, here {_listed(here.kinds.keys() - {NULL})}"
    if not here.forms or here.kinds[TEXT] < _ENOUGH or recorded.forms is None:
        return
    if not recorded.forms & here.forms:
        yield f"{_listed(recorded.forms) or 'text of no one form'}, here {_listed(here.forms)}"


def _listed(kinds: Collection[str]) -> str:
    return " or ".join(sorted(kinds))
