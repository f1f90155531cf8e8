"""The exit codes, and the errors that end a run with one of them and a sentence."""

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
from target_crm.ledger.locks import LockLostError

SIGNAL_OFFSET = 128


class Exit(IntEnum):
    """The exit codes of both commands."""

    DONE = 0
    """Everything came to an outcome."""
    FAILED = 1
    """More records are rejected than ``max_rejected``, or the input is broken."""
    SETTINGS = 2
    """A setting is wrong, or the CRM does not accept the key."""
    BRAKE = 3
    """A brake held deletes back."""
    UNREACHABLE = 4
    """The CRM cannot be reached, or gives no usable answer."""


@dataclass(frozen=True)
class Ending:
    """The end of a run.

    Attributes:
        code: The exit code: one of ``Exit``, or 128 and the number of the termination signal.
        sentence: The reason, in one sentence; empty for a run that came to its end.
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
    (LockLostError, Exit.UNREACHABLE),
    (CrmError, Exit.FAILED),
    (InvalidInputLine, Exit.FAILED),
    (RecordsWithoutSchemaException, Exit.FAILED),
    (MissingKeyPropertiesError, Exit.FAILED),
    (InvalidJSONSchema, Exit.FAILED),
)


class TooManyRejectedError(StopError):
    """As many records were rejected as the setting stop_after_rejected says."""

    advice = "See the reasons with singer-crm rejected list."

    def __init__(self, records: int) -> None:
        super().__init__(happened=f"Stopped after {records} rejected records (stop_after_rejected)")


BROKEN_INPUT = (InvalidInputLine, RecordsWithoutSchemaException, MissingKeyPropertiesError, InvalidJSONSchema)
"""The input is cut off or breaks the Singer specification; what came before is still written."""
EXPECTED = tuple(kind for kind, _ in _CODES)
"""The errors whose own text is the sentence; any other is a bug of ours and keeps its traceback."""


def ending_of(error: Exception, signalled: int | None) -> Ending:
    """Tell how an expected error ends the run.

    Args:
        error: One of ``EXPECTED``.
        signalled: The number of the termination signal that came; None: none did.
    """
    if isinstance(error, TerminatedError):
        return Ending(SIGNAL_OFFSET + (signalled or signal.SIGTERM), str(error))
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, ConfigValidationError):
        return Ending(code, " ".join(error.errors))
    return Ending(code, " ".join(str(error).split()))
