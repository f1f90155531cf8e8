"""Streams that the setting extra_streams declares: any endpoint that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from singer_sdk import Tap
from typing_extensions import override

from crm_api.errors import GoneError, SettingError
from crm_api.settings import nearest
from crm_api.transport.answer import Answer
from tap_copper.account import Account
from tap_copper.answers import Record
from tap_copper.child_stream import FIELD_IN_BRACES, filled
from tap_copper.client import CopperStream, Send
from tap_copper.concurrency import ordered_map
from tap_copper.conformance import page_schema
from tap_copper.deletions.deleted_records import DeletedRecordsStream
from tap_copper.errors import NotWholeError, StreamError
from tap_copper.list_stream import read_pages, whole_list
from tap_copper.search.query import StalledError
from tap_copper.search.reader import Page
from tap_copper.search_stream import SearchStream
from tap_copper.settings import totals_are_hints, with_dates


def _send_here(send: Send) -> Answer:
    return send()


class ExtraStream(CopperStream):
    """One declared endpoint.

    Args:
        tap: The tap, for the SDK.
        account: The account that the stream is read from.
        declared: An element of the setting ``extra_streams``.
        parents: The streams whose records may fill its path, by name.
    """

    def __init__(
        self, tap: Tap, account: Account, declared: Mapping[str, Any], parents: Mapping[str, type[SearchStream]]
    ) -> None:
        self._declared = declared
        self._parent = _parent(declared, parents)
        fields = declared.get("parent_fields") or ["id"]
        self._marks: Sequence[str] = fields if self._parent is not None else ()
        self.primary_keys = tuple(declared["keys"])
        marks = {f"parent_{name}" for name in self._marks}
        self._own_keys = [key for key in self.primary_keys if key not in marks]
        super().__init__(tap, account, schema=self._open_schema(), name=declared["name"])

    @property
    @override
    def is_whole(self) -> bool:
        return self._parent is None or self._parent(self._tap, self.account).is_whole

    @override
    def pages(self) -> Iterator[Page]:
        if self._parent is None:
            for records in self._read({}, self.send_in_a_thread):
                yield Page(records, None, self.account.time.now())
            return
        pages = self._parent(self._tap, self.account).reader(check=self.check).pages()
        # A test of the connection reads one record: it must not ask of every record of the account.
        parents = islice((record for page in pages for record in page.records), self.ABORT_AT_RECORD_COUNT)
        concurrency = self.account.concurrency
        for parent, found in ordered_map(parents, self._children, concurrency=concurrency, check=self.check):
            marks = {f"parent_{name}": parent.get(name) for name in self._marks}
            if missing := [name for name in self.primary_keys if name in marks and marks[name] is None]:
                whose = self._declared["parent"]
                raise StreamError(f"extra_streams: a record of {whose} gives {self.name} no {missing[0]!r}")
            yield Page([{**child, **marks} for child in found], None, self.account.time.now())

    def _children(self, parent: Record) -> list[Record]:
        try:
            return [record for records in self._read(parent) for record in records]
        except GoneError:
            return []  # deleted meanwhile

    def _read(self, parent: Record, send: Callable[[Send], Answer] = _send_here) -> Iterator[list[Record]]:
        if not self._declared.get("paged"):
            yield self._records(
                whole_list(
                    lambda: send(lambda: self._send(parent, {})),
                    lambda answer: len(self._records(answer)),
                    self.account.pause,
                    self.name,
                    is_hint=totals_are_hints(self.config, self.name),
                )
            )
            return
        try:
            yield from read_pages(
                self,
                lambda number, size: send(lambda: self._send(parent, {"page_number": number, "page_size": size})),
                self._records,
                lambda record: tuple(str(record[key]) for key in self._own_keys),
            )
        except NotWholeError as error:
            if not isinstance(error.__cause__, StalledError):
                raise
            raise NotWholeError(
                f"extra_streams: {self.name} is paged, and {error.__cause__.queries} pages in a row brought "
                "only records that had come before: remove paged if the endpoint brings all its records at once"
            ) from error.__cause__

    @cached_property
    def _given(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The declared query and body; relative dates are the same on each page."""
        now = self.account.time.now()
        query, body = (with_dates(self._declared.get(name) or {}, now) for name in ("query", "body"))
        return query, body

    def _send(self, parent: Record, paging: Mapping[str, int]) -> Answer:
        method = self._declared.get("method") or "GET"
        query, body = (dict(given) for given in self._given)
        (body if method == "POST" else query).update(paging)
        try:
            path = filled(self._declared["path"], parent)
        except KeyError as error:
            whose = self._declared["parent"]
            raise StreamError(f"extra_streams: the path of {self.name} needs {error}, a field of {whose}") from None
        return self.account.ask(
            method,
            path,
            params=query,
            body=body if method == "POST" else None,
            template=self._declared["path"],
        )

    def _records(self, answer: Answer) -> list[Record]:
        value = answer.value
        if not value and isinstance(value, list | dict):
            return []
        for name in filter(None, (self._declared.get("records_at") or "").split(".")):
            value = value.get(name) if isinstance(value, dict) else None
        records = [value] if isinstance(value, dict) else value
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise StreamError(f"extra_streams: the answer to {self.name} holds no records; check records_at")
        for record in records:
            for key in self._own_keys:
                if type(record.get(key)) not in {int, str}:
                    raise StreamError(
                        f"extra_streams: a record of {self.name} lacks {key!r}, which is one of its keys "
                        "and must be a number or a text"
                    )
        return records

    def _open_schema(self) -> dict[str, Any]:
        either = {"type": ["integer", "string"]}
        marks = {f"parent_{name}": {**either, "description": f"{name} of the parent"} for name in self._marks}
        keys = {key: {**either, "description": "Key"} for key in self.primary_keys}
        properties = marks | keys | (self._declared.get("properties") or {})
        return {"type": "object", "properties": properties, "additionalProperties": True}


