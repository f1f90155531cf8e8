"""The beginning of a plan in a dry run: its file, and what fills it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_api.errors import SettingError
from target_crm.engine.dry_run import DryRunCrm
from target_crm.plans.plan_file import PLAN_SETTING, is_plan
from target_crm.plans.plan_recorder import PlanRecorder
from target_crm.plans.settings_digest import settings_digest


def recorder_of(path: str, config: Mapping[str, Any], crm: DryRunCrm, *, has_ledger: bool) -> PlanRecorder:
    """Return what makes a plan in a file; a plan that the file holds is removed, lest it pass for that of this run.

    Raises:
        SettingError: The file cannot be written, or holds something else.
    """
    file = Path(path)
    if file.exists() and not is_plan(file):
        raise SettingError(
            f"{PLAN_SETTING} names a file that is not a plan: {path}. Name another one, or move it out of the way"
        )
    try:
        file.unlink(missing_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=".plan.", dir=Path(os.path.realpath(file)).parent)
    except OSError as error:
        raise SettingError(f"{PLAN_SETTING} cannot be written: {error.strerror}: {path}") from error
    os.close(descriptor)
    Path(beside).unlink()
    return PlanRecorder(file, settings_digest(config), crm, has_ledger=has_ledger)
