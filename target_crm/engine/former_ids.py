"""The ids that version 0.1.0 made of whole records: of their content, of the stream's settings, and of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from target_crm.engine.incoming import fingerprint, record_hash
from target_crm.stream_settings import FIRST_DEFAULTS, StreamSettings

VERSION = "0.1.0"
LEFT_OUT = frozenset(
    f"_sdc_{name}"
    for name in (
        "extracted_at",
        "received_at",
        "batched_at",
        "deleted_at",
        "sequence",
        "table_version",
        "sync_started_at",
    )
)
"""Columns that it took for no content, in any stream; any other that begins with ``_sdc_`` it did."""


class FormerIds:
    """Makes the ids under which a ledger of that version may know the records of one stream.

    Args:
        settings: The stream's settings.
        with_source_id: Whether they named the source id then, too; otherwise the stream had none.
    """

    def __init__(self, settings: StreamSettings, *, with_source_id: bool) -> None:
        given = {
            name: value
            for name, value in settings.given.items()
            if value != FIRST_DEFAULTS.get(name) and (name != "source_id" or with_source_id)
        }
        self._fingerprints = [
            fingerprint(VERSION, settings.object, settings.load_method, each) for each in _as_given(given)
        ]

    def of(self, record: Mapping[str, Any], aside: Mapping[str, Any]) -> tuple[str, ...]:
        """Make the ids of a record.

        Args:
            record: The record, without columns that begin with ``_sdc_``.
            aside: Those columns.
        """
        content = {**record, **{name: value for name, value in aside.items() if name not in LEFT_OUT}}
        return tuple(f"#{record_hash(content, each).hex()}" for each in self._fingerprints)


def _as_given(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the settings as they may have stood in that version, which filled in defaults where there were any."""
    yield {**FIRST_DEFAULTS, **given}
    if not given:
        yield {}
