"""Accounts of an emulator, each with a source of its own, and ``singer-crm sync`` as a process."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crm_emulator import Emulator
from tests.commands import Command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

ACCOUNTS = 3
PEOPLE = schema_of("people", "name", "emails")
# A tap: after the SCHEMA it tells each record and a STATE, from the one on at which the last STATE stopped.
FEED = """
feed=$1
from=0
while [ $# -gt 0 ]; do
  case $1 in --state) from=$(tr -dc 0-9 < "$2");; esac
  shift
done
head -n 1 "$feed"
tail -n "+$((2 * from + 2))" "$feed"
"""


@dataclass
class Fleet:
    """Accounts of an emulator, and the file that names them.

    Attributes:
        emulator: Emulates the CRM.
        folder: Holds everything.
        environment: The secrets, by the names of variables.
        entries: The entries of accounts.yml.
        defaults: What they share.
    """

    emulator: Emulator
    folder: Path
    environment: dict = field(default_factory=dict)
    entries: dict = field(default_factory=dict)
    defaults: dict = field(default_factory=dict)

    @property
    def secrets(self):
        return list(self.environment.values())

    def copper(self, number):
        return self.emulator.accounts[number - 1].copper

    def names(self, number):
        """The names of all people of an account, in order."""
        return sorted(each["name"] for each in self.copper(number).records("people"))

    def feed(self, number, records):
        """Have a source hold so many people."""
        lines = [PEOPLE]
        for each in range(1, records + 1):
            name = f"P{each:03}"
            lines += [
                record_of("people", id=each, name=name, emails=[{"email": f"{name}@a.example", "category": "work"}]),
                state_of(each),
            ]
        (self.folder / f"feed-{number}.jsonl").write_bytes(as_lines(lines))

    def write(self):
        """Write accounts.yml, as JSON, which is YAML."""
        file = self.folder / "accounts.yml"
        file.write_text(json.dumps({"defaults": self.defaults, "accounts": self.entries}))
        return file

    def start(self, *arguments, command=("sync",), env=None):
        """Start a command on accounts.yml."""
        given = [*command, *arguments, "--accounts", self.write()]
        return Command("singer-crm", *given, env={**self.environment, **(env or {})}, cwd=self.folder)

    def run(self, *arguments, command=("sync",), env=None):
        """Run a command on accounts.yml to its end; returns exit code, output and errors."""
        started = self.start(*arguments, command=command, env=env)
        output, errors = started.communicate()
        return started.wait(), output.decode(), errors.decode()

    def sync(self, *arguments, env=None):
        """Sync accounts; returns the exit code, and the line of each account by its name."""
        code, output, errors = self.run(*arguments, "--output", "json", env=env)
        lines = {line["account"]: line for line in map(json.loads, output.splitlines())}
        for secret in self.secrets:
            assert secret not in output + errors
        return code, lines

    def state(self, name, pipeline="default"):
        """The position of a STATE that is kept; None without one."""
        code, output, errors = self.run("get", name, "--pipeline", pipeline, command=("accounts", "state"))
        assert code == 0, errors
        return json.loads(output)["position"] if output.strip() else None

    def kill_at(self, number, creates, whom):
        """Kill a process when an account's CRM has read so many creates.

        Args:
            number: The number of the account.
            creates: How many.
            whom: Returns the number of the process.

        Returns:
            An event: whether it was killed.
        """
        vendor, left, killed = self.copper(number), [creates], threading.Event()

        def count(request):
            if (
                request.method == "POST"
                and "bulk_create" in request.route
                and request.headers.get("x-pw-accesstoken") == vendor.api_key
            ):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(whom(), signal.SIGKILL)
                    killed.set()

        self.emulator.between_requests(count)
        return killed


def children_of(process):
    """The numbers of a process's children."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.fixture
def fleet(tmp_path):
    """Three accounts at Copper, without records, and a source of 30 people for each."""
    (tmp_path / "feed.sh").write_text(FEED)
    with Emulator(accounts=ACCOUNTS, empty=True) as emulator:
        fleet = Fleet(emulator, tmp_path)
        for number in range(1, ACCOUNTS + 1):
            copper = fleet.copper(number)
            fleet.environment[f"KEY_{number}"] = copper.api_key
            fleet.feed(number, 30)
            fleet.entries[f"a{number}"] = {
                "tap": {"command": ["sh", "feed.sh", f"feed-{number}.jsonl"], "config": {}},
                "target": {"api_key": f"${{KEY_{number}}}", "user_email": copper.user_email},
            }
        fleet.defaults["target"] = {
            "crm": "copper",
            "base_url": fleet.copper(1).base_url,
            "ledger_url": f"sqlite:///{tmp_path}/${{entry}}.sqlite",
            "requests_per_minute": 0,
            "bulk_requests_per_second": 0,
            "index_lag_seconds": 0,
            "request_timeout_seconds": 2,
            "batch_size_rows": 10,
        }
        yield fleet
