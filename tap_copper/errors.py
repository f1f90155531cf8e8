"""The errors of the tap: what ends one stream and lets the others run, and what ends the run; their sentences."""

from __future__ import annotations

from collections.abc import Sequence

from crm_api.copper.session import SEARCH_CEILING
from crm_api.errors import BusyError, CrmError, StopError
from tap_copper.records import moment
from tap_copper.search.ending import WAITS
from tap_copper.search.query import SearchError, ShortReadError, StalledError, TieError


class StreamError(CrmError):
    """One stream cannot be read as things stand.

    Args:
        sentence: The whole sentence; it says what to change.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(happened=sentence)


class NotWholeError(StreamError):
    """A read of a stream was not whole, and it cannot be known where records are missing: its bookmark stays.

    Args:
        sentence: The whole sentence.
    """


class EmptyAnswerError(BusyError):
    """An answer is empty where there must be a record."""


class OutputError(StopError):
    """Records cannot be written to stdout."""

    happened = "The output cannot be written"
    advice = "What was written last may be cut short; run again from the last whole STATE."


class OutputClosedError(Exception):
    """The program that reads the output has closed it. Not a BrokenPipeError, which click passes over in silence."""

    def __init__(self) -> None:
        super().__init__("The program that reads the output has closed it")


class StoppedError(Exception):
    """A signal asked the run to stop.

    Args:
        signal_number: The signal.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"Stopped by signal {signal_number}; the last STATE says how far the run came")
        self.signal_number = signal_number


class IncompleteError(Exception):
    """Some streams could not be read; the others were.

    Args:
        failures: Pairs of a stream's name and the error that ended its reading.

    Attributes:
        sentences: One for each failure; each names its stream.
        unanswered: Copper gave no usable answer, and nothing else went wrong.
    """

    def __init__(self, failures: Sequence[tuple[str, Exception]]) -> None:
        self.sentences = [f"{name}: {each.sentence if isinstance(each, CrmError) else each}" for name, each in failures]
        errors = [each for _, each in failures]
        self.unanswered = all(isinstance(each, BusyError) or isinstance(each.__cause__, BusyError) for each in errors)
        super().__init__(" ".join(self.sentences))


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
                f"Copper counts {error.told:,} records where it shows {error.found:,} of {stream}"
                f"{_part(error.within, key, sign)}, also when asked "
                f"{len(WAITS)} times more: the read is not whole. Run again later. If the key sees fewer records than "
                f"Copper counts, set totals: {{{stream}: hint}}"
            )
        case StalledError():
            return NotWholeError(
                f"{error.queries} answers in a row brought no record of {stream} that had not come before, and none "
                "said that there are no more: the read is not whole. Run again later, or check base_url"
            )
        case _:
            return NotWholeError(f"{stream} could not be read whole: {error}")


def _part(within: tuple[int | None, int | None], key: str, sign: int) -> str:
    """Say which part of a stream was counted; empty if it is all of it."""
    first, last = (None if each is None else moment(sign * each) for each in within[::sign])
    if not key or (first is None and last is None):
        return ""
    if first == last:
        return f" with {key} {first}"
    since = "" if first is None else f" from {first}"
    return f" with {key}{since}" + ("" if last is None else f" up to {last}")


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
