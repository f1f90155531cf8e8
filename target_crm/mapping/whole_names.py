"""A person's whole name, for objects that have only first and last name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_api.values import is_empty, read_text


@dataclass(frozen=True, slots=True)
class WholeName:
    """The names in a record that give a person's name whole and in parts.

    A whole name is never taken apart by guessing. Where the record has no last name, the whole one takes its place; a
    first name that the record gives as well, and that the whole name holds, is not sent twice.

    Attributes:
        whole: The names that give it whole, in order of preference.
        first: The names that give the first name.
        last: The names that give the last name.
        gives_last: Which part is asked for: the last name, or the first.
    """

    whole: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]
    gives_last: bool

    def part(self, record: Mapping[str, Any]) -> Any:
        """Return the part of the name that is asked for; None if the record gives none."""
        first, last = self._parts(record)
        return last if self.gives_last else first

    def _parts(self, record: Mapping[str, Any]) -> tuple[Any, Any]:
        first, last, whole = (_first_given(record, names) for names in (self.first, self.last, self.whole))
        if last is not None or whole is None or first is None:
            return first, whole if last is None else last
        whole_text, first_text = read_text(whole).strip(), read_text(first).strip()
        if whole_text.casefold().startswith(f"{first_text.casefold()} "):
            return first, whole_text[len(first_text) :].strip()
        return (None if f" {first_text.casefold()} " in f" {whole_text.casefold()} " else first), whole_text


def _first_given(record: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((record[name] for name in names if not is_empty(record[name])), None)
