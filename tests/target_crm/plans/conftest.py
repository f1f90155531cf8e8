"""``singer-crm apply`` in this process, under the clock of the other runs."""

from __future__ import annotations

import json

import pytest

from target_crm.plans.applying import apply_plan
from target_crm.plans.plan_file import read_plan
from target_crm.target import TargetCrm
from tests.target_crm.conftest import Run


@pytest.fixture
def apply(settings, tmp_path, capsys, caplog, clock):
    """Carry out the plan in a file, under the test's settings and more."""

    def apply(path, *, fresh=False, allow_deletes=None, **config):
        given = {**settings, **config}
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        capsys.readouterr()
        caplog.clear()
        kind = type("Hurried", (TargetCrm,), {"clock": staticmethod(clock), "sleep": staticmethod(clock.sleep)})
        target = kind(
            config={name: value for name, value in given.items() if value is not None}, allow_deletes=allow_deletes
        )
        code = apply_plan(target, read_plan(path), fresh=fresh)
        captured = capsys.readouterr()
        reported = json.loads(report.read_text()) if report.exists() else None
        return Run(code, captured.out, captured.err + caplog.text, reported)

    return apply
