"""The command ``crm-emulator``, which serves until it is stopped."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from crm_emulator.apptivo.vendor import Apptivo
from crm_emulator.clock import Clock
from crm_emulator.control import ControlError, set_switches
from crm_emulator.copper.seeds import SIZES
from crm_emulator.crms import HOST
from crm_emulator.database import ForeignStateError
from crm_emulator.emulator import Emulator
from crm_emulator.faults import Fault, Kind
from crm_emulator.freshsales.vendor import Freshsales, FreshsalesClassic
from crm_emulator.quota import Rate
from crm_emulator.vendor import Vendor

DEFAULT_PORT = 8467


class _Parser(argparse.ArgumentParser):
    """Parser that says in one sentence what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"crm-emulator: {message}; see crm-emulator --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="crm-emulator",
        description="A local stand-in for the HTTP APIs of CRMs, on 127.0.0.1 only.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--version", action="version", version=f"crm-emulator v{version('singer-crm')}")
    add(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="port to listen on; 0 takes any free one (default: %(default)s)",
    )
    add(
        "--seed",
        type=int,
        default=1,
        help="seed of the records: the same seed gives the same records (default: %(default)s)",
    )
    add("--size", type=int, metavar="N", help="number of people; other records in proportion")
    for name, size in SIZES.items():
        add(f"--{name}", type=int, metavar="N", help=f"number of {name} (default: {size})")
    add("--empty", action="store_true", help="make no records except the settings lists")
    add("--db", metavar="FILE", help="keep the records in a SQLite file; a file that has records is not seeded again")
    add("--no-quota", action="store_true", help="keep no rates: let every request in")
    add("--requests-per-minute", type=int, metavar="N", help="allow N requests a minute instead of the vendor's rates")
    add("--latency-seconds", type=float, default=0.0, metavar="S", help="delay every answer by S seconds")
    add(
        "--latency-jitter-seconds",
        type=float,
        default=0.0,
        metavar="S",
        help="vary the delay by up to S seconds either way",
    )
    add(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="put a fault in force, for example error:status=500,rate=0.05",
    )
    add(
        "--script",
        action="append",
        default=[],
        metavar="SCRIPT",
        help='decide the next answers of a route, for example "POST /people=ok;lost;ok"',
    )
    add(
        "--records",
        action="append",
        default=[],
        metavar="CRM.OBJECT=N",
        help="number of records of another CRM, for example freshsales.contacts=500",
    )
    add(
        "--switch",
        action="append",
        default=[],
        metavar="[CRM.]NAME=VALUE",
        help="set a switch, for example tie_order=random",
    )
    add("--skew-seconds", type=float, default=0.0, metavar="S", help="set the server's clock S seconds ahead")
    add("--log", action="store_true", help="print each request to stderr")
    return parser


def _sizes(options: argparse.Namespace) -> dict[str, int]:
    scale = 1.0 if options.size is None else options.size / SIZES["people"]
    sizes = {}
    for name, size in SIZES.items():
        asked = getattr(options, name)
        sizes[name] = asked if asked is not None else 0 if options.empty else round(size * scale)
        if sizes[name] < 0:
            raise ValueError(f"--{name} cannot be negative")
    return sizes


def _other_sizes(options: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Return the numbers of records of the CRMs beside Copper: their defaults scaled by ``--size``, or as asked."""
    scale = 0.0 if options.empty else 1.0 if options.size is None else options.size / SIZES["people"]
    sizes = {
        vendor.name: {name: round(size * scale) for name, size in vendor.sizes.items()}
        for vendor in (Freshsales, FreshsalesClassic, Apptivo)
    }
    for text in options.records:
        name, _, number = text.partition("=")
        vendor, _, object_name = name.partition(".")
        if vendor not in sizes or object_name not in sizes[vendor] or not number.isdigit():
            known = ", ".join(f"{vendor}.{each}" for vendor, objects in sizes.items() for each in objects)
            raise ValueError(f"--records {text!r} must be CRM.OBJECT=N, with one of {known}")
        sizes[vendor][object_name] = int(number)
    return sizes


def _set_switches(vendors: Sequence[Vendor], texts: Sequence[str]) -> None:
    """Set ``[CRM.]NAME=VALUE``; without a CRM it is Copper's. Raises ValueError."""
    by_name = {vendor.name: vendor for vendor in vendors}
    for text in texts:
        name, _, value = text.partition("=")
        crm, _, switch = name.rpartition(".")
        vendor = by_name.get(crm or "copper")
        if vendor is None:
            raise ValueError(f"--switch {text!r} names no CRM; use one of {', '.join(by_name)}")
        kind: type = type(getattr(vendor.switches, switch, ""))
        set_switches(vendor, {switch: _switched(name, kind, value)})


def _switched(name: str, kind: type, value: str) -> object:
    """Read a switch's value from its text; raises ValueError."""
    if kind is bool:
        if value not in {"true", "false"}:
            raise ValueError(f"the switch {name} must be true or false, not {value!r}")
        return value == "true"
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"the switch {name} must be a number, not {value!r}") from None


