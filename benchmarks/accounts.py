"""The cost of an account with nothing to do: processor time and requests, in a warm worker and in a cold pipe.

Every account is read from its Copper (people, companies and leads, none of which has changed) and written into its
other account there. Beside it stands the processor time of importing singer-sdk in the same minutes::

    python benchmarks/accounts.py [--accounts 20] [--workers 1] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

BIN = Path(sys.executable).parent
STREAMS = ["people", "companies", "leads"]


@contextmanager
def emulated(accounts: int) -> Iterator[list[dict[str, dict[str, str]]]]:
    """Start an emulator in a process of its own; gives the addresses and keys of its accounts."""
    serving = [sys.executable, __file__, "--serve", str(accounts)]
    emulator = subprocess.Popen(serving, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert emulator.stdout is not None  # noqa: S101 - it was asked for
        yield json.loads(emulator.stdout.readline())
    finally:
        emulator.kill()
        emulator.wait()


def serve(accounts: int) -> None:
    """Be the emulator."""
    from crm_emulator import Emulator  # noqa: PLC0415 - of its own process alone

    sizes = {"people": 6, "companies": 3, "leads": 3}
    none = dict.fromkeys(("opportunities", "projects", "tasks", "activities"), 0)
    with Emulator(accounts=2 * accounts, **sizes, **none) as emulator:
        reads, writes = emulator.accounts[:accounts], emulator.accounts[accounts:]
        known = [
            {"source": settings_of(source.copper), "into": settings_of(into.copper)}
            for source, into in zip(reads, writes, strict=True)
        ]
        print(json.dumps(known), flush=True)
        sys.stdin.read()


def settings_of(copper: Any) -> dict[str, str]:
    """The settings that reach an emulated account at Copper."""
    return {"base_url": copper.base_url, "api_key": copper.api_key, "user_email": copper.user_email}


def written_files(folder: Path, accounts: list[dict[str, dict[str, str]]]) -> dict[str, str]:
    """Write accounts.yml, and the files of a cold pipe for the first account; returns the secrets."""
    kept = {"__else__": None, "id": "id", "name": "name"}
    target = {
        "crm": "copper",
        "ledger_url": f"sqlite:///{folder}/${{entry}}.sqlite",
        "index_lag_seconds": 0,
        "stream_maps": {"people": {**kept, "emails": "emails"}, "companies": kept, "leads": {**kept, "email": "email"}},
        "requests_per_minute": 0,
        "bulk_requests_per_second": 0,
    }
    tap: dict[str, Any] = {"name": "tap-copper", "select": STREAMS, "config": {"requests_per_minute": 0}}
    entries = {
        f"a{number}": {
            "tap": {"config": {**each["source"], "api_key": f"${{SOURCE_{number}}}"}},
            "target": {**each["into"], "api_key": f"${{INTO_{number}}}"},
        }
        for number, each in enumerate(accounts, 1)
    }
    document = {"defaults": {"tap": tap, "target": target}, "accounts": entries}
    (folder / "accounts.yml").write_text(json.dumps(document))
    (folder / "tap.json").write_text(json.dumps({**tap["config"], **accounts[0]["source"]}))
    chosen = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog = {"streams": [{"tap_stream_id": each, "metadata": chosen} for each in STREAMS]}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    own = {**target, **accounts[0]["into"], "ledger_url": f"sqlite:///{folder}/cold.sqlite"}
    (folder / "target.json").write_text(json.dumps(own))
    return {
        f"{which.upper()}_{number}": each[which]["api_key"]
        for number, each in enumerate(accounts, 1)
        for which in ("source", "into")
    }


def seconds_of(work: Callable[[], object]) -> float:
    """Processor seconds of the processes that some work starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def importing() -> None:
    """Import singer-sdk, and nothing else."""
    subprocess.run([sys.executable, "-c", "import singer_sdk"], check=True)


class Sync:
    """Runs ``singer-crm sync`` on some of the accounts.

    Args:
        folder: Holds accounts.yml.
        secrets: The secrets, by the names of variables.
        workers: How many processes there are at once.

    Attributes:
        lines: The lines of the last run.
    """

    def __init__(self, folder: Path, secrets: dict[str, str], workers: int) -> None:
        self._command = [BIN / "singer-crm", "sync", "--accounts", folder / "accounts.yml", "--output", "json"]
        self._command += ["--workers", str(workers)]
        self._environment = {**os.environ, **secrets}
        self.lines: list[dict[str, Any]] = []

    def __call__(self, *names: str) -> None:
        """Sync accounts."""
        done = subprocess.run(
            [*self._command, *names], env=self._environment, capture_output=True, text=True, check=False
        )
        self.lines = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)


def cold_pipe(folder: Path) -> None:
    """Run tap-copper and target-crm of one account in a pipe, as a scheduler without workers does."""
    tap = [BIN / "tap-copper", "--config", folder / "tap.json", "--catalog", folder / "catalog.json"]
    if (folder / "state.json").exists():
        tap += ["--state", folder / "state.json"]
    target = [BIN / "target-crm", "--config", folder / "target.json"]
    reading = subprocess.Popen(tap, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    writing = subprocess.run(target, stdin=reading.stdout, capture_output=True, text=True, check=False)
    reading.wait()
    if writing.returncode:
        raise SystemExit(writing.stderr)
    if states := writing.stdout.splitlines():
        (folder / "state.json").write_text(states[-1])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    with tempfile.TemporaryDirectory() as place, emulated(options.accounts) as accounts:
        folder = Path(place)
        sync = Sync(folder, written_files(folder, accounts), options.workers)
        for _ in range(2):  # until nothing is left to do
            sync("--all")
            cold_pipe(folder)
        imports, pipes, ones, alls = [], [], [], []
        for _ in range(options.rounds):
            imports.append(seconds_of(importing))
            pipes.append(seconds_of(lambda: cold_pipe(folder)))
            ones.append(seconds_of(lambda: sync("a1")))
            alls.append(seconds_of(lambda: sync("--all")))
    requests = [sum(line["requests"].values()) for line in sync.lines]
    warm = (median(alls) - median(ones)) / (options.accounts - 1)
    print(f"requests of an account: {min(requests)} to {max(requests)}; load {os.getloadavg()[0]:.1f}")
    for what, seconds in (
        ("importing singer-sdk", median(imports)),
        ("an account in a cold pipe", median(pipes)),
        ("singer-crm sync of one account", median(ones)),
        ("each further account in a warm worker", warm),
    ):
        print(f"{what:40} {seconds:6.3f} s  {seconds / median(imports):5.2f} x importing singer-sdk")


if __name__ == "__main__":
    main()
