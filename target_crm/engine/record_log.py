"""Notes on the records of one run, which later records or the next stream need (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from target_crm.ledger.values import Held
from target_crm.mapping.values import LeftOut


class RecordLog:
    """Remembers source ids for the whole run, by stream, where later records or the next stream need them.

    A stream whose SCHEMA changes gets another sink; this stays.
    """

    def __init__(self) -> None:
        self._written: dict[str, set[str]] = {}
        self._retried: dict[str, set[str]] = {}
        self._held: dict[str, dict[str, Held]] = {}
        self._left_out: dict[tuple[str, str], Mapping[str, LeftOut]] = {}
        self._names_left_out: dict[str, set[str]] = {}

    def note_left_out(self, stream: str, source_id: str, attributes: Mapping[str, LeftOut]) -> Mapping[str, list[str]]:
        """Note which attributes of a record will not be sent, until its outcome is known.

        Returns those that no record of the stream left out before, by the sentence that says why.
        """
        self._left_out[stream, source_id] = attributes
        noted = self._names_left_out.setdefault(stream, set())
        by_reason: dict[str, list[str]] = {}
        for name, why in attributes.items():
            if name not in noted:
                noted.add(name)
                by_reason.setdefault(why.sentence, []).append(name)
        return by_reason

    @property
    def has_left_out(self) -> bool:
        """Whether anything is noted of attributes that are not sent."""
        return bool(self._left_out)

    def take_left_out(self, stream: str, source_id: str) -> Mapping[str, LeftOut]:
        """Return which attributes of a record are not sent, and forget them."""
        return self._left_out.pop((stream, source_id), {})

    def note_written(self, stream: str, source_id: str) -> None:
        """Note that the CRM has a record by now."""
        self._written.setdefault(stream, set()).add(source_id)

    @property
    def streams_written(self) -> list[str]:
        """Streams of which records were written since they were last taken."""
        return list(self._written)

    def take_written(self, stream: str) -> set[str]:
        """Return the source ids of a stream that were written since they were last taken."""
        return self._written.pop(stream)

    def note_retried(self, stream: str, source_id: str) -> None:
        """Note that a record which was held is tried again."""
        self._retried.setdefault(stream, set()).add(source_id)

    def note_held(self, stream: str, held: Held) -> None:
        """Note a record that is held, if a later record of its source id takes its place in the books."""
        if held.state != "rejected" or held.source_id in self._retried.get(stream, ()):
            self._held.setdefault(stream, {})[held.source_id] = held

    def held_of(self, stream: str) -> dict[str, Held]:
        """Return what was noted of a stream's held records, by source id; whoever uses an entry removes it."""
        return self._held.setdefault(stream, {})
