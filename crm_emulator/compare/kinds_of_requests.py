"""The requests of one route: what was recorded of them, what the emulator answers, and where the two differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from crm_emulator.compare.asking import FURTHER, Asker, Located
from crm_emulator.compare.bodies import json_of, records_in, records_of, see, see_value
from crm_emulator.compare.seen import Difference, Seen, differences
from crm_emulator.compare.shown_names import ShownNames
from crm_emulator.crms import EmulatedCrms

ASKED = 40  # requests of one route; what was answered to the others is read, too
_ERRORS = 4  # the first digit of statuses

Prepare = Callable[[EmulatedCrms], None]
Key = tuple[str, str]
"""The CRM and the route of a kind of requests."""


@dataclass(slots=True)
class Kind:
    """The requests of one route.

    Attributes:
        crm: The CRM.
        route: The method and the template.
        is_known: Whether the emulator has the route.
        places: The requests that are asked.
        further: How many more there were, which are read and not asked.
        records: How many records the recorded answers hold.
        bodies: How many recorded answers could be read.
        recorded: What was seen in recorded bodies, by the first digit of the status.
        answers: Status and body of each of the emulator's answers.
        statuses: How often which recorded status met which of the emulator's.
        unmet: How many answers held records, and nothing was found for the same request here.
    """

    crm: str
    route: str
    is_known: bool
    places: list[Located] = field(default_factory=list)
    further: int = 0
    records: int = 0
    bodies: int = 0
    recorded: dict[int, Seen] = field(default_factory=dict)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    statuses: Counter[tuple[int, int]] = field(default_factory=Counter)
    unmet: int = 0
    _here: dict[int, Seen] = field(default_factory=dict)

    def read(self, place: Located) -> None:
        """Take note of a recorded answer."""
        exchange = place.exchange
        if len(self.places) < ASKED:
            self.places.append(place)
        else:
            self.further += 1
        if exchange.answer is not None:
            value = json_of(exchange.answer, is_cut=exchange.is_cut)
            seen = self.recorded.setdefault(exchange.status // 100, Seen())
            see_value(seen, value, exchange.answer, is_cut=exchange.is_cut)
            self.records += records_of(value)
            self.bodies += 1

    def unanswered(self, places: Sequence[Located]) -> Kind:
        """Return the same kind before anything was asked of the emulator, with other places."""
        return Kind(self.crm, self.route, self.is_known, list(places), recorded=self.recorded)

    def here(self) -> dict[int, Seen]:
        """Return what is in the emulator's answers, by the first digit of the status, once all are there."""
        if not self._here:
            for status, body in self.answers:
                see(self._here.setdefault(status // 100, Seen()), body)
        return self._here

    @property
    def is_compared(self) -> bool:
        """Whether a recorded body had anything of the same kind to be held against."""
        return self.bodies > self.unmet and any(
            self.recorded.get(status // 100) is not None and self.recorded[status // 100].count
            for status, _ in self.answers
        )

    def differences(self, names: ShownNames, *, nulls_differ: bool = False) -> set[Difference]:
        """Say where the emulator's answers differ from the recorded ones."""
        unknown = "" if self.is_known else ": the emulator has no such route"
        found = {
            Difference("status", f"{recorded}, here {here}{unknown}")
            for recorded, here in self.statuses
            if recorded != here
        }
        here = self.here()
        for digit, seen in self.recorded.items():
            if digit in here:
                said = differences(seen, here[digit], names, nulls_differ=nulls_differ)
                found |= {_of_error(each) if digit == _ERRORS else each for each in said}
        return found


def ask(asker: Asker, kinds: Mapping[Key, Kind], order: Collection[Located], further: int = FURTHER) -> None:
    """Ask what was asked, in the same order; then read further records as well."""
    of_place = {id(place): kind for kind in kinds.values() for place in kind.places}
    for place in order:
        answer = asker.ask(place)
        kind, exchange = of_place.get(id(place)), place.exchange
        if kind is None:  # asked for what it writes, and for its ids
            continue
        kind.statuses[exchange.status, answer.status] += 1
        kind.answers.append((answer.status, answer.body))
        was_found = exchange.answer and records_in(exchange.answer, is_cut=exchange.is_cut)
        kind.unmet += bool(was_found and not records_in(answer.body))
    for kind in kinds.values():
        for place in [each for each in kind.places if each.exchange.status // 100 < _ERRORS][:1]:
            kind.answers += [
                (answer.status, answer.body)
                for answer in asker.ask_further(place, further)
                if answer.status // 100 < _ERRORS
            ]


def _of_error(difference: Difference) -> Difference:
    return Difference(f"error: {difference.where}", difference.said)
