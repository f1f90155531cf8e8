"""Records that the run created, deleted again: what refers to them goes first, and each is kept before it goes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from crm_api.crm_objects import CrmId, CrmObject, Payload
from crm_api.errors import GoneError
from target_crm.undo.decisions import Decision
from target_crm.undo.progress import Progress

STILL_RELATED = "a record that refers to it did not go back"


class CreatedDeleter:
    """Deletes what the run created.

    Args:
        progress: Takes what becomes of each record.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._run = progress.places.run
        self._ledger = progress.places.run.ledger

    def delete(self, decisions: Sequence[Decision]) -> None:
        """Delete records, round after round: those to which none of the others refers any more.

        Raises:
            StopError: Nothing further can succeed.
            BusyError: Nothing further can succeed for now.
        """
        waiting = list(reversed(decisions))  # what was created last refers to what was there before
        while waiting:
            failed = self._progress.failed
            stuck = [each for each in waiting if any(place in failed for place in each.related)]
            for each in stuck:
                self._progress.refused(each, STILL_RELATED)
            waiting = [each for each in waiting if each not in stuck]
            open_places = {each.place for each in waiting}
            free = [each for each in waiting if open_places.isdisjoint(each.related - {each.place})]
            now = free or waiting[:1]  # of those that refer to each other, one has to be the first
            self._delete_all(now)
            done = {each.place for each in now}
            waiting = [each for each in waiting if each.place not in done]

    def _delete_all(self, decisions: Sequence[Decision]) -> None:
        by_object: dict[str, list[Decision]] = {}
        for each in decisions:
            by_object.setdefault(each.touched.last.object, []).append(each)
        for name, chosen in by_object.items():
            crm_object = self._run.crm.objects[name]
            there = [each for each in chosen if each.current is not None]
            for each in chosen:
                if each.current is None:  # an undo that ended early has deleted it
                    self._deleted(each)
            size = crm_object.bulk_delete
            parts = [there[start : start + size] for start in range(0, len(there), size)]
            self._run.pool.gather([partial(self._delete_part, crm_object, part) for part in parts])

    def _delete_part(self, crm_object: CrmObject, decisions: Sequence[Decision]) -> None:
        """Delete in one request, where the CRM takes many; what is known of the records goes into the history first."""
        mapper = self._progress.places.mapper(crm_object)
        for each in decisions:
            last, record = each.touched.last, each.current or {}
            kept = mapper.kept_of(record) if self._ledger.kept_values.on else ()
            self._ledger.keep(last.scope, last.source_id, each.touched.crm_id, record, self._progress.reason, kept)
        ids = [each.touched.crm_id for each in decisions]
        if self._progress.places.again:
            self._ledger.claims.unsettle(decisions[0].touched.last.scope, ids)
        targets: list[tuple[CrmId, Payload]] = [(crm_id, {}) for crm_id in ids]
        for each, refusal in zip(decisions, self._run.crm.delete_many(crm_object, targets, forget=False), strict=True):
            if refusal is None or isinstance(refusal, GoneError):
                self._deleted(each)
            else:
                self._progress.refused(each, f"the CRM refused: {refusal.said or refusal.happened}")

    def _deleted(self, decision: Decision) -> None:
        touched = decision.touched
        self._ledger.claims.taken_back(
            touched.last.scope, touched.crm_id, self._progress.reason, again=self._progress.places.again
        )
        self._run.recent.to(touched.last.object).lose(touched.crm_id)
        self._progress.gone(decision)
