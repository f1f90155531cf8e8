"""What the streams of one run share, and what one stream is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from logging import Logger

from crm_api.crm import Crm
from target_crm.crew import Crew, Stopping
from target_crm.doubt import Window
from target_crm.ledger import Ledger
from target_crm.ledger_values import Held, Source
from target_crm.locks import FileLocks
from target_crm.matching import Recent
from target_crm.outcomes import Books
from target_crm.settings import StreamSettings
from target_crm.shelf import Shelf


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
        crm: The account.
        run_id: Names the run.
        source: Where records come from and go to, as the ledger calls it.
        locks: Keep other runs from writing at the same time.
        ledger: What was written where.
        shelf: What was not written.
        books: What became of every record.
        crew: Carries out several requests at once.
        stopping: Whether the run is to end.
        window: How long a lost create can still turn up.
        began: When the process began (monotonic seconds).
        logger: For warnings.
        on_hold: Told of records that were not written, once they are in the ledger; None if nobody is.
        recents: What our own writes left, by object.
        written: Source ids that the CRM has by now, by stream, until the caller has looked what waited for them.
        clock: Monotonic seconds.
    """

    crm: Crm
    run_id: str
    source: Source
    locks: FileLocks
    ledger: Ledger
    shelf: Shelf
    books: Books
    crew: Crew
    stopping: Stopping
    window: Window
    began: float
    logger: Logger
    on_hold: Callable[[Sequence[Held]], None] | None
    recents: dict[str, Recent] = field(default_factory=dict)
    written: dict[str, set[str]] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic

    def close(self) -> None:
        """Let the workers and the ledger go."""
        self.crew.close()
        self.locks.close()
        self.ledger.close()

    def told_of(self, held: Sequence[Held]) -> None:
        """Records were put aside, and are in the ledger."""
        if self.on_hold is not None:
            self.on_hold(held)

    def recent(self, of: str) -> Recent:
        """What our own writes left of an object's records."""
        return self.recents.setdefault(of, Recent(self.window.seconds, clock=self.clock))
