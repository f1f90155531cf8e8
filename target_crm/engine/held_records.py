"""Records that were held, and links that records lack: tried again as soon as what they wait for is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol

from crm_api.errors import SettingError
from target_crm.engine.destination import destination_of
from target_crm.engine.late_links import Linker
from target_crm.engine.run import Run, logger
from target_crm.engine.shares import share_of
from target_crm.ledger.values import Held, Unlinked
from target_crm.mapping.values import Side
from target_crm.partition import Share
from target_crm.report.outcomes import RejectKind
from target_crm.singer.stdio import decode
from target_crm.stream_settings import StreamSettings

LinkPlace = tuple[str, str]
"""The stream and the source id of a record that lacks a reference."""


class RecordIntake(Protocol):
    """Takes messages, and writes what it took."""

    schema_lines: dict[str, bytes]
    """The SCHEMA message in force, by stream before stream maps."""

    def take_schema(self, message: dict[str, Any], line: bytes) -> None:
        """Take a SCHEMA message."""

    def check_object(self, stream: str) -> None:
        """Refuse a stream that becomes nothing; raises SettingError."""

    def take_record(self, message: dict[str, Any], line: bytes, held: Held | None = None) -> bool:
        """Take a RECORD message, for the stream that held it alone; tells whether it was taken."""


class HeldRecordRetrier:
    """Tries again what was held.

    Args:
        run: What all streams share.
        intake: Takes records once more.
        settings_of: Gives the settings of a stream; raises SettingError.
        drain: Writes what was taken.
    """

    def __init__(
        self, run: Run, intake: RecordIntake, settings_of: Callable[[str], StreamSettings], drain: Callable[[], None]
    ) -> None:
        self._run = run
        self._source = run.source
        self._held_records = run.ledger.held_records
        self._links = run.ledger.links
        self._log = run.recorder.log
        self._intake = intake
        self._settings_of = settings_of
        self._drain = drain
        self._hopeless: set[tuple[int, float]] = set()
        self._shares: dict[str, Share | None] = {}

    def at_start(self, *, retry_rejected: bool) -> None:
        """Try what an earlier run left and can be done by now.

        Args:
            retry_rejected: Whether rejected records are tried, too.
        """
        self.link_ready()
        held = list(self._held_records.waiting_no_more(self._source))
        if retry_rejected:
            rejected = self._held_records.held(self._source, "rejected")
            # Only other settings can help them: they are tried last, and not at all where the source has mended them.
            self._hopeless = {_identity(each) for each in rejected if each.kind == RejectKind.NOT_JSON}
            held += [each for each in rejected if _identity(each) not in self._hopeless]
        self.feed(sorted(held, key=lambda each: each.number))
        if held:
            self._drain()

    def replay(self, held_records: Iterable[Held], links: Collection[LinkPlace], take: Side | None) -> None:
        """Try rejected records and links once more, but for those of another account.

        Args:
            held_records: The records.
            links: The records with links that somebody decided about.
            take: The side whose values are taken for the links.
        """
        if links:
            to_decide = self._links.to_decide(self._source)
            chosen = [each for each in to_decide if (each.stream, each.source_id) in links]
            Linker(self._run, self._settings_of).link(chosen, take)
        own = {each.number for each in self._held_records.held(self._source, "rejected")}
        self.feed(each for each in held_records if each.number in own)

    def link_ready(self) -> None:
        """Put in the references that records lack and whose records are there."""
        self._link(self._links.ready(self._source))

    def after_writes(self) -> bool:
        """Try what waited for the records that were just written; tells whether there is something to write."""
        fed = False
        for stream in self._log.streams_written:
            written = self._log.take_written(stream)
            self._link(self._links.written(self._source, stream, written))
            held = self._held_records.waited_for(self._source, stream, written)
            fed = fed or bool(held)
            self.feed(held)
        return fed

    def at_end(self) -> None:
        """Try what waits for records of the CRM that a match key finds: one that came later may be that record."""
        if self._hopeless:
            self.feed(
                each for each in self._held_records.held(self._source, "rejected") if _identity(each) in self._hopeless
            )
            self._drain()
        if self._run.locks.partition is not None:  # what was waited for may have come through another process meanwhile
            self.link_ready()
            self.feed(self._held_records.waiting_no_more(self._source))
            self._drain()
        before = 0
        while held := self._held_records.waiting_on_match(self._source, list(self._run.crm.objects)):
            if len(held) == before:
                break
            before = len(held)
            self.feed(held)
            self._drain()
        self._link(self._links.by_match(self._source))

    def _link(self, unlinked: Sequence[Unlinked]) -> None:
        chosen = [each for each in unlinked if self._run.approval.links((each.stream, each.source_id))]
        if chosen:
            Linker(self._run, self._settings_of).link(chosen)

    def _may_write(self, stream: str) -> bool:
        """Tell whether this run is, or becomes, the only writer of what a stream writes: others go on undisturbed."""
        try:
            settings = self._settings_of(stream)
            share = self._share_of(stream, settings)
        except SettingError:
            return True  # which is told once its SCHEMA is taken
        return self._run.locks.take_if_free(settings.object, "What is held", share)

    def _share_of(self, stream: str, settings: StreamSettings) -> Share | None:
        """Return the share of a stream that this run writes; None: all of it."""
        if self._run.locks.partition is None:
            return None
        if stream not in self._shares:
            mapper = destination_of(self._run.crm, settings).mapper
            self._shares[stream] = share_of(self._run.locks.partition, stream, settings, mapper)
        return self._shares[stream]

    def feed(self, held_records: Iterable[Held]) -> None:
        """Take held records once more, each with the SCHEMA that it came with; then put the streams' SCHEMAs back.

        Args:
            held_records: In the order in which they were held.
        """
        intake = self._intake
        before = dict(intake.schema_lines)
        for held in held_records:
            if not self._run.approval.retries((held.stream, held.source_id)) or not self._may_write(held.stream):
                continue
            schema = decode(held.schema)
            try:
                if intake.schema_lines.get(schema["stream"]) != held.schema:
                    intake.take_schema(schema, held.schema)
                intake.check_object(held.stream)
            except SettingError as error:
                logger.warning("A held record of stream %s is left where it is: %s", held.stream, error)
                continue
            if intake.take_record(decode(held.message), held.message, held):
                self._run.recorder.retried(held)
        for stream, line in before.items():
            if intake.schema_lines[stream] != line:
                intake.take_schema(decode(line), line)


def _identity(held: Held) -> tuple[int, float]:
    """Tell one held version of a record from every other: its number alone may be given again."""
    return held.number, held.at
