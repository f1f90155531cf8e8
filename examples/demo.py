"""Script of `make demo`: the main job, both ways, between real processes, against the emulator.

It copies a Copper account into JSON files with somebody else's target, then writes a spreadsheet of contacts into the
account with somebody else's tap: twice, since the second run must create nothing.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
OURS = Path(sys.executable).parent
THEIRS = ROOT / ".venvs"
WORK = Path(tempfile.mkdtemp(prefix="singer-crm-demo-"))
LEDGER_URL = f"sqlite:///{WORK / 'ledger.sqlite'}"
SETTINGS = "examples/target-crm.json"


@contextmanager
def emulator() -> Iterator[dict[str, str]]:
    """Start crm-emulator on a free port; the settings that it prints, by name."""
    command = [OURS / "crm-emulator", "--port", "0", "--seed", "2026", "--people", "750", "--companies", "250"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield settings_printed(process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def settings_printed(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the configuration that crm-emulator prints for pasting."""
    text = ""
    for line in process.stdout or ():
        text += line
        found = dict(re.findall(r'"?(base_url|api_key|user_email)"?\s*[:=]\s*"?([^",\s]+)', text))
        if len(found) == 3 and "/copper/" in found["base_url"]:  # noqa: PLR2004 - the three settings of the pattern
            return found
    sys.exit("crm-emulator did not start")


def environment(account: dict[str, str]) -> dict[str, str]:
    """The account's settings for both plugins, as environment variables; nothing of this user's own is read or kept."""
    settings = {
        f"{plugin}_{name.upper()}": value for plugin in ("TAP_COPPER", "TARGET_CRM") for name, value in account.items()
    }
    settings["TARGET_CRM_LEDGER_URL"] = LEDGER_URL
    settings["TAP_COPPER_EMIT_ACTIVATE_VERSION_MESSAGES"] = "false"  # target-jsonl knows none and would warn of each
    quiet = {"TAP_COPPER_LOGLEVEL": "WARNING", "TARGET_CRM_LOGLEVEL": "WARNING", "TAP_SPREADSHEETS_LOGLEVEL": "ERROR"}
    return {**os.environ, **settings, **quiet, "COLUMNS": "100"}


def pipe(account: dict[str, str], *commands: list[str]) -> None:
    """Run the commands as one pipe, show it as it would be typed, and stop at the first that fails."""
    print("\n$ " + " | ".join(shlex.join(command) for command in commands), flush=True)
    folders = [OURS, *(venv / "bin" for venv in THEIRS.iterdir())]
    source = None
    processes = []
    for number, command in enumerate(commands, start=1):
        program = next(folder / command[0] for folder in folders if (folder / command[0]).exists())
        output = subprocess.PIPE if number < len(commands) else subprocess.DEVNULL
        process = subprocess.Popen(
            [str(program), *command[1:]],
            stdin=source,
            stdout=output,
            stderr=None if number < len(commands) else subprocess.PIPE,
            cwd=ROOT,
            env=environment(account),
            text=True,
        )
        if source is not None:
            source.close()
        source = process.stdout
        processes.append(process)
    for line in processes[-1].stderr or ():
        # What it advises to type lacks the variables of this demo; the end gives it with them.
        print(line.rstrip("\n").partition(": see singer-crm")[0], file=sys.stderr, flush=True)
    failed = [shlex.join(command) for command, process in zip(commands, processes, strict=True) if process.wait() > 1]
    if failed:
        sys.exit(f"failed: {failed[0]}")


def created_in(report: Path) -> int:
    """How many records a run created."""
    return sum(outcomes["created"] for outcomes in json.loads(report.read_text())["streams"].values())


def main() -> None:
    """Show both directions."""
    copied = WORK / "copper"
    copied.mkdir()
    jsonl = WORK / "target-jsonl.json"
    jsonl.write_text(json.dumps({"destination_path": str(copied), "do_timestamp_file": False}))
    reports = [WORK / "first.json", WORK / "second.json"]
    with emulator() as account:
        print(f"A Copper account, emulated on this machine: {account['base_url']}")
        print("\n1. Copy the account into files")
        pipe(account, ["tap-copper", "--config=ENV"], ["target-jsonl", "--config", str(jsonl)])
        lines = {file.stem: len(file.read_text().splitlines()) for file in sorted(copied.glob("*.jsonl"))}
        print(f"\n{sum(lines.values())} records of {len(lines)} streams are in {copied}:")
        print("  " + ", ".join(f"{stream} {count}" for stream, count in lines.items()))
        print("\n2. Write a spreadsheet of contacts, and their companies, into the account; then the same again")
        for report in reports:
            os.environ["TARGET_CRM_REPORT_PATH"] = str(report)
            pipe(
                account,
                ["tap-spreadsheets", "--config", "examples/tap-spreadsheets.json"],
                ["target-crm", "--config=ENV", "--config", SETTINGS],
            )
    first, second = (created_in(report) for report in reports)
    print(f"\nThe first run created {first} records, the second {second or 'nothing'}. See the rejected one with")
    print(f"$ TARGET_CRM_LEDGER_URL={LEDGER_URL} .venv/bin/singer-crm rejected list --config=ENV --config {SETTINGS}")
    if second:
        sys.exit("A second run of the same input must create nothing.")


if __name__ == "__main__":
    main()
