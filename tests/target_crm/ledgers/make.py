"""Make the corpus: ledgers as a version of the programs writes them, for later versions to carry on.

``python -m tests.target_crm.ledgers.make [--programs FOLDER] [--postgresql URL] [--only CRM]``, in the root of the
repository. FOLDER holds the programs of the version (default: those of this Python). For PostgreSQL, ``pg_dump`` has
to be on the PATH, and URL names an empty server: ``postgresql://tester@127.0.0.1:5432/postgres``.

What is written, below ``tests/target_crm/ledgers/VERSION/CRM/``:

* ``settings.json``: the settings of target-crm, but for where the CRM is and how to sign in;
* ``sqlite.sql`` and ``postgresql.sql``: a ledger of each kind, as SQL that makes it;
* ``sqlite.crm.json`` and ``postgresql.crm.json``: what the CRM holds then, by object.

The folder of a version that was released is never made anew: it holds what that version wrote.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from tests.target_crm.ledgers.stage import (
    Stage,
    crm_text,
    emulator,
    folder_for_runs,
    portable,
    postgres_text,
    sqlite_text,
)

HERE = Path(__file__).parent
SCENES = {"copper": "copper", "freshsales": "freshsales", "apptivo": "apptivo", "http": "declared"}
VENDORS = {"http": "anything"}  # what the emulator calls it
PATIENCE = {
    "requests_per_minute": 0,
    "bulk_requests_per_second": 0,
    "index_lag_seconds": 0,
    "request_timeout_seconds": 30,
    "max_attempts": 2,
}


def scene_of(crm: str) -> Any:
    """The module that tells the story of a CRM."""
    return importlib.import_module(f"tests.target_crm.ledgers.scenes.{SCENES[crm]}")


def make(crm: str, database: str, ledger_url: str, into: Path, programs: Path, work: Path) -> None:
    """Tell the story of a CRM to the programs, and write down what the ledger and the CRM hold then."""
    scene = scene_of(crm)
    with emulator(programs) as (url, accounts):
        settings = {**PATIENCE, **accounts[crm], **scene.SETTINGS}
        stage = Stage(VENDORS.get(crm, crm), url, ledger_url, work, programs, settings)
        scene.tell(stage)
        text = sqlite_text(work / "ledger.sqlite") if database == "sqlite" else postgres_text(ledger_url)
        into.mkdir(parents=True, exist_ok=True)
        (into / f"{database}.sql").write_text(portable(text, url))
        (into / f"{database}.crm.json").write_text(portable(crm_text(stage.changes()), url))
        (into / "settings.json").write_text(json.dumps(scene.SETTINGS, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """Make what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=Path(sys.executable).parent)
    parser.add_argument("--postgresql", metavar="URL", help="of a server that has no databases called like a CRM")
    parser.add_argument("--only", choices=SCENES)
    options = parser.parse_args()
    told = subprocess.run([options.programs / "target-crm", "--version"], check=True, capture_output=True, text=True)
    version = told.stdout.split()[1].strip("v,")
    for crm in [options.only] if options.only else SCENES:
        into = HERE / version / crm
        with folder_for_runs() as work:
            make(crm, "sqlite", f"sqlite:///{work / 'ledger.sqlite'}", into, options.programs, work)
        if options.postgresql:
            with folder_for_runs() as work:
                make(crm, "postgresql", _database(options.postgresql, crm), into, options.programs, work)
        print(f"{into} is made")


def _database(url: str, name: str) -> str:
    """A new database of a server; its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + f"/{name}"


if __name__ == "__main__":
    main()
