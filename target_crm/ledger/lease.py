"""The lease of a run in the store of the shared quota, renewed in the background: one ledger writes an account."""

from __future__ import annotations

import threading
from collections.abc import Callable

from crm_api.errors import StopError
from crm_api.transport.leases import LEASE_SECONDS, Claim, Leases
from crm_api.transport.waits import FOR_QUOTA_STORE
from target_crm.concurrency import Stopping
from target_crm.ledger.locks import LockLostError, OtherLedgerError, logger, wait_for

RENEW_SECONDS = LEASE_SECONDS / 3  # two renewals may fail before the lease ends


class Lease:
    """Keeps one account to one ledger, as far as the store of the quota is shared.

    Args:
        leases: The store.
        claim: What is claimed.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for a run of another ledger to end.
        clock: Returns monotonic seconds.
        noted: Returns what later runs are to know of the ledger by now: the name of a note, and the note.
    """

    def __init__(
        self,
        leases: Leases,
        claim: Claim,
        stopping: Stopping,
        *,
        wait_seconds: float,
        clock: Callable[[], float],
        noted: Callable[[], tuple[str, str]],
    ) -> None:
        self._leases = leases
        self._claim = claim
        self._stopping = stopping
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._noted = noted
        self._other: str | None = None
        self._ended = threading.Event()
        self._renewing: threading.Thread | None = None

    def take(self) -> None:
        """Take the lease, to write the account. A second call changes nothing.

        Raises:
            OtherLedgerError: A run with another ledger holds it, and does not end in time.
            QuotaStoreError: The store fails.
        """
        if self._renewing is not None:
            return
        wait_for(
            self._try,
            lambda: self._other or "",
            self._stopping,
            what="this account with another ledger",
            refused=OtherLedgerError,
            wait_seconds=self._wait_seconds,
            clock=self._clock,
        )
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)
        self._renewing.start()

    def _try(self) -> bool:
        with FOR_QUOTA_STORE.told():
            self._other = self._leases.take(self._claim)
            if self._other is None:
                self._leases.note(*self._noted())
        return self._other is None

    def _renew(self) -> None:
        failed = False
        while not self._ended.wait(RENEW_SECONDS):
            try:
                if not self._try():
                    return
                failed = False
            except StopError as error:
                if not failed:
                    logger.warning("The lease of this account was not renewed; it is tried again: %s", error)
                failed = True

    def check(self) -> None:
        """Check that no other ledger has taken the account over.

        Raises:
            LockLostError: One has, as this run knows by now.
        """
        if self._other is not None:
            raise LockLostError(
                happened=f"Another ledger has taken this account over while this run stood still ({self._other})"
            )

    def renew(self) -> None:
        """Renew the lease now, after a pause.

        Raises:
            QuotaStoreError: The store fails.
        """
        self._try()

    def close(self) -> None:
        """Give the lease back; a store that fails lets it end by itself."""
        self._ended.set()
        if self._renewing is None:
            return
        self._renewing.join()
        try:
            if self._other is None:
                self._leases.note(*self._noted())
            self._leases.release(self._claim)
        except StopError as error:
            logger.warning("The lease of this account was not given back, and ends by itself: %s", error)
