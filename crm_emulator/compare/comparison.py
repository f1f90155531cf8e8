"""Asking the emulator what was recorded, and saying where its answers differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from crm_emulator.compare.alternatives import Alternative, alternatives
from crm_emulator.compare.asking import Asker, Located
from crm_emulator.compare.bodies import json_of, records_in, see
from crm_emulator.compare.locating import located, shown_route
from crm_emulator.compare.recording import Recording
from crm_emulator.compare.seen import Difference, Seen, differences
from crm_emulator.crms import EmulatedCrms

_ASKED_OF_A_KIND = 40  # requests of one route; what was answered to the others is read, too
_SHORTEST_SECRET = 6
_ERRORS = 4  # the first digit of statuses

Prepare = Callable[[EmulatedCrms], None]
Key = tuple[str, str]


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
        recorded: What was seen in recorded bodies, by the first digit of the status.
        here: What was seen in the emulator's.
        statuses: How often which recorded status met which of the emulator's.
        unmet: How many answers held records, and nothing was found for the same request here.
    """

    crm: str
    route: str
    is_known: bool
    places: list[Located] = field(default_factory=list)
    further: int = 0
    records: int = 0
    recorded: dict[int, Seen] = field(default_factory=dict)
    here: dict[int, Seen] = field(default_factory=dict)
    statuses: Counter[tuple[int, int]] = field(default_factory=Counter)
    unmet: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, with the switches each of which would make it none: ``copper.converted_value=number``."""

    crm: str
    route: str
    difference: Difference
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Outcome of a comparison.

    Attributes:
        kinds: The requests that were compared, by route.
        findings: The differences.
        has_failed: Whether an endpoint of the emulator itself failed.
    """

    kinds: list[Kind]
    findings: list[Finding]
    has_failed: bool


def compared(recording: Recording, crm: str, prepare: Prepare) -> Comparison:
    """Compare a recording with the emulator; raises UnreadableError where nothing in it is for an emulated CRM.

    Args:
        recording: The recording.
        crm: The CRM that a debug trace is of; empty: found out.
        prepare: Sets the emulator's switches.
    """
    with Asker(prepare) as asker:
        vendors = {vendor.name: vendor for vendor in asker.crms.vendors}
        places = located(recording, list(vendors.values()), crm)
        kinds: dict[Key, Kind] = {}
        for place in places:
            key = (place.crm, shown_route(place, vendors[place.crm]))
            kind = kinds.setdefault(key, Kind(*key, bool(place.route)))
            _read(kind, place)
            recording.unread[place.exchange.unread] += bool(place.exchange.unread)
            recording.unread["beyond what was recorded of it"] += place.exchange.is_cut
        asked = {id(place) for kind in kinds.values() for place in kind.places}
        order = [place for place in places if id(place) in asked]
        _ask(asker, kinds, order)
        own_names = {name for kind in kinds.values() for seen in kind.here.values() for name in seen.names()}
        # What was sent may be a name of the emulator's; a secret is none, though its answers may repeat it.
        secrets = set(recording.secrets) | (_sent(places) - own_names)
        found = {(key, each) for key, kind in kinds.items() for each in _differences(kind, secrets)}
        options = [option for name in sorted({key[0] for key, _ in found}) for option in alternatives(vendors[name])]
        has_failed = asker.has_failed
    explained = _explained(found, options, kinds, order, secrets, prepare) if options else {}
    findings = [Finding(*key, each, tuple(explained.get((key, each), ()))) for key, each in found]
    return Comparison(
        list(kinds.values()), sorted(findings, key=lambda each: (each.crm, each.route, each.difference)), has_failed
    )


def _explained(
    found: set[tuple[Key, Difference]],
    options: Sequence[Alternative],
    kinds: dict[Key, Kind],
    order: Sequence[Located],
    secrets: set[str],
    prepare: Prepare,
) -> dict[tuple[Key, Difference], list[str]]:
    """Find the switches that would make differences none, and make no other of the same requests."""
    explained: dict[tuple[Key, Difference], list[str]] = {}
    names = {place.crm for place in order}
    for state in (_state(prepare, names), b""):  # to make records takes longer, and says more of kinds alone
        left = {(key, each) for key, each in found - explained.keys() if state or each.is_of_kinds}
        differing = {key: kinds[key] for key, _ in left}
        for option in options if left else ():
            own = {key: kind for key, kind in differing.items() if kind.crm == option.crm}
            places = [place for place in order if place.crm == option.crm]
            others = _with_switch(_both(prepare, option.set_on), state, own, places, secrets)
            for key, each in left:
                if key in own and _is_explained(each, {other for of, other in others if of == key}, key, found):
                    explained.setdefault((key, each), []).append(str(option))
    return explained


