"""Stand-ins for the HTTP APIs of CRMs, for tests and demonstrations: stateful, strict, troublesome on demand."""

from crm_emulator.clock import Clock
from crm_emulator.copper.switches import Switches as CopperSwitches
from crm_emulator.emulator import Emulator, EmulatorBugError
from crm_emulator.faults import Fault, Kind
from crm_emulator.quota import Rate

__all__ = ["Clock", "CopperSwitches", "Emulator", "EmulatorBugError", "Fault", "Kind", "Rate"]
