"""The command ``crm-emulator compare``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from crm_emulator.compare.asking import Asker
from crm_emulator.compare.comparison import compared
from crm_emulator.compare.har import read_har
from crm_emulator.compare.recording import Recording, UnreadableError, read_bytes
from crm_emulator.compare.report import report
from crm_emulator.compare.trace import is_trace, read_trace
from crm_emulator.control import ControlError
from crm_emulator.crms import EmulatedCrms
from crm_emulator.options import OneSentenceParser, add_strictness, add_switch, set_switches_of
from crm_emulator.version import UnequalVersionsError, require_equal_versions

NAME = "compare"
_CRMS = ("copper", "freshsales", "freshsales_classic", "apptivo")


def _parser() -> OneSentenceParser:
    made = OneSentenceParser(
        prog=f"crm-emulator {NAME}",
        description="Ask the emulator what was recorded of a real account, and say where the answers' status, keys or "
        "kinds differ. No value of the recording is shown. Exit status: 0 equal, 1 differs, 2 cannot be read.",
        allow_abbrev=False,
    )
    made.add_argument("recording", metavar="RECORDING", type=Path, help="a HAR file, or the plugins' debug trace")
    made.add_argument("--crm", choices=_CRMS, default="", help="the CRM of a debug trace, where it is not plain")
    add_switch(made)
    add_strictness(made)
    return made


def main(arguments: Sequence[str]) -> int:
    """Compare, print what differs, and return the exit status."""
    made = _parser()
    options = made.parse_args(arguments)

    def prepare(crms: EmulatedCrms) -> None:
        if options.strictness is not None:
            crms.set_strictness(options.strictness)
        set_switches_of(crms.vendors, options.switch)

    try:
        require_equal_versions()
        with Asker(prepare):
            pass
    except UnequalVersionsError as error:
        sys.exit(f"crm-emulator: {error}")
    except (ValueError, ControlError) as error:
        made.error(str(error))
    try:
        recording = _read(options.recording)
        text = report(compared(recording, options.crm, prepare), recording)
    except UnreadableError as error:
        sys.stderr.write(f"crm-emulator: cannot compare {options.recording}: {error}\n")
        return 2
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain again at its exit
        sys.stderr.write(f"crm-emulator: cannot write the report: {os.strerror(error.errno or 0)}\n")
        return 2
    return 0 if text.endswith("\nno difference\n") else 1


def _read(path: Path) -> Recording:
    content = read_bytes(path)
    if content.lstrip()[:1] == b"{" and not is_trace(content):
        return read_har(content)
    return read_trace(content)
