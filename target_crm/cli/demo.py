"""The command ``singer-crm demo``: both plugins in pipes against an emulated account."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

WAIT_SECONDS = 60  # for the emulator to say where it listens, and for a process to end
CONTACTS = (
    ("Alice Whitman", "alice@northwind.example", "Northwind", "ada@emulator.example"),
    ("Bruno Keller", "bruno@northwind.example", "Northwind", "Grace Hopper"),
    ("Chioma Eze", "chioma@lagosworks.example", "Lagos Works", "grace hopper"),
    ("Dariusz Nowak", "dariusz@wislasoft.example", "Wisła Soft", "José Álvarez"),
    ("Emi Tanaka", "emi@sakura.example", "Sakura", "nobody@emulator.example"),
)
"""Name, e-mail, company and assignee, by name or e-mail. The last assignee does not exist, so that one is rejected."""
STREAMS = {
    "companies": {"match_on": ["email_domain"]},
    "contacts": {
        "object": "people",
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    },
}


@click.command()
def demo() -> None:
    """Run both plugins against an emulated account.

    Copies a Copper account, then writes contacts into it twice; the second run creates nothing. Needs the extra
    emulator. Nothing leaves this machine, and nothing stays on it.
    """
    with tempfile.TemporaryDirectory(prefix="singer-crm-demo-") as folder, _emulator() as account:
        work = Path(folder)
        environment = _environment(account, work)
        click.echo(f"A Copper account, emulated on this machine: {account['base_url']}\n")
        click.echo("1. Copy the account:  tap-copper --config=ENV")
        copied = _copied(environment)
        click.echo(f"   {sum(copied.values())} records of {len(copied)} streams: {_listed(copied)}\n")
        created: list[int] = []
        for number, what in ((2, "Write contacts and their companies into it"), (3, "The same again")):
            click.echo(f"{number}. {what}:  … | target-crm --config=ENV --config=streams.json")
            created.append(_written(environment, work))
        click.echo(
            f"The first run created {created[0]} records, the second {created[1] or 'nothing'}. One contact is kept as "
            "rejected, with the reason: the CRM has no such owner."
        )
    sys.exit(1 if created[1] else 0)


def _program(name: str) -> str:
    """Find a command that was installed with this one."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} is not installed")
    return found


@contextmanager
def _emulator() -> Iterator[Mapping[str, str]]:
    """Run an emulator until the end of the block; gives the settings of its Copper account."""
    command = [_program("crm-emulator"), "--port", "0", "--seed", "2026"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - installed with this one
    try:
        for line in process.stdout or ():
            if line.startswith("{") and "/copper/" in line:
                yield json.loads(line)
                return
        raise click.ClickException("crm-emulator did not start")
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_SECONDS)


def _environment(account: Mapping[str, str], work: Path) -> dict[str, str]:
    """Return an environment with the settings of both plugins and without this user's own."""
    (work / "streams.json").write_text(json.dumps({"streams": STREAMS, "source_name": "demo"}))
    own = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_COPPER_", "TARGET_CRM_"))}
    plugins = {
        f"{plugin}_{name.upper()}": value for plugin in ("TAP_COPPER", "TARGET_CRM") for name, value in account.items()
    }
    target = {
        "TARGET_CRM_CRM": "copper",
        "TARGET_CRM_LEDGER_URL": f"sqlite:///{work / 'ledger.sqlite'}",
        "TARGET_CRM_REPORT_PATH": str(work / "report.json"),
    }
    return {**own, **plugins, **target, "TAP_COPPER_LOGLEVEL": "WARNING", "TARGET_CRM_LOGLEVEL": "ERROR"}


def _copied(environment: Mapping[str, str]) -> Counter[str]:
    """Run tap-copper and count the records of each stream."""
    done = subprocess.run(  # noqa: S603 - installed with this one
        [_program("tap-copper"), "--config=ENV"], env=environment, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise click.ClickException("tap-copper failed")
    messages = map(json.loads, done.stdout.splitlines())
    return Counter(message["stream"] for message in messages if message["type"] == "RECORD")


def _listed(copied: Counter[str]) -> str:
    return ", ".join(f"{stream} {count}" for stream, count in copied.most_common())


def _written(environment: Mapping[str, str], work: Path) -> int:
    """Write the contacts and return how many records were created."""
    command = [_program("target-crm"), "--config=ENV", "--config", str(work / "streams.json")]
    lines = "".join(f"{json.dumps(message)}\n" for message in _messages())
    done = subprocess.run(  # noqa: S603 - installed with this one
        command,
        env=environment,
        input=lines,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    for line in done.stderr.splitlines():
        click.echo(line.partition(": see singer-crm")[0], err=True)  # the settings that it names go with the demo
    if done.returncode > 1:  # 1: one of the contacts is rejected
        raise click.ClickException("target-crm failed")
    click.echo()
    report: dict[str, Any] = json.loads((work / "report.json").read_text())
    return sum(outcomes["created"] for outcomes in report["streams"].values())


def _messages() -> Iterator[dict[str, Any]]:
    """Yield the contacts as Singer messages."""
    yield _schema("companies", "company", "name", "email_domain")
    companies = {company: email.partition("@")[2] for _, email, company, _ in CONTACTS}
    for company, domain in companies.items():
        yield _record("companies", company=company, name=company, email_domain=domain)
    yield _schema("contacts", "email", "name", "company", "assignee")
    for name, email, company, assignee in CONTACTS:
        yield _record("contacts", email=email, name=name, company=company, assignee=assignee)
    yield {"type": "STATE", "value": {"contacts": len(CONTACTS)}}


def _schema(stream: str, key: str, *names: str) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": "string"} for name in (key, *names)}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}, "key_properties": [key]}


def _record(stream: str, **record: str) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": record}
