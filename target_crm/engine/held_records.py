"""What earlier runs, or earlier records of this one, left to be done: records held back, references to be linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from logging import Logger
from typing import Any, Protocol

from crm_api.errors import SettingError
from target_crm.engine.late_links import Linker
from target_crm.engine.references import BY_MATCH
from target_crm.engine.run import Office
from target_crm.ledger.values import Held
from target_crm.report.outcomes import Books, Outcome
from target_crm.singer.stdio import decode
from target_crm.stream_settings import StreamSettings


class HeldRecordRetrier:
    """Tries again what waited, as soon as what it waited for is there.

    Args:
        office: What all streams share.
        intake: Takes records once more.
        settings_of: The settings of a stream; raises SettingError.
        drain: Writes what was taken.
    """

    def __init__(
        self,
        office: Office,
        intake: RecordIntake,
        settings_of: Callable[[str], StreamSettings],
        drain: Callable[[], None],
    ) -> None:
        self._office = office
        self._intake = intake
        self._linker = Linker(office, settings_of)
        self._drain = drain

    def at_start(self, *, retry_rejected: bool) -> None:
        """What an earlier run left, and can be done by now."""
        office = self._office
        self._linker.link(office.links.ready(office.source))
        held = list(office.held_records.waiting_no_more(office.source))
        if retry_rejected:
            held += office.held_records.held(office.source, "rejected")
        self.feed(sorted(held, key=lambda each: each.number))
        if held:
            self._drain()

    def after_writes(self) -> bool:
        """What waited for the records that were just written; tells whether there is something to write."""
        office, fed = self._office, False
        for stream in list(office.written):
            written = office.written.pop(stream)
            self._linker.link(office.links.written(office.source, stream, written))
            held = office.held_records.waited_for(office.source, stream, written)
            fed = fed or bool(held)
            self.feed(held)
        return fed

    def at_end(self) -> None:
        """What waits for records of the CRM that a match key finds: one that came later may be that record."""
        office, before = self._office, 0
        while held := office.held_records.waited_for(office.source, BY_MATCH, list(office.crm.objects)):
            if len(held) == before:
                break
            before = len(held)
            self.feed(held)
            self._drain()
        self._linker.link(office.links.by_match(office.source))

    def feed(self, held: Iterable[Held]) -> None:
        """Take records that were held once more."""
        office = self._office
        take_again(self._intake, held, run_id=office.run_id, books=office.books, logger=office.logger)


class RecordIntake(Protocol):
    """What takes messages."""

    schema_lines: dict[str, bytes]
    """The SCHEMA message in force, by stream before stream maps."""

    def take_schema(self, message: dict[str, Any], line: bytes) -> None:
        """Take a SCHEMA message."""

    def take_record(self, message: dict[str, Any], line: bytes, held: Held | None = None) -> None:
        """Take a RECORD message, for the stream that held it alone."""


def take_again(
    intake: RecordIntake, held_records: Iterable[Held], *, run_id: str, books: Books, logger: Logger
) -> None:
    """Take records that were held, each with the SCHEMA that it came with; then put the streams' own SCHEMAs back.

    Args:
        intake: Takes messages.
        held_records: In the order in which they were held.
        run_id: Of this run: what it held itself is in the books already.
        books: What became of every record.
        logger: Told of records that cannot be taken by today's settings.
    """
    before = dict(intake.schema_lines)
    for held in held_records:
        schema = decode(held.schema)
        if intake.schema_lines.get(schema["stream"]) != held.schema:
            try:
                intake.take_schema(schema, held.schema)
            except SettingError as error:
                logger.warning("A held record of stream %s is left where it is: %s", held.stream, error)
                continue
        if held.run_id == run_id:
            books.reopened(held.stream, Outcome.REJECTED if held.state == "rejected" else Outcome.WAITING, held.kind)
        else:
            books.carried(held.stream)
        intake.take_record(decode(held.message), held.message, held)
    for stream, line in before.items():
        if intake.schema_lines[stream] != line:
            intake.take_schema(decode(line), line)
