"""The file of a plan before the run that makes it: free, or of an earlier plan, which goes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_api.errors import SettingError

BEGINNING = b'{"singer_crm_plan"'
"""The beginning of each plan."""
SETTING = "plan_path"
OTHERS = ("rejected_path", "report_path", "responses_path")


def begin_plan(config: Mapping[str, Any]) -> None:
    """Remove the plan that the file holds, if one is to be made: it must not pass for the new one if that fails.

    Raises:
        SettingError: The file cannot be written, or holds something else; or it is no dry run that names it.
    """
    path = config.get(SETTING)
    if not path:
        return
    if not config["dry_run"]:
        raise SettingError(
            f"{SETTING} makes the plan of a dry run: set dry_run to true as well, or remove {SETTING}. Nothing was sent"
        )
    try:
        file = Path(os.path.realpath(path))  # as ``replace_file`` does: where it is a link, what it leads to
        _check_others(file, config)
        if file.exists() and not is_plan(file):
            raise SettingError(
                f"{SETTING} names a file that is not a plan: {path}. Name another one, or move that one away"
            )
        file.unlink(missing_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=".plan.", dir=file.parent)
    except (OSError, ValueError) as error:  # a ValueError: of a name with a zero byte in it
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingError(f"{SETTING} cannot be written: {why}: {path}") from error
    os.close(descriptor)
    Path(beside).unlink()


def _check_others(file: Path, config: Mapping[str, Any]) -> None:
    """Refuse a file that another setting names as well: the plan would take the place of what is in it."""
    for name in OTHERS:
        if (other := config.get(name)) and Path(os.path.realpath(other)) == file:
            raise SettingError(f"{SETTING} and {name} name the same file: {file}. Name another one for the plan")


def is_plan(path: Path) -> bool:
    """Tell whether a file is, or was meant to be, a plan; an empty one may become one."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(BEGINNING)) in {b"", BEGINNING}
    except OSError:
        return False
