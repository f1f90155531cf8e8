"""Finding the switches of the emulator that would make differences none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crm_emulator.compare.alternatives import Alternative
from crm_emulator.compare.asking import FURTHER, SIZES, Asker, Located, Sizes
from crm_emulator.compare.kinds_of_requests import Key, Kind, Prepare, ask
from crm_emulator.compare.seen import Difference
from crm_emulator.compare.shown_names import ShownNames
from crm_emulator.crms import EmulatedCrms

Found = tuple[Key, Difference]

# To ask all of a long recording once for each switch would take minutes: a part of it says which are worth that.
_TRIED = 3  # requests of a route that differs, besides one of each status
_TRIED_FURTHER = 5  # records that are read besides
_FEW = 4  # the part of the records that are made where what is made matters


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a recording.

    Attributes:
        kinds: The kinds of requests that differ.
        order: The requests that are asked, in their order.
        further: How many records of each kind are read besides.
    """

    kinds: Mapping[Key, Kind]
    order: Sequence[Located]
    further: int

    def of(self, crm: str) -> _Part:
        """Return what is of one CRM."""
        kinds = {key: kind for key, kind in self.kinds.items() if kind.crm == crm}
        return _Part(kinds, [place for place in self.order if place.crm == crm], self.further)


@dataclass(slots=True)
class _Base:
    """Bodies and differences that a part of a recording brings without any other switch, by kind."""

    answers: dict[Key, list[tuple[int, bytes]]] = field(default_factory=dict)
    differences: dict[Key, set[Difference]] = field(default_factory=dict)


class Explainer:
    """Finds them.

    Args:
        kinds: The requests that were compared, by route.
        order: Those that were asked, in their order.
        names: Decides which names of keys are shown.
        prepare: Sets the emulator's switches.
    """

    def __init__(
        self, kinds: Mapping[Key, Kind], order: Sequence[Located], names: ShownNames, prepare: Prepare
    ) -> None:
        self._kinds = kinds
        self._order = order
        self._names = names
        self._prepare = prepare

    def explained(self, found: set[Found], options: Sequence[Alternative]) -> dict[Found, list[str]]:
        """Name the switches that would make differences none, and make no other of the same requests."""
        explained: dict[Found, list[str]] = {}
        crms = {place.crm for place in self._order}
        with Asker(self._prepare) as asker:
            whole = asker.state(crms)
        few = {crm: {name: count // _FEW for name, count in sizes.items()} for crm, sizes in SIZES.items()}
        for state, sizes in ((whole, SIZES), (b"", few)):  # to make records takes longer, and says more of kinds alone
            left = {(key, each) for key, each in found - explained.keys() if state or each.is_of_kinds}
            part = self._part({key for key, _ in left})
            base = self._base(part, state, sizes)
            for option in options if left else ():
                tried = self._gone(option, state, sizes, part.of(option.crm), base, left)
                if not tried:
                    continue
                all_of_it = _Part({key: self._kinds[key] for key, _ in tried}, self._order, FURTHER).of(option.crm)
                asked = {key: {each for of, each in found if of == key} for key in all_of_it.kinds}
                for each in self._gone(option, state, SIZES, all_of_it, _Base(differences=asked), tried):
                    explained.setdefault(each, []).append(str(option))
        return explained

    def _part(self, differing: set[Key]) -> _Part:
        """Choose the requests that are tried: some of each kind that differs, and others for their ids alone."""
        chosen: set[int] = set()
        kinds = {}
        for key, kind in self._kinds.items():
            statuses = {place.exchange.status: place for place in reversed(kind.places)}
            few = {id(place) for place in kind.places[: _TRIED if key in differing else 1]}
            few |= {id(place) for place in statuses.values()} if key in differing else set()
            chosen |= few
            if key in differing:
                kinds[key] = kind.unanswered([place for place in kind.places if id(place) in few])
        return _Part(kinds, [place for place in self._order if id(place) in chosen], _TRIED_FURTHER)

    def _base(self, part: _Part, state: bytes, sizes: Sizes) -> _Base:
        copies = self._asked(part, self._prepare, state, sizes)
        return _Base(
            {key: kind.answers for key, kind in copies.items()},
            {key: kind.differences(self._names) for key, kind in copies.items()},
        )

    def _gone(
        self,
        option: Alternative,
        state: bytes,
        sizes: Sizes,
        part: _Part,
        base: _Base,
        left: set[Found],
    ) -> set[Found]:
        """Return those of some differences that a switch makes none."""
        copies = self._asked(part, _both(self._prepare, option), state, sizes)
        gone: set[Found] = set()
        for key, kind in copies.items():
            if kind.answers == base.answers.get(key):
                continue
            others = kind.differences(self._names, nulls_differ=True)
            before = base.differences[key]
            gone |= {(of, each) for of, each in left if of == key and _is_explained(each, others, before)}
        return gone

    def _asked(self, part: _Part, prepare: Prepare, state: bytes, sizes: Sizes) -> dict[Key, Kind]:
        copies = {key: kind.unanswered(kind.places) for key, kind in part.kinds.items()}
        if copies:
            with Asker(prepare, state, sizes) as asker:
                ask(asker, copies, part.order, part.further)
        return copies


def _both(first: Prepare, option: Alternative) -> Prepare:
    def prepare(crms: EmulatedCrms) -> None:
        first(crms)
        option.set_on(crms)

    return prepare


def _is_explained(each: Difference, others: set[Difference], before: set[Difference]) -> bool:
    """Return whether a difference is gone, by no mere nulls in its place, and there is no new one."""
    if each not in before or each in others:
        return False
    if any(other.is_of_nulls and other.where == each.where for other in others):
        return False
    return all(other.is_of_nulls or other in before for other in others)
