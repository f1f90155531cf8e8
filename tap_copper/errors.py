"""The errors of the tap: what ends one stream and lets the others run, and what ends the run."""

from __future__ import annotations

from collections.abc import Sequence

from crm_api.errors import BusyError, CrmError, StopError


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
