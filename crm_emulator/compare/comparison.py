"""Asking the emulator what was recorded, and saying where its answers differ."""

from __future__ import annotations

from dataclasses import dataclass

from crm_emulator.compare.alternatives import alternatives
from crm_emulator.compare.asking import Asker
from crm_emulator.compare.explaining import Explainer
from crm_emulator.compare.kinds_of_requests import Key, Kind, Prepare, ask
from crm_emulator.compare.locating import located, shown_route
from crm_emulator.compare.recording import Recording
from crm_emulator.compare.seen import Difference


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
    names = recording.names
    with Asker(prepare) as asker:
        vendors = {vendor.name: vendor for vendor in asker.crms.vendors}
        places = located(recording, list(vendors.values()), crm)
        kinds: dict[Key, Kind] = {}
        for place in places:
            key = (place.crm, shown_route(place, vendors[place.crm]))
            kind = kinds.setdefault(key, Kind(*key, bool(place.route)))
            kind.read(place)
            recording.unread[place.exchange.unread] += bool(place.exchange.unread)
            recording.unread["beyond what was recorded of it"] += place.exchange.is_cut
        asked = {id(place) for kind in kinds.values() for place in kind.places}
        order = [place for place in places if id(place) in asked]
        ask(asker, kinds, order)
        # What was sent may be a name of the emulator's; a secret is none, though its answers may repeat it.
        names.settle(name for kind in kinds.values() for seen in kind.here().values() for name in seen.names())
        found = {(key, each) for key, kind in kinds.items() for each in kind.differences(names)}
        options = [option for name in sorted({key[0] for key, _ in found}) for option in alternatives(vendors[name])]
        has_failed = asker.has_failed
    explained = Explainer(kinds, order, names, prepare).explained(found, options) if options else {}
    findings = [Finding(*key, each, tuple(explained.get((key, each), ()))) for key, each in found]
    return Comparison(
        list(kinds.values()), sorted(findings, key=lambda each: (each.crm, each.route, each.difference)), has_failed
    )
