"""An undo before it is carried out: decisions about all records, and what they mean for each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from crm_api.crm_objects import CrmObject
from crm_api.errors import SettingError
from crm_api.records.related_records import Related
from target_crm.delete_brakes import Brakes
from target_crm.stream_settings import StreamSettings
from target_crm.undo.decisions import Back, Decision, Left, Place
from target_crm.undo.places import Places
from target_crm.undo.references import References

ASKED_AT_ONCE = 20  # records of which it is asked together what refers to them
BRAKE = "a brake held its delete back"


@dataclass(frozen=True)
class Findings:
    """The decisions of one look.

    Attributes:
        decisions: A decision for each record that the run wrote, in the order in which it wrote them.
        refusals: A sentence for each stream whose deletes a brake holds back.
        at: When the look began (seconds of the run's clock).
    """

    decisions: Sequence[Decision]
    refusals: Sequence[str]
    at: float

    def is_like(self, other: Findings) -> bool:
        """Tell whether another look decided the same."""
        return [each.facts for each in self.decisions] == [each.facts for each in other.decisions]

    def counts(self) -> dict[str, Counter[str]]:
        """Count the records by stream, as what happens to them; ``left`` counts those of which something stays."""
        counted: dict[str, Counter[str]] = {}
        for each in self.decisions:
            of_stream = counted.setdefault(each.touched.last.stream, Counter())
            of_stream["back already" if each.is_back else str(each.back)] += 1
            if each.left:
                of_stream["left"] += 1
        return counted


class Adjuster:
    """Brings decisions about records into line with each other.

    Args:
        places: The ways into the CRM.
        settings_of: Gives the settings of a stream; raises SettingError.
        allowed: How many records may be deleted, whatever the brakes say; None: the brakes hold.
    """

    def __init__(self, places: Places, settings_of: Callable[[str], StreamSettings], allowed: int | None) -> None:
        self._places = places
        self._run = places.run
        self._references = References(places.run.crm)
        self._settings_of = settings_of
        self._allowed = allowed

    def adjusted(self, decisions: Sequence[Decision]) -> tuple[list[Decision], list[str]]:
        """Leave created records that something refers to which stays; then check the brakes.

        Returns:
            The decisions, and a sentence for each stream whose deletes a brake holds back.
        """
        related = self._related([each for each in decisions if each.back is Back.DELETE and each.current is not None])
        decided = self._without_related(decisions, related)
        refusals = self._refusals(decided)
        held = refusals.keys()
        decided = [
            replace(each, back=Back.NOTHING, left=(Left(BRAKE),))
            if each.back is Back.DELETE and each.touched.last.stream in held
            else each
            for each in decided
        ]
        return (self._without_related(decided, related) if held else decided), list(refusals.values())

    # What refers to created records

    def _related(self, deletes: Sequence[Decision]) -> Mapping[Place, set[Place]]:
        """Ask the CRM what refers to records; what they refer to themselves is not lost with them."""
        by_object: dict[str, list[Decision]] = {}
        for each in deletes:
            by_object.setdefault(each.touched.last.object, []).append(each)
        found: dict[Place, set[Place]] = {}
        for name, chosen in by_object.items():
            crm_object = self._run.crm.objects[name]
            ids = [each.touched.crm_id for each in chosen]
            parts = [ids[start : start + ASKED_AT_ONCE] for start in range(0, len(ids), ASKED_AT_ONCE)]
            answers: list[Related] = self._run.pool.gather(
                [partial(self._run.crm.related, crm_object, part) for part in parts]
            )
            related = {crm_id: places for answer in answers for crm_id, places in answer.items()}
            for each in chosen:
                found[each.place] = related.get(each.touched.crm_id, set()) - self._referred_to(each, crm_object)
        return found

    def _referred_to(self, decision: Decision, crm_object: CrmObject) -> set[Place]:
        return {
            (other, crm_id)
            for attribute in crm_object.attributes
            if attribute.name in (decision.current or {})
            for other, crm_id in self._references.places(attribute, (decision.current or {})[attribute.name])
        }

    def _without_related(self, decisions: Sequence[Decision], related: Mapping[Place, set[Place]]) -> list[Decision]:
        """Leave the created records to which something refers that does not go back with them."""
        decided = list(decisions)
        while True:
            going = {each.place for each in decided if each.back is Back.DELETE}
            freeing = {each.place: self._freed_by(each) for each in decided if each.back is Back.RESTORE}
            before = len(going)
            for number, each in enumerate(decided):
                if each.back is not Back.DELETE:
                    continue
                found = related.get(each.place, set())
                staying = {place for place in found if place not in going and each.place not in freeing.get(place, ())}
                if staying:
                    decided[number] = replace(each, back=Back.NOTHING, left=(Left(_told(staying)),))
                else:
                    decided[number] = replace(each, related=frozenset(found))
            if len({each.place for each in decided if each.back is Back.DELETE}) == before:
                return decided

    def _freed_by(self, decision: Decision) -> set[Place]:
        """The records to which a record refers no longer once it has its former values."""
        crm_object = self._run.crm.objects[decision.touched.last.object]
        return {
            place
            for name in decision.values
            if (attribute := crm_object.attribute(name)) is not None
            for place in self._references.places(attribute, (decision.current or {}).get(name))
        }

    # Brakes

    def _refusals(self, decisions: Sequence[Decision]) -> dict[str, str]:
        """The streams whose deletes a brake holds back, each with the reason."""
        deletes = Counter(each.touched.last.stream for each in decisions if each.back is Back.DELETE)
        if self._allowed is not None and deletes.total() <= self._allowed:
            return {}
        refused: dict[str, str] = {}
        for stream, count in deletes.items():
            if refusal := self._brakes(stream).refusal(count):
                advice = f"If that is right, undo it with --allow-deletes {deletes.total()}."
                refused[stream] = f"Stream {stream}: {refusal} None of them is deleted. {advice}"
        return refused

    def _brakes(self, stream: str) -> Brakes:
        try:
            return self._settings_of(stream).brakes
        except SettingError:
            return Brakes()  # the settings no longer know the stream


def _told(related: Iterable[Place]) -> str:
    """Say what refers to a record: ``it has 2 people and 1 task, which stay``."""
    counted = Counter(name for name, _ in related)
    named = " and ".join(f"{count:,} {name}" for name, count in sorted(counted.items()))
    return f"records of the CRM refer to it that the run did not create: {named}"
