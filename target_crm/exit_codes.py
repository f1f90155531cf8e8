"""The end of a run: its exit code, the reason in a sentence, and whether it helps to run it again."""

from __future__ import annotations

import logging
import signal
from dataclasses import dataclass

from singer_sdk.exceptions import (
    ConfigValidationError,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine

from crm_api.console import as_typed
from crm_api.errors import SIGNAL_OFFSET, CrmError, Exit, Retry, StopError
from target_crm.concurrency import TerminatedError

RETRY_SECONDS = 60.0  # what was lost is seldom back sooner, and the locks of a lost host are free by then


@dataclass(frozen=True)
class Ending:
    """The end of a run.

    Attributes:
        code: The exit code: one of ``Exit``, or 128 and the number of the termination signal.
        sentence: The reason, in one sentence; empty for a run that came to its end.
        retry: Whether it helps to run the same again.
        retry_after_seconds: How long to wait before that; None unless ``retry`` is ``later``.
    """

    code: int
    sentence: str
    retry: Retry = Retry.NO
    retry_after_seconds: float | None = None


class TooManyRejectedError(StopError):
    """As many records were rejected as the setting stop_after_rejected says."""

    def __init__(self, records: int) -> None:
        happened = f"Stopped after {records} rejected records (stop_after_rejected)"
        super().__init__(happened=happened, advice=f"See the reasons: {list_of_rejected()}")


BROKEN_INPUT = (InvalidInputLine, RecordsWithoutSchemaException, MissingKeyPropertiesError)
"""The input is cut off or breaks the Singer specification; what came before is still written."""
EXPECTED = (CrmError, ConfigValidationError, *BROKEN_INPUT)
"""The errors whose own text is the sentence; any other is a bug of ours and keeps its traceback."""


def told_ending(error: Exception, signalled: int | None, logger: logging.Logger) -> Ending:
    """Log what ends a run in one sentence, and tell how it ends; a bug of ours keeps its traceback.

    Args:
        error: One of ``EXPECTED``, or a bug of ours.
        signalled: The number of the termination signal that came; None: none did.
        logger: The log.
    """
    ending = ending_of(error, signalled)
    shows_where = logger.isEnabledFor(logging.DEBUG) or not isinstance(error, EXPECTED)
    logger.error("%s", ending.sentence, exc_info=error if shows_where else None)
    return ending


def ending_of(error: Exception, signalled: int | None) -> Ending:
    """Tell how an error ends the run.

    Args:
        error: One of ``EXPECTED``, or a bug of ours.
        signalled: The number of the termination signal that came; None: none did.
    """
    if isinstance(error, TerminatedError):
        return Ending(SIGNAL_OFFSET + (signalled or signal.SIGTERM), str(error), Retry.NOW)
    sentence = " ".join(str(error).split())
    if isinstance(error, CrmError):
        retry = error.retry or (Retry.LATER if error.exit in {Exit.UNREACHABLE, Exit.BUSY} else Retry.NO)
        seconds = (error.retry_after_seconds or RETRY_SECONDS) if retry is Retry.LATER else None
        return Ending(error.exit, sentence, retry, seconds)
    if isinstance(error, ConfigValidationError):
        return Ending(Exit.SETTINGS, " ".join(error.errors))
    if isinstance(error, BROKEN_INPUT):
        return Ending(Exit.FAILED, sentence)
    return Ending(Exit.FAILED, f"A bug in singer-crm ended the run: {type(error).__name__}: {sentence}")


def list_of_rejected() -> str:
    """The command that lists rejected records, as it can be run."""
    return as_typed("rejected list")
