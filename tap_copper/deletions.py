"""deleted_records: what an earlier run saw and is gone. Search never reports it, so the ids that exist are compared."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from crm_api.errors import GoneError, NotEnabledError
from tap_copper.answers import record_in
from tap_copper.client import CopperStream
from tap_copper.concurrency import ordered_map
from tap_copper.errors import StreamError
from tap_copper.events import log_event
from tap_copper.records import moment
from tap_copper.search.reader import Page
from tap_copper.search_stream import SearchStream

if TYPE_CHECKING:
    from tap_copper.snapshots import Snapshots
    from tap_copper.tap import TapCopper

FEWEST_COUNTED = 10  # of fewer records, a fraction says nothing


def _living(records: list[dict[str, Any]]) -> list[int]:
    """The ids of records that are no stubs of deleted ones."""
    return [record["id"] for record in records if not record.get("is_deleted")]


class DeletedRecordsStream(CopperStream):
    """Records that are gone: (stream, id), each at least once."""

    name = "deleted_records"
    path = ""
    primary_keys = ("stream", "id")
    replication_key = "seen_at"
    bookmark = None

    def __init__(self, tap: TapCopper) -> None:
        super().__init__(tap)
        self.generation: int | None = None

    @override
    def pages(self) -> Iterator[Page]:
        base = self.stream_state.get("generation")
        if base is not None and not self.snapshots.knows(base):
            log_event(self.logger, "snapshot_missing", level="WARNING", generation=base)
            base = None
        generation = self._begin()
        listed: set[str] = set()
        for stream in self._watched():
            try:
                self._list(stream, generation)
            except NotEnabledError:
                continue
            listed.add(stream.name)
            if base is not None:
                yield from self._gone(stream, base, generation)
        if base is not None:
            self.snapshots.carry(base, generation, listed)
        self.stream_state["generation"] = generation

    @cached_property
    def snapshots(self) -> Snapshots:
        """The ids of earlier runs."""
        # SQLAlchemy takes longer to import than the rest of the tap, and most runs ask for no deletions.
        from tap_copper.snapshots import Snapshots, default_url  # noqa: PLC0415 - see above

        return Snapshots(self.config.get("snapshot_url") or default_url(), str(self.tap.account["id"]))

    def open_snapshots(self) -> None:
        """Open the ids of earlier runs before anything is read.

        Raises:
            SettingError: ``snapshot_url`` leads nowhere.
        """
        _ = self.snapshots

    def remember_ids(self, stream: CopperStream, records: list[dict[str, Any]]) -> None:
        """Remember records that this run emits: one that is deleted before the ids are listed is missed otherwise."""
        self.snapshots.add(self._begin(), stream.name, set(_living(records)))

    def is_tracked(self, stream: CopperStream) -> bool:
        """Whether deletions of a stream's records are looked for in this run."""
        return self.selected and isinstance(stream, SearchStream) and stream.selected

    def _begin(self) -> int:
        if self.generation is None:
            self.generation = self.snapshots.begin(self.stream_state.get("generation"))
        return self.generation

    def _watched(self) -> list[SearchStream]:
        streams = self.tap.streams.values()
        return [stream for stream in streams if isinstance(stream, SearchStream) and self.is_tracked(stream)]

    def _list(self, stream: SearchStream, generation: int) -> None:
        reader = stream.reader(breathe=self.breathe)
        # Searches may show the stubs of deleted activities, which only the records tell from others.
        pages = (_living(page.records) for page in reader.pages()) if stream.newest_first else reader.ids()
        for ids in pages:
            self.snapshots.add(generation, stream.name, ids)

    def _gone(self, stream: SearchStream, base: int, generation: int) -> Iterator[Page]:
        missing = self.snapshots.missing(base, generation, stream.name)
        before = self.snapshots.count(base, stream.name)
        if before >= FEWEST_COUNTED and len(missing) > before * self.config["max_deleted_fraction"]:
            raise StreamError(
                f"{len(missing):,} of {before:,} {stream.name} seem gone, more than max_deleted_fraction allows: the "
                "key probably sees less than before. If they are gone, raise max_deleted_fraction for a run"
            )
        concurrency = self.tap.session.network.max_concurrency

        def is_gone(record_id: int) -> bool:
            return self._is_gone(stream, record_id)

        for record_id, gone in ordered_map(missing, is_gone, concurrency=concurrency, check=self.breathe):
            if gone:
                now = self.tap.time.now()
                seen_at = moment(int(now.timestamp()))
                yield Page([{"stream": stream.name, "id": record_id, "seen_at": seen_at}], None, now)
            else:
                self.snapshots.add(generation, stream.name, [record_id])  # hidden from the search, not deleted

    def _is_gone(self, stream: SearchStream, record_id: int) -> bool:
        """A missing record is asked for by its id; an activity that is deleted leaves a stub."""
        path = stream.path.removesuffix("/search")
        try:
            found = self.tap.ask("GET", f"{path}/{record_id}", read=record_in).value
        except GoneError:
            return True
        return bool(found.get("is_deleted"))
