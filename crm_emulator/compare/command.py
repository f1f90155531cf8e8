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
_HEAD = 4096  # bytes in which a HAR says what it is
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
    made.add_argument(
        "--hide-keys",
        action="store_true",
        help="show no name of a key that the emulator does not use itself, whatever it is: {key} stands for it",
    )
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
        recording.names.hides_unknown = options.hide_keys
        comparison = compared(recording, options.crm, prepare)
        text = report(comparison, recording)
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
    return 1 if comparison.findings else 0


def _read(path: Path) -> Recording:
    content = read_bytes(path)
    if content.lstrip()[:1] == b"{" and (b'"log"' in content[:_HEAD] or not is_trace(content)):
        return read_har(content)
    return read_trace(content)
