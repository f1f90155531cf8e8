"""An undo: what a run changed goes back, and what cannot or must not go back is left and listed.

In this order: former values that lead to no record that is still to be made, deletes of what the run created, records
made again, then what refers to these. What the CRM refuses is tried once more when something else went back: a value
that only one record may have was perhaps still taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from target_crm.engine.run import Run, StreamContext
from target_crm.ledger.run_history import RunHistory
from target_crm.ledger.values import Scope
from target_crm.stream_settings import StreamSettings
from target_crm.undo.decisions import CHANGED, IN_DOUBT, Back, Decision, Left, Place
from target_crm.undo.deleting import CreatedDeleter
from target_crm.undo.findings import Adjuster, Findings
from target_crm.undo.following import Follower
from target_crm.undo.looking import Looker
from target_crm.undo.lost_references import LostReferences
from target_crm.undo.making import Maker, attach
from target_crm.undo.places import Places
from target_crm.undo.progress import Progress, Refusals, summary_of
from target_crm.undo.references import References
from target_crm.undo.restoring import Restorer
from target_crm.undo.steps import Touched, touched_by

FRESH_SECONDS = 60.0  # for which a look is good enough to send what it decided: as long as an index lags by default
AT_ONCE = 1000  # records that are written between two looks
NOT_MADE = "the record that it referred to was not made again"


class Undo:
    """Takes a run back.

    Args:
        run: The undo, as a run.
        history: What the ledger tells of runs.
        run_id: The run that is taken back.
        settings_of: Gives the settings of a stream; raises SettingError.
        again: Whether the next run may send the source's values again.
        fresh: Whether each record is read by itself, past what an index may not show yet.
        allowed: How many records may be deleted, whatever the brakes say; None: the brakes hold.
    """

    def __init__(
        self,
        run: Run,
        history: RunHistory,
        run_id: str,
        settings_of: Callable[[str], StreamSettings],
        *,
        again: bool = False,
        fresh: bool = False,
        allowed: int | None = None,
    ) -> None:
        self._run = run
        self._history = history
        self._run_id = run_id
        run.recorder.books.undo_of = run_id
        self._places = Places(run, again=again)
        self._progress = Progress(self._places, history, run_id)
        self._looker = Looker(self._places, history, run_id, fresh=fresh)
        self._adjuster = Adjuster(self._places, settings_of, allowed)
        self._follower = Follower(self._places, history, run_id)
        self._references = References(run.crm)
        self._lost_references = LostReferences(self._places)
        self._looked_at = 0.0

    @property
    def places(self) -> Places:
        """The ways into the CRM."""
        return self._places

    @property
    def progress(self) -> Progress:
        """Counts what became of the records."""
        return self._progress

    def look(self) -> Findings:
        """Become the only writer of what the run wrote, and decide what becomes of each record.

        Raises:
            LockedError: Another run is the writer.
            StopError: Nothing can be decided.
            BusyError: Nothing can be decided for now.
        """
        touched = touched_by(self._history.lines(self._run.source, self._run_id))
        for name in dict.fromkeys(each.last.object for each in touched):
            if self._places.object_of(name) is not None:
                self._run.locks.take(name)
        self._settle_open(touched)
        at = self._run.timing.clock()
        decided = self._lost_references.left(self._looker.decided(touched))
        decisions, refusals = self._adjuster.adjusted(decided)
        decisions += self._unanswered(touched)
        followers = self._follower.followers(decisions)
        for name in dict.fromkeys(each.touched.last.object for each in followers):
            self._run.locks.take(name)
        return Findings([*decisions, *followers], refusals, at)

    def _unanswered(self, touched: Sequence[Touched]) -> list[Decision]:
        """Leave the records of which the run sent something and, since it was killed, has no answer."""
        claims = {claim for each in touched for claim in each.joined}
        return [
            Decision(Touched(line.crm_id or "", (line,), frozenset({claim})), Back.NOTHING, left=(Left(IN_DOUBT),))
            for line in self._history.unanswered(self._run.source, self._run_id)
            if (claim := (line.scope.id, line.source_id)) not in claims
        ]

    def _settle_open(self, touched: Sequence[Touched]) -> None:
        """Find out about creates without an answer of an undo that ended early."""
        by_scope: dict[tuple[Scope, str], list[Touched]] = {}
        for each in touched:
            if each.is_deleted:
                for line in each.lines:
                    by_scope.setdefault((line.scope, line.object), []).append(each)
        for (scope, name), chosen in by_scope.items():
            crm_object = self._places.object_of(name)
            if crm_object is not None and not crm_object.whole_records:
                Maker(self._places.context(scope, crm_object), self._progress).settle_open(chosen)

    def is_fresh(self, findings: Findings) -> bool:
        """Tell whether a look is good enough to send what it decided."""
        return self._run.timing.clock() - findings.at <= FRESH_SECONDS

    def carry_out(self, findings: Findings) -> None:
        """Take back what the findings say. What is no longer fresh is decided again before it is sent.

        Raises:
            StopError: Nothing further can succeed; what went back until then is in the ledger.
            BusyError: Nothing further can succeed for now; what went back until then is in the ledger, too.
        """
        decisions = findings.decisions
        self._looked_at = findings.at
        self._progress.begin(decisions)
        for each in decisions:
            if each.made is not None:
                self._progress.made[each.place] = each.made
                self._attach(each)
        pending = {each.place for each in decisions if each.back is Back.MAKE}
        refused = self._restore([each for each in decisions if each.back is Back.RESTORE], pending)
        self._delete([each for each in decisions if each.back is Back.DELETE])
        made = [each for each in decisions if each.back is Back.MAKE]
        refused |= self._make(made)
        refused = self._once_more(refused)
        for decision, reason in refused.items():
            self._progress.refused(decision, reason)
        self._relink(decisions, pending)

    def _restore(self, decisions: Sequence[Decision], pending: Collection[Place]) -> Refusals:
        """Send former values, but for references to records that are still to be made."""
        refused: Refusals = {}
        for part in _parts(decisions):
            ready: list[Decision] = []
            for each in self._still_so(part):
                crm_object = self._run.crm.objects[each.touched.last.object]
                values, waiting = self._references.renewed(crm_object, each.values, self._progress.made, pending)
                if values:
                    ready.append(replace(each, values=values))
                elif not waiting:
                    ready.append(each)
            refused |= self._sent(ready)
        return refused

    def _sent(self, decisions: Sequence[Decision]) -> Refusals:
        refused: Refusals = {}
        for context, chosen in self._by_owner(decisions):
            refused |= Restorer(context, self._progress).restore(chosen)
        return refused

    def _by_owner(self, decisions: Sequence[Decision]) -> list[tuple[StreamContext, list[Decision]]]:
        """Group decisions by the stream of the source record in whose name they are written."""
        grouped: dict[tuple[int, str], list[Decision]] = {}
        for each in decisions:
            if each.owner is not None:
                grouped.setdefault((each.owner[0], each.touched.last.object), []).append(each)
        return [
            (
                self._places.context(
                    Scope(object_id=chosen[0].touched.last.scope.object_id, id=scope_id), self._run.crm.objects[name]
                ),
                chosen,
            )
            for (scope_id, name), chosen in grouped.items()
        ]

    def _still_so(self, decisions: Sequence[Decision]) -> Sequence[Decision]:
        """Decide anew where the look is no longer fresh; what is decided otherwise by now is left."""
        if self._run.timing.clock() - self._looked_at <= FRESH_SECONDS:
            return decisions
        anew = self._looker.decided([each.touched for each in decisions])
        still: list[Decision] = []
        for before, now in zip(decisions, anew, strict=True):
            values = {name: value for name, value in before.values.items() if name in now.values}
            if now.back is before.back and bool(values) == bool(before.values):
                for left in set(now.left) - set(before.left):
                    self._progress.left(before, left)
                still.append(replace(now, values=values, related=before.related))
            else:
                self._progress.refused(before, summary_of(now.left) or CHANGED)
        return still

    def _delete(self, decisions: Sequence[Decision]) -> None:
        chosen = [each for part in _parts(decisions) for each in self._still_so(part)]
        CreatedDeleter(self._progress).delete(chosen)

    def _make(self, decisions: Sequence[Decision]) -> Refusals:
        """Make records again: first those that refer to none that is still to be made."""
        refused: Refusals = {}
        waiting = list(decisions)
        while waiting:
            pending = {each.place for each in waiting}
            free = [each for each in waiting if not self._renewed(each, pending - {each.place})[1]]
            now = free or waiting[:1]  # of those that refer to each other, one has to be the first
            for context, chosen in self._by_stream(now):
                maker = Maker(context, self._progress)
                refused |= maker.make(chosen, {each: self._renewed(each, pending)[0] for each in chosen})
            done = {each.place for each in now}
            waiting = [each for each in waiting if each.place not in done]
        return refused

    def _renewed(self, decision: Decision, pending: Collection[Place]) -> tuple[dict[str, Any], frozenset[str]]:
        crm_object = self._run.crm.objects[decision.touched.last.object]
        return self._references.renewed(crm_object, decision.values, self._progress.made, pending)

    def _by_stream(self, decisions: Sequence[Decision]) -> list[tuple[StreamContext, list[Decision]]]:
        grouped: dict[tuple[Scope, str], list[Decision]] = {}
        for each in decisions:
            grouped.setdefault((each.touched.last.scope, each.touched.last.object), []).append(each)
        return [
            (self._places.context(scope, self._run.crm.objects[name]), chosen)
            for (scope, name), chosen in grouped.items()
        ]

    def _once_more(self, refused: Refusals) -> Refusals:
        """Try again what was refused, as long as something else went back: a value was perhaps still taken."""
        before = -1
        while refused and len(self._progress.back) > before:
            before = len(self._progress.back)
            decisions = list(refused)
            refused = self._sent([each for each in decisions if each.back is Back.RESTORE])
            refused |= self._make([each for each in decisions if each.back is Back.MAKE])
        return refused

    def _relink(self, decisions: Sequence[Decision], pending: Collection[Place]) -> None:
        """Let references lead to records that were made again, by the ids that these have now."""
        links: list[Decision] = []
        for each in decisions:
            if each.back not in {Back.RESTORE, Back.MAKE, Back.FOLLOW} or each.place in self._progress.failed:
                continue
            crm_object = self._run.crm.objects[each.touched.last.object]
            names = frozenset(each.values) if each.back is Back.FOLLOW else self._renewed(each, pending)[1]
            values, _ = self._references.renewed(
                crm_object,
                {name: each.values[name] for name in names},
                self._progress.made,
                set(pending) - self._progress.made.keys(),
            )
            for name in names - values.keys():
                self._progress.left(each, Left(NOT_MADE, name))
            if values:
                links.append(self._link(each, values))
        for decision, reason in self._sent(links).items():
            self._progress.left(decision, Left(reason))

    def _link(self, decision: Decision, values: Mapping[str, Any]) -> Decision:
        """Return what puts references into a record, of which everything else is done."""
        if decision.back is not Back.MAKE:
            return replace(decision, back=Back.FOLLOW, values=values)
        last, crm_id = decision.touched.last, self._progress.made[decision.place]
        touched = replace(decision.touched, crm_id=crm_id)
        owner = last.scope.id, last.source_id
        return replace(decision, touched=touched, back=Back.FOLLOW, values=values, owner=owner, current={})

    def _attach(self, decision: Decision) -> None:
        crm_object = self._places.object_of(decision.touched.last.object)
        if crm_object is not None and decision.made is not None:
            context = self._places.context(decision.touched.last.scope, crm_object)
            attach(context, decision, decision.made, self._progress)


def _parts(decisions: Sequence[Decision]) -> list[Sequence[Decision]]:
    return [decisions[start : start + AT_ONCE] for start in range(0, len(decisions), AT_ONCE)]
