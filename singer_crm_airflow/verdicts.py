"""Exit codes of ``singer-crm sync``, turned into what a scheduler does next (pure).

| exit code | task |
|---|---|
| 0 | success |
| 1 | tried again if the report's ``retry`` is ``now`` or ``later``; else failed |
| 2, 3 | failed at once: waiting changes neither a setting nor a source |
| 4 | tried again later, after the report's ``retry_after_seconds`` |
| 5 | skipped: another run is at it |
| a signal (negative, or 128 and more) | tried again: nothing is lost |
| anything else | failed |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

DONE, FAILED, SETTINGS, BRAKE, UNREACHABLE, BUSY = range(6)
SIGNAL_OFFSET = 128
SECONDS_WITHOUT_A_WORD = 60.0  # locks of a lost host are free by then

_MEANINGS = {
    DONE: "done",
    FAILED: "records, the input, the output or a stream could not be carried out whole",
    SETTINGS: "a setting or the key is wrong",
    BRAKE: "a brake held deletes back",
    UNREACHABLE: "the CRM, the ledger, a lock or the store of quota_url cannot be reached or was lost",
    BUSY: "another run is at it",
}


class Action(Enum):
    """The end of a task."""

    SUCCEED = "succeed"
    SKIP = "skip"
    RETRY = "retry"
    FAIL = "fail"


@dataclass(frozen=True)
class Verdict:
    """The end of a task, and the reason.

    Attributes:
        action: What becomes of it.
        sentence: The reason, in one sentence.
        retry_after_seconds: How long to wait before the next try; None unless the action is ``RETRY``.
    """

    action: Action
    sentence: str
    retry_after_seconds: float | None = None


def verdict_on(account: str, code: int, report: Mapping[str, Any] | None) -> Verdict:
    """Tell what becomes of the task of an account.

    Args:
        account: The account's name.
        code: The exit code of ``singer-crm sync``; negative: the number of the signal that ended it.
        report: The JSON line of the account; None: there was none.
    """
    ended = (report or {}).get("ended")
    why = ended if isinstance(ended, str) and ended != "done" and code != DONE else _meaning(code)
    sentence = f"{account}: {why} (exit code {code})"
    if code == DONE and report is None:
        return Verdict(
            Action.FAIL,
            f"{account}: exit code 0 without a JSON line. singer_crm_bin must name the command singer-crm",
        )
    action = _action(code, report or {})
    return Verdict(action, sentence, _seconds(report or {}) if action is Action.RETRY else None)


def _action(code: int, report: Mapping[str, Any]) -> Action:
    if code == DONE:
        return Action.SUCCEED
    if code == BUSY:
        return Action.SKIP
    is_worth_it = code == FAILED and report.get("retry") in {"now", "later"}
    if is_worth_it or code == UNREACHABLE or code < 0 or code > SIGNAL_OFFSET:
        return Action.RETRY
    return Action.FAIL


def _meaning(code: int) -> str:
    number = -code if code < 0 else code - SIGNAL_OFFSET
    return _MEANINGS.get(code, f"ended by signal {number}" if number > 0 else "an exit code of another program")


def _seconds(report: Mapping[str, Any]) -> float:
    given = report.get("retry_after_seconds")
    if isinstance(given, int | float) and not isinstance(given, bool) and given >= 0:
        return float(given)
    return 0.0 if report.get("retry") == "now" else SECONDS_WITHOUT_A_WORD
