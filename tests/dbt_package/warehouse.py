"""A PostgreSQL database that the tap is loaded into by a target of others, and a dbt project over it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crm_emulator import Emulator
from tests.machine import import_package, missing
from tests.tap_copper.running import Output, command_line, settings_of

ROOT = Path(__file__).parents[2]
VENVS = ROOT / ".venvs"
PROJECT = """
name: shop
version: 1.0.0
config-version: 2
profile: shop
flags: {send_anonymous_usage_stats: false}
"""


def program(environment: str, command: str) -> Path:
    """The path of a program of others, in its virtual environment."""
    found = VENVS / environment / "bin" / command
    if not found.exists():
        missing(f"{environment} is not installed (make .venvs/{environment}/ready)")
    return found


class Warehouse:
    """Loads an account and builds the models of the package.

    Args:
        url: URL of an empty database.
        folder: Where settings, state and the dbt project lie.
        target: Virtual environment of the target.
        settings: Further settings of the target, or others.
    """

    def __init__(self, url: str, folder: Path, target: str, **settings: Any) -> None:
        self.url = url
        self._folder = folder
        self._target = program(target, "target-postgres")
        self._state: Mapping[str, Any] = {}
        at = urlsplit(url)
        server = {"host": "127.0.0.1", "port": at.port, "user": "tester", "password": "none"}
        given = {**server, "default_target_schema": "tap_copper"}
        given |= (
            {"dbname": at.path[1:], "add_metadata_columns": True}
            if target.startswith("pipelinewise")
            else {"database": at.path[1:]}
        )
        (folder / "target.json").write_text(json.dumps({**given, **settings}))
        self.project = folder / "shop"
        self.project.mkdir()
        output = {"type": "postgres", **server, "dbname": at.path[1:], "schema": "analytics", "threads": 1}
        profiles = {"shop": {"target": "test", "outputs": {"test": output}}}
        files = {
            "dbt_project.yml": PROJECT,
            "packages.yml": f"packages: [{{local: {ROOT / 'dbt'}}}]",
            "profiles.yml": json.dumps(profiles),
        }
        for name, text in files.items():
            (self.project / name).write_text(text)

    def load(self, emulator: Emulator, *, catalog: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """Read what is new in an account and load it."""
        account = settings_of(emulator, snapshot_url=f"sqlite:///{self._folder}/snapshots.sqlite", deletions=True)
        files = {"state": self._state, **({"catalog": catalog} if catalog else {})}
        command = command_line(self._folder, {**account, **settings}, files=files)
        read = subprocess.run(command, capture_output=True, check=False)
        assert read.returncode == 0, read.stderr.decode()[-2000:]
        self.load_lines(read.stdout)
        self._state = Output.of(read.stdout).state

    def load_lines(self, lines: bytes) -> None:
        """Load Singer messages."""
        command = [self._target, "--config", self._folder / "target.json"]
        loaded = subprocess.run(command, input=lines, capture_output=True, check=False)
        assert loaded.returncode == 0, loaded.stderr.decode()[-2000:]

    def dbt(self, *arguments: str, succeeds: bool = True) -> str:
        """Run dbt, which may ask nobody but the database; return what it said."""
        nowhere = "http://127.0.0.1:1"
        environment = {**os.environ, "DBT_PROFILES_DIR": str(self.project), "NO_COLOR": "1"}
        environment |= {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "DBT_HOME": str(self._folder)}
        command = [program("dbt-postgres", "dbt"), "--no-use-colors", *arguments]
        done = subprocess.run(command, cwd=self.project, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == succeeds, done.stdout[-5000:] + done.stderr[-2000:]
        return done.stdout

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows that a query gives; ``values`` stand in the places of its ``%s``."""
        psycopg = import_package("psycopg")
        with psycopg.connect(self.url, options="-c search_path=analytics,tap_copper", autocommit=True) as connection:
            return list(connection.execute(query, values).fetchall())

    def count(self, table: str) -> int:
        """How many rows a table or view has."""
        psycopg = import_package("psycopg")
        query = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
        ((number,),) = self.rows(query)
        return int(number)

    def execute(self, statement: str) -> None:
        """Change something in the database."""
        psycopg = import_package("psycopg")
        with psycopg.connect(self.url, options="-c search_path=tap_copper", autocommit=True) as connection:
            connection.execute(statement)
