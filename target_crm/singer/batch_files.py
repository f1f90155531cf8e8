"""BATCH messages: files of records, read in slices so that memory stays flat."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

import msgspec
from singer_sdk.helpers._batch import StorageTarget

from target_crm.singer.messages import InputError
from target_crm.singer.stdio import decode

SLICE_RECORDS = 1000
# Missing or cut off files, addresses of a store that is not installed, and whatever is no gzip or parquet.
UNREADABLE = (OSError, EOFError, zlib.error, ImportError, ValueError)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def record_messages(message: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The records of a BATCH message, each as the RECORD message that would have brought it, and as its line.

    Args:
        message: ``stream``, ``encoding`` (``format`` jsonl or parquet, ``compression`` gzip or none) and ``manifest``.

    Raises:
        InputError: It lacks one of these, names a format that is not known, or a file that cannot be read or holds
            something else than records.
    """
    stream, encoding, manifest = (message.get(name) for name in ("stream", "encoding", "manifest"))
    named = isinstance(manifest, list) and all(isinstance(path, str) for path in manifest)
    if not isinstance(stream, str) or not isinstance(encoding, Mapping) or not isinstance(manifest, list) or not named:
        raise InputError("a BATCH lacks its stream, its encoding or its manifest")
    head = b'{"type":"RECORD","stream":' + _ENCODER.encode(stream) + b',"record":'
    for path in manifest:
        for number, record in enumerate(_read(path, encoding), start=1):
            line = head + record + b"}"
            try:
                yield decode(line), line
            except ValueError as error:
                raise InputError(f"record {number} of the file {path} of a BATCH is no JSON: {error}") from error


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
        yield from filter(None, map(bytes.strip, file))
    elif form == "jsonl" and compression == "gzip":
        with gzip.open(file) as unzipped:
            yield from filter(None, map(bytes.strip, unzipped))
    elif form == "parquet":
        yield from _parquet(file)
    else:
        raise InputError(f"a BATCH is {form} with compression {compression}: only jsonl, gzip and parquet are read")


def _parquet(file: IO[bytes]) -> Iterator[bytes]:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]  # noqa: PLC0415 - optional, and without types
    except ModuleNotFoundError as error:
        raise InputError("a BATCH is parquet, for which the extra singer-crm[parquet] must be installed") from error
    for part in parquet.ParquetFile(file).iter_batches(batch_size=SLICE_RECORDS):
        yield from map(_ENCODER.encode, part.to_pylist())
