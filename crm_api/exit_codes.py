"""The exit codes of every command, and whether it helps to run it again."""

from __future__ import annotations

from enum import IntEnum, StrEnum

SIGNAL_OFFSET = 128  # plus the number of the signal that ended a run


class Exit(IntEnum):
    """The exit codes of the commands."""

    DONE = 0
    """Everything came to an outcome."""
    FAILED = 1
    """Records, the input, the output or a stream: what was given or asked for could not be carried out whole."""
    SETTINGS = 2
    """A setting is wrong, or the CRM does not accept the key."""
    BRAKE = 3
    """A brake held deletes back."""
    UNREACHABLE = 4
    """Something that a run depends on cannot be reached, or was lost: the CRM, the ledger, a lock, a store."""
    BUSY = 5
    """Another run is at it."""


class Retry(StrEnum):
    """Whether it helps to run the same again, with nothing else changed."""

    NO = "no"
    NOW = "now"
    LATER = "later"
