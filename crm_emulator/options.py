"""The options of the command, and the emulator that they ask for."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NoReturn

from crm_emulator.addresses import HOST, given_address
from crm_emulator.apptivo.vendor import Apptivo
from crm_emulator.clock import Clock
from crm_emulator.control import set_switches
from crm_emulator.copper.seeds import SIZES
from crm_emulator.emulator import Emulator
from crm_emulator.faults import Fault, Kind
from crm_emulator.freshsales.vendor import Freshsales, FreshsalesClassic
from crm_emulator.quota import Rate
from crm_emulator.vendor import Vendor
from crm_emulator.version import VERSION

DEFAULT_PORT = 8467
TOKEN_VARIABLE = "CRM_EMULATOR_TOKEN"  # noqa: S105 - the name of the variable


class OneSentenceParser(argparse.ArgumentParser):
    """Parser that says in one sentence what is wrong."""

    def error(self, message: str) -> NoReturn:  # noqa: D102 - argparse's
        self.exit(2, f"crm-emulator: {message}; see crm-emulator --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options; it exits with 2 and one sentence where one is wrong."""
    made = OneSentenceParser(
        prog="crm-emulator",
        description="A stand-in for the HTTP APIs of CRMs, on this machine.",
        epilog="crm-emulator compare RECORDING says where recorded answers of a real account differ from its own.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--version", action="version", version=f"crm-emulator v{VERSION}")
    add(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="port to listen on; 0 takes any free one (default: %(default)s)",
    )
    add(
        "--listen",
        type=_address,
        metavar="ADDRESS",
        default=HOST,
        help="address to listen on, 0.0.0.0 for all; beyond this machine the control API and the pages take a token, "
        f"which is printed, or read from {TOKEN_VARIABLE} (default: %(default)s)",
    )
    add(
        "--tls",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="speak TLS, with a certificate for the vendors' host names that is made once and kept in FOLDER "
        "(default: crm-emulator in ~/.local/share)",
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
    add(
        "--accounts",
        type=int,
        default=1,
        metavar="N",
        help="number of accounts at each CRM, each with its own key and records (default: %(default)s)",
    )
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
    add_switch(made)
    add_strictness(made)
    add("--skew-seconds", type=float, default=0.0, metavar="S", help="set the server's clock S seconds ahead")
    add("--log", action="store_true", help="print each request to stderr")
    return made


def add_switch(made: argparse.ArgumentParser) -> None:
    """Add the option that sets switches."""
    made.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="[CRM.]NAME=VALUE",
        help="set a switch, for example tie_order=random: without a CRM of all accounts at Copper",
    )


def add_strictness(made: argparse.ArgumentParser) -> None:
    """Add the options that set the many switches as one."""
    doubtful = made.add_mutually_exclusive_group()
    doubtful.add_argument(
        "--strict",
        dest="strictness",
        action="store_const",
        const="strict",
        help="refuse whatever any source says may be refused, in all CRMs; --switch still has the last word",
    )
    doubtful.add_argument(
        "--lenient",
        dest="strictness",
        action="store_const",
        const="lenient",
        help="take whatever any source says may be taken",
    )


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


def set_switches_of(vendors: Sequence[Vendor], texts: Sequence[str]) -> None:
    """Set ``[CRM.]NAME=VALUE``: of an account, of all whose names a shell pattern meets, or of all at Copper.

    Raises:
        ValueError: There is no such account or switch, or it cannot have the value.
    """
    for text in texts:
        name, _, value = text.partition("=")
        crm, _, switch = name.rpartition(".")
        meant = [each for each in vendors if (fnmatchcase(each.account_name, crm) if crm else each.name == "copper")]
        if not meant:
            known = ", ".join(each.account_name for each in vendors)
            raise ValueError(f"--switch {text!r} names no CRM; use one of {known}")
        for vendor in meant:
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


def _address(text: str) -> str:
    """Read an address to listen on; raises ArgumentTypeError."""
    try:
        return given_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _tls_folder(given: str | None) -> Path | None:
    """Return the folder of the certificates; None where no TLS is asked for."""
    if given == "":
        from crm_emulator.certificates import default_folder  # noqa: PLC0415 - most emulators speak no TLS

        return default_folder()
    return Path(given) if given is not None else None


def emulator_for(options: argparse.Namespace) -> Emulator:
    """Make the emulator that the options ask for; raises ValueError, or what the database raises."""
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
        listen=options.listen,
        port=options.port,
        tls=_tls_folder(options.tls),
        token=os.environ.get(TOKEN_VARIABLE, ""),
        database=options.db,
        accounts=options.accounts,
        quota=quota,
        clock=clock,
        faults=faults,
        empty=options.empty,
        sizes={"copper": _sizes(options), **_other_sizes(options)},
    )
    if options.strictness is not None:
        emulator.set_strictness(options.strictness)
    set_switches_of(emulator.vendors, options.switch)
    for text in options.script:
        emulator.script(*_script(text))
    return emulator
