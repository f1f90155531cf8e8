"""Undo on the command line, in this process, against an emulator of the test's own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main


@dataclass(frozen=True)
class Undone:
    """How an undo ended, what it said, and what it reported."""

    code: int
    output: str
    report: dict

    @property
    def run_id(self):
        return self.report["run_id"]

    @property
    def left(self):
        return [line.removeprefix("left: ") for line in self.output.splitlines() if line.startswith("left: ")]


@pytest.fixture
def undo(settings, tmp_path):
    """Undo a run; options as on the command line."""

    def undo(run_id, *options, **config):
        file, report = tmp_path / "undo.json", tmp_path / "report.json"
        file.write_text(json.dumps({**settings, "keep_values_days": 30, **config}))
        report.unlink(missing_ok=True)
        ended = CliRunner().invoke(main, ["undo", run_id, "--config", str(file), *options])
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        reported = json.loads(report.read_text()) if report.exists() else {}
        return Undone(ended.exit_code, ended.output, reported)

    return undo
