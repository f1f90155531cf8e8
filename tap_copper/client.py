"""The base of all streams: what they have in common, from the schema to the last STATE."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any, ClassVar

from singer_sdk import Stream, Tap
from singer_sdk.exceptions import MapExpressionError
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from singer_sdk.singerlib import Catalog, Metadata, MetadataMapping
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL
from typing_extensions import override

from crm_api.copper.session import PAGE_SIZE
from crm_api.errors import BusyError, CredentialsError, GoneError, NotEnabledError, RefusedError, SettingError
from crm_api.transport.answer import Answer
from crm_api.watching.telemetry import Figure
from tap_copper.account import Account
from tap_copper.bookmarks import Bookmark
from tap_copper.concurrency import Task, in_a_thread
from tap_copper.custom_fields import CustomColumns
from tap_copper.errors import NotWholeError, StoppedError, StreamError
from tap_copper.output import Emission
from tap_copper.progress import log_event
from tap_copper.records import Shape
from tap_copper.search.reader import Page

Send = Callable[[], Answer]
"""Sends one request; made by a stream."""

STATE_RECORDS = 800  # with pages of 200, never more than 1,000 between two STATE messages
STATE_SECONDS = 10.0


class CopperStream(Stream):
    """A stream of Copper. A subclass says where its pages come from.

    Args:
        tap: The tap, which the SDK's own code asks for; ours asks the account.
        account: The account that the stream is read from.
        schema: The declared schema; read from the package's file of the stream's name if left out.
        name: Name of the stream; the class's own if left out.

    Attributes:
        object_type: The kind of record, as ``available_on`` of custom-field definitions names it; empty if it has no
            custom fields.
        hidden: Properties that are not selected unless a catalog says so.
        emitted: How many records have been written.
        opening: The task that asks the first query ahead of its turn; None where nothing is asked ahead.
        watch: Called with each page of records before they are written; None where nobody watches.
        is_closed: Whether a full table that has been read to its end is closed by an ACTIVATE_VERSION.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    primary_keys: Sequence[str] = ("id",)
    replication_key: str | None = None
    path: ClassVar[str]
    object_type: ClassVar[str] = ""
    hidden: ClassVar[tuple[str, ...]] = ()
    is_sorted = True

    def __init__(
        self, tap: Tap, account: Account, schema: dict[str, Any] | None = None, name: str | None = None
    ) -> None:
        name = name or self.name
        super().__init__(tap, schema=schema or _schema(name), name=name)
        self.account = account
        self.emitted = 0
        self.opening: Task[bool] | None = None
        self.watch: Callable[[CopperStream, Sequence[Record]], None] | None = None
        self.is_closed = True
        self._columns_error: Exception | None = None
        self._since_state = 0
        self._state_at = 0.0
        # The SDK announces an error before it raises it: what is raised is said once, and in a sentence.
        self.logger.addFilter(lambda entry: not str(entry.msg).startswith("An unhandled error occurred"))

    def open(self) -> bool:
        """Ask the first query, ahead of the stream's turn, and keep its answer; called in a thread.

        Returns:
            Whether there is one that can be asked ahead.

        Raises:
            CrmError: It was not answered.
        """
        return False

    @property
    def opened(self) -> bool:
        """Whether the first query has been answered ahead of the stream's turn."""
        return self.opening is not None and any(self.opening.results)

    @abstractmethod
    def pages(self) -> Iterator[Page]:
        """Read the stream, a page at a time."""

    @cached_property
    def columns(self) -> CustomColumns | None:
        """The columns of custom fields; None where there are none, they are off, or definitions cannot be read."""
        naming = self.config["custom_field_columns"]
        if not self.object_type or naming == "off":
            return None
        try:
            definitions = self.account.definitions
        except NotEnabledError:
            return None
        except (RefusedError, BusyError) as error:
            advice = f"With custom_field_columns off, {self.name} is read without columns of custom fields"
            self._columns_error = StreamError(f"{error.sentence} {advice}")
            self._columns_error.__cause__ = error
            return None
        return CustomColumns(
            definitions,
            self.object_type,
            naming=naming,
            pinned=self.config["custom_field_names"],
            given=self.stream_state.get("columns"),
            zone=lambda: self.account.zone,
        )

    @property
    def declared_schema(self) -> dict[str, Any]:
        """The schema without the columns that depend on the account and the settings."""
        return self._schema or {}

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema as it is at this run: a catalog only selects."""
        schema = self.declared_schema
        properties = dict(schema["properties"])
        if self.config.get("date_order") and "close_date" in properties:
            properties["close_date_iso"] = {
                "type": ["string", "null"],
                "format": "date",
                "description": "close_date as an ISO 8601 date",
            }
        if self.columns is not None:
            properties.update(self.columns.properties)
        return {**schema, "properties": properties}

    @property
    @override
    def effective_schema(self) -> dict[str, Any]:
        return self.schema

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        return False  # the SDK would send it first, where a crash looks like a short table

    @property
    @override
    def metadata(self) -> MetadataMapping:
        fresh = self._metadata is None
        metadata = super().metadata
        if fresh and metadata:  # also where a catalog does not name these properties
            for name in self.hidden:
                if metadata["properties", name].selected is None:
                    metadata["properties", name].selected = False
            for name in filter(None, (*self.primary_keys, self.replication_key)):
                metadata["properties", name].inclusion = Metadata.InclusionType.AUTOMATIC
        return metadata

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        keys, replication_key = self.primary_keys, self.replication_key
        super().apply_catalog(catalog)
        self.primary_keys, self.replication_key = keys, replication_key
        method = self.forced_replication_method
        if method not in {None, REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL}:
            raise SettingError(
                f"The catalog's replication method of {self.name} must be FULL_TABLE or INCREMENTAL, not {method}"
            )
        if self.replication_key is None:
            self.forced_replication_method = None

    @property
    def is_incremental(self) -> bool:
        """Whether this run reads from a bookmark on, and not the full table."""
        return self.replication_method == REPLICATION_INCREMENTAL

    @property
    def is_whole(self) -> bool:
        """Whether a full read of the stream brings every record that exists: no filter leaves any out."""
        return True

    @cached_property
    def bookmark(self) -> Bookmark | None:
        """The bookmark of the stream; None for a full table."""
        if not self.is_incremental:
            return None
        forgotten = self.name in self.config["resync"]
        return Bookmark(self.stream_state, self.name, self.replication_key or "", forgotten=forgotten)

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        return None  # the bookmark is capped by the server's clock, not by this machine's

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        shape = self._shape()
        for page in self.pages():
            shape.apply(page.records)
            yield from page.records

    @override
    def _sync_records(self, context: Context | None = None, *, write_messages: bool = True) -> Generator[Record]:
        """Read and write a page at a time. An error of this stream ends the run only where no other can be read."""
        telemetry = self.account.session.telemetry
        try:
            with (
                self.get_record_counter() as counter,
                self.get_sync_timer(),
                telemetry.part("stream", stream=self.name) as note,
            ):
                self._sync_pages(counter.increment)
                note("records", self.emitted)
        except NotEnabledError as error:
            if self.bookmark is not None and self.bookmark.seconds is not None:
                self._fail(error)
            else:
                log_event(self.logger, "stream_not_enabled", level="WARNING", stream=self.name, said=error.said)
        except CredentialsError as error:
            if not self.account.accepted:
                raise
            self._fail(error)
        except GoneError as error:
            error.advice = "Check base_url."  # no single record is asked for here
            self._fail(error)
        except NotWholeError as error:
            self.take_back_bookmark()
            self._fail(error)
        except (RefusedError, BusyError, StreamError) as error:
            self._fail(error)
        except MapExpressionError as error:
            self._fail(StreamError(f"stream_maps cannot be applied to a record of {self.name}: {error}"))
        finally:
            self._write_state_message()
        yield from ()

    def take_back_bookmark(self) -> None:
        """Put the bookmark back to where the run began to read: it cannot be known which records are missing."""

    def _fail(self, error: Exception) -> None:
        if self.ABORT_AT_RECORD_COUNT is not None:
            raise error  # a test of the connection ends at its first failure
        self.account.fail(self, error)

    def _sync_pages(self, count: Callable[[int], None]) -> None:
        whole = self.is_whole and not self.is_incremental
        closed = whole and self.config["emit_activate_version_messages"]
        version = int(self.account.time.now().timestamp() * 1000) if closed else None
        emission = Emission(self.account.writer, self.stream_maps, self.mask, version)
        self._keep_columns()
        shape = self._shape()
        try:
            self._sync_shaped(shape, emission, count)
        finally:
            for column, each in shape.unfit.items():
                facts = {"column": column, "values": each.values, "first_id": each.first_id}
                log_event(self.logger, "values_unfit", level="WARNING", stream=self.name, **facts)
        if version is not None and self.is_closed:
            self._write_activate_version_message(version)
        self.account.finish(self)

    def _keep_columns(self) -> None:
        """Have STATE remember which field each column holds, and warn of those that are easily taken for each other."""
        if self.columns is None:
            return
        if self.columns.given:
            self.stream_state["columns"] = self.columns.given
        for names in self.columns.alike:
            facts = {"columns": ",".join(names), "advice": "all are read; custom_field_names can name them"}
            log_event(self.logger, "fields_alike", level="WARNING", stream=self.name, **facts)

    def _sync_shaped(self, shape: Shape, emission: Emission, count: Callable[[int], None]) -> None:
        self._state_at = self.account.time.monotonic()
        self.account.progress.begin(self, opened=self.opened)
        self._wait_until_opened()
        telemetry = self.account.session.telemetry
        for page in (part for whole_page in self.pages() for part in _parts(whole_page)):
            records = self._within_limit(page.records)
            if self.watch is not None:
                self.watch(self, records)
            shape.apply(records)
            emission.write(records, page.extracted)
            self.emitted += len(records)
            telemetry.total(Figure.RECORDS, self.emitted, stream=self.name, outcome="emitted")
            count(len(records))
            self.state_manager.is_flushed = False
            if self.bookmark is not None and page.reached is not None:
                self.bookmark.advance(page.reached)
            self._since_state += len(records)
            self.account.progress.advance(self)
            self.check()
            self._check_max_record_limit(self.emitted)

    def _wait_until_opened(self) -> None:
        if self._columns_error is not None:
            raise self._columns_error
        if self.opening is not None:
            self.account.prefetch.result(self.opening, self.account.check)

    def send_in_a_thread(self, send: Send) -> Answer:
        """Send a request in a thread of its own: meanwhile STATE goes out when it is due.

        Raises:
            CrmError: It was not answered.
        """
        return in_a_thread(send, self.check)

    def check(self) -> None:
        """Write STATE if it is due; called between pages, and while one is waited for.

        Raises:
            StoppedError: A signal has asked to stop.
        """
        if self.account.stopped_by is not None:
            raise StoppedError(self.account.stopped_by)
        if self._since_state >= STATE_RECORDS or self.account.time.monotonic() - self._state_at >= STATE_SECONDS:
            self._write_state_message()
            self._since_state, self._state_at = 0, self.account.time.monotonic()

    def _within_limit(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.ABORT_AT_RECORD_COUNT is None:
            return records
        return records[: self.ABORT_AT_RECORD_COUNT - self.emitted]

    def _shape(self) -> Shape:
        return Shape(self.schema["properties"], self.columns, self.config.get("date_order"))


def _parts(page: Page) -> Iterator[Page]:
    """Cut a page into such as a search returns, so that STATE can go out between them; the last one has ``reached``."""
    records = page.records
    for first in range(0, len(records) - PAGE_SIZE, PAGE_SIZE):
        yield Page(records[first : first + PAGE_SIZE], None, page.extracted)
    rest = (len(records) - 1) // PAGE_SIZE * PAGE_SIZE if records else 0
    yield Page(records[rest:], page.reached, page.extracted)


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(files("tap_copper").joinpath("schemas", f"{name}.json").read_bytes())
    return schema
