"""The figures of a run as telemetry takes them: counts by stream, no values of records."""

from __future__ import annotations

from collections.abc import Mapping

from crm_api.watching.telemetry import Figure, Level, Telemetry
from target_crm.report.books import Books

HELD_STATES = ("rejected", "waiting")


def tell_books(telemetry: Telemetry, books: Books) -> None:
    """Tell how the records of each stream ended so far."""
    if not telemetry.is_on:
        return
    for stream in books.streams:
        for outcome, count in books.outcomes(stream).items():
            telemetry.total(Figure.RECORDS, count, stream=stream, outcome=str(outcome))
        for kind, count in books.reject_kinds(stream).items():
            telemetry.total(Figure.REJECTED, count, stream=stream, kind=kind)


def tell_held(telemetry: Telemetry, counts: Mapping[str, int]) -> None:
    """Tell how many records the ledger holds at the end of a run, of earlier runs too."""
    for state in HELD_STATES:
        telemetry.level(Level.HELD, counts.get(state, 0), state=state)
