"""What the streams of one run share, and what one stream is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from logging import Logger
from tempfile import TemporaryDirectory

from crm_api.crm import Account, Crm
from crm_api.recent_records import RecentRecords
from target_crm.concurrency import Stopping, WorkerPool
from target_crm.engine.in_doubt import Window
from target_crm.ledger.claims import Claims
from target_crm.ledger.held import HeldRecords
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.links import Links
from target_crm.ledger.locks import Locks
from target_crm.ledger.values import Held, Source
from target_crm.report.outcomes import Books, Outcome
from target_crm.report.preview import Preview
from target_crm.report.reject_file import RejectFile
from target_crm.report.responses import Responses
from target_crm.settings import StreamSettings


@dataclass(frozen=True)
class Stream:
    """One stream of this run.

    Attributes:
        name: After stream maps.
        schema: Its SCHEMA message as it arrived, before stream maps.
        schema_id: Of that message.
        settings: What the configuration says about it.
    """

    name: str
    schema: bytes
    schema_id: str
    settings: StreamSettings


@dataclass(frozen=True)
class Office:
    """What all streams of a run share.

    Attributes:
        crm: Reaches the account.
        run_id: Names the run.
        account: Whose account it is.
        source: Where records come from and go to, as the ledger calls it.
        locks: Keep other runs from writing at the same time.
        ledger: What was written where.
        claims: Who stands for which record of the CRM.
        held_records: What was not written.
        links: References that written records still lack.
        books: What became of every record.
        pool: Carries out several requests at once.
        stopping: Whether the run is to end.
        window: How long a lost create can still turn up.
        fresh_seconds: How long what our own writes left counts besides what searches show.
        began: When the process began (monotonic seconds).
        logger: For warnings.
        reject_file: Gets rejected records besides the ledger; None if there is none.
        responses: Gets what became of each record; None if nobody asks.
        preview: Gets what would be done, in a dry run; None otherwise.
        folder: Of the copy that stands in for the ledger in a dry run.
        recents: What our own writes left, by object.
        written: Source ids that the CRM has by now, by stream, until the caller has looked what waited for them.
        told: Outcomes of held records that are open again if the record comes anew, by stream and source id.
        carried: Source ids of records that an earlier run held, by stream.
        clock: Monotonic seconds.
    """

    crm: Crm
    run_id: str
    account: Account
    source: Source
    locks: Locks
    ledger: Ledger
    claims: Claims
    held_records: HeldRecords
    links: Links
    books: Books
    pool: WorkerPool
    stopping: Stopping
    window: Window
    fresh_seconds: float
    began: float
    logger: Logger
    reject_file: RejectFile | None
    responses: Responses | None
    preview: Preview | None
    folder: TemporaryDirectory[str] | None
    recents: dict[str, RecentRecords] = field(default_factory=dict)
    written: dict[str, set[str]] = field(default_factory=dict)
    told: dict[str, dict[str, tuple[Outcome, str]]] = field(default_factory=dict)
    carried: dict[str, set[str]] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    def close(self) -> None:
        """Let the workers and the ledger go.

        Raises:
            FileError: What was captured last cannot be written.
        """
        try:
            if self.responses is not None:
                self.responses.close()
        finally:
            self.pool.close()
            self.locks.close()
            self.ledger.close()
            if self.folder is not None:
                self.folder.cleanup()

    def told_of(self, stream: str, held: Sequence[Held]) -> None:
        """Records were put aside, and are in the ledger."""
        if self.reject_file is not None:
            self.reject_file.append(held)
        if self.preview is not None:
            self.preview.held(stream, held)

    def recent(self, object_name: str) -> RecentRecords:
        """What our own writes left of an object's records."""
        return self.recents.setdefault(object_name, RecentRecords(self.fresh_seconds, clock=self.clock))
