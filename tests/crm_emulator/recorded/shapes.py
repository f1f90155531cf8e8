"""Shapes of recorded bodies: read from the files beside this one, compared with answers, and made into bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crm_emulator.compare.kinds import NULL, fits

HERE = Path(__file__).parent

# For each kind a value that is invented.
_TEXTS = {
    "text": "made up",
    "day": "1/23/2017",
    "padded day": "01/23/2017",
    "date": "2023-03-16",
    "amount": "250000.0",
    "instant": "2023-05-10T20:48:27+02:00",
    "zulu": "2023-03-09T06:44:37Z",
    "zulu milliseconds": "2024-03-09T06:44:37.123Z",
    "stamp": "Oct 07, 2017 05:44:26 PM",
    "path": "/crm/sales/contacts/1/notes",
    "id text": "70016358306",
}
_NUMBERS = {"id": 31_016_358_306, "integer": 7, "number": 250_000.5, "seconds": 1_754_516_346}


@dataclass(frozen=True)
class Shape:
    """The shape of one body.

    Attributes:
        name: What it is the shape of.
        recorded: Who recorded it, and when.
        keys: The shape of the value of each key; one that ends in ``?`` may be missing.
        object: The object whose records have it; empty: none.
        ask: The request, ``METHOD /path``, or Apptivo's ``object?a=action``; empty: it is no answer.
        body: The body of the request.
        status: The status of the answer.
        at: Where in the answer it stands; empty: it is the answer, or each of its elements.
        unrecorded: Keys that the emulator shows beside, and why.
        lacking: Keys that the emulator does not have.
    """

    name: str
    recorded: str
    keys: Mapping[str, Any]
    object: str = ""
    ask: str = ""
    body: Any = None
    status: int = 200
    at: str = ""
    unrecorded: Mapping[str, str] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()

    def differences(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Say where a body of the emulator differs."""
        keys = {**self.keys, **{f"{key}?": "any" for key in self.unrecorded}}
        yield from _differences(keys, body, self.name)

    def unseen(self, bodies: list[Any]) -> Iterator[str]:
        """Say which of the kinds that must all be shown, marked ``!``, are in no body."""
        for key, kinds in self.keys.items():
            for kind in re.findall(r"([\w ]+)!", kinds if isinstance(kinds, str) else ""):
                if not any(_is(kind.strip(), body.get(key.rstrip("?"))) for body in bodies):
                    yield f"{self.name}.{key}: never {kind.strip()}"

    def bodies(self, first_id: int = 1) -> list[dict[str, Any]]:
        """Make bodies of this shape, so many that each value is of each of its kinds once; ids count from one on."""
        count = max(len(_kinds(kinds)) for kinds in self.keys.values())
        made = [{key.rstrip("?"): _value(kinds, turn) for key, kinds in self.keys.items()} for turn in range(count)]
        for number, body in enumerate(made, first_id):
            if "id" in body:
                body["id"] = str(number) if isinstance(body["id"], str) else number
        return made


def shapes(crm: str) -> list[Shape]:
    """Read the shapes of a CRM."""
    text = (HERE / f"{crm}.yaml").read_text(encoding="utf-8")
    return [
        Shape(name=name, **{**each, "lacking": tuple(each.get("lacking", ()))})
        for name, each in yaml.safe_load(text).items()
    ]


def custom_values() -> Shape:
    """Read the kinds of the values of Copper's custom fields: a shape whose keys are the data types."""
    text = (HERE / "copper_custom_values.yaml").read_text(encoding="utf-8")
    return Shape("custom values", "H1, A", yaml.safe_load(text))


def _kinds(kinds: Any) -> list[Any]:
    """Return the kinds that a value may be of."""
    if isinstance(kinds, str):
        return [kind.strip(" !") for kind in kinds.split("|")]
    return list(kinds["or"]) if isinstance(kinds, dict) and "or" in kinds else [kinds]


def _is(kind: Any, value: Any) -> bool:
    return not list(_differences(kind, value, ""))


def _differences(kinds: Any, value: Any, where: str) -> Iterator[str]:
    choices = _kinds(kinds)
    if len(choices) > 1:
        if not any(_is(kind, value) for kind in choices):
            yield f"{where}: {value!r} is none of {choices}"
        return
    (kind,) = choices
    if isinstance(kind, dict):
        yield from _of_object(kind, value, where)
    elif isinstance(kind, list):
        if not isinstance(value, list) or (value and not kind):
            yield f"{where}: {value!r} is no list of {kind}"
        else:
            for each in value:
                yield from _differences(kind[0], each, f"{where}[]")
    elif kind != "any" and not fits(kind, value):
        yield f"{where}: {value!r} is no {kind}"


def _of_object(keys: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no object"
        return
    named = {key.rstrip("?"): kinds for key, kinds in keys.items()}
    for key, kinds in keys.items():
        if key.rstrip("?") in value:
            yield from _differences(kinds, value[key.rstrip("?")], f"{where}.{key.rstrip('?')}")
        elif not key.endswith("?"):
            yield f"{where}.{key}: missing"
    yield from (f"{where}.{key}: not recorded" for key in value if key not in named)


def _value(kinds: Any, turn: int) -> Any:
    choices = _kinds(kinds)
    kind = choices[turn % len(choices)]
    if isinstance(kind, dict):
        return {key.rstrip("?"): _value(each, turn) for key, each in kind.items()}
    if isinstance(kind, list):
        return [_value(each, turn) for each in kind]
    if kind in {NULL, "any"}:
        return None
    if kind == "boolean":
        return turn % 2 == 0
    return _NUMBERS[kind] if kind in _NUMBERS else _TEXTS[kind]
