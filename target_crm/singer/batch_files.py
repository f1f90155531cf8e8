"""The files of BATCH messages, read in slices so that memory stays flat."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import IO, Any

import msgspec
from singer_sdk.helpers._batch import StorageTarget

from target_crm.singer.messages import InputError
from target_crm.singer.stdio import decode

SLICE_RECORDS = 1000
LONGEST_LINE = 1 << 26  # bytes of a record, as read from a file that may be packed: no CRM takes one as large
# Missing or truncated files, stores that are not installed, and files that are not gzip or parquet.
UNREADABLE = (OSError, EOFError, zlib.error, ImportError, ValueError)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def record_messages(message: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield the records of a BATCH message, each as a RECORD message and as the line of one.

    Args:
        message: ``stream``, ``encoding`` (``format`` jsonl or parquet, ``compression`` gzip or none) and ``manifest``.

    Raises:
        InputError: One of these is missing, the format is unknown, or a file cannot be read or holds other things
            than records.
    """
    stream, encoding, manifest = (message.get(name) for name in ("stream", "encoding", "manifest"))
    named = isinstance(manifest, list) and all(isinstance(path, str) for path in manifest)
    if not isinstance(stream, str) or not isinstance(encoding, Mapping) or not isinstance(manifest, list) or not named:
        raise InputError("a BATCH must have a stream, an encoding and a manifest")
    head = b'{"type":"RECORD","stream":' + _ENCODER.encode(stream) + b',"record":'
    for path in manifest:
        for number, record in enumerate(_read(path, encoding), start=1):
            line = head + record + b"}"
            try:
                yield decode(line), line
            except ValueError as error:
                raise InputError(f"record {number} of the file {path} of a BATCH is not JSON: {error}") from error


def _read(path: str, encoding: Mapping[str, Any]) -> Iterator[bytes]:
    try:
        folder, name = StorageTarget.split_url(path)
        with StorageTarget.from_url(folder).open(name, mode="rb") as file:
            yield from _records(file, encoding)
    except UNREADABLE as error:
        raise InputError(f"the file {path} of a BATCH cannot be read: {' '.join(str(error).split())}") from error


def _records(file: IO[bytes], encoding: Mapping[str, Any]) -> Iterator[bytes]:
    form, compression = encoding.get("format"), encoding.get("compression")
    if form == "jsonl" and compression in {None, "none"}:
        yield from _lines(file)
    elif form == "jsonl" and compression == "gzip":
        with gzip.open(file) as unzipped:
            yield from _lines(unzipped)
    elif form == "parquet":
        yield from _parquet(file)
    else:
        raise InputError(
            f"a BATCH has the format {form} and the compression {compression}. Only jsonl, gzip and parquet are read"
        )


def _lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    for line in iter(partial(file.readline, LONGEST_LINE + 1), b""):
        if len(line) > LONGEST_LINE:
            raise ValueError(f"a line is longer than {LONGEST_LINE:,} bytes")
        if stripped := line.strip():
            yield stripped


def _parquet(file: IO[bytes]) -> Iterator[bytes]:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]  # noqa: PLC0415 - optional, and without types
    except ModuleNotFoundError as error:
        raise InputError(
            "a BATCH has the format parquet, which needs the extra singer-crm[parquet]. Install it"
        ) from error
    for part in parquet.ParquetFile(file).iter_batches(batch_size=SLICE_RECORDS):
        yield from map(_ENCODER.encode, part.to_pylist())
