"""The summary of a run: a small table for people, and JSON for programs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from crm_api.console import filled_in, is_structured, on_one_line
from target_crm.exit_codes import Ending, list_of_rejected
from target_crm.ledger.values import Missing
from target_crm.mapping.values import LeftOut
from target_crm.report.books import Books
from target_crm.report.outcomes import Outcome, Shared
from target_crm.singer.stream_order import in_circles

REQUESTS_PER_RECORD = 2  # of a loop that finds and writes each record by itself
WIDTH_OF_FILES = 250  # lines are not folded where there is no terminal


@dataclass(frozen=True)
class Forecast:
    """The cost of the run that a dry run stands for.

    Attributes:
        writes: The number of requests that would write.
        requests: The number of all requests.
        seconds: The least time that they take at the account's rate.
    """

    writes: int
    requests: int
    seconds: float


@dataclass(frozen=True)
class Summary:
    """The summary of one run.

    Attributes:
        run_id: The name of the run, in the ledger, too.
        account: The account's name, for people; None if the run ended before it was known.
        books: The counts of outcomes.
        pending: Records that stay rejected, of this run and of earlier ones.
        waiting: Records that wait for a reference, of this run and of earlier ones.
        missing: The records that they wait for, and the references that written records still lack.
        requests: Counts of requests to the CRM, under ``requests``, ``repeated`` and ``turned_away``.
        seconds: The length of the run.
        ending: How the run ended.
        forecast: The cost that a dry run foretells; None in a real run.
        ledger: What the ledger is now, by which the next run tells an older copy of it.
        quota: The requests that are allowed in a minute (None: any number), and the most that were sent in one; None if
            the account was not reached.
    """

    run_id: str
    account: str | None
    books: Books
    pending: int
    waiting: int
    missing: Sequence[Missing]
    requests: Mapping[str, int]
    seconds: float
    ending: Ending
    forecast: Forecast | None = None
    ledger: Mapping[str, Any] | None = None
    quota: Mapping[str, int | None] | None = None

    @cached_property
    def saved(self) -> int:
        """The requests that a find and a write for each record would have taken, less those that were sent."""
        ended = sum(self.books.total(outcome) for outcome in _FOUND_AND_WRITTEN) + self.books.removals
        return max(REQUESTS_PER_RECORD * ended - self.requests.get("requests", 0), 0)

    def report(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        books = self.books
        return {
            "run_id": self.run_id,
            "undo_of": books.undo_of,
            "plan": books.plan,
            "account": self.account,
            "ended": self.ending.sentence or "done",
            "exit_code": self.ending.code,
            "retry": self.ending.retry,
            "retry_after_seconds": self.ending.retry_after_seconds,
            "seconds": round(self.seconds, 3),
            "streams": {
                stream: {
                    "input": books.input(stream),
                    **{str(outcome): count for outcome, count in books.outcomes(stream).items()},
                }
                for stream in books.streams
            },
            "carried_over": {stream: books.carried_over(stream) for stream in books.streams},
            "removed": {stream: books.removed_from(stream) for stream in books.streams},
            "reasons": {stream: books.reasons(stream) for stream in books.streams},
            "reject_kinds": {stream: kinds for stream in books.streams if (kinds := books.reject_kinds(stream))},
            "shared_matches": {
                stream: {
                    "records": count,
                    "examples": [
                        {"crm_id": each.crm_id, "source_ids": each.source_ids} for each in books.shared_examples(stream)
                    ],
                }
                for stream, count in books.shared_matches.items()
            },
            "fields_cleared": books.cleared,
            "left_out": {
                stream: {
                    name: {"records": records, "reason": why.reason, "nearest": why.nearest or None}
                    for name, (why, records) in attributes.items()
                }
                for stream, attributes in books.attributes_left_out.items()
            },
            "fields_unknown": books.unknown,
            "became_null": books.nulls,
            "conflicts": books.conflicts,
            "examples": [asdict(example) for example in books.examples],
            "closed": books.closed,
            "pending": self.pending,
            "waiting": self.waiting,
            "missing": [asdict(each) for each in self.missing],
            "linked": books.links,
            "requests": {**self.requests, "saved": self.saved},
            "quota": self.quota,
            "ledger": self.ledger,
            "dry_run": None if self.forecast is None else asdict(self.forecast),
        }

    def show(self, report: Mapping[str, Any], logger: logging.Logger) -> None:
        """Log the report, and print the table on stderr unless that is a log of JSON, which has the figures then.

        Args:
            report: The summary as JSON values.
            logger: The target's log.
        """
        if not is_structured():
            self._print_table()
        logger.info("Summary: %s", json.dumps(report), extra={"event_name": "run_finished", "facts": report})

    def _print_table(self) -> None:
        """Print the table, without colours where stderr is not a terminal; none if no record came."""
        from rich.console import Console  # noqa: PLC0415 - only the end of a run needs it, and it is slow to import
        from rich.table import Table  # noqa: PLC0415 - only the end of a run needs it

        console = Console(stderr=True, width=None if sys.stderr.isatty() else WIDTH_OF_FILES, highlight=False)
        shown = [outcome for outcome in Outcome if self.books.total(outcome) or outcome in _ALWAYS]
        table = Table(box=None, pad_edge=False)
        table.add_column("stream")
        for heading in ("input", *shown):
            table.add_column(str(heading), justify="right")
        for stream in self.books.streams:
            outcomes = self.books.outcomes(stream)
            counts = [self.books.input(stream), *(outcomes[outcome] for outcome in shown)]
            table.add_row(stream, *(f"{count:,}" for count in counts))
        if self.books.streams:
            console.print(table)
        for line in self._lines():
            console.print(on_one_line(line), markup=False)

    def _of_pending(self) -> str:
        """Say what becomes of the records that are rejected; a dry run keeps none of them."""
        if self.forecast is not None:
            return f"{_records_would(self.pending)} rejected and kept"
        return f"{_records(self.pending)} rejected and kept: see {list_of_rejected()}"

    def _lines(self) -> list[str]:
        lines: list[str] = []
        of_nulls = self.books.cleared, self.books.conflicts, self.books.unknown
        for stream in self.books.streams:
            if carried := self.books.carried_over(stream):
                lines.append(f"{stream}: {carried:,} of the input held by an earlier run and tried again")
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.books.reasons(stream).items())
            if reasons:
                lines.append(f"{stream}: {reasons}")
            lines += _left_out_in_words(stream, self.books.attributes_left_out.get(stream, {}))
            if removed := self.books.removed_from(stream):
                lines.append(f"{stream}: {removed} deleted, since the source no longer has them")
            if unknown := self.books.unknown.get(stream):
                counts = ", ".join(f"{name} {count:,} times" for name, count in unknown.items())
                lines.append(f"{stream}: left alone, since the CRM does not show what is there: {counts}")
        lines += [
            _shared(stream, count, self.books.shared_examples(stream))
            for stream, count in self.books.shared_matches.items()
        ]
        lines += [
            f"{stream}: {attribute} was changed on both sides in {count:,} record{'s' * (count != 1)}; the CRM's value "
            "stays (conflicts: crm)"
            for stream, attributes in self.books.conflicts.items()
            for attribute, count in attributes.items()
        ]
        lines += [
            _became_null(stream, attribute, count, *(of.get(stream, {}).get(attribute, 0) for of in of_nulls))
            for stream, attributes in self.books.nulls.items()
            for attribute, count in attributes.items()
        ]
        lines += [
            f"  {each.kind}, for example {each.source_id}: {filled_in(each.sentence)}" for each in self.books.examples
        ]
        if self.pending:
            lines.append(self._of_pending())
        lines += [
            f"{stream}: {'1 reference was' if count == 1 else f'{count:,} references were'} linked"
            for stream, count in self.books.links.items()
            if count
        ]
        if self.waiting:
            would_be = _records_would if self.forecast is not None else _records
            lines.append(f"{would_be(self.waiting)} waiting for what they refer to")
        lines += map(_waited_for, self.missing)
        waits = {
            each.stream: {other.on for other in self.missing if other.stream == each.stream and not other.attribute}
            for each in self.missing
        }
        if waits and (circle := in_circles(waits)):
            names = " and ".join(circle)
            lines.append(f"  {names} wait for each other: set missing_reference to link_later for one of them")
        took = f"{requests_in_words(self.requests.get('requests', 0))} in {self.seconds:.1f} s"
        if self.forecast is not None:
            return [*lines, f"Dry run: nothing was written; it sent {took}", _forecast_in_words(self.forecast)]
        saved = f"; {self.saved:,} fewer than a find and a write for each record" if self.saved else ""
        lines.append(f"{took}{saved}")
        return lines


def _left_out_in_words(stream: str, attributes: Mapping[str, tuple[LeftOut, int]]) -> list[str]:
    """Say which attributes were not sent, those with one reason and one number of records together."""
    together: dict[tuple[str, int], list[str]] = {}
    for name, (why, records) in attributes.items():
        together.setdefault((why.sentence, records), []).append(name)
    return [
        f"{stream}: left out {', '.join(names)} of {'1 record' if records == 1 else f'{records:,} records'}: {reason}"
        for (reason, records), names in together.items()
    ]


def _forecast_in_words(forecast: Forecast) -> str:
    sent = f"{requests_in_words(forecast.requests)}, {forecast.writes:,} of them writes"
    return f"A real run would send {sent}, and the quota {pace_in_words(forecast.seconds)}"


def pace_in_words(seconds: float) -> str:
    """Say what the quota does with requests; follows "the quota".

    Args:
        seconds: The least time that it makes them take.
    """
    minutes = round(seconds / 60)
    return f"makes them take at least {minutes:,} minute{'s' * (minutes != 1)}" if minutes else "lets them all through"


def _waited_for(missing: Missing) -> str:
    what = f"for records of {missing.on}" if missing.on else "for a record of the CRM"
    one = missing.records == 1
    who = f"{missing.stream}: {missing.records:,} {'waits' if one else 'wait'} {what}"
    if missing.attribute:
        is_written = "is written" if one else "are written"
        who = f"{missing.stream}: {missing.records:,} {is_written}, and {missing.attribute} waits {what}"
    return f"  {who}: {', '.join(missing.examples)}{'…' if missing.records > len(missing.examples) else ''}" + (
        f" ({missing.reason})" if missing.reason else ""
    )


def _shared(stream: str, count: int, examples: Sequence[Shared]) -> str:
    """Say which source records of a stream are one record of the CRM; how many, and some of them."""
    shown = ", ".join(" and ".join(each.source_ids) for each in examples)
    more = "" if count <= len(examples) else ", …"
    what = "1 record shares" if count == 1 else f"{count:,} records share"
    return f"{stream}: {what} a record of the CRM with another source record (shared_match): {shown}{more}"


def _became_null(stream: str, attribute: str, records: int, emptied: int, in_conflict: int, unknown: int) -> str:
    """Tell of an attribute that is null at the source, and had a value when it was last sent."""
    left = records - emptied
    what = f"{stream}: {attribute} became null at the source in {records:,} record{'s' * (records != 1)}"
    if left <= 0:
        return f"{what}, and was emptied in the CRM"
    stays = "the CRM's value stays" if left == records else f"the CRM's value stays in {left:,} of them"
    # A null in conflict, or whose field the CRM does not show, was meant to be sent.
    why = "" if in_conflict or unknown else " (null_values: send would empty it; a list, in mode replace)"
    return f"{what}; {stays}{why}"


def requests_in_words(count: int) -> str:
    """Say a number of requests."""
    return "1 request" if count == 1 else f"{count:,} requests"


def _records(count: int) -> str:
    return "1 record is" if count == 1 else f"{count:,} records are"


def _records_would(count: int) -> str:
    return f"{count:,} {'record' if count == 1 else 'records'} would be"


_FOUND_AND_WRITTEN = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.DELETED, Outcome.SUPERSEDED)
_ALWAYS = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.REJECTED})
