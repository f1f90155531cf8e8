"""Records that the ledger holds, taken once more: as if they came again."""

from __future__ import annotations

from collections.abc import Iterable
from logging import Logger
from typing import Any, Protocol

from crm_api.errors import SettingError
from target_crm.ledger.values import Held
from target_crm.outcomes import Books, Outcome
from target_crm.reader import decode


class Intake(Protocol):
    """What takes messages."""

    schema_lines: dict[str, bytes]
    """The SCHEMA message in force, by stream before stream maps."""

    def take_schema(self, message: dict[str, Any], line: bytes) -> None:
        """Take a SCHEMA message."""

    def take_record(self, message: dict[str, Any], line: bytes, held: Held | None = None) -> None:
        """Take a RECORD message, for the stream that held it alone."""


def take_again(intake: Intake, held_records: Iterable[Held], *, run_id: str, books: Books, logger: Logger) -> None:
    """Take records that were held, each with the SCHEMA that it came with; then put the streams' own SCHEMAs back.

    Args:
        intake: Takes messages.
        held_records: In the order in which they were held.
        run_id: Of this run: what it held itself is in the books already.
        books: What became of every record.
        logger: Told of records that cannot be taken by today's settings.
    """
    before = dict(intake.schema_lines)
    for held in held_records:
        schema = decode(held.schema)
        if intake.schema_lines.get(schema["stream"]) != held.schema:
            try:
                intake.take_schema(schema, held.schema)
            except SettingError as error:
                logger.warning("A held record of stream %s is left where it is: %s", held.stream, error)
                continue
        if held.run_id == run_id:
            books.reopened(held.stream, Outcome.REJECTED if held.state == "rejected" else Outcome.WAITING, held.kind)
        else:
            books.carried(held.stream)
        intake.take_record(decode(held.message), held.message, held)
    for stream, line in before.items():
        if intake.schema_lines[stream] != line:
            intake.take_schema(decode(line), line)