# The equals sign between a route, which may hold one too, and its first step.
_THEN = re.compile(rf"=\s*(?=(?:{'|'.join(Kind)})\b)")


def _script(text: str) -> tuple[str, list[str]]:
    """Read ``ROUTE=STEP;STEP``; raises ValueError."""
    route, *steps = _THEN.split(text, maxsplit=1)
    if not steps:
        raise ValueError(f"--script {text!r} must be ROUTE=STEP;STEP, with steps of {', '.join(Kind)}")
    return route.strip(), steps[0].split(";")


def _port(text: str) -> int:
    """Read a port's number; raises ArgumentTypeError."""
    port = int(text)
    if not 0 <= port < 1 << 16:
        raise argparse.ArgumentTypeError(f"a port must be between 0 and 65535, not {port}")
    return port


def _emulator(options: argparse.Namespace) -> Emulator:
    clock = Clock()
    clock.skew_seconds = options.skew_seconds
    faults = [Fault.parse(text) for text in options.fault]
    if options.latency_seconds or options.latency_jitter_seconds:
        faults.append(
            Fault(Kind.LATENCY, seconds=options.latency_seconds, jitter_seconds=options.latency_jitter_seconds)
        )
    quota: bool | tuple[Rate, ...] = not options.no_quota
    if options.requests_per_minute is not None:
        quota = (Rate(options.requests_per_minute, 60.0),)
    emulator = Emulator(
        seed=options.seed,
        port=options.port,
        database=options.db,
        quota=quota,
        clock=clock,
        faults=faults,
        empty=options.empty,
        sizes={"copper": _sizes(options), **_other_sizes(options)},
    )
    _set_switches(emulator.vendors, options.switch)
    for text in options.script:
        emulator.script(*_script(text))
    return emulator


def _greeting(emulator: Emulator, database: str | None) -> str:
    """Return the text printed at the start; the first line is for programs, the rest for people."""
    counts = ", ".join(f"{emulator.copper.count(name):,} {name}" for name in SIZES)
    lines = [f"crm-emulator listening on {emulator.url}", f"# copper: {counts}"]
    lines += [vendor.configuration() for vendor in emulator.vendors]
    if database is None:
        lines.append(
            "# What is written here is forgotten when it stops, and target-crm's ledger remembers it: "
            "--db FILE keeps it, or give each start a ledger_url of its own"
        )
    return "\n".join([*lines, f"# control API: {emulator.url}/_emulator/status; Ctrl-C stops", ""])


class _MuteError(Exception):
    """Nobody can be told where the emulator listens."""


def _greet(text: str) -> None:
    """Print where the emulator listens; raises _MuteError."""
    if sys.stdout is None:
        raise _MuteError("stdout is closed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain again at its exit
        raise _MuteError(os.strerror(error.errno or 0)) from error


async def _serve(emulator: Emulator, database: str | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:  # nohup lets it outlive its terminal
            loop.add_signal_handler(number, stopped.set)
    await emulator.listen()
    try:
        _greet(_greeting(emulator, database))
        await stopped.wait()
    finally:
        await emulator.listener.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; exits with 0 when it is stopped, 1 when it cannot serve, 2 for a wrong option."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.log else logging.ERROR, format="%(message)s")
    try:
        emulator = _emulator(options)
    except (sqlite3.Error, ForeignStateError) as error:
        sys.exit(f"crm-emulator: cannot use {options.db}: {error}")
    except (ValueError, ControlError) as error:
        parser.error(str(error))
    try:
        asyncio.run(_serve(emulator, options.db))
    except _MuteError as error:
        sys.exit(f"crm-emulator: cannot say where it listens: {error}")
    except OSError as error:
        why = "the port is taken" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
        sys.exit(f"crm-emulator: cannot listen on {HOST}:{options.port}: {why}; choose another with --port")
    finally:
        emulator.store.close()


if __name__ == "__main__":
    main()
