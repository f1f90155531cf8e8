"""The page about the sync log, followed to the letter; into PostgreSQL by a target that others wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crm_emulator import Emulator
from tests.machine import import_package, missing
from tests.recipes import PAGES, follow

VENVS = Path(__file__).parents[2] / ".venvs"


def rows_of(folder, stream):
    return [json.loads(line) for line in (folder / "log" / f"{stream}.jsonl").read_text().splitlines()]


def test_the_log_lands_in_files_as_its_page_says(tmp_path):
    with Emulator(empty=True) as emulator:
        written, listed, logged, again = follow("sync-log-in-the-warehouse.md", tmp_path, emulator)
    assert written.code == 0, written.errors
    assert "2 created, 1 rejected" in listed.output
    assert "1 updated, 1 unchanged, 1 superseded, 1 rejected" in listed.output
    assert (logged.code, again.code) == (0, 0), logged.errors + again.errors
    outcomes = [(each["source_id"], each["outcome"]) for each in rows_of(tmp_path, "outcomes")]
    assert sorted(outcomes) == [
        ("1", "created"),
        ("2", "created"),
        ("2", "updated"),
        ("3", "rejected"),
        ("3", "rejected"),
    ]
    assert [each["exit_code"] for each in rows_of(tmp_path, "runs")] == [0, 0]
    (changed,) = [each for each in rows_of(tmp_path, "changes") if each["before"]]
    assert (changed["field"], changed["before"], changed["after"]) == ("title", "Owner", "Chair")
    assert [each["source_id"] for each in rows_of(tmp_path, "rejected")] == ["3", "3"]  # which came twice, whole


@pytest.mark.peer
def test_it_lands_in_postgresql_too_by_a_target_of_others(tmp_path, postgres):
    psycopg = import_package("psycopg")
    target = VENVS / "meltanolabs-target-postgres" / "bin"
    if not target.exists():
        missing("meltanolabs-target-postgres is not installed (make .venvs/meltanolabs-target-postgres/ready)")
    path = os.pathsep.join([str(Path(sys.executable).parent), str(target), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "WAREHOUSE": postgres, "XDG_STATE_HOME": str(tmp_path / "state")}
    with Emulator(empty=True) as emulator:
        *_, last = follow("sync-log-in-the-warehouse.md", tmp_path, emulator)
        assert last.code == 0, last.errors
        for name in ("log-state.json", "last.json"):
            (tmp_path / name).unlink()
        for _ in range(2):
            command = ["/bin/bash", "-euo", "pipefail", "into-postgres.sh"]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            # The third contact is mended, and what was held is held no more.
            (tmp_path / "contacts.csv").write_text("no,name,email,title\n3,Emi Tanaka,emi@sakura.example,Buyer\n")
            pipe = "tap-spreadsheets --config tap-spreadsheets.json | target-crm --config target-crm.json"
            everywhere = {**environment, "PATH": f"{VENVS / 'tap-spreadsheets' / 'bin'}:{path}"}
            subprocess.run(["/bin/bash", "-ec", pipe], cwd=tmp_path, env=everywhere, capture_output=True, check=True)
    with psycopg.connect(postgres) as connection:
        count = "SELECT outcome, count(*) FROM sync_log.outcomes GROUP BY 1 ORDER BY 1"
        assert connection.execute(count).fetchall() == [("created", 3), ("rejected", 2), ("updated", 1)]
        assert connection.execute("SELECT count(*), sum(created) FROM sync_log.runs").fetchone() == (3, 3)
        assert connection.execute("SELECT count(*) FROM sync_log.rejected").fetchone() == (0,)
        questions = re.findall(
            r"```sql questions.sql\n(.*?)```", (PAGES / "sync-log-in-the-warehouse.md").read_text(), re.DOTALL
        )
        night, rejected, over = [connection.execute(each).fetchall() for each in questions[0].split(";")[:3]]
        assert len(night) == 5
        assert [each[1:3] for each in rejected] == [("3", 2)]
        assert [each[2:] for each in over] == [("title", "Owner", "Chair")]
