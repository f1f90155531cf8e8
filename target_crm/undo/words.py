"""An undo in words: what is going to happen, what is left and why, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from crm_api.console import as_typed
from crm_api.errors import StopError
from target_crm.undo.decisions import Back, Decision
from target_crm.undo.findings import Findings
from target_crm.undo.progress import Progress

_WORDS = {
    Back.RESTORE: "to get former values back",
    Back.DELETE: "to be deleted",
    Back.MAKE: "to be made again",
    Back.FOLLOW: "to refer to records that are made again",
}


class NotAllBackError(StopError):
    """Records that might go back did not: the CRM refused, gave no answer, or a plan was no longer true."""

    happened = "Not everything went back"
    advice = "The reasons are listed above. Undo the run once more when they are mended: what is back stays back."


def lines_before(run_id: str, findings: Findings) -> Iterator[str]:
    """Say what is left, each with the reason, and count what is going back."""
    lines = [line for each in findings.decisions for line in each.touched.lines if line.at]
    written = [each for each in findings.decisions if each.back is not Back.FOLLOW]
    records = counted(len({each.place if each.touched.crm_id else each.touched.joined for each in written}))
    began, ended = spelled_time(min(line.at for line in lines)), spelled_time(max(line.at for line in lines))
    yield f"Run {run_id} wrote {records}, {began}{f' to {ended}' if ended != began else ''}."
    for each in findings.decisions:
        if each.left:
            yield f"left: {_named(each)}: {'; '.join(left.said for left in each.left)}"
    for stream, counts in findings.counts().items():
        yield f"{stream}: {_in_words(counts)}"
    yield from findings.refusals
    if not any(each.back.sends for each in findings.decisions):
        yield "Nothing goes back."


def lines_after(progress: Progress) -> Iterator[str]:
    """Say what did not go back after all, and what is left of records that did."""
    for place, reason in progress.failed.items():
        yield f"not back: {place[0]} {place[1]}: {reason}"
    for place, left in progress.more_left.items():
        yield f"left: {place[0]} {place[1]}: {'; '.join(each.said for each in left)}"


def last_line(progress: Progress, run_id: str) -> str:
    """Say how many records went back, and how that can be taken back."""
    done = f"{counted(len(progress.back))} went back, as run {run_id}"
    return f"{done}. To take that back: {as_typed(f'undo {run_id}')}"


def _named(decision: Decision) -> str:
    last = decision.touched.last
    return f"{last.stream} {last.source_id} ({_record(decision)})"


def _record(decision: Decision) -> str:
    return f"CRM record {decision.touched.crm_id}" if decision.touched.crm_id else "perhaps a new record"


def _in_words(counts: Counter[str]) -> str:
    said = [f"{counts[back]:,} {words}" for back, words in _WORDS.items() if counts[back]]
    if counts["back already"]:
        said.append(f"{counts['back already']:,} as before the run already")
    if counts["left"]:
        said.append(f"{counts['left']:,} left, or left in part")
    return ", ".join(said) or "nothing"


def counted(records: int) -> str:
    """Spell a number of records."""
    return "1 record" if records == 1 else f"{records:,} records"


def spelled_time(at: float) -> str:
    """Spell a time in Unix seconds, to the minute."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
