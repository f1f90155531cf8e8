"""Samples of streams, as an input shows them: their columns, how often they are filled, and some of their values."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec

from crm_api.custom_fields import slug
from crm_api.errors import SettingError
from crm_api.naming.spelling import is_sdk_column
from crm_api.values import is_empty, read_text
from target_crm.singer.batch_files import record_messages
from target_crm.singer.messages import InputError, record_of, schema_of, stream_of
from target_crm.singer.stdio import decode

MOST_VALUES = 10_000
"""Values of a column that are remembered; beyond them it is not known whether each record has another."""
_HEAD_BYTES = 1 << 16
_DELIMITERS = ",;\t|"
_MESSAGES = frozenset({"SCHEMA", "RECORD", "STATE", "BATCH", "ACTIVATE_VERSION"})
_VALUE_NAMES = ("value", "email", "number", "url", "address")
_TYPES: Mapping[type, str] = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}


@dataclass
class Column:
    """One column of a stream.

    Attributes:
        name: Its name in records.
        types: The JSON types that its schema allows, or, where that says nothing, those of its values; without null.
        filled: Records in which it has a value.
        values: Its values as text, as far as ``MOST_VALUES`` goes, each once.
        unique: Whether no two of these records had the same value.
    """

    name: str
    types: set[str] = field(default_factory=set)
    filled: int = 0
    values: dict[str, None] = field(default_factory=dict)
    unique: bool = True
    typed: bool = False

    def see(self, value: Any) -> None:
        """Count one record's value."""
        if is_empty(value):
            return
        self.filled += 1
        if not self.typed:
            self.types.add(_TYPES.get(type(value), "number"))
        if len(self.values) < MOST_VALUES:
            text = msgspec.json.encode(value).decode() if isinstance(value, dict | list) else _text(value)
            self.unique = self.unique and text not in self.values
            self.values[text] = None

    @property
    def holds_texts(self) -> bool:
        """Whether its values are plain text: no list, and no object, nor one written as text."""
        return not self.types & {"array", "object"} and not any(each.lstrip()[:1] in "[{" for each in self.values)


@dataclass
class Sample:
    """One stream, as the input shows it.

    Attributes:
        stream: The stream's name.
        key_properties: The columns that identify a record, as its SCHEMA says; empty: it does not say.
        columns: Its columns by name, in the order of the schema.
        records: Records that came.
    """

    stream: str
    key_properties: tuple[str, ...] = ()
    columns: dict[str, Column] = field(default_factory=dict)
    records: int = 0

    def see(self, record: Mapping[str, Any]) -> None:
        """Count one record."""
        self.records += 1
        for name, value in record.items():
            if not is_sdk_column(name):
                self.columns.setdefault(name, Column(name)).see(value)

    def share(self, name: str) -> float:
        """The share of the records in which a column has a value, from 0 to 1."""
        return self.columns[name].filled / self.records if self.records else 0.0

    def identifies(self, name: str) -> bool:
        """Whether every record has a value in that column, and each another."""
        column = self.columns[name]
        return 0 < self.records == column.filled and column.unique


def read_samples(file: IO[bytes], name: str, keys: Iterable[str] = ()) -> dict[str, Sample]:
    """Read an input of Singer messages, or of comma-separated values with a header row, to its end.

    Args:
        file: The input.
        name: The file's name, which names the stream of comma-separated values.
        keys: The columns that identify a row of comma-separated values.

    Returns:
        The streams by name, in the order in which they came.

    Raises:
        InputError: It is neither of the two, or broken.
        SettingError: It holds nothing.
    """
    try:
        head = file.read(_HEAD_BYTES)
        if not head.strip():
            raise SettingError(
                "The input is empty. Give a file of Singer messages or a CSV file, or pipe a tap into this command"
            )
        _refuse(head)
        whole = _Continued(head, file)
        samples = _of_messages(whole) if head.lstrip()[:1] == b"{" else _of_csv(whole, head, name, tuple(keys))
    except OSError as error:
        raise InputError(f"The input cannot be read: {error.strerror or error}") from error
    if not any(sample.records for sample in samples.values()):
        streams = ", ".join(samples)
        raise SettingError(f"The input has no records{f' of {streams}' if streams else ''}: nothing can be proposed")
    return samples


def _refuse(head: bytes) -> None:
    """Refuse what looks like neither of the two, and would be taken for CSV."""
    if head.startswith(b"PK"):
        raise InputError("The input is a workbook or an archive. Save the sheet as CSV, or read it with a tap")
    if head.lstrip()[:1] == b"[":
        raise InputError("The input is a JSON list, and not Singer messages or CSV. Read it with a tap")


