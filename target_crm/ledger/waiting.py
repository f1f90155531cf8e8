"""Waits for other programs that hold the ledger: each has an end, and is told of after a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from crm_api.errors import Exit
from crm_api.transport.network import secrets_in
from crm_api.transport.redaction import Redactor
from crm_api.transport.store_failures import first_error, is_setting, said_by
from target_crm.ledger.locks import TELL_SECONDS, logger
from target_crm.ledger.values import LedgerDataError, LedgerError

BUSY_SECONDS = 30  # for which a statement waits for another program, such as `singer-crm ledger`: long for any of ours
SILENT_SECONDS = 20  # for which a program may stand still in the midst of a transaction that others wait for
RETRY_SECONDS = 0.2  # between two tries


class BusyLedgerError(LedgerError):
    """Another program has held the ledger for longer than this one waits."""

    happened = f"Another program has held the ledger for {BUSY_SECONDS} seconds"
    advice = "Nothing was lost: let it end (in PostgreSQL, pg_stat_activity names it), and run again."


class LedgerRefusedError(LedgerError):
    """The database does not let us in, or not do what a ledger needs: to wait does not help."""

    exit = Exit.SETTINGS
    happened = "ledger_url cannot be used"
    advice = "Check the path, or the user, the password and the database in it, and what that user may do there."


_OF_LIMITS = "54"  # the class of PostgreSQL's codes for rows and statements that are too large
_BLOCKERS = sa.text(
    "SELECT other.pid, other.application_name FROM unnest(pg_blocking_pids(:pid)) blocking (pid) "
    "JOIN pg_stat_activity other USING (pid)"
)
_END_SILENT = sa.text(
    "SELECT pg_terminate_backend(other.pid) FROM unnest(pg_blocking_pids(:pid)) blocking (pid) "
    "JOIN pg_stat_activity other USING (pid) WHERE other.usename = current_user AND other.state = 'active' "
    "AND other.wait_event = 'ClientRead' AND other.state_change < now() - make_interval(secs => :seconds)"
)
"""Ends who holds the waiting one back and has been silent for too long between two statements that it sends together.

The server does not count it as idle in a transaction then, so that idle_in_transaction_session_timeout does not end it.
"""


class WaitTeller:
    """Says of a transaction that waits for more than a second what it waits for, and ends it where that stands still.

    Args:
        engine: The ledger's database.

    Attributes:
        began: When the transaction was begun (monotonic seconds); None if none is open. Set by whoever opens one.
        is_open: Whether it has begun: in SQLite it waits for nobody from then on.
        pid: The number of its process at the server; None in SQLite.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.began: float | None = None
        self.is_open = False
        self.pid: int | None = None
        self._ended = threading.Event()
        # One for the whole run costs less than one for each transaction.
        self._thread = threading.Thread(target=self._watch, name="waits", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no more. A connection that the watcher has open is closed by then, unless the server is silent."""
        self._ended.set()
        self._thread.join(TELL_SECONDS)

    def _watch(self) -> None:
        seen = told = None
        while not self._ended.wait(TELL_SECONDS):
            began, seen_before = self.began, seen
            seen = began
            # Two looks show that it lasts. Its age does not: this process may have stood still.
            if began is None or began != seen_before:
                continue
            if began == told:
                self._end_silent()
            elif (cause := self._cause()) is not None and self.began == began:
                told = began
                logger.info("Waiting for %s, at most %d seconds", cause, BUSY_SECONDS)

    def _end_silent(self) -> None:
        """End a program that stands still in the midst of its transaction, such as one on a paused host."""
        if self.pid is None:
            return
        with suppress(sa.exc.DBAPIError), self._engine.connect() as connection:  # who may not end it waits
            connection.execute(_END_SILENT, {"pid": self.pid, "seconds": SILENT_SECONDS})

    def _cause(self) -> str | None:
        """Name the program that the transaction waits for; None if it waits for none, and only takes long."""
        if self.pid is None:
            return None if self.is_open else f"another program that writes the ledger {self._engine.url.database}"
        try:
            with self._engine.connect() as connection:
                blocking = connection.execute(_BLOCKERS, {"pid": self.pid}).first()
        except sa.exc.OperationalError:
            return None  # the transaction itself will meet the same
        if blocking is None:
            return None
        who = blocking.application_name or f"process {blocking.pid} of the server"
        return f"another program's transaction in the ledger's database ({who})"


def try_until(attempt: Callable[[], bool], what: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Try again and again, for ``BUSY_SECONDS``; say after a second what it waits for.

    Args:
        attempt: Tries once; returns whether it succeeded.
        what: What it waits for, for people.
        sleep: Waits so many seconds.

    Raises:
        BusyLedgerError: It did not succeed in time.
    """
    waited = 0.0
    while not attempt():
        if waited >= BUSY_SECONDS:
            raise BusyLedgerError(said=what)
        sleep(RETRY_SECONDS)
        before, waited = waited, waited + RETRY_SECONDS
        if before < TELL_SECONDS <= waited:
            logger.info("Waiting while %s, at most %d seconds", what, BUSY_SECONDS)


_OF_VALUES = (UnicodeError, OverflowError)
"""Raised by drivers for a value that they cannot hand to the database; SQLAlchemy lets these pass as they are."""
DATABASE_ERRORS = (SQLAlchemyError, *_OF_VALUES)
"""Errors that a statement can fail with."""


def ledger_error(error: Exception, url: str) -> LedgerError:
    """Make an error of one of ``DATABASE_ERRORS``, with the database's own message.

    SQLAlchemy's repeats the statement with the record's values.

    Args:
        error: The error.
        url: The ledger's URL; no secret that it holds is repeated.
    """
    if not isinstance(error, SQLAlchemyError):
        return _data_error(error)
    orig = getattr(error, "orig", None)
    if orig is None:
        return LedgerError(said=type(error).__name__)
    if _is_of_data(error):
        return _data_error(orig)
    return driver_error(orig, url)


def driver_error(error: BaseException, url: str) -> LedgerError:
    """Make an error of what the database's driver raised: busy, not let in, or in trouble."""
    error = first_error(error)
    said = Redactor(secrets_in(url))(said_by(error) or type(error).__name__)
    if "database is locked" in said or type(error).__name__ == "LockNotAvailable":
        return BusyLedgerError(said=said)
    if is_setting(error):
        return LedgerRefusedError(said=said)
    return LedgerError(said=said)


def _is_of_data(error: SQLAlchemyError) -> bool:
    """Tell whether the database refuses the values, and not the work: another record's values may pass."""
    if isinstance(error, sa.exc.DataError | sa.exc.IntegrityError):
        return True
    state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    of_driver = isinstance(error, sa.exc.DBAPIError)
    return state.startswith(_OF_LIMITS) or (isinstance(error, sa.exc.StatementError) and not of_driver)


def _data_error(error: BaseException) -> LedgerDataError:
    """Make an error of values that the database, or its driver, refuses."""
    if isinstance(error, _OF_VALUES):  # its text repeats the value
        return LedgerDataError(said=type(error).__name__)
    told = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)  # its details hold values
    return LedgerDataError(said=next(iter(told.splitlines()), type(error).__name__))
