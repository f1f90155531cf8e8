"""Streams that can be searched by date: each is read in windows, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from typing_extensions import override

from crm_api.copper.session import PAGE_SIZE, SEARCH_CEILING
from crm_api.transport.answer import Answer
from tap_copper.answers import rows_reader
from tap_copper.client import CopperStream
from tap_copper.errors import StreamError, explain
from tap_copper.progress import log_event
from tap_copper.records import moment
from tap_copper.search.orders import AscendingSearch, NewestFirstSearch
from tap_copper.search.query import Limits, PageQuery, Row, SearchError
from tap_copper.search.reader import Page, Reader, RunCalls
from tap_copper.settings import filters_hash, search_filters, seconds_setting, totals_are_hints

# Long windows waste fewer requests, and must wait longer for their turn. Where the quota leaves the time to compress
# what waits, they may be longer.
BUFFERED_PAGES = 128
PACKED_PAGES = 512
LATEST = 2_147_483_647  # the largest date that a filter takes (5.3 of the reference)


class SearchStream(CopperStream):
    """A stream with ``POST /…/search``, a replication key in Unix seconds and filters on it.

    Attributes:
        date_filter: The name of the date filter: its bounds are ``minimum_<name>`` and ``maximum_<name>``.
        ties: Columns that the search can be sorted by, for records that share their replication value.
        newest_first: The search cannot be sorted, and returns the newest records first.
        created_filter: The name of the filter on the date of creation, as ``date_filter``; empty if there is none.
    """

    date_filter: ClassVar[str] = "modified_date"
    replication_key = "date_modified"
    ties: ClassVar[tuple[str, ...]] = ("name", "date_created")
    newest_first: ClassVar[bool] = False
    created_filter: ClassVar[str] = "created_date"
    _seconds_before: int | None = None

    @property
    @override
    def is_whole(self) -> bool:
        return not (self.config.get("search_filters") or {}).get(self.name)

    @override
    def open(self) -> bool:
        self._opened.open()
        return True

    @cached_property
    def _opened(self) -> Reader:
        """The reader of this run, which may have asked the first query ahead."""
        return self._reader_of_run()

    def _reader_of_run(self) -> Reader:
        """Make the reader of what this run hands on. What an incremental one misses, the next run reads."""
        return self.reader(*self._range(), tail_ahead=self.is_incremental and self.bookmark is not None)

    @override
    def pages(self) -> Iterator[Page]:
        yield from self._pages(self._opened)
        began = self._opened.began
        if self.bookmark is not None and began is not None:
            given = self.bookmark.seconds
            if self.bookmark.settle(int(began.timestamp()), int(self._lookback.total_seconds())):
                log_event(self.logger, "bookmark_ahead", level="WARNING", stream=self.name, given=moment(given or 0))
                yield from self._pages(self._reader_of_run())

    def _pages(self, reader: Reader) -> Iterator[Page]:
        self.account.progress.begin(self, reader, opened=self.opened)
        latest = 0
        for page in reader.pages():
            if page.records:
                latest = max(latest, page.records[-1].get(self._key) or 0)
                yield Page(page.records, self._capped(page.reached, reader), page.extracted)
        if reader.gap:
            log_event(self.logger, "records_not_shown", level="WARNING", stream=self.name, records=reader.gap)
        if latest:
            yield Page([], self._capped(latest, reader), self.account.time.now())

    @property
    def _key(self) -> str:
        return type(self).replication_key or ""

    @property
    def _sign(self) -> int:
        return -1 if self.newest_first else 1

    @property
    def _filters_hash(self) -> str | None:
        return filters_hash(self.config, self.name)

    def _range(self) -> tuple[int | None, int | None]:
        """The first and the last second to read, in Unix time; None for no bound."""
        if not self.is_incremental or self.bookmark is None:
            return None, None
        self.bookmark.keep_filters(self._filters_hash)
        self._seconds_before = self.bookmark.seconds
        given = [seconds_setting(self.config, "start_date")]
        if self.bookmark.seconds is not None:
            given.append(self.bookmark.seconds - int(self._lookback.total_seconds()))
        start = max((each for each in given if each is not None), default=None)
        return start, seconds_setting(self.config, "end_date")

    @override
    def take_back_bookmark(self) -> None:
        if self.bookmark is not None:
            self.bookmark.restore(self._seconds_before)

    @property
    def _lookback(self) -> timedelta:
        return timedelta(seconds=self.config["lookback_seconds"])

    def _capped(self, reached: int | None, reader: Reader) -> int | None:
        """Cap the bookmark at the server's clock as it was when the reading of the stream began."""
        if reached is None or reader.began is None:
            return None
        return min(reached, int(reader.began.timestamp()))

    def reader(
        self,
        start: int | None = None,
        stop: int | None = None,
        *,
        check: Callable[[], None] | None = None,
        tail_ahead: bool = False,
    ) -> Reader:
        """Make a reader of the stream between two seconds, both included.

        Args:
            start: The first second, in Unix time; None for no bound.
            stop: The last second, in Unix time; None for no bound.
            check: Called while pages are waited for; this stream's own ``check`` if left out. Another stream that reads
                this one gives its own.
            tail_ahead: Leave what is edited while the last pages are read to the next run, if it is not met.
        """
        filters = search_filters(self.config, self.name, self.account.time.now())
        minimum, maximum = f"minimum_{self.date_filter}", f"maximum_{self.date_filter}"
        start = max((each for each in (start, filters.pop(minimum, None)) if each is not None), default=None)
        stop = min((each for each in (stop, filters.pop(maximum, None)) if each is not None), default=None)
        # A filter holds dates from 1970 to January 2038. A start before that means all records; a stop after it means
        # no end; a start after it means the last second, since nothing lies beyond such a bookmark.
        start = None if start is None or start < 0 else min(start, LATEST)
        stop = None if stop is None or stop > LATEST else stop
        concurrency = self.account.concurrency
        repeats = bool(filters.get("full_result"))
        paced = self.account.requests_per_minute > 0
        buffered = PACKED_PAGES if paced else BUFFERED_PAGES
        limits = Limits(
            PAGE_SIZE,
            SEARCH_CEILING,
            concurrency,
            buffered_pages=buffered,
            repeats=repeats,
            totals_are_hints=totals_are_hints(self.config, self.name),
            splits=bool(self.created_filter),
            tail_ahead=tail_ahead,
        )
        first, last = (_negative(stop), _negative(start)) if self.newest_first else (start, stop)
        lookback = timedelta(seconds=self.config["lookback_seconds"])

        def horizon(began: datetime) -> int:
            return int((began - lookback).timestamp())

        return Reader(
            (NewestFirstSearch if self.newest_first else AscendingSearch)(first, last, limits),
            self._sender(filters),
            sign=self._sign,
            horizon=horizon,
            concurrency=concurrency,
            most_concurrent=self.account.most_concurrent,
            run=RunCalls(
                self.account.time.now,
                check or self.check,
                self.account.wait_for_turn,
                self.account.pause,
                self._explain,
            ),
            pack=paced,
        )

    def _sender(self, filters: dict[str, Any]) -> Callable[[PageQuery], Answer]:
        read = rows_reader(self._key)
        ask = self.account.ask
        is_reversed = self.newest_first

        def send(query: PageQuery) -> Answer:
            low, high = query.minimum, query.maximum
            if is_reversed:
                low, high = _negative(high), _negative(low)
            if self._is_beyond_filters(low, high):
                raise self._beyond_filters()
            body = filters | self._body(query, low, high) | self._created(query, filters)
            answer = ask("POST", self.path, body=body, read=read)
            if is_reversed and high is not None and high > LATEST + 1 and _all_beyond(answer.value):
                raise self._beyond_filters()  # the bound was left out, and this is the first page again
            return answer

        return send

    def _is_beyond_filters(self, low: int | None, high: int | None) -> bool:
        """Whether the search has come to dates that no filter takes: it would be given the same page for ever."""
        if high is not None and high < 0:
            return True
        return self._sign > 0 and low is not None and not -1 <= low <= LATEST

    def _beyond_filters(self) -> StreamError:
        return StreamError(
            f"Too many records of {self.name} have {self._key} before 1970 or after January 2038, where Copper's "
            "filters do not reach: leave them out with start_date 1970-01-01 or end_date 2038-01-01"
        )

    def _body(self, query: PageQuery, low: int | None, high: int | None) -> dict[str, Any]:
        body: dict[str, Any] = {"page_number": query.page, "page_size": query.size, **self._sorting(query.tie)}
        # A bound that no filter takes is left out; one second beside such as it takes becomes that one.
        if low is not None and low >= -1:
            body[f"minimum_{self.date_filter}"] = min(max(low, 0), LATEST)
        if high is not None and high <= LATEST + 1:
            body[f"maximum_{self.date_filter}"] = min(high, LATEST)
        return body

    def _sorting(self, tie: int | None) -> dict[str, str]:
        if self.newest_first:
            return {}
        if tie is None:
            return {"sort_by": self._key, "sort_direction": "asc"}
        turn, column = divmod(tie, len(self.ties))
        return {"sort_by": self.ties[column], "sort_direction": "desc" if turn % 2 else "asc"}

    def _created(self, query: PageQuery, filters: dict[str, Any]) -> dict[str, int]:
        """Filter by the date of creation, one second wider than asked for: bounds may be excluded."""
        if query.created is None:
            return {}
        low, high = query.created
        minimum, maximum = f"minimum_{self.created_filter}", f"maximum_{self.created_filter}"
        return {
            minimum: max(low - 1, 0, filters.get(minimum) or 0),
            maximum: min(high + 1, LATEST, filters.get(maximum) or LATEST),
        }

    def _explain(self, error: SearchError) -> StreamError:
        return explain(error, self.name, self._key, self._sign, SEARCH_CEILING)


def _all_beyond(rows: list[Row]) -> bool:
    return bool(rows) and all(key is not None and key > LATEST for _, key in rows)


def _negative(second: int | None) -> int | None:
    return None if second is None else -second
