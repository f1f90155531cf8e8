"""How a run ends: its exit code, and the sentence that says why."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import IntEnum

from singer_sdk.exceptions import (
    ConfigValidationError,
    InvalidJSONSchema,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine

from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    RedirectError,
    SettingError,
    StopError,
    UnreachableError,
)
from target_crm.concurrency import TerminatedError

SIGNAL_OFFSET = 128


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    """More records are rejected than ``max_rejected``, or the input is broken."""
    SETTINGS = 2
    """A setting is wrong, the key among them."""
    BRAKE = 3
    """A brake held deletes back."""
    UNREACHABLE = 4
    """The CRM cannot be reached, or gives no usable answer."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        code: Exit code.
        sentence: Why, in one sentence; empty for a run that came to its end.
    """

    code: int
    sentence: str


_CODES: tuple[tuple[type[Exception], Exit], ...] = (
    (SettingError, Exit.SETTINGS),
    (CredentialsError, Exit.SETTINGS),
    (RedirectError, Exit.SETTINGS),
    (ConfigValidationError, Exit.SETTINGS),
    (UnreachableError, Exit.UNREACHABLE),
    (BusyError, Exit.UNREACHABLE),
    (CrmError, Exit.FAILED),
    (InvalidInputLine, Exit.FAILED),
    (RecordsWithoutSchemaException, Exit.FAILED),
    (MissingKeyPropertiesError, Exit.FAILED),
    (InvalidJSONSchema, Exit.FAILED),
)


class RejectedError(StopError):
    """So many records were rejected that the run was told to stop."""

    advice = "See what they lack with singer-crm rejected list."

    def __init__(self, records: int) -> None:
        super().__init__(happened=f"Stopped after {records} rejected records (stop_after_rejected)")


BROKEN_INPUT = (InvalidInputLine, RecordsWithoutSchemaException, MissingKeyPropertiesError, InvalidJSONSchema)
"""The tap broke off, or breaks the specification: what came until then is none the worse for it."""
EXPECTED = tuple(kind for kind, _ in _CODES)
"""Errors that say themselves, in one sentence, what is wrong; any other is a bug of ours and keeps its traceback."""


def ending_of(error: Exception, signalled: int | None) -> Ending:
    """How an expected error ends the run.

    Args:
        error: One of ``EXPECTED``.
        signalled: The termination signal that came, or None.
    """
    if isinstance(error, TerminatedError):
        return Ending(SIGNAL_OFFSET + (signalled or signal.SIGTERM), str(error))
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, ConfigValidationError):
        return Ending(code, " ".join(error.errors))
    return Ending(code, " ".join(str(error).split()))
