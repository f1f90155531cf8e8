"""The streams of the sync log: runs, outcomes, changes, and what is held."""

from __future__ import annotations

import json
import logging
import sys
import time
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from singer_sdk import Stream, Tap
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from typing_extensions import override

from crm_api.errors import SIGNAL_OFFSET
from target_crm.ledger import tables
from target_crm.ledger.runs import KeptRun, run_of
from target_crm.ledger.store import Store
from target_crm.ledger.values import VALUE_BEGINS
from target_crm.report.run_reports import iso_time, kind_of
from target_crm.sync_log import columns
from target_crm.sync_log.opened_log import LogSource, OpenedLog
from target_crm.sync_log.outcomes import WRITTEN, OutcomeLine, Outcomes

ROWS_AT_ONCE = 1000


class LedgerStream(Stream):
    """A stream that is read from the ledger."""

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # what is read here has the types of its schema
    keys: ClassVar[Sequence[str]]
    bookmark: ClassVar[str | None] = "told"

    def __init__(self, tap: Tap, source: LogSource) -> None:
        self._log = source
        super().__init__(tap)
        self.primary_keys = list(self.keys)
        self.replication_key = self.bookmark

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Say nothing of what goes on: whoever called says in one sentence what ended it."""

    def _until_signalled(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield records; after a signal, emit the last STATE and end."""
        for record in records:
            if self._log.signalled is not None:
                self._write_state_message()
                sys.exit(SIGNAL_OFFSET + self._log.signalled)
            yield record


