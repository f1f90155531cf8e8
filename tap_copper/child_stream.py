"""Streams that cost a request for each record of another stream: the parent is searched, its children asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar
from urllib.parse import quote

from typing_extensions import override

from crm_api.errors import GoneError, NotEnabledError
from tap_copper.answers import Record, records_in
from tap_copper.client import CopperStream
from tap_copper.concurrency import ordered_map
from tap_copper.list_stream import whole_list
from tap_copper.progress import log_event
from tap_copper.search.reader import Page
from tap_copper.search_stream import SearchStream
from tap_copper.settings import totals_are_hints

FIELD_IN_BRACES = re.compile(r"\{(\w+)\}")


class ChildStream(CopperStream):
    """Records that belong to the records of other streams.

    Attributes:
        parents: The streams whose records are the parents. ``path`` holds fields of a parent record in braces;
            ``{stream}`` is the parent stream's name.
    """

    selected_by_default = False
    parents: ClassVar[tuple[type[SearchStream], ...]]

    @property
    @override
    def is_whole(self) -> bool:
        return all(parent(self._tap, self.account).is_whole for parent in self.parents)

    @override
    def pages(self) -> Iterator[Page]:
        for parent in self.parents:
            stream = parent(self._tap, self.account)
            try:
                yield from self.children_of(stream)
            except NotEnabledError as error:
                log_event(self.logger, "parent_not_enabled", level="WARNING", parent=stream.name, said=error.said)

    def children_of(self, parent: SearchStream) -> Iterator[Page]:
        """Read the children of all records of one stream, wherever the bookmark of that stream stands."""
        every = (record for page in parent.reader(check=self.check).pages() for record in page.records)
        # A test of the connection reads one record: it must not ask of every record of the account.
        records = islice(every, self.ABORT_AT_RECORD_COUNT)
        jobs = ({"stream": parent.name, **record} for record in records)
        for record, children in ordered_map(
            jobs, self.read_children, concurrency=self.account.concurrency, check=self.check
        ):
            marks = {"parent_type": parent.object_type, "parent_id": record["id"]}
            if children:
                yield Page([{**child, **marks} for child in children], None, self.account.time.now())

    def read_children(self, parent: Record) -> list[Record]:
        """Ask for the children of one record; none if it has been deleted meanwhile."""
        try:
            found: list[Record] = whole_list(
                lambda: self.account.ask("GET", filled(self.path, parent), read=self._read),
                lambda answer: len(answer.value),
                self.account.pause,
                self.name,
                is_hint=totals_are_hints(self.config, self.name),
            ).value
        except GoneError:
            return []
        return found

    def _read(self, content: bytes) -> list[Record]:
        return records_in(content, [key for key in self.primary_keys if not key.startswith("parent_")])


def filled(template: str, record: Mapping[str, Any]) -> str:
    """Fill the braces of a path with a record's fields, percent-encoded.

    Raises:
        KeyError: The record lacks a field.
    """
    return FIELD_IN_BRACES.sub(lambda place: quote(str(record[place[1]]), safe=""), template)
