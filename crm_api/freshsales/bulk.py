"""Changes and upserts many records at once: one job, its failures, the ids, and the lists that are added to.

A row of a bulk call holds the attributes that can be sent without knowing the record. Lists that are added to (e-mails,
tags, a contact's accounts, which an array would replace) follow in a second call, for the records that lack something,
once the records of the first call were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from crm_api.crm import BeforeSend, NothingDone, Refused, Result, Wanted, Written
from crm_api.crm_objects import CrmId, CrmRecord, Kind, Payload
from crm_api.errors import BODY_CHARACTERS, SHOWN_CHARACTERS, InvalidError, TooLargeError
from crm_api.freshsales.bulk_ids import BulkIdFinder
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.freshsales.jobs import Failure, Jobs, Report
from crm_api.freshsales.values import as_id, identifier_of, joined, sent, shaped, split
from crm_api.transport.redaction import Redactor
from crm_api.values import is_empty, read_moment

REFUSED_STATUS = int(HTTPStatus.BAD_REQUEST)  # the status that a refused row would have got alone
One = Callable[[FreshsalesObject, CrmId, Payload], Result]
"""Changes one record."""
OneUpsert = Callable[[FreshsalesObject, str, Wanted], Result]
"""Upserts one record."""


@dataclass(frozen=True)
class Row:
    """One record on its way.

    Attributes:
        place: Position in the call.
        identifier: The id or the value by which Freshsales finds the record.
        plain: Attributes that are sent at once.
        added: Elements to add to lists, by attribute.
    """

    place: int
    identifier: Any
    plain: Mapping[str, Any]
    added: Mapping[str, Any]


class Bulk:
    """Carries out the bulk calls of an account.

    Args:
        jobs: Submits jobs and polls them.
        id_finder: Finds the ids of written records.
        read: Reads records by id, not from an index.
        change: Changes one record, for rows that a job's report does not mention.
        upsert: Upserts one record, for rows that a job's report does not mention.
        clock: Freshsales' clock, as of its last answer.
        redact: Masks secrets in Freshsales' words.
    """

    def __init__(
        self,
        jobs: Jobs,
        id_finder: BulkIdFinder,
        *,
        read: Callable[[FreshsalesObject, Sequence[CrmId]], dict[CrmId, CrmRecord]],
        change: One,
        upsert: OneUpsert,
        clock: Callable[[], datetime | None],
        redact: Redactor,
    ) -> None:
        self._jobs = jobs
        self._id_finder = id_finder
        self._read = read
        self._change = change
        self._upsert = upsert
        self._clock = clock
        self._redact = redact

    def change(self, crm_object: FreshsalesObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        """Change records by id."""
        rows = [Row(place, crm_id, *split(payload)) for place, (crm_id, payload) in enumerate(changes)]
        results: dict[int, Result] = {}
        sendable = [row for row in rows if row.plain]
        report = self._sent(crm_object, "id", sendable) if sendable else None
        for number, row in enumerate(sendable):
            if report is not None and (failure := report.failures.get(number)):
                results[row.place] = self._judged(crm_object, row, failure)
            elif report is not None and not report.complete:
                results[row.place] = self._change(crm_object, row.identifier, changes[row.place][1])
        left = [row for row in rows if row.place not in results]
        known = self._seen_by_id(crm_object, [row for row in left if row.added and row.plain], report)
        known |= self._read(crm_object, [row.identifier for row in left if row.added and row.identifier not in known])
        found: list[tuple[Row, CrmRecord]] = []
        for row in left:
            if row.added and row.identifier not in known:
                results[row.place] = Refused("The CRM has no such record", int(HTTPStatus.NOT_FOUND), gone=True)
            elif row.added and row.plain and report is not None and report.is_dry_run:
                # A dry run's report does not know the lists of the record: they are taken to need nothing more.
                results[row.place] = Written(row.identifier, known[row.identifier])
            elif row.added:
                found.append((row, known[row.identifier]))
            else:
                results[row.place] = Written(row.identifier, {})
        results |= self._completed(crm_object, found, {})
        return [results[place] for place in range(len(rows))]

    def upsert(
        self, crm_object: FreshsalesObject, attribute: str, wanted: Sequence[Wanted], before_send: BeforeSend
    ) -> list[Result]:
        """Find or create records by a value."""
        rows = []
        for place, each in enumerate(wanted):
            identifier = identifier_of(crm_object, attribute, each.payload, each.value)
            plain, added = split(each.payload)
            rows.append(Row(place, identifier, plain, added))
        results, refused = self._upserted(crm_object, attribute, rows, wanted, before_send)
        # A record that is created may need the lists that were held back; one that exists is changed without them.
        whole = [replace(rows[place], plain={**rows[place].plain, **rows[place].added}, added={}) for place in refused]
        whole = [row for row in whole if rows[row.place].added]
        if whole:
            results |= self._upserted(crm_object, attribute, whole, wanted, before_send)[0]
        return [results[place] for place in range(len(rows))]

    def _upserted(
        self,
        crm_object: FreshsalesObject,
        attribute: str,
        rows: Sequence[Row],
        wanted: Sequence[Wanted],
        before_send: BeforeSend,
    ) -> tuple[dict[int, Result], list[int]]:
        """Send one call, and return results by the rows' places, and the places of the rows that failed."""
        tries: list[datetime | None] = []

        def sending() -> NothingDone | None:
            tries.append(self._clock())
            return before_send()

        report = self._sent(crm_object, attribute, rows, sending)
        results: dict[int, Result] = {
            rows[number].place: self._refused(each) for number, each in report.failures.items()
        }
        refused = list(results)
        left = [row for row in rows if row.place not in results]
        since = _moment(report.created_at)
        # If an earlier try got no answer, a record that was created since then was created by it.
        began = tries[0] if len(tries) > 1 else since
        seen: dict[str, CrmRecord] = {
            _spelled(rows[number].identifier): shaped(record) for number, record in report.records.items()
        }
        if report.complete and not report.records:
            values = {_spelled(row.identifier) for row in left}
            seen = self._id_finder.find(
                crm_object, values, lambda record: values_of(crm_object, attribute, record), since
            )
        found: list[tuple[Row, CrmRecord]] = []
        created: dict[int, bool] = {}
        for row in left:
            record = seen.get(_spelled(row.identifier))
            if record is None:  # no answer says what became of it: upsert it again, alone, which is harmless
                result = self._upsert(crm_object, attribute, wanted[row.place])
                if isinstance(result, Written) and is_young(result.record, began):
                    result = replace(result, created=True)
                results[row.place] = result
                continue
            found.append((row, record))
            created[row.place] = is_young(record, began) or is_young(record, first_tried(wanted[row.place]))
        return results | self._completed(crm_object, found, created), refused

    def _sent(
        self, crm_object: FreshsalesObject, name: str, rows: Sequence[Row], before_send: BeforeSend | None = None
    ) -> Report:
        elements = [{name: row.identifier, "data": sent(row.plain)} for row in rows]
        try:
            return self._jobs.carry_out(f"/{crm_object.path}/bulk_upsert", crm_object.name, elements, before_send)
        except InvalidError as error:
            if crm_object.name != "leads":
                raise
            # Classic's bulk call is not documented for leads, single calls are.
            raise TooLargeError(error.call, limit=1, status=error.status, said=error.said, body=error.body) from error

    def _judged(self, crm_object: FreshsalesObject, row: Row, failure: Failure) -> Refused:
        """Distinguish a record that is gone from one that was refused."""
        gone = row.identifier not in self._read(crm_object, [row.identifier])
        return self._refused(failure, gone=gone)

    def _refused(self, failure: Failure, *, gone: bool = False) -> Refused:
        reason, body = (
            self._redact.cut(failure.reason, SHOWN_CHARACTERS),
            self._redact.cut(failure.body, BODY_CHARACTERS),
        )
        return Refused(reason, REFUSED_STATUS, gone=gone, body=body)

    def _seen_by_id(
        self, crm_object: FreshsalesObject, rows: Sequence[Row], report: Report | None
    ) -> dict[CrmId, CrmRecord]:
        if report is None or not rows:
            return {}
        if report.records:
            return {as_id(record["id"]): record for record in report.records.values()}
        if len(rows) == 1:
            return {}
        wanted = {str(row.identifier) for row in rows}
        seen = self._id_finder.find(crm_object, wanted, lambda record: (str(record["id"]),), _moment(report.created_at))
        return {record["id"]: record for record in seen.values()}

    def _completed(
        self, crm_object: FreshsalesObject, found: Iterable[tuple[Row, CrmRecord]], created: Mapping[int, bool]
    ) -> dict[int, Result]:
        """Add to the lists of known records what they lack, and return the results of their rows."""
        results: dict[int, Result] = {}
        lacking: list[tuple[Row, CrmRecord, dict[str, Any]]] = []
        for row, record in found:
            lists = joined(crm_object, record, row.added)
            if lists:
                lacking.append((row, record, lists))
            results[row.place] = Written(record["id"], record, created=created.get(row.place))
        refusals = self._extended(crm_object, [(record["id"], lists) for _, record, lists in lacking])
        for (row, record, lists), refusal in zip(lacking, refusals, strict=True):
            if refusal is None:
                results[row.place] = Written(record["id"], {**record, **lists}, created=created.get(row.place))
            else:
                names = " and ".join(lists)
                results[row.place] = Refused(
                    f"Written but for {names}, which the CRM refused: {refusal.reason}",
                    refusal.status,
                    body=refusal.body,
                )
        return results

    def _extended(self, crm_object: FreshsalesObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Refused | None]:
        if not changes:
            return []
        if len(changes) == 1:
            done: Sequence[Result] = [self._change(crm_object, *changes[0])]
        else:
            done = self.change(crm_object, changes)
        return [each if isinstance(each, Refused) else None for each in done]


def is_young(record: CrmRecord, since: datetime | None) -> bool:
    """Whether a record was created at an instant or later: then a write since that instant created it."""
    made = _moment(record.get("created_at"))
    return since is not None and made is not None and made >= since


def first_tried(wanted: Wanted) -> datetime | None:
    """When an upsert was first tried, if this is another try; None if it is the first."""
    return datetime.fromtimestamp(wanted.since, UTC) if wanted.since else None


def _moment(stamp: Any) -> datetime | None:
    try:
        moment = read_moment(stamp)
    except ValueError:
        return None
    return moment if isinstance(moment, datetime) else None


def _spelled(value: Any) -> str:
    return str(value).strip().casefold()


def values_of(crm_object: FreshsalesObject, attribute: str, record: CrmRecord) -> set[str]:
    """Read the values of an identifier in a record, in lower case."""
    known = crm_object.attribute(attribute)
    if known is None:
        value = (record.get("custom_field") or {}).get(attribute)
        return set() if is_empty(value) else {_spelled(value)}
    value = record.get(attribute)
    if known.kind is Kind.ITEMS:
        return {_spelled(each.get(known.item)) for each in value or () if isinstance(each, Mapping)}
    return set() if is_empty(value) else {_spelled(value)}
