"""The page of the runs: what came of them over time, why records were rejected, how much of the quota they took."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from crm_api.errors import SIGNAL_OFFSET, Exit
from target_crm.pages.document import document
from target_crm.report.reject_kinds import KINDS

_SCRIPTS = ("chart.js", "run.js", "runs.js")
ENDINGS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        Exit.DONE: ("well", "Every record has its outcome"),
        Exit.FAILED: ("rejected or broken", "More records were rejected than may be, or the input or the output broke"),
        Exit.SETTINGS: ("settings", "A setting or the key is wrong"),
        Exit.BRAKE: ("brake on deletes", "A brake held deletes back"),
        Exit.UNREACHABLE: ("unreachable", "The CRM, the ledger, a lock or a store could not be reached"),
        Exit.BUSY: ("busy", "Another run wrote the same records"),
        **{SIGNAL_OFFSET + each: ("stopped", f"Stopped by {each.name}") for each in (signal.SIGINT, signal.SIGTERM)},
    }
)
"""How a run can end, by its exit code: a word, and a sentence."""


def runs_page(reports: Sequence[Mapping[str, Any]], made_at: str) -> bytes:
    """Return the page of runs.

    Args:
        reports: What ``singer-crm runs --output json`` prints of each run, newest first.
        made_at: The present moment in ISO 8601, UTC.
    """
    kinds = {kind for report in reports for kind in report.get("rejected_kinds") or ()}
    data = {
        "runs": reports,
        "endings": {str(int(code)): said for code, said in ENDINGS.items()},
        "meanings": {kind: (known.meaning, known.remedy) for kind in kinds if (known := KINDS.get(kind))},
        "made_at": made_at,
    }
    return document("runs", "Runs · singer-crm", data, _SCRIPTS)