def extra_streams(tap: Tap, account: Account, streams: Sequence[type[CopperStream]]) -> list[ExtraStream]:
    """Make the streams that the setting ``extra_streams`` declares.

    Args:
        tap: The tap, for the SDK.
        account: The account that the streams are read from.
        streams: The tap's own streams: their names are taken, and those that are searched can be parents.

    Raises:
        SettingError: A declaration cannot be used; says which, and why.
    """
    taken = {str(vars(stream)["name"]) for stream in (*streams, DeletedRecordsStream)}
    parents = {str(vars(each)["name"]): each for each in streams if issubclass(each, SearchStream)}
    made: list[ExtraStream] = []
    for declared in tap.config.get("extra_streams") or ():
        name = declared.get("name")
        if name in taken:
            raise SettingError(f"extra_streams: {name!r} is already the name of a stream")
        _check_properties(declared)
        taken.add(name)
        made.append(ExtraStream(tap, account, declared, parents))
    return made


def _check_properties(declared: Mapping[str, Any]) -> None:
    import jsonschema_rs  # noqa: PLC0415 - it loads slowly, and few declare a stream

    for name, schema in (declared.get("properties") or {}).items():
        try:
            for each in (schema, page_schema({name: schema})):
                jsonschema_rs.validator_for(each)
        except ValueError:
            whose = declared["name"]
            raise SettingError(
                f"extra_streams: the schema of property {name!r} of {whose} is not a JSON schema: {schema}"
            ) from None


def _parent(declared: Mapping[str, Any], parents: Mapping[str, type[SearchStream]]) -> type[SearchStream] | None:
    named, name, path = declared["name"], declared.get("parent"), declared["path"]
    if any(brace in FIELD_IN_BRACES.sub("", path) for brace in "{}"):
        raise SettingError(f"extra_streams: the path of {named} must have whole names of fields in its braces: {path}")
    if name is None:
        if (place := FIELD_IN_BRACES.search(path)) is not None:
            raise SettingError(f"extra_streams: the path of {named} needs {place[1]!r}, so {named} needs a parent")
        return None
    if name not in parents:
        hint = nearest(name, list(parents))
        raise SettingError(f"extra_streams: the parent of {named} cannot be {name!r}{hint}")
    return parents[name]
