"""Stand-ins for the HTTP APIs of CRMs, for tests and demonstrations: stateful, strict, troublesome on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.clock import Clock
from crm_emulator.copper.switches import Switches as CopperSwitches
from crm_emulator.faults import Fault, Kind
from crm_emulator.quota import Rate

if TYPE_CHECKING:
    from crm_emulator.emulator import Emulator, EmulatorBugError

__all__ = ["Clock", "CopperSwitches", "Emulator", "EmulatorBugError", "Fault", "Kind", "Rate"]


def __getattr__(name: str) -> Any:
    """Import what needs the extra ``[emulator]`` when it is asked for, so that the command can say what is missing."""
    if name not in {"Emulator", "EmulatorBugError"}:
        raise AttributeError(name)
    from crm_emulator import emulator  # noqa: PLC0415 - see above

    return getattr(emulator, name)
