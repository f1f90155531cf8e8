"""The books of a run: each record is counted once, and they must close."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from crm_api.crm_objects import CrmId
from target_crm.mapping.values import LeftOut
from target_crm.report.outcomes import EXAMPLES, STOPPED, Example, Outcome, Shared


class Books:
    """Counts each record once, by stream; ``undo_of``: the run taken back, ``plan``: its SHA-256. Thread-safe."""

    def __init__(self) -> None:
        self.undo_of: str | None = None
        self.plan: str | None = None
        self._lock = threading.Lock()
        self._arrived: Counter[str] = Counter()
        self._carried: Counter[str] = Counter()
        self._ended: dict[str, Counter[Outcome]] = {}
        self._reasons: dict[str, Counter[str]] = {}
        self._removed: Counter[str] = Counter()
        self._linked: Counter[str] = Counter()
        self._emptied: dict[str, Counter[str]] = {}
        self._left_out: dict[str, dict[str, tuple[LeftOut, int]]] = {}
        self._unknown: dict[str, Counter[str]] = {}
        self._nulled: dict[str, Counter[str]] = {}
        self._left: dict[str, Counter[str]] = {}
        self._examples: dict[tuple[str, str], Example] = {}
        self._shared: Counter[str] = Counter()
        self._shared_examples: dict[str, dict[CrmId, Shared]] = {}

    def arrived(self, stream: str, records: int = 1) -> None:
        """Count records that came from the input, after stream maps."""
        with self._lock:
            self._arrived[stream] += records
            self._ended.setdefault(stream, Counter())

    def carried(self, stream: str) -> None:
        """Count a record that an earlier run held and this one tries again."""
        with self._lock:
            self._carried[stream] += 1
            self._ended.setdefault(stream, Counter())

    def ended(self, stream: str, outcome: Outcome, reason: str = "", records: int = 1) -> None:
        """Count records by how they ended; for skipped and rejected ones also why (a kind, not a sentence)."""
        with self._lock:
            self._ended.setdefault(stream, Counter())[outcome] += records
            if reason:
                self._reasons.setdefault(stream, Counter())[f"{outcome}: {reason}"] += records

    def explained(self, stream: str, kind: str, source_id: str, sentence: str) -> None:
        """Take the sentence that says why one record is held; the first of a kind is kept."""
        with self._lock:
            self._examples.setdefault((stream, kind), Example(stream, kind, source_id, sentence))

    def shared(self, shared: Shared) -> None:
        """Count a record that was written to the CRM record of another one of its stream; some are kept as examples."""
        with self._lock:
            self._shared[shared.stream] += 1
            examples = self._shared_examples.setdefault(shared.stream, {})
            if len(examples) < EXAMPLES:
                examples.setdefault(shared.crm_id, shared)

    @property
    def shared_matches(self) -> dict[str, int]:
        """The number of records that were written to the CRM record of another one, by stream."""
        return dict(self._shared)

    def shared_examples(self, stream: str) -> list[Shared]:
        """Return some of a stream's records that share a CRM record, each CRM record once."""
        return list(self._shared_examples.get(stream, {}).values())

    def reopened(self, stream: str, outcome: Outcome, reason: str = "") -> None:
        """Take back one outcome: a record that this run held is tried again."""
        self.ended(stream, outcome, reason, -1)

    def stopped(self) -> dict[str, int]:
        """Count what a run that ends early had begun and not finished as skipped: it stays behind the last STATE.

        Returns:
            The number of such records, by stream.
        """
        unfinished = {stream: self.input(stream) - sum(self._ended[stream].values()) for stream in self.streams}
        stopped = {stream: records for stream, records in unfinished.items() if records > 0}
        for stream, records in stopped.items():
            self.ended(stream, Outcome.SKIPPED, STOPPED, records)
        return stopped

    def removed(self, stream: str) -> None:
        """Count a record that was deleted because it did not arrive: it is not part of the input."""
        with self._lock:
            self._removed[stream] += 1
            self._ended.setdefault(stream, Counter())

    def removed_from(self, stream: str) -> int:
        """Return the number of records of a stream that were deleted because they did not arrive."""
        return self._removed[stream]

    def linked(self, stream: str, links: int) -> None:
        """Count references that were put into a record written without them: it is not part of the input."""
        with self._lock:
            self._linked[stream] += links

    @property
    def links(self) -> dict[str, int]:
        """The number of references that were linked later, by stream."""
        return dict(self._linked)

    @property
    def streams(self) -> list[str]:
        """The streams' names, in the order in which they came."""
        return list(self._ended)

    def input(self, stream: str) -> int:
        """Return the number of records to account for: from the input, and carried over from earlier runs."""
        return self._arrived[stream] + self._carried[stream]

    def carried_over(self, stream: str) -> int:
        """Return the number of records to account for that earlier runs held."""
        return self._carried[stream]

    def outcomes(self, stream: str) -> dict[Outcome, int]:
        """Return the number of records by outcome, every outcome named."""
        ended = self._ended.get(stream, Counter())
        return {outcome: ended[outcome] for outcome in Outcome}

    def reasons(self, stream: str) -> dict[str, int]:
        """Return the number of skipped and rejected records by outcome and reason."""
        return dict(+self._reasons.get(stream, Counter()))

    def reject_kinds(self, stream: str) -> dict[str, int]:
        """Return the number of rejected records by kind."""
        begin = f"{Outcome.REJECTED}: "
        reasons = self.reasons(stream).items()
        return {reason.removeprefix(begin): count for reason, count in reasons if reason.startswith(begin)}

    def emptied(self, stream: str, attributes: Iterable[str]) -> None:
        """Count fields of a record that an update emptied."""
        with self._lock:
            self._emptied.setdefault(stream, Counter()).update(attributes)

    @property
    def cleared(self) -> dict[str, dict[str, int]]:
        """The number of records in which a field was emptied, by stream and field."""
        return {stream: dict(fields) for stream, fields in self._emptied.items() if fields}

    def left_out(self, stream: str, attributes: Mapping[str, LeftOut]) -> None:
        """Count attributes of a record that have a value and were not sent; the first reason of each is kept."""
        with self._lock:
            counted = self._left_out.setdefault(stream, {})
            for name, why in attributes.items():
                first, records = counted.get(name, (why, 0))
                counted[name] = (first, records + 1)

    @property
    def attributes_left_out(self) -> dict[str, dict[str, tuple[LeftOut, int]]]:
        """The attributes that were not sent, by stream and name: why, and of how many records."""
        with self._lock:
            return {stream: dict(attributes) for stream, attributes in self._left_out.items()}

    def left_unknown(self, stream: str, attributes: Sequence[str]) -> list[str]:
        """Count fields of a record that were left alone, as the CRM does not show them; returns those that are new."""
        with self._lock:
            counted = self._unknown.setdefault(stream, Counter())
            new = [each for each in attributes if not counted[each]]
            counted.update(attributes)
        return new

    @property
    def unknown(self) -> dict[str, dict[str, int]]:
        """The number of records of which a field was left alone, as the CRM does not show it, by stream and field."""
        return {stream: dict(fields) for stream, fields in self._unknown.items()}

    def nulled(self, stream: str, attributes: Iterable[str]) -> None:
        """Count attributes of a record that are null at the source, and had a value when they were last sent."""
        if attributes:
            with self._lock:
                self._nulled.setdefault(stream, Counter()).update(attributes)

    @property
    def nulls(self) -> dict[str, dict[str, int]]:
        """The number of records in which an attribute is null now and had a value when last sent, by stream."""
        return {stream: dict(attributes) for stream, attributes in self._nulled.items()}

    def left_to_crm(self, stream: str, attributes: Sequence[str]) -> None:
        """Count fields of a record that both sides changed, and that were left as the CRM has them."""
        if attributes:
            with self._lock:
                self._left.setdefault(stream, Counter()).update(attributes)

    @property
    def conflicts(self) -> dict[str, dict[str, int]]:
        """The number of records in which a field was left as the CRM has it, by stream and field."""
        return {stream: dict(attributes) for stream, attributes in self._left.items()}

    @property
    def removals(self) -> int:
        """The number of records that were deleted because they did not arrive, all streams."""
        return self._removed.total()

    @property
    def examples(self) -> list[Example]:
        """One held record of each stream and kind that is still counted."""
        counted = {(stream, reason.partition(": ")[2]) for stream in self.streams for reason in self.reasons(stream)}
        return [example for place, example in self._examples.items() if place in counted]

    def total(self, outcome: Outcome) -> int:
        """Return the number of records of all streams that ended so."""
        return sum(ended[outcome] for ended in self._ended.values())

    @property
    def inputs(self) -> int:
        """The number of records to account for, all streams."""
        return self._arrived.total() + self._carried.total()

    @property
    def closed(self) -> bool:
        """True if every record ended exactly once."""
        return all(self.input(stream) == sum(self._ended[stream].values()) for stream in self._ended)
