"""The command ``crm-emulator``, which serves until it is stopped."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Sequence

from crm_emulator.addresses import HOST, is_every
from crm_emulator.compare import command as compare
from crm_emulator.control import ControlError
from crm_emulator.copper.seeds import SIZES
from crm_emulator.database import ForeignStateError
from crm_emulator.emulator import Emulator
from crm_emulator.options import emulator_for, parser
from crm_emulator.version import UnequalVersionsError

HTTPS_PORT = 443


def _greeting(emulator: Emulator, database: str | None) -> str:
    """Return the text printed at the start; the first line is for programs, the rest for people."""
    counts = ", ".join(f"{emulator.copper.count(name):,} {name}" for name in SIZES)
    lines = [f"crm-emulator listening on {emulator.url}", f"# copper: {counts}"]
    if is_every(emulator.host):
        lines.insert(1, "# and on every other address of this machine")
    for each in emulator.accounts:
        if len(emulator.accounts) > 1:
            lines.append(f"# account {each.number}, at Copper of id {each.copper.account_id}")
        lines += [vendor.configuration() for vendor in each.vendors]
    lines += _trusting(emulator)
    if emulator.control_token:
        lines.append(f"# token of the control API and the pages: {emulator.control_token}")
    opened = f"?token={emulator.control_token}" if emulator.control_token else ""
    lines.append(f"# pages, for the browser: {emulator.url}/{opened}")
    if database is None:
        lines.append(
            "# What is written here is forgotten when it stops, and target-crm's ledger remembers it: "
            "--db FILE keeps it, or give each start a ledger_url of its own"
        )
    return "\n".join([*lines, f"# control API: {emulator.url}/_emulator/status; Ctrl-C stops", ""])


def _trusting(emulator: Emulator) -> list[str]:
    """Return how clients come to trust the certificate, and to ask the emulator in the vendors' place."""
    if emulator.ca_file is None:
        return []
    path = emulator.ca_file.absolute()
    asked = "" if emulator.port == HTTPS_PORT else f"serve with --port {HTTPS_PORT}, and "
    hosts = " ".join(host.replace("*", "NAME") for vendor in emulator.accounts[0].vendors for host in vendor.hosts)
    return [
        f"# certificate authority to trust: {path}",
        f"#   requests: export REQUESTS_CA_BUNDLE={path}",
        f"#   curl:     export CURL_CA_BUNDLE={path}",
        f"#   Node:     export NODE_EXTRA_CA_CERTS={path}",
        f"# clients with fixed addresses: {asked}add to their hosts file: {HOST} {hosts}",
    ]


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
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == [compare.NAME]:
        sys.exit(compare.main(given[1:]))
    made = parser()
    options = made.parse_args(given)
    logging.basicConfig(level=logging.INFO if options.log else logging.ERROR, format="%(message)s")
    try:
        emulator = emulator_for(options)
    except UnequalVersionsError as error:
        sys.exit(f"crm-emulator: {error}")
    except OSError as error:
        sys.exit(f"crm-emulator: cannot keep the certificates in {error.filename}: {os.strerror(error.errno or 0)}")
    except (sqlite3.Error, ForeignStateError) as error:
        sys.exit(f"crm-emulator: cannot use {options.db}: {error}")
    except (ValueError, ControlError) as error:
        made.error(str(error))
    try:
        asyncio.run(_serve(emulator, options.db))
    except _MuteError as error:
        sys.exit(f"crm-emulator: cannot say where it listens: {error}")
    except OSError as error:
        sys.exit(f"crm-emulator: cannot listen on {options.listen}:{options.port}: {_why(error, options.port)}")
    finally:
        emulator.close()


def _why(error: OSError, port: int) -> str:
    """Say why nothing can be listened to, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return "the port is taken; choose another with --port"
    if error.errno == errno.EACCES:
        return (
            "this port takes more rights; choose one above 1023 with --port, or give it to every program: "
            f"sudo sysctl net.ipv4.ip_unprivileged_port_start={port}"
        )
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address; choose another with --listen"
    return f"{os.strerror(error.errno or 0)}; choose another address with --listen, or another port with --port"


if __name__ == "__main__":
    main()
