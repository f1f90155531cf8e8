"""Streams that cost one request per record of another stream: they walk its ids themselves, several at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import quote

from typing_extensions import override

from crm_api.errors import GoneError, NotEnabledError
from tap_copper.answers import records_in
from tap_copper.client import CopperStream
from tap_copper.concurrency import ordered_map
from tap_copper.events import log_event
from tap_copper.search.reader import Page
from tap_copper.search_stream import SearchStream

Record = dict[str, Any]
PLACE = re.compile(r"\{(\w+)\}")


class ChildStream(CopperStream):
    """What hangs on the records of other streams.

    Attributes:
        parents: Those streams. ``path`` has the stream's name and the record's fields in its ``{}``.
    """

    selected_by_default = False
    parents: ClassVar[tuple[type[SearchStream], ...]]

    @property
    @override
    def is_whole(self) -> bool:
        return all(parent(self.tap).is_whole for parent in self.parents)

    @override
    def pages(self) -> Iterator[Page]:
        for parent in self.parents:
            stream = parent(self.tap)
            try:
                yield from self.children_of(stream)
            except NotEnabledError as error:
                log_event(self.logger, "parent_not_enabled", level="WARNING", parent=stream.name, said=error.said)

    def children_of(self, parent: SearchStream) -> Iterator[Page]:
        """Read what hangs on the records of one stream, whatever the state says of that stream."""
        every = (record for page in parent.reader(breathe=self.breathe).pages() for record in page.records)
        # The connection test wants one record: it must not ask of every record of the account.
        records = islice(every, self.ABORT_AT_RECORD_COUNT)
        concurrency = self.tap.session.network.max_concurrency
        jobs = ({"stream": parent.name, **record} for record in records)
        for record, children in ordered_map(jobs, self.read_children, concurrency=concurrency, check=self.breathe):
            marks = {"parent_type": parent.object_type, "parent_id": record["id"]}
            if children:
                yield Page([{**marks, **child} for child in children], None, self.tap.time.now())

    def read_children(self, parent: Record) -> list[Record]:
        """Ask for what hangs on one record; nothing if it has been deleted meanwhile."""
        try:
            found: list[Record] = self.tap.ask("GET", filled(self.path, parent), read=self._read).value
        except GoneError:
            return []
        return found

    def _read(self, content: bytes) -> list[Record]:
        return records_in(content, [key for key in self.primary_keys if not key.startswith("parent_")])


def filled(template: str, record: Mapping[str, Any]) -> str:
    """A path with a record's fields in its ``{}``, percent-encoded.

    Raises:
        KeyError: The record has no such field.
    """
    return PLACE.sub(lambda place: quote(str(record[place[1]]), safe=""), template)
