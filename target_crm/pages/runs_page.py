"""The page of the runs: what came of them over time, why records were rejected, how much of the quota they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from target_crm.pages.document import document
from target_crm.report.endings import ENDINGS
from target_crm.report.reject_kinds import KINDS

_SCRIPTS = ("chart.js", "run.js", "runs.js")


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
