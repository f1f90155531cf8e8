"""How runs end, in words: of a list of runs for people, and of their page."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from types import MappingProxyType

from crm_api.errors import SIGNAL_OFFSET, Exit

ENDINGS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        Exit.DONE: ("well", "Every record has its outcome"),
        Exit.FAILED: ("rejected or broken", "More records were rejected than may be, or the input or the output broke"),
        Exit.SETTINGS: ("settings", "A setting or the key is wrong"),
        Exit.BRAKE: ("brake on deletes", "A brake held deletes back"),
        Exit.UNREACHABLE: ("unreachable", "The CRM, the ledger, a lock or a store could not be reached"),
        Exit.BUSY: ("busy", "Another run wrote the same records"),
        **{
            SIGNAL_OFFSET + each: ("stopped", f"Stopped by {each.name}")
            for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
        },
    }
)
"""How a run can end, by its exit code: a word, and a sentence."""


def in_a_word(code: int) -> str:
    """Return the word for how a run ended; empty for a code that no run of ours ends with."""
    return ENDINGS.get(code, ("", ""))[0]
