"""Guards of listings: answers of another form than expected, and pages that bring nothing new, without end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from crm_api.errors import BusyError

FRUITLESS_PAGES = 20  # in a row; pages that shift while records come and go repeat a page or two
MOST_REMEMBERED = 100_000  # ids: a circle of more is not noticed, and memory stays flat
MOST_DIGITS = 18  # of a total; a longer one is no number of records, and Python does not read it at any length


class OddAnswerError(BusyError):
    """An answer does not have the form that was expected."""

    happened = "The CRM's answer does not have the expected form"
    advice = "Check base_url, and whether a proxy answers in place of the CRM."


class NoProgressError(BusyError):
    """A listing goes on and on with records that it has shown already."""

    happened = f"The CRM answered {FRUITLESS_PAGES} pages in a row without a record that had not come before"


@contextmanager
def expected_form(call: str) -> Iterator[None]:
    """Turn the exceptions of code that follows an answer of another form into one of ours; decorates, too.

    Raises:
        OddAnswerError: A value in the answer is missing, or of another type.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise OddAnswerError(call) from error


class Progress:
    """Ends a listing that brings nothing new.

    Args:
        call: Names the listing in the error.
    """

    def __init__(self, call: str) -> None:
        self._call = call
        self._seen: set[Any] = set()
        self._fruitless = 0

    def look(self, keys: Iterable[Any]) -> None:
        """Take the keys of one more page.

        Raises:
            NoProgressError: So many pages in a row had none that is new.
        """
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.clear()
        before = len(self._seen)
        self._seen.update(map(str, keys))
        self._fruitless = 0 if len(self._seen) > before else self._fruitless + 1
        if self._fruitless >= FRUITLESS_PAGES:
            raise NoProgressError(self._call)


def total_of(told: Any) -> int | None:
    """Read the number of records that an answer tells; None if it tells none."""
    text = str(told) if isinstance(told, str) or (isinstance(told, int) and not isinstance(told, bool)) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def is_identified(record: Any) -> bool:
    """Whether a value is a record with an id that can be one: a number or a text."""
    return isinstance(record, Mapping) and type(record.get("id")) in {int, str} and record["id"] != ""
