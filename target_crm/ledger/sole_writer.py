"""The only writer of an object: by a lock, an epoch, and a lease where the quota is shared; proved before it sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_crm.ledger.epochs import Epochs
from target_crm.ledger.locks import LockLostError, Locks
from target_crm.ledger.store import Store

if TYPE_CHECKING:
    from target_crm.ledger.lease import Lease

PROOF_SECONDS = 5.0  # for which a proof is good: long against a round trip, short against the doubt window's default
NAMED = 20  # source ids in a sentence
# Goes on while the machine sleeps, where the system has such a clock.
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class PauseClocks:
    """Clocks that show a pause of the process or of the machine: none of them alone shows every pause.

    Attributes:
        boot: Seconds since the machine was started, those included in which it slept.
        wall: Unix seconds.
    """

    boot: Callable[[], float] = lambda: time.clock_gettime(_BOOT)
    wall: Callable[[], float] = time.time

    def now(self) -> tuple[float, float]:
        """Return the seconds of both."""
        return self.boot(), self.wall()


class SoleWriter:
    """Makes a run the only writer of what it writes, and notices when it is not.

    A proof is a transaction of the ledger under the run's epochs. Nothing leaves for the CRM unless the last proof is
    young: half of the time in which a create can still turn up, at most. So whoever takes over and looks for creates
    without an answer until that time has passed finds all that were sent.

    Args:
        store: The ledger's database; its transactions are guarded from now on.
        locks: The locks of the operating system or the database.
        epochs: The ledger's epochs.
        lease: The lease in the store of the shared quota; None without one.
        window_seconds: For how long a create without an answer can still turn up in the CRM.
        clock: Returns monotonic seconds.
        pause_clocks: Show for how long the process stood still.

    Attributes:
        unanswered: The creates that were sent and of which the ledger does not hold the answer: object and source id.
    """

    def __init__(
        self,
        store: Store,
        locks: Locks,
        epochs: Epochs,
        lease: Lease | None,
        *,
        window_seconds: float,
        clock: Callable[[], float],
        pause_clocks: PauseClocks | None = None,
    ) -> None:
        self._store = store
        self._locks = locks
        self._epochs = epochs
        self._lease = lease
        self._good_seconds = min(PROOF_SECONDS, window_seconds / 2)
        self._clock = clock
        self._pause_now = (pause_clocks or PauseClocks()).now
        self.unanswered: set[tuple[str, str]] = set()
        self._taken_at: dict[str, float] = {}
        self._proved_at = (0.0, 0.0)
        self._proving = threading.Lock()
        self._lost: LockLostError | None = None
        store.guard = self._verify

    def take(self, object_name: str) -> None:
        """Become the only writer of an object. A second call changes nothing.

        Raises:
            LockedError: Another run is the writer and does not end in time.
            LedgerError: The ledger fails.
            LockLostError: The run has lost what it took before.
        """
        if object_name in self._taken_at:
            return
        if self._lease is not None:
            self._lease.take(object_name)
        self._locks.take(object_name)
        self._epochs.take(object_name)
        self._proved_at = self._pause_now()
        self._taken_at[object_name] = self._clock()

    def taken_at(self, object_name: str) -> float:
        """Return since when nobody else can have written an object (seconds of ``clock``)."""
        return self._taken_at[object_name]

    def check_now(self) -> None:
        """Prove that this run is still the only writer.

        Raises:
            LockLostError: It is not.
            LedgerError: The ledger fails.
        """
        with self._store.write():
            pass

    def before_sending(self) -> None:
        """Let something leave for the CRM.

        Raises:
            LockLostError: This run is not the only writer any more.
            LedgerError: The ledger fails.
        """
        if self._lost is not None:
            raise self._lost
        if self._taken_at and self._is_old():
            with self._proving:  # one thread is enough
                if self._is_old():
                    if self._lease is not None:
                        self._lease.renew()
                    self.check_now()

    def _is_old(self) -> bool:
        """Tell whether the last proof is too old, by the clock that went on furthest, or that was put back."""
        boot, wall = self._pause_now()
        proved = self._proved_at
        return not (boot - proved[0] <= self._good_seconds and abs(wall - proved[1]) <= self._good_seconds)

    def _verify(self, connection: sa.Connection) -> None:
        """Guard a transaction of the ledger, at its beginning."""
        if self._lost is not None:
            raise self._lost
        began = self._pause_now()
        try:
            if self._lease is not None:
                self._lease.check()
            self._locks.check()
            self._epochs.verify(connection)
        except LockLostError as error:
            self._lost = LockLostError(happened=error.happened, advice=f"{error.advice} {self._at_risk()}".strip())
            raise self._lost from error
        self._proved_at = began

    def _at_risk(self) -> str:
        """Say what may be in the CRM twice."""
        creates = sorted(self.unanswered)
        if not creates:
            return "It had no create on its way."
        named = ", ".join(f"{object_name} {source_id}" for object_name, source_id in creates[:NAMED])
        more = f" and {len(creates) - NAMED} more" if len(creates) > NAMED else ""
        return (
            f"{len(creates)} creates were on their way: they may be in the CRM twice if the other run did not find "
            f"them when it looked. By source id: {named}{more}."
        )

    def close(self) -> None:
        """Let others write. What is kept of the run itself from now on needs nobody to be the only writer."""
        if self._lost is None:
            self._epochs.end()
            self._taken_at.clear()
        self._locks.close()
        if self._lease is not None:
            self._lease.close()