class NumberedStream(LedgerStream):
    """A stream whose records are numbered: STATE holds the last number of which all records were emitted."""

    is_sorted = True
    _mark: Mapping[str, Any]
    _whole = 0
    _begun = 0

    @abstractmethod
    def end(self, opened: OpenedLog) -> int:
        """Return the highest number that the ledger holds."""

    @abstractmethod
    def records(self, opened: OpenedLog, after: int, upto: int) -> Iterator[dict[str, Any]]:
        """Yield the records of the numbers of a range, in order."""

    @override
    def get_records(self, context: Context | None) -> Iterable[dict[str, Any]]:
        with self._log.opened() as opened:
            upto = self.end(opened)
            self._whole = self._begun = self._after(opened, upto)
            self._mark = opened.places.mark()
            yield from self._until_signalled(self.records(opened, self._whole, upto))
        self._whole = upto
        self._note()
        self.state_manager.is_flushed = False

    def _after(self, opened: OpenedLog, upto: int) -> int:
        """Return the number of the last record that need not be read."""
        state = self.stream_state
        number = state.get("replication_key_value")
        if self.replication_method != REPLICATION_INCREMENTAL or number is None:
            return 0
        if (doubt := opened.places.doubt(number, upto, state)) is None:
            return int(number)
        self.logger.warning("Stream %s is read from its beginning: %s", self.name, doubt)
        return 0

    @override
    def _increment_stream_state(self, latest_record: Record, *, context: Context | None = None) -> None:
        """Note the number before this one once a new one begins: several records can have one number."""
        if (number := latest_record["told"]) != self._begun:
            self._whole, self._begun = self._begun, number
            self._note()

    def _note(self) -> None:
        if self.replication_method == REPLICATION_INCREMENTAL:
            self.stream_state.update(replication_key="told", replication_key_value=self._whole, **self._mark)

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Leave it out of STATE: what is read is decided by ``_after``."""


class RunsStream(NumberedStream):
    """Runs: once when they began, once more when they ended."""

    name = "runs"
    schema: ClassVar[dict[str, Any]] = dict(columns.RUNS)
    keys = ("ledger", "run_id", "began_at")

    @override
    def end(self, opened: OpenedLog) -> int:
        return opened.places.ends.runs

    @override
    def records(self, opened: OpenedLog, after: int, upto: int) -> Iterator[dict[str, Any]]:
        table = tables.runs
        query = sa.select(table).where(table.c.number > after, table.c.number <= upto).order_by(table.c.number)
        if opened.account is not None:
            query = query.where(table.c.account == opened.account)
        for row in _each(opened.store, query):
            yield {**opened.columns, **_run_columns(run_of(row))}


def _run_columns(run: KeptRun) -> dict[str, Any]:
    known = {
        "run_id": run.run_id,
        "began_at": iso_time(run.began_at),
        "told": run.number,
        "ended_at": None if run.ended_at is None else iso_time(run.ended_at),
        "crm": run.source.crm,
        "account": run.source.account,
        "source_name": run.source.name,
        "exit_code": run.exit_code,
    }
    report = run.report
    if report is None:
        return known
    names = dict.fromkeys([*report["streams"], *report["linked"]])  # of a stream, references alone may be linked
    streams = [{"stream": name, **_counts(report, name)} for name in names]
    quota = report["quota"] or {}
    return {
        **known,
        **kind_of(report),
        "ended": report["ended"],
        "seconds": report["seconds"],
        "retry": report["retry"],
        **{name: sum(each[name] for each in streams) for name in columns.COUNTS},
        "pending": report["pending"],
        "requests": report["requests"]["requests"],
        "repeated": report["requests"]["repeated"],
        "refused_429": report["requests"]["turned_away"],
        "requests_per_minute": quota.get("per_minute"),
        "most_requests_in_a_minute": quota.get("used_most"),
        "streams": streams,
        "reasons": [
            {"stream": stream, "outcome": outcome, "reason": reason, "records": records}
            for stream, reasons in report["reasons"].items()
            for both, records in reasons.items()
            for outcome, _, reason in [both.partition(": ")]
        ],
        "left_out": [
            {"stream": stream, "attribute": name, "records": told["records"]}
            for stream, attributes in report["left_out"].items()
            for name, told in attributes.items()
        ],
    }


def _counts(report: Mapping[str, Any], stream: str) -> dict[str, int]:
    more = {name: report[name].get(stream, 0) for name in ("removed", "linked")}
    counts = {**report["streams"].get(stream, {}), **more}
    return {name: counts.get(name, 0) for name in columns.COUNTS}


class OutcomesStream(NumberedStream):
    """The outcome of each record of a run that was not unchanged or superseded."""

    name = "outcomes"
    schema: ClassVar[dict[str, Any]] = dict(columns.OUTCOMES)
    keys = ("ledger", "run_id", "line", "number")

    @override
    def end(self, opened: OpenedLog) -> int:
        return opened.places.ends.history

    @override
    def records(self, opened: OpenedLog, after: int, upto: int) -> Iterator[dict[str, Any]]:
        scopes = opened.scopes
        for each in Outcomes(opened.store, opened.beginnings, list(scopes)).told(after, upto):
            yield {**opened.columns, **scopes[each.scope_id].columns, **self._columns(each)}

    def _columns(self, each: OutcomeLine) -> dict[str, Any]:
        return {
            "run_id": each.run_id,
            "line": each.line,
            "number": each.number,
            "told": each.told,
            "run_began_at": None if each.began_at is None else iso_time(each.began_at),
            "at": iso_time(each.at),
            "source_id": each.source_id,
            "crm_id": _shown_id(each.crm_id),
            "outcome": each.outcome,
            "kind": each.kind or None,
            "reason": self._log.redact(each.reason) or None,
            "fields": list(each.fields),
            "request_id": each.request_id,
        }


class ChangesStream(NumberedStream):
    """The fields that writes changed, with their values as far as those are kept."""

    name = "changes"
    schema: ClassVar[dict[str, Any]] = dict(columns.CHANGES)
    keys = ("ledger", "run_id", "line", "field")

    @override
    def end(self, opened: OpenedLog) -> int:
        return opened.places.ends.history

    @override
    def records(self, opened: OpenedLog, after: int, upto: int) -> Iterator[dict[str, Any]]:
        history, scopes = tables.history, opened.scopes
        names = ("id", "scope_id", "source_id", "run_id", "at", "crm_id", "fields", "changes")
        query = sa.select(*(history.c[name] for name in names)).where(history.c.id > after, history.c.id <= upto)
        query = query.where(history.c.action.in_(WRITTEN), history.c.fields != "[]", history.c.scope_id.in_(scopes))
        for row in _each(opened.store, query.order_by(history.c.id)):
            began_at = opened.beginnings.of(row.run_id, row.at)
            of_line = {
                **opened.columns,
                **scopes[row.scope_id].columns,
                "run_id": row.run_id,
                "line": row.id,
                "told": row.id,
                "run_began_at": None if began_at is None else iso_time(began_at),
                "at": iso_time(row.at),
                "source_id": row.source_id,
                "crm_id": _shown_id(row.crm_id),
            }
            kept = {field: (old, new) for field, old, new in json.loads(row.changes or "[]")}
            for field in dict.fromkeys(json.loads(row.fields)):
                old, new = map(self._as_text, kept.get(field, (None, None)))
                yield {**of_line, "field": field, "is_kept": field in kept, "before": old, "after": new}

    def _as_text(self, value: Any) -> str | None:
        """Spell a value as JSON, but for a text; a secret in it is hidden."""
        if value is None:
            return None
        shown = self._log.redact.value(value)
        return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)


class RejectedStream(LedgerStream):
    """Rejected records, and those that wait, as the ledger holds them now: all of them each time."""

    name = "rejected"
    schema: ClassVar[dict[str, Any]] = dict(columns.REJECTED)
    keys = ("ledger", "scope", "source_id")
    bookmark = None

    @override
    def get_records(self, context: Context | None) -> Iterable[dict[str, Any]]:
        if self._log.activates_versions:
            self._stream_version = int(time.time() * 1000)
        yield from self._until_signalled(self._held())
        if self._stream_version is not None and self.selected:
            self._write_activate_version_message(self._stream_version)  # not before: a crash is no short table

    def _held(self) -> Iterator[dict[str, Any]]:
        held = tables.held
        names = ("number", "state", "kind", "reason", "status", "at", "run_id", "source_id", "scope_id")
        columns_of_it = [held.c[name] for name in names]
        with self._log.opened() as opened:
            scopes = opened.scopes
            query = sa.select(*columns_of_it).where(held.c.scope_id.in_(scopes)).order_by(held.c.number)
            for row in _each(opened.store, query):
                yield {
                    **opened.columns,
                    **scopes[row.scope_id].columns,
                    "scope": row.scope_id,
                    "source_id": row.source_id,
                    "number": row.number,
                    "state": row.state,
                    "kind": row.kind,
                    "reason": self._log.redact(row.reason.partition(VALUE_BEGINS)[0]),
                    "status": row.status,
                    "at": iso_time(row.at),
                    "run_id": row.run_id,
                }


STREAMS = (RunsStream, OutcomesStream, ChangesStream, RejectedStream)


def _each(store: Store, query: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
    """Yield the rows of a query, a few in memory at a time."""
    with store.read() as connection:
        for part in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query).partitions():
            yield from part


def _shown_id(text: str | None) -> str | None:
    """Return an id of the CRM as text, whatever its type is there."""
    return None if text is None else str(json.loads(text))
