"""The cost of our commands before they do anything: beside importing what they are made of, in the same run.

Each command runs in turn with the others, round after round; the table shows the median of the processor seconds
(user and system), and its ratio to the median of the imports named beside it. Read the ratios::

    python benchmarks/start.py [--rounds 9] [--beside ../other/.venv/bin]

*Nothing to do* is a run of three streams of an emulated Copper account in which nothing has changed since the run
before: ``target-crm`` gets 2 records of each stream, which it knows, and a STATE; ``tap-copper`` gets its last STATE.
*--help* is told without importing the SDK or SQLAlchemy.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from crm_emulator import Emulator

BIN = Path(sys.executable).parent
SDK, BOTH = "import singer_sdk", "import singer_sdk, sqlalchemy"
STREAMS = ("companies", "people", "leads")
COMMANDS = ("tap-copper", "target-crm", "singer-crm", "crm-emulator")
HELP_OF_IMPORT = 1.2  # a quarter of a second, where an idle machine imports the SDK in a fifth


@dataclass
class Measured:
    """A command and what it cost.

    Attributes:
        name: The row of the table.
        command: Its program and arguments.
        given: The file that it reads as its input; None for an empty one.
        beside: The row that it is compared with; itself for one that others are compared with.
        most: The ratio that is to be reached; None for no figure.
        seconds: Processor seconds of each run.
    """

    name: str
    command: Sequence[str]
    given: Path | None = None
    beside: str = ""
    most: float | None = None
    seconds: list[float] = field(default_factory=list)

    def run(self) -> float:
        """Run it once; returns processor seconds, user and system.

        Raises:
            CalledProcessError: It ended with another exit code than 0.
        """
        compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with (self.given or Path(os.devnull)).open("rb") as handle:
            subprocess.run(self.command, stdin=handle, capture_output=True, check=True, env=compiled)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def lines(messages: Sequence[Mapping[str, Any]]) -> str:
    """Singer messages as a text."""
    return "".join(f"{json.dumps(each)}\n" for each in messages)


def input_of(folder: Path) -> Path:
    """The input of target-crm: two records of each stream, and a STATE."""
    messages: list[dict[str, Any]] = []
    schema = {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "email": {"type": "string"}}}
    for stream in STREAMS:
        messages.append({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]})
        for number in range(2):
            name = f"{stream} {number}"
            email = {} if stream == "companies" else {"email": f"{stream}{number}@example.org"}
            record = {"id": number, "name": name, **email}
            messages.append({"type": "RECORD", "stream": stream, "record": record})
    messages.append({"type": "STATE", "value": {"position": 1}})
    file = folder / "input.singer"
    file.write_text(lines(messages))
    return file


def nothing_to_do(folder: Path, emulator: Emulator, programs: Path, mark: str) -> Iterator[Measured]:
    """Both plugins with nothing to do; each has run once, so that it knows all there is."""
    own = folder / programs.parent.parent.name
    own.mkdir()
    account = {
        "base_url": emulator.copper.base_url,
        "api_key": emulator.copper.api_key,
        "user_email": emulator.copper.user_email,
    }
    target, tap = own / "target.json", own / "tap.json"
    target.write_text(json.dumps({"crm": "copper", **account, "ledger_url": f"sqlite:///{own / 'ledger.sqlite'}"}))
    tap.write_text(json.dumps(account))
    writes = Measured(
        f"target-crm, nothing to do{mark}",
        [str(programs / "target-crm"), "--config", str(target)],
        input_of(own),
        BOTH,
        1.3,
    )
    writes.run()
    tapped = [str(programs / "tap-copper"), "--config", str(tap)]
    catalog = json.loads(subprocess.run([*tapped, "--discover"], capture_output=True, check=True).stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    chosen, state = own / "catalog.json", own / "state.json"
    chosen.write_text(json.dumps(catalog))
    first = subprocess.run([*tapped, "--catalog", str(chosen)], capture_output=True, check=True).stdout
    states = [message for line in first.splitlines() if (message := json.loads(line))["type"] == "STATE"]
    state.write_text(json.dumps(states[-1]["value"]))
    yield writes
    arguments = ["--catalog", str(chosen), "--state", str(state)]
    yield Measured(f"tap-copper, nothing to do{mark}", [*tapped, *arguments], None, SDK, 1.4)


def helps(programs: Path, mark: str) -> Iterator[Measured]:
    """The help of each command."""
    for name in COMMANDS:
        yield Measured(f"{name} --help{mark}", [str(programs / name), "--help"], None, SDK, HELP_OF_IMPORT)


@contextmanager
def all_measured(places: Sequence[tuple[Path, str]]) -> Iterator[list[Measured]]:
    """All that is measured, of each installation."""
    imports = [Measured(each, [sys.executable, "-c", each], None, each) for each in (SDK, BOTH)]
    with tempfile.TemporaryDirectory() as folder, Emulator(empty=True) as emulator:
        found = [each for place, mark in places for each in nothing_to_do(Path(folder), emulator, place, mark)]
        yield [*imports, *found, *(each for place, mark in places for each in helps(place, mark))]


def shown(measured: Sequence[Measured], console: Callable[[Table], None]) -> None:
    """Print the table."""
    table = Table(box=None)
    for heading in ("command", "processor seconds", "ratio", "to", "must reach"):
        table.add_column(heading, justify="left" if heading in {"command", "to"} else "right")
    by_name = {each.name: median(each.seconds) for each in measured}
    for each in measured:
        spent = by_name[each.name]
        ratio, other = ("", "") if each.beside == each.name else (f"{spent / by_name[each.beside]:.2f}", each.beside)
        table.add_row(each.name, f"{spent:.3f}", ratio, other, "" if each.most is None else f"{each.most}")
    console(table)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--beside", type=Path, help="folder of the commands of another installation, measured as well")
    arguments = parser.parse_args()
    places = [(BIN, "")] if arguments.beside is None else [(arguments.beside.absolute(), " (other)"), (BIN, "")]
    console = Console(width=120)
    with all_measured(places) as measured:
        for each in measured:
            each.run()  # compiles what is not compiled
        for _ in track(range(arguments.rounds), console=Console(stderr=True), transient=True):
            for each in measured:
                each.seconds.append(each.run())
    shown(measured, console.print)


if __name__ == "__main__":
    main()
