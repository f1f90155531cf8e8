"""Streams that come whole: one answer, or pages that nothing filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from crm_api.copper import PAGE_SIZE, SEARCH_CEILING, TOTAL_HEADER
from tap_copper.client import CopperStream
from tap_copper.crowds import Crowd
from tap_copper.questions import Limits
from tap_copper.reader import Page


class ListStream(CopperStream):
    """A settings list: one GET brings all of it."""

    @override
    def pages(self) -> Iterator[Page]:
        yield Page(list(self.records(self._value())), None, self.tap.time.now())

    def _value(self) -> Any:
        return self.tap.session.exchange("GET", self.path).value

    def records(self, value: Any) -> Iterator[dict[str, Any]]:
        """The records in an answer: its elements, or the one object that it is."""
        yield from [value] if isinstance(value, dict) else value or ()


class UnfilteredStream(CopperStream):
    """A search without filters: its pages are read until nothing can have been missed."""

    @override
    def pages(self) -> Iterator[Page]:
        crowd = Crowd(None, [(None, None)], 0, Limits(PAGE_SIZE, SEARCH_CEILING))
        seen: set[Any] = set()
        while not crowd.done:
            self.tap.check()
            question = crowd.question()
            body = {"page_number": question.page, "page_size": question.size}
            answer = self.tap.session.exchange("POST", self.path, body=body, repeatable=True)
            new = [record for record in answer.value if record["id"] not in seen]
            seen.update(record["id"] for record in new)
            total = answer.headers.get(TOTAL_HEADER, "")
            rows = [(record["id"], None) for record in answer.value]
            crowd.take(rows, int(total) if total.isdigit() else None, new=bool(new))
            yield Page(new, None, self.tap.time.now())
