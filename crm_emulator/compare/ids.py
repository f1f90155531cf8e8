"""Ids of a recorded account, and the records of the emulator that stand for theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from crm_emulator.messages import decode, encode
from crm_emulator.vendor import Vendor

_ID_KEY = re.compile(r"(?:^|_)ids?$|Ids?$")
_ID = re.compile(r"\d{5,20}")
_SAMPLES = 20  # records of each object whose values stand for those of filters
_DEEPEST = 40
_PLURALS = {"people": "person"}


class StandIns:
    """Values that stand at the emulator for the recorded account's ids, and for the texts of its filters.

    Args:
        vendor: The emulated CRM.
    """

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._known: dict[tuple[str, str], str] = {}
        self._pools: dict[str, dict[str, Any]] = {}

    def learn(self, recorded: Any, here: Any, scope: str) -> None:
        """Take ids that stand at the same place of two answers for each other.

        Args:
            recorded: The recorded answer, or a part of it.
            here: The emulator's answer to the same request.
            scope: What an ``id`` there is the id of: the object of the route, or the key around it.
        """
        for key, theirs, ours in _pairs(recorded, here, scope):
            if is_id(theirs) and is_id(ours):
                self.remember(theirs, ours, key)

    def remember(self, theirs: Any, ours: Any, scope: str) -> None:
        """Have an id of the emulator stand for one of the recorded account."""
        self._known.setdefault((_singular(scope), str(theirs)), str(ours))
        self._known.setdefault(("", str(theirs)), str(ours))

    def known(self, theirs: Any, scope: str) -> str | None:
        """Return the id that stands for another; None: none does yet."""
        return self._known.get((_singular(scope), str(theirs))) or self._known.get(("", str(theirs)))

    def known_record(self, theirs: Any, scope: str, objects: list[str]) -> str | None:
        """Return the id that stands for another, if it is one of a record of the first of these objects."""
        ours = self.known(theirs, scope)
        name = next((each for each in objects if each in self._vendor.tables), None)
        is_there = ours is not None and (name is None or self._vendor.get(name, int(ours)) is not None)
        return ours if is_there or (_singular(scope), str(theirs)) in self._known else None

    def put_in(self, value: Any, scope: str, *, with_texts: bool = False, key: str = "", depth: int = 0) -> Any:
        """Return a request's value with the emulator's ids in it, and its texts too where that is asked for."""
        if depth > _DEEPEST:
            return value

        def inner(each: Any, name: str) -> Any:
            return self.put_in(each, scope, with_texts=with_texts, key=name, depth=depth + 1)

        if isinstance(value, dict):
            return {name: inner(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [inner(each, key) for each in value]
        if isinstance(value, str) and value[:1] in {"{", "["}:
            return self._in_json(value, lambda read: inner(read, ""))
        if is_id(value):
            return self._id(value, key, scope)
        return self._pool(scope).get(_singular(key), value) if with_texts and isinstance(value, str) else value

    def _id(self, value: Any, key: str, scope: str) -> Any:
        ours = self.known(value, scope if key in {"id", "ids"} else _scope_of(key))
        if ours is None and _ID_KEY.search(key) and key not in {"id", "ids"}:
            ours = self._pool(scope).get(f"{_singular(key)}")
        return value if ours is None or not is_id(ours) else type(value)(ours)

    def _in_json(self, text: str, change: Callable[[Any], Any]) -> str:
        try:
            return encode(change(decode(text))).decode()
        except (ValueError, RecursionError):
            return text

    def record_id(self, objects: list[str]) -> str | None:
        """Return the id of some record of the first of these that is an object of the CRM and has one."""
        for name in objects:
            if name in self._vendor.tables:
                for record in self._vendor.records(name)[:1]:
                    return str(record["id"])
        return None

    def text(self, key: str, scope: str) -> str | None:
        """Return a text that stands under a key in some record."""
        value = self._pool(scope).get(_singular(key))
        return value if isinstance(value, str) else None

    def _pool(self, scope: str) -> dict[str, Any]:
        """Return a value for each key that the emulator's records have, those of the object ``scope`` first."""
        if scope not in self._pools:
            names = sorted(self._vendor.tables, key=lambda name: name != scope)
            pool: dict[str, Any] = {}
            for name in names:
                for record in self._vendor.records(name)[:_SAMPLES]:
                    for key, value in _leaves(record):
                        pool.setdefault(_singular(key), value)
            self._pools[scope] = pool
        return self._pools[scope]


def is_id(value: Any) -> bool:
    """Return whether a value looks like a record's id: a whole number of five digits or more, or its text."""
    return isinstance(value, int | str) and not isinstance(value, bool) and _ID.fullmatch(str(value)) is not None


def _singular(key: str) -> str:
    return _PLURALS.get(key) or re.sub(r"ies$", "y", key).removesuffix("s")


def _scope_of(key: str) -> str:
    return re.sub(r"_?[iI]ds?$", "", key)


def _leaves(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST or value in (None, "", [], {}):
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, name, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, key, depth + 1)
    elif isinstance(value, str) or is_id(value):
        yield key, value


def _pairs(recorded: Any, here: Any, scope: str, key: str = "", depth: int = 0) -> Iterator[tuple[str, Any, Any]]:
    """Find the pairs of ids at the same places, each with what they are ids of."""
    if depth > _DEEPEST:
        return
    if isinstance(recorded, dict) and isinstance(here, dict):
        inner = key if key and key != "data" else scope
        for name in recorded.keys() & here.keys():
            if _ID_KEY.search(name) and not isinstance(recorded[name], dict | list):
                yield (inner if name == "id" else _scope_of(name)), recorded[name], here[name]
            else:
                yield from _pairs(recorded[name], here[name], scope, name, depth + 1)
    elif isinstance(recorded, list) and isinstance(here, list):
        named = {each["name"]: each for each in here if isinstance(each, dict) and isinstance(each.get("name"), str)}
        for number, each in enumerate(recorded):
            name = each.get("name") if isinstance(each, dict) else None
            other = named.get(name) if isinstance(name, str) else None
            if other is None and number < len(here):
                other = here[number]
            yield from _pairs(each, other, scope, key, depth + 1)