class _Continued(io.RawIOBase):
    """A file whose beginning was read already."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head = head
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._head[: len(buffer)] or self._file.read(len(buffer))
        self._head = self._head[len(chunk) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _of_messages(file: io.RawIOBase) -> dict[str, Sample]:
    samples: dict[str, Sample] = {}
    for number, line in enumerate(io.BufferedReader(file), start=1):
        if not line.strip():
            continue
        try:
            message = decode(line)
        except ValueError as error:
            raise InputError(f"The input is not JSON on line {number}: {error}") from error
        if not isinstance(message, dict) or message.get("type") not in _MESSAGES:
            raise InputError(f"The input is not a Singer message on line {number}")
        try:
            _take(samples, message)
        except InputError as error:
            raise InputError(f"The input is wrong on line {number}: {error}") from error
    return samples


def _take(samples: dict[str, Sample], message: Mapping[str, Any]) -> None:
    kind = message["type"]
    if kind == "SCHEMA":
        schema = schema_of(message)
        sample = samples.setdefault(schema.stream, Sample(schema.stream))
        sample.key_properties = tuple(schema.key_properties)
        for name, known in schema.schema["properties"].items():
            if not is_sdk_column(name):
                column = sample.columns.setdefault(name, Column(name))
                column.types |= _types_of(known)
                column.typed = bool(column.types)
    elif kind in {"RECORD", "BATCH"}:
        stream = stream_of(message)
        if stream not in samples:
            raise InputError(f"the {kind} of stream {stream!r} comes before its SCHEMA")
        records = [message] if kind == "RECORD" else (each for each, _ in record_messages(message))
        for each in records:
            samples[stream].see(record_of(each))


def _types_of(schema: Mapping[str, Any]) -> set[str]:
    given = schema.get("type", ())
    types = {given} if isinstance(given, str) else {each for each in given if isinstance(each, str)}
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        types |= _types_of(alternative) if isinstance(alternative, Mapping) else set()
    return types - {"null"}


def _of_csv(file: io.RawIOBase, head: bytes, name: str, keys: tuple[str, ...]) -> dict[str, Sample]:
    text = io.TextIOWrapper(io.BufferedReader(file), _encoding_of(head), errors="replace", newline="")
    stream = slug(Path(name).stem) or "records"
    sample = Sample(stream, keys)
    try:
        rows = csv.reader(text, delimiter=_delimiter_of(head))
        header = _header(rows)
        for cell in filter(None, header):
            sample.columns.setdefault(cell, Column(cell, {"string"}, typed=True))
        for row in rows:
            if any(cell.strip() for cell in row):
                sample.see({cell: value for cell, value in zip(header, row, strict=False) if cell})
    except csv.Error as error:
        raise InputError(f"The input is neither Singer messages nor CSV: {error}") from error
    for key in keys:
        if key not in sample.columns:
            raise SettingError(f"--key: the file has no column {key!r}. Its columns: {', '.join(sample.columns)}")
    return {stream: sample}


def _header(rows: Iterator[list[str]]) -> list[str]:
    """Take the rows up to the header: the first with several filled cells, since some exports begin with a remark."""
    passed: list[list[str]] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        if len([cell for cell in cells if cell]) > 1:
            return cells
        passed.append(cells)
    alone = next((cells for cells in passed if any(cells)), None)
    if alone is None or len(passed) == 1:
        raise InputError("The input has a single line and column: it is neither Singer messages nor CSV with a header")
    raise InputError("The input has no line with several columns: it is neither Singer messages nor CSV with a header")


def _encoding_of(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _delimiter_of(head: bytes) -> str:
    lines = head.decode(_encoding_of(head), "replace").splitlines()[:20]
    return max(_DELIMITERS, key=lambda each: max(line.count(each) for line in lines))


def _text(value: Any) -> str:
    try:
        return read_text(value).strip()
    except ValueError:
        return str(value)


def first_of(column: Column) -> tuple[str, ...]:
    """The steps to the first value in a column's lists: ``[0]``, and its name in objects. Empty: there is none."""
    for text in column.values:
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return ()
        first = value[0] if isinstance(value, list) and value else None
        if isinstance(first, str | int | float):
            return ("[0]",)
        named = [name for name in _VALUE_NAMES if isinstance(first, Mapping) and name in first]
        return ("[0]", f"[{named[0]!r}]") if named else ()
    return ()
