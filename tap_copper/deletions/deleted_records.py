"""The stream deleted_records. No search reports a deletion: the ids that exist are compared with an earlier run's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Tap
from typing_extensions import override

from crm_api.errors import GoneError, NotEnabledError
from tap_copper.account import Account
from tap_copper.answers import record_in
from tap_copper.client import CopperStream
from tap_copper.concurrency import ordered_map
from tap_copper.errors import StreamError
from tap_copper.progress import log_event
from tap_copper.records import moment
from tap_copper.search.reader import Page
from tap_copper.search_stream import SearchStream

if TYPE_CHECKING:
    from tap_copper.deletions.snapshots import Snapshots

FEWEST_COUNTED = 10  # of fewer records, a fraction says nothing


def _living(records: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of records, without the stubs of deleted ones."""
    return [record["id"] for record in records if not record.get("is_deleted")]


class DeletedRecordsStream(CopperStream):
    """Records that are gone: (stream, id), each at least once.

    Args:
        tap: The tap, for the SDK.
        account: The account that the streams are read from.
        searched: The streams whose deletions are looked for, those that are selected.
    """

    name = "deleted_records"
    path = ""
    primary_keys = ("stream", "id")
    replication_key = "seen_at"
    bookmark = None

    def __init__(self, tap: Tap, account: Account, searched: Sequence[SearchStream]) -> None:
        super().__init__(tap, account)
        self.generation: int | None = None
        self._searched = searched
        for stream in searched:
            stream.watch = self._remember_ids

    @override
    def pages(self) -> Iterator[Page]:
        base = self.stream_state.get("generation")
        if base is not None and not self.snapshots.knows(base):
            log_event(self.logger, "snapshot_missing", level="WARNING", generation=base)
            base = None
        generation = self._begin()
        listed: set[str] = set()
        for stream in filter(self._is_tracked, self._searched):
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
        """The ids that earlier runs have seen.

        Raises:
            SettingError: ``snapshot_url`` cannot be used.
        """
        # SQLAlchemy takes longer to import than the rest of the tap, and most runs ask for no deletions.
        from tap_copper.deletions.snapshots import Snapshots, default_url  # noqa: PLC0415 - see above

        return Snapshots(self.config.get("snapshot_url") or default_url(), str(self.account.record["id"]))

    def open_snapshots(self) -> None:
        """Open the ids of earlier runs before anything is read.

        Raises:
            SettingError: ``snapshot_url`` cannot be used.
        """
        _ = self.snapshots

    def _remember_ids(self, stream: CopperStream, records: Sequence[dict[str, Any]]) -> None:
        """Remember records that this run emits: one that is deleted before the ids are listed is missed otherwise."""
        if self._is_tracked(stream):
            self.snapshots.add(self._begin(), stream.name, set(_living(records)))

    def _is_tracked(self, stream: CopperStream) -> bool:
        return self.selected and stream.selected

    def _begin(self) -> int:
        if self.generation is None:
            self.generation = self.snapshots.begin(self.stream_state.get("generation"))
        return self.generation

    def _list(self, stream: SearchStream, generation: int) -> None:
        reader = stream.reader(check=self.check)
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

        def is_gone(record_id: int) -> bool:
            return self._is_gone(stream, record_id)

        for record_id, gone in ordered_map(missing, is_gone, concurrency=self.account.concurrency, check=self.check):
            if gone:
                now = self.account.time.now()
                seen_at = moment(int(now.timestamp()))
                yield Page([{"stream": stream.name, "id": record_id, "seen_at": seen_at}], None, now)
            else:
                self.snapshots.add(generation, stream.name, [record_id])  # hidden from the search, not deleted

    def _is_gone(self, stream: SearchStream, record_id: int) -> bool:
        """Ask for a missing record by its id. An activity that is deleted leaves a stub, which says so."""
        path = stream.path.removesuffix("/search")
        try:
            found = self.account.ask("GET", f"{path}/{record_id}", read=record_in).value
        except GoneError:
            return True
        return bool(found.get("is_deleted"))
