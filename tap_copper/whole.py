"""Sentences that say why a stream could not be read whole, and lists that are asked again until they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crm_api.copper.session import SEARCH_CEILING, TOTAL_HEADER
from crm_api.transport.answer import Answer
from tap_copper.errors import NotWholeError, StreamError
from tap_copper.records import moment
from tap_copper.search.ending import WAITS
from tap_copper.search.query import SearchError, ShortReadError, StalledError, TieError

HINT = "hint"
EXACT = "exact"
MOST_DIGITS = 15  # of a total: more is no count of records


def totals_are_hints(config: Mapping[str, Any], stream: str) -> bool:
    """Whether the setting ``totals`` says that the totals of a stream count more than its key sees."""
    return bool((config.get("totals") or {}).get(stream, EXACT) == HINT)


def total_of(answer: Answer) -> int | None:
    """The total that an answer tells; None if it tells none, or something that is not a number."""
    told = answer.headers.get(TOTAL_HEADER, "").strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) <= MOST_DIGITS else None


def explain(
    error: SearchError, stream: str, key: str = "", sign: int = 1, ceiling: int = SEARCH_CEILING
) -> StreamError:
    """Make the sentence of a read that is not whole.

    Args:
        error: What happened.
        stream: Name of the stream that was read.
        key: Its replication key; empty if it has none.
        sign: The sign of its keys: -1 where it is read newest first.
        ceiling: How many records of one search can be reached.
    """
    match error:
        case TieError():
            return StreamError(_of_ties(error, stream, key, sign, ceiling))
        case ShortReadError():
            return NotWholeError(
                f"Copper counts {error.told:,} records where it shows {error.found:,} of {stream}, also when asked "
                f"{len(WAITS)} times more: the read is not whole. Run again later. If the key sees fewer records than "
                f"Copper counts, set totals: {{{stream}: {HINT}}}"
            )
        case StalledError():
            return NotWholeError(
                f"{error.queries} answers in a row brought no record of {stream} that had not come before, and none "
                "said that there are no more: the read is not whole. Run again later, or check base_url"
            )
        case _:
            return NotWholeError(f"{stream} could not be read whole: {error}")


def _of_ties(error: TieError, stream: str, key: str, sign: int, ceiling: int) -> str:
    if not key:
        counted = f"{error.total:,} records of {stream} cannot be told apart by any date"
    else:
        second = "one second" if error.key is None else f"the second {moment(sign * error.key)}"
        counted = f"{error.total:,} records of {stream} have {key} in {second}"
    if error.total > ceiling:
        why = f"and Copper's search reaches {ceiling:,}"
    else:
        why = f"and {error.passes} passes over them did not agree"
    return f"{counted}, {why}" + (": read them apart with search_filters" if key else ": run again later")


def whole_list(
    send: Callable[[], Answer],
    count: Callable[[Answer], int],
    pause: Callable[[float], None],
    stream: str,
    *,
    is_hint: bool,
) -> Answer:
    """Ask for a list that comes in one answer, and again while it holds fewer records than it says.

    Args:
        send: Asks for it.
        count: Counts the records of an answer.
        pause: Waits so many seconds.
        stream: Name of the stream, for the error.
        is_hint: Totals count more than the key sees: believe the list.

    Raises:
        NotWholeError: It stays short.
    """
    answer = send()
    for seconds in WAITS:
        if is_hint or (total_of(answer) or 0) <= count(answer):
            return answer
        pause(seconds)
        answer = send()
    told, found = total_of(answer) or 0, count(answer)
    if told > found:
        raise explain(ShortReadError(told, found), stream)
    return answer
