"""The command line of a run of ``singer-crm sync``, and the name under which the run is known (pure)."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

RUN_ID_CHARACTERS = 128  # which singer-crm takes
_DIGEST_CHARACTERS = 12
_FOREIGN = re.compile(r"[^\w.:@+~=/-]", re.ASCII)


@dataclass(frozen=True)
class SyncRun:
    """A run of one account.

    Attributes:
        singer_crm_bin: The command singer-crm: a path, a name, or words as a shell reads them; or a list of words.
        account: The name of the entry of accounts.yml.
        run_id: Names the run in ledger, locks, report and log.
        accounts_file: The path of accounts.yml, where the run is; empty: singer-crm's own default.
        pipeline: Name of the pipeline, which has STATE of its own; empty: that of the schedule.
        is_full_refresh: Whether everything is read anew.
    """

    singer_crm_bin: str | Sequence[str]
    account: str
    run_id: str
    accounts_file: str = ""
    pipeline: str = ""
    is_full_refresh: bool = False

    def words(self) -> list[str]:
        """Return the command line."""
        command = self.singer_crm_bin
        # A path may hold spaces: only what is no file is read as a shell reads it.
        words = [command] if isinstance(command, str) and os.path.isfile(command) else _split(command)  # noqa: PTH113
        words += ["sync", self.account, "--output", "json", "--run-id", self.run_id]
        words += ["--accounts", self.accounts_file] if self.accounts_file else []
        words += ["--pipeline", self.pipeline] if self.pipeline else []
        return words + (["--full-refresh"] if self.is_full_refresh else [])


def _split(command: str | Sequence[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else list(command)


def run_id_of(*parts: object) -> str:
    """Name a run by the parts of a task's name, in a form that singer-crm takes.

    Args:
        parts: Ids of the DAG, its run and the task, and the number of the try; the last part is never cut.
    """
    whole = _FOREIGN.sub("-", "/".join(str(part) for part in parts))
    whole = whole if whole[:1].isalnum() else f"run{whole}"
    if len(whole) <= RUN_ID_CHARACTERS:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    end = f"~{digest}/{_FOREIGN.sub('-', str(parts[-1]))}"
    return whole[: RUN_ID_CHARACTERS - len(end)] + end