def _state(prepare: Prepare, names: set[str]) -> bytes:
    with Asker(prepare) as asker:
        return asker.state(names)


def _both(first: Prepare, second: Prepare) -> Prepare:
    def prepare(crms: EmulatedCrms) -> None:
        first(crms)
        second(crms)

    return prepare


def _with_switch(
    prepare: Prepare, state: bytes, kinds: dict[Key, Kind], order: Sequence[Located], secrets: set[str]
) -> set[tuple[Key, Difference]]:
    """Return the differences that these kinds of requests have with other switches."""
    copies = {
        key: Kind(kind.crm, kind.route, kind.is_known, kind.places, recorded=kind.recorded)
        for key, kind in kinds.items()
    }
    with Asker(prepare, state) as asker:
        _ask(asker, copies, order)
    return {(key, each) for key, kind in copies.items() for each in _differences(kind, secrets, nulls_differ=True)}


def _is_explained(each: Difference, others: set[Difference], key: Key, found: set[tuple[Key, Difference]]) -> bool:
    """Return whether a difference is gone, by no mere nulls in its place, and there is no new one."""
    if each in others or any(other.is_of_nulls and other.where == each.where for other in others):
        return False
    return all(other.is_of_nulls or (key, other) in found for other in others)


def _read(kind: Kind, place: Located) -> None:
    """Take note of a recorded answer."""
    exchange = place.exchange
    if len(kind.places) < _ASKED_OF_A_KIND:
        kind.places.append(place)
    else:
        kind.further += 1
    if exchange.answer is not None:
        kind.records += records_in(exchange.answer, is_cut=exchange.is_cut)
        see(kind.recorded.setdefault(exchange.status // 100, Seen()), exchange.answer, is_cut=exchange.is_cut)


def _ask(asker: Asker, kinds: dict[Key, Kind], order: Sequence[Located]) -> None:
    """Ask what was asked, in the same order; then read further records as well."""
    of_place = {id(place): kind for kind in kinds.values() for place in kind.places}
    for place in order:
        answer = asker.ask(place)
        kind, exchange = of_place.get(id(place)), place.exchange
        if kind is None:  # asked for what it writes, and for its ids
            continue
        kind.statuses[exchange.status, answer.status] += 1
        see(kind.here.setdefault(answer.status // 100, Seen()), answer.body)
        was_found = exchange.answer and records_in(exchange.answer, is_cut=exchange.is_cut)
        kind.unmet += bool(was_found and not records_in(answer.body))
    for kind in kinds.values():
        for place in [each for each in kind.places if each.exchange.status // 100 < _ERRORS][:1]:
            for answer in asker.ask_further(place):
                if answer.status // 100 < _ERRORS:
                    see(kind.here.setdefault(answer.status // 100, Seen()), answer.body)


def _differences(kind: Kind, secrets: set[str], *, nulls_differ: bool = False) -> set[Difference]:
    found = {
        Difference("status", f"{recorded}, here {here}" + ("" if kind.is_known else ": the emulator has no such route"))
        for recorded, here in kind.statuses
        if recorded != here
    }
    for digit, seen in kind.recorded.items():
        if digit in kind.here:
            said = differences(seen, kind.here[digit], secrets, nulls_differ=nulls_differ)
            found |= {_of_error(each) if digit == _ERRORS else each for each in said}
    return found


def _of_error(difference: Difference) -> Difference:
    return Difference(f"error: {difference.where}", difference.said)


def _sent(places: Sequence[Located]) -> set[str]:
    """Return the texts that were sent, in queries and in bodies, which are not shown where they are keys."""
    values: set[str] = set()
    for exchange in (place.exchange for place in places):
        body = exchange.body or b""
        values.update(exchange.query.values(), _texts(json_of(body)))
        values.update(dict(parse_qsl(body.decode("utf-8", "replace"))).values())
    return {value for value in values if len(value) >= _SHORTEST_SECRET}


def _texts(value: Any) -> Iterator[str]:
    """Return all texts in a value, but for keys."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
