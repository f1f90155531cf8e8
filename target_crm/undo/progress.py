"""The records of an undo while it is carried out: counted, and told to whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from crm_api.crm_objects import CrmId
from target_crm.engine.sender import Done
from target_crm.ledger.run_history import UNDO_OF, RunHistory
from target_crm.report.outcomes import Outcome
from target_crm.undo.decisions import Back, Decision, Left, Place
from target_crm.undo.places import Places

TRIES = 6  # rounds in which no write is answered, before the records are left to the next undo
UNANSWERED = "no answer came; undo the run once more, which looks into it first"
"""Why a record does not go back whose write may have been carried out."""
Refusals = dict[Decision, str]
"""The records that the CRM refused, each with the reason."""


class Progress:
    """Counts each record once. Thread-safe.

    Args:
        places: The ways into the CRM.
        history: What the ledger tells of runs.
        run_id: The run that is taken back.

    Attributes:
        places: See above.
        history: See above.
        reason: What the history tells the writes of this undo as.
        made: The CRM's ids of the records that are made again, by the record that was deleted.
        deleted: The records that are deleted.
        back: The records that went back.
        failed: The records that do not go back though they might, each with the reason.
        more_left: What turned out to be left only when it was to be sent, by record.
    """

    def __init__(self, places: Places, history: RunHistory, run_id: str) -> None:
        self.places = places
        self.history = history
        self.reason = f"{UNDO_OF}{run_id}"
        self.made: dict[Place, CrmId] = {}
        self.deleted: set[Place] = set()
        self.back: set[Place] = set()
        self.failed: dict[Place, str] = {}
        self.more_left: dict[Place, list[Left]] = {}
        self._recorder = places.run.recorder
        self._lock = threading.Lock()

    def linked(self, decision: Decision, done: Done) -> None:
        """Count references of a record that lead to records which were made again."""
        last = decision.touched.last
        with self._lock:
            self.back.add(decision.place)
        self._recorder.linked(
            last.stream,
            last.object,
            last.source_id,
            crm_id=done.crm_id,
            answer=done.record,
            change=done.write.change,
            status=done.status,
        )

    def begin(self, decisions: Sequence[Decision]) -> None:
        """Count the records that the run wrote, and those that stay as they are."""
        of_run = [each for each in decisions if each.back is not Back.FOLLOW]
        for each in of_run:
            self._recorder.arrived(each.touched.last.stream, each.touched.last.object, 1)
        for each in of_run:
            if each.back.sends:
                continue
            outcome = Outcome.UNCHANGED if each.is_back else Outcome.SKIPPED
            self._ended(each, outcome, "" if each.is_back else summary_of(each.left))

    def _ended(self, decision: Decision, outcome: Outcome, reason: str = "", *, crm_id: CrmId | None = None) -> None:
        last = decision.touched.last
        crm_ids: Mapping[str, CrmId | None] = {last.source_id: crm_id or decision.touched.crm_id}
        self._recorder.ended(last.stream, last.object, [last.source_id], outcome, reason, crm_ids=crm_ids)

    def restored(self, decision: Decision, done: Done) -> None:
        """Count a record that has its former values."""
        self._written(decision, done, Outcome.UPDATED)

    def made_again(self, decision: Decision, done: Done) -> None:
        """Count a record that was made again."""
        with self._lock:
            self.made[decision.place] = done.crm_id
        self._written(decision, done, Outcome.CREATED)

    def _written(self, decision: Decision, done: Done, outcome: Outcome) -> None:
        last = decision.touched.last
        with self._lock:
            self.back.add(decision.place)
        self._recorder.written(
            last.stream,
            last.object,
            last.source_id,
            outcome,
            crm_id=done.crm_id,
            answer=done.record,
            change=done.write.change,
            status=done.status,
        )

    def gone(self, decision: Decision) -> None:
        """Count a record that was deleted."""
        with self._lock:
            self.deleted.add(decision.place)
            self.back.add(decision.place)
        self._ended(decision, Outcome.DELETED)

    def refused(self, decision: Decision, reason: str) -> None:
        """Count a record that does not go back though it might."""
        with self._lock:
            self.failed[decision.place] = reason
        self._ended(decision, Outcome.SKIPPED, reason)

    def left(self, decision: Decision, left: Left) -> None:
        """Note what is left of a record that goes back otherwise."""
        with self._lock:
            self.more_left.setdefault(decision.place, []).append(left)


def summary_of(left: Sequence[Left]) -> str:
    """Name the reasons why a record stays, each once: attributes are not named, so that alike records count as one."""
    return "; ".join(dict.fromkeys(each.reason for each in left))
