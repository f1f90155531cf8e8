"""The run that all streams share, and the context that one stream's way into the CRM needs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_api.crm import Crm
from crm_api.records.recent_records import RecentRecords
from target_crm.concurrency import Stopping, WorkerPool
from target_crm.engine.approval import Approval
from target_crm.engine.outcome_recorder import OutcomeRecorder
from target_crm.ledger.values import ObjectScope, Scope, Source
from target_crm.mapping.mapper import Mapper
from target_crm.partition import Share

if TYPE_CHECKING:  # SQLAlchemy comes with them, which nobody needs before the first stream
    from target_crm.ledger.ledger import Ledger
    from target_crm.ledger.sole_writer import SoleWriter

logger = logging.getLogger("target-crm")  # the target's own, which the SDK sets up


@dataclass(frozen=True, slots=True)
class Window:
    """The time during which a create without an answer can still turn up in the CRM.

    Attributes:
        lag_seconds: How long searches lag behind writes.
        timeout_seconds: How long a request can still be on its way.
    """

    lag_seconds: float
    timeout_seconds: float

    @property
    def seconds(self) -> float:
        """The length of the window, from the last moment at which the create can have been sent."""
        return self.lag_seconds + self.timeout_seconds


@dataclass(frozen=True, slots=True)
class Timing:
    """When the run began, how long things take, and whether it is to end.

    Attributes:
        began: When the process began (seconds of ``clock``).
        window: How long a create that was not answered can still turn up.
        stopping: Set by a signal; waits, and raises when it is set.
        clock: Monotonic seconds.
    """

    began: float
    window: Window
    stopping: Stopping
    clock: Callable[[], float] = time.monotonic


class RecentWrites:
    """The CRM records that our own writes left, by object: streams into one object see each other's.

    Args:
        seconds: How long a search may lag behind a write.
        clock: Monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._by_object: dict[str, RecentRecords] = {}

    def to(self, object_name: str) -> RecentRecords:
        """Return the records of an object that our own writes left."""
        return self._by_object.setdefault(object_name, RecentRecords(self._seconds, clock=self._clock))

    def close(self) -> None:
        """Forget all of them."""
        for each in self._by_object.values():
            each.close()


@dataclass(frozen=True)
class Run:
    """One run of the target, as all its streams share it.

    Attributes:
        id: Names the run.
        crm: The account.
        source: The source and the account, by which the ledger keeps records.
        ledger: Remembers what was written where, and what was not written.
        locks: Keep other runs from writing at the same time.
        recorder: Counts what became of every record, and passes it on to the observers.
        recent: The CRM records that our own writes left, by object.
        pool: Carries out several requests at once.
        timing: When the run began, how long things take, and whether it is to end.
        approval: Sees what is about to be done, and may object.
    """

    id: str
    crm: Crm
    source: Source
    ledger: Ledger
    locks: SoleWriter
    recorder: OutcomeRecorder
    recent: RecentWrites
    pool: WorkerPool
    timing: Timing
    approval: Approval

    @property
    def own_version(self) -> str:
        """The version of a stream whose messages name none; another one in each run, also if two have one name."""
        return f"{self.id} {self.timing.began}"

    def close(self) -> None:
        """Let workers, locks and ledger go."""
        with ExitStack() as stack:  # in the reverse order, all of them even if one fails
            stack.callback(self.ledger.close)
            stack.callback(self.locks.close)
            stack.callback(self.recent.close)
            stack.callback(self.pool.close)


@dataclass(frozen=True)
class ObjectContext:
    """The way to one object of the CRM.

    Attributes:
        crm: The account.
        mapper: Says what records become, and how values compare.
        ledger: Remembers what was written where.
        scope: The part of the ledger that is about the object.
        run: The run that all streams share.
        recent: The records of the object that our own writes left.
    """

    crm: Crm
    mapper: Mapper
    ledger: Ledger
    scope: ObjectScope
    run: Run
    recent: RecentRecords


@dataclass(frozen=True)
class StreamContext(ObjectContext):
    """One stream's way into one object of the CRM.

    Attributes:
        scope: The part of the ledger that is about the stream's records.
        share: The records that this run writes; None: all of them.
    """

    scope: Scope
    share: Share | None = None

    def is_ours(self, source_id: str) -> bool:
        """Tell whether this run writes the record with a source id."""
        return self.share is None or self.share.holds(source_id)
