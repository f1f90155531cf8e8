"""The reject file: Singer messages that say why each record was rejected, and that can be piped in again."""

from __future__ import annotations

import io
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import override

from crm_api.errors import SettingError, StopError
from target_crm.files import file_errors, open_private, write_through
from target_crm.ledger.values import Held
from target_crm.report.outcomes import Observer, RecordOutcome
from target_crm.singer.messages import record_of
from target_crm.singer.odd_values import nan_places, without_nan
from target_crm.singer.stdio import decode

_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class RejectFile(Observer):
    """A file of rejected records. Lines are on the disk when ``ended`` returns; ``finish`` leaves what is pending.

    Args:
        path: The file.

    Raises:
        SettingError: It cannot be written, or is the input.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._schema_id: str | None = None
        self._file = open_private(self._path, "rejected_path", os.O_APPEND)
        if _is_input(os.fstat(self._file.fileno())):
            self._file.close()
            raise SettingError("rejected_path is the file that is being read: move it elsewhere and read it there")
        if self._path.is_file():
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Go on in a copy: a program that reads the file, perhaps into this run, must not meet what is added to it."""
        copy = self._path.with_name(f"{self._path.name}.new")
        fresh = open_private(copy, "rejected_path", os.O_TRUNC | os.O_APPEND)
        try:
            with file_errors("rejected_path", self._path), self._path.open("rb") as before:
                shutil.copyfileobj(before, fresh)
                copy.replace(self._path)
        except StopError:
            fresh.close()
            raise
        finally:
            self._file.close()
        self._file = fresh

    @override
    def ended(self, outcomes: Sequence[RecordOutcome]) -> None:
        """Add the records among them that were rejected.

        Raises:
            FileError: The disk is full, or the like.
        """
        rejected = [each.held for each in outcomes if each.held is not None and each.held.state == "rejected"]
        if rejected:
            with file_errors("rejected_path", self._path):
                write_through(self._file, b"".join(self._lines(rejected)))

    @override
    def finish(self, rejected: Iterable[Held]) -> None:
        """Leave only these records in the file, all at once; a device, such as a terminal, stays as it is.

        Raises:
            FileError: The disk is full, or the like.
        """
        self._schema_id = None
        with file_errors("rejected_path", self._path):
            if self._path.is_file():
                fresh = self._path.with_name(f"{self._path.name}.new")
                with io.BufferedWriter(open_private(fresh, "rejected_path", os.O_TRUNC)) as file:
                    for line in self._lines(rejected):
                        file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
            self._file.close()

    def _lines(self, held: Iterable[Held]) -> Iterable[bytes]:
        for each in held:
            if each.schema_id != self._schema_id:
                self._schema_id = each.schema_id
                yield each.schema + b"\n"
            yield reject_line(each) + b"\n"


def reject_line(held: Held) -> bytes:
    """Return the RECORD message as it arrived, with ``rejected`` beside ``record``.

    It is JSON: where NaN or an infinity arrived, null stands in the record, and ``rejected.not_json`` says what it was.
    """
    rejected: dict[str, Any] = {
        "kind": held.kind,
        "reason": held.reason_with_value,
        "status": held.status,
        "at": datetime.fromtimestamp(held.at, UTC).isoformat() if held.at else datetime.now(UTC).isoformat(),
        "sent": held.sent,
    }
    message = held.message
    if b"NaN" in message or b"Infinity" in message:
        with suppress(ValueError, RecursionError):
            if places := nan_places(record_of(decode(message))):
                rejected["not_json"] = places
        message = without_nan(message)
    try:
        parts = _PARTS.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # half a pair, or too deep: still that very text
        return _spliced(message, rejected)
    return _ENCODER.encode({**parts, "rejected": rejected})


def _spliced(message: bytes, rejected: Mapping[str, Any]) -> bytes:
    """Put ``rejected`` at the end of a message that cannot be decoded."""
    return message.rstrip().removesuffix(b"}") + b',"rejected":' + _ENCODER.encode(rejected) + b"}"


def _is_input(file: os.stat_result) -> bool:
    try:
        source = os.fstat(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISREG(source.st_mode) and os.path.samestat(source, file)
