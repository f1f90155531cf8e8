"""How Copper is read: what every stream has in common, from its schema to its last STATE."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.exceptions import MapExpressionError
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from singer_sdk.singerlib import Catalog, Metadata, MetadataMapping
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL
from typing_extensions import override

from crm_api.copper.session import PAGE_SIZE
from crm_api.errors import BusyError, CredentialsError, GoneError, NotEnabledError, RefusedError, SettingError
from crm_api.transport.answer import Answer
from tap_copper.bookmarks import Bookmark
from tap_copper.concurrency import ordered_map
from tap_copper.custom_fields import CustomColumns
from tap_copper.errors import StreamError
from tap_copper.events import log_event
from tap_copper.output import Emission
from tap_copper.records import Shape
from tap_copper.search.query import TieError
from tap_copper.search.reader import Page

if TYPE_CHECKING:
    from tap_copper.tap import TapCopper

Asked = Callable[[], Answer]

STATE_RECORDS = 800  # with pages of 200, never more than 1,000 between two STATE messages
STATE_SECONDS = 10.0


class CopperStream(Stream):
    """A stream of Copper. A subclass says where its pages come from.

    Attributes:
        object_type: The kind of record, as ``available_on`` of custom-field definitions names it; empty if it has no
            custom fields.
        hidden: Properties that are not selected unless a catalog says so.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    primary_keys: Sequence[str] = ("id",)
    replication_key: str | None = None
    path: ClassVar[str]
    object_type: ClassVar[str] = ""
    hidden: ClassVar[tuple[str, ...]] = ()
    is_sorted = True

    def __init__(self, tap: TapCopper, schema: dict[str, Any] | None = None, name: str | None = None) -> None:
        name = name or self.name
        super().__init__(tap, schema=schema or _schema(name), name=name)
        self.tap = tap
        self.emitted = 0
        self.opened = False
        self.opening_error: Exception | None = None
        self.columns_error: Exception | None = None
        self._since_state = 0
        self._state_at = 0.0
        # The SDK announces an error before it raises it: what is raised is said once, and in a sentence.
        self.logger.addFilter(lambda entry: not str(entry.msg).startswith("An unhandled error occurred"))

    def open(self) -> bool:
        """Ask its first question ahead of its turn, if that can be done; tells whether it could.

        Raises:
            CrmError: It was not answered.
        """
        return False

    def open_early(self) -> None:
        """Ask its first question, and keep what goes wrong until the stream is read."""
        try:
            self.opened = self.open()
        except Exception as error:  # noqa: BLE001 - raised again when the stream is read
            self.opening_error = error

    @abstractmethod
    def pages(self) -> Iterator[Page]:
        """Read the stream."""

    @cached_property
    def columns(self) -> CustomColumns | None:
        """The columns of its custom fields; None if it has none or none are wanted."""
        naming = self.config["custom_field_columns"]
        if not self.object_type or naming == "off":
            return None
        try:
            definitions = self.tap.definitions
        except NotEnabledError:
            return None
        except (RefusedError, BusyError) as error:
            advice = f"With custom_field_columns off, {self.name} is read without them"
            self.columns_error = StreamError(f"{error.sentence} {advice}")
            self.columns_error.__cause__ = error
            return None
        return CustomColumns(
            definitions,
            self.object_type,
            naming=naming,
            pinned=self.config["custom_field_names"],
            zone=lambda: self.tap.zone,
        )

    @property
    def declared_schema(self) -> dict[str, Any]:
        """The schema without what depends on the account."""
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
        if fresh and metadata:  # also where a catalog does not name them
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
                f"The catalog wants {self.name} replicated {method}: it can be FULL_TABLE or INCREMENTAL"
            )
        if self.replication_key is None:
            self.forced_replication_method = None

    @property
    def is_incremental(self) -> bool:
        """Whether this run goes by a bookmark."""
        return self.replication_method == REPLICATION_INCREMENTAL

    @property
    def is_whole(self) -> bool:
        """Whether a full read of it holds every record that there is."""
        return True

    @cached_property
    def bookmark(self) -> Bookmark | None:
        """Its bookmark; None for a full table."""
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
            for record in page.records:
                shape.apply(record)
                yield record

    @override
    def _sync_records(self, context: Context | None = None, *, write_messages: bool = True) -> Generator[Record]:
        """Read and write a page at a time. What Copper refuses ends this stream, not the run."""
        try:
            with self.get_record_counter() as counter, self.get_sync_timer():
                self._sync_pages(counter.increment)
        except NotEnabledError as error:
            if self.bookmark is not None and self.bookmark.seconds is not None:
                self.tap.fail(self, error)
            else:
                log_event(self.logger, "stream_not_enabled", level="WARNING", stream=self.name, said=error.said)
        except CredentialsError as error:
            if not self.tap.accepted:
                raise
            self.tap.fail(self, error)
        except GoneError as error:
            error.advice = "Check base_url."  # no single record is asked for here
            self.tap.fail(self, error)
        except (RefusedError, BusyError, StreamError, TieError) as error:
            self.tap.fail(self, error)
        except MapExpressionError as error:
            self.tap.fail(self, StreamError(f"stream_maps cannot be applied to a record of {self.name}: {error}"))
        finally:
            self._write_state_message()
        yield from ()

    def _sync_pages(self, count: Callable[[int], None]) -> None:
        whole = self.is_whole and not self.is_incremental
        closed = whole and self.config["emit_activate_version_messages"]
        version = int(self.tap.time.now().timestamp() * 1000) if closed else None
        emission = Emission(self.tap.message_writer, self.stream_maps, self.mask, version)
        shape = self._shape()
        self._state_at = self.tap.time.monotonic()
        self.tap.progress.begin(self)
        self.tap.prefetch.wait(self.open_early)
        if (error := self.columns_error or self.opening_error) is not None:
            raise error
        deletions = self.tap.deleted_records
        watch = deletions if deletions is not None and deletions.is_tracked(self) else None
        for page in (part for whole_page in self.pages() for part in whole_page.parts(PAGE_SIZE)):
            records = self._within_limit(page.records)
            if watch is not None:
                watch.remember_ids(self, records)
            for record in records:
                shape.apply(record)
            emission.write(records, page.extracted)
            self.emitted += len(records)
            count(len(records))
            self.state_manager.is_flushed = False
            if self.bookmark is not None and page.reached is not None:
                self.bookmark.advance(page.reached)
            self._since_state += len(records)
            self.tap.progress.advance(self)
            self.breathe()
            self._check_max_record_limit(self.emitted)
        if version is not None:
            self._write_activate_version_message(version)
        self.tap.finish(self)

    def patiently(self, ask: Asked) -> Answer:
        """Ask in a thread of its own: meanwhile STATE goes out when it is due.

        Raises:
            CrmError: It was not answered.
        """
        ((_, answer),) = ordered_map([ask], lambda each: each(), concurrency=1, check=self.breathe)
        return answer

    def breathe(self) -> None:
        """Called between pages and while it waits for one: STATE goes out when it is due.

        Raises:
            StoppedError: A signal has asked to stop.
        """
        self.tap.check()
        if self._since_state >= STATE_RECORDS or self.tap.time.monotonic() - self._state_at >= STATE_SECONDS:
            self._write_state_message()
            self._since_state, self._state_at = 0, self.tap.time.monotonic()

    def _within_limit(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.ABORT_AT_RECORD_COUNT is None:
            return records
        return records[: self.ABORT_AT_RECORD_COUNT - self.emitted]

    def _shape(self) -> Shape:
        return Shape(self.schema["properties"], self.columns, self.config.get("date_order"))


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(files("tap_copper").joinpath("schemas", f"{name}.json").read_bytes())
    return schema
