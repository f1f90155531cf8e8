"""The lines of a plan that were not carried out, of which no held record tells."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence

from crm_api.errors import Exit, StopError
from target_crm.engine.approval import Place
from target_crm.plans.plan_file import PlanLine
from target_crm.report.outcomes import Outcome, RecordOutcome

_NAMED = 5


class NotCarriedOutError(StopError):
    """Lines of a plan are no longer true, and nothing of them is held that the exit code would tell of."""

    exit = Exit.FAILED
    advice = "Make the plan anew if they are still to be done."

    def __init__(self, lines: Sequence[PlanLine]) -> None:
        named = ", ".join(f"{line.action} {line.stream} {line.source_id}" for line in lines[:_NAMED])
        more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
        what = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
        is_not = "is" if len(lines) == 1 else "are"
        super().__init__(happened=f"{what} of the plan {is_not} no longer true and not carried out: {named}{more}")


class LeftLines:
    """Tells which lines are left that nobody would hear of. Thread-safe.

    A record that is held, rejected or waiting, is told of by the summary, and by the exit code as ``max_rejected``
    says. Links, records that are absent from the source, and records that another run has dealt with are not held.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped: set[str] = set()
        self._held: set[Place] = set()

    def stopped(self, line: PlanLine) -> None:
        """Note that something objected to a line."""
        with self._lock:
            self._stopped.add(line.line)

    def ended(self, outcomes: Iterable[RecordOutcome]) -> None:
        """Note which records are held."""
        with self._lock:
            for each in outcomes:
                place = each.stream, each.source_id
                is_held = each.held is not None and each.outcome in {Outcome.REJECTED, Outcome.WAITING}
                (self._held.add if is_held else self._held.discard)(place)

    def among(self, lines: Iterable[PlanLine], done: Collection[str]) -> list[PlanLine]:
        """Return the lines that are left, and of which nothing is held.

        Args:
            lines: The lines that were to be carried out.
            done: The digests of those that are done.
        """
        return [line for line in lines if line.line not in done and self._is_left(line)]

    def _is_left(self, line: PlanLine) -> bool:
        if line.action == "link":  # one that waits for its record goes on doing so
            return line.line in self._stopped
        return (line.stream, line.source_id) not in self._held
