"""The only writer of an object: by a lock, an epoch, and a lease where the quota is shared; proved before it sends."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crm_api.errors import SettingError
from crm_api.transport.connections import Permit
from target_crm.ledger import tables
from target_crm.ledger.locks import LockedError, LockLostError, Locks, OtherLedgerError, logger
from target_crm.ledger.store import Store
from target_crm.ledger.values import Source
from target_crm.ledger.waiting import SILENT_SECONDS
from target_crm.partition import Partition, Share

if TYPE_CHECKING:
    from target_crm.ledger.lease import Lease

PROOF_SECONDS = 5.0  # for which a proof is good: long against a round trip, short against the doubt window's default
NEVER = (-math.inf, -math.inf)  # of a permit: the last proof is too old whatever the clocks say
NAMED = 20  # source ids in a sentence
# A run that is stopped in mid-transaction holds up its successor for no longer than this: it idles for a moment else.
IDLE_IN_TRANSACTION = f"{SILENT_SECONDS}s"
WHOLE = ""  # of the object: all of it is written, not a share


class SoleWriter:
    """Makes a run the only writer of what it writes, and notices when it is not.

    A proof is a transaction of the ledger under the run's epochs. Nothing leaves for the CRM unless the last proof is
    young: half of the time in which a create can still turn up, at most. So whoever takes over and looks for creates
    without an answer until that time has passed finds all that were sent.

    Args:
        store: The ledger's database; its transactions are guarded for as long as something is taken.
        locks: The locks of the operating system or the database.
        epochs: The ledger's epochs.
        lease: The lease in the store of the shared quota; None without one.
        window_seconds: For how long a create without an answer can still turn up in the CRM.
        clock: Returns monotonic seconds.

    Attributes:
        permit: Lets something leave for the CRM while the last proof is young.
        partition: The share of every stream that the run writes; None: all of it.
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
    ) -> None:
        self._store = store
        self._locks = locks
        self._epochs = epochs
        self._lease = lease
        self._clock = clock
        self.permit = Permit(min(PROOF_SECONDS, window_seconds / 2), self._prove)
        self.unanswered: set[tuple[str, str]] = set()
        self.partition: Partition | None = None
        self._taken_at: dict[str, float] = {}
        self._shares: dict[str, str] = {}
        self._left: set[tuple[str, str]] = set()
        self._lost: LockLostError | None = None

    def take(self, object_name: str, *, waits: bool = True, share: Share | None = None) -> None:
        """Become the only writer of an object, or of a share of it. A second call changes nothing.

        Args:
            object_name: The object.
            waits: Whether to wait for another run.
            share: The share; None: all of it.

        Raises:
            SettingError: The run writes the object already, divided otherwise.
            LockedError: Another run is the writer and does not end in time.
            LedgerError: The ledger fails.
            LockLostError: The run has lost what it took before.
        """
        taken_as = WHOLE if share is None else str(share)
        if object_name in self._taken_at:
            if self._shares[object_name] != taken_as:
                raise SettingError(
                    f"The streams into {object_name} are divided differently (partition): {self._shares[object_name]} "
                    f"and {taken_as}. Give them one match key, or write them in runs of their own"
                )
            return
        if self._lease is not None:
            self._lease.take()
        self._locks.take(object_name, waits=waits, share=share)
        self._epochs.take(object_name, share)
        self._shares[object_name] = taken_as
        self._taken_at[object_name] = self._clock()
        self._store.guard = self._verify

    def take_if_free(self, object_name: str, what: str, share: Share | None = None) -> bool:
        """Become the only writer of an object, unless another run is: that is no reason to stop.

        Args:
            object_name: The object.
            what: What is left to a later run if it is not free, for people.
            share: The share of the object; None: all of it.

        Returns:
            Whether this run is the writer.
        """
        try:
            self.take(object_name, waits=False, share=share)
        except OtherLedgerError:
            raise
        except LockedError as error:
            if (object_name, what) not in self._left:
                self._left.add((object_name, what))
                logger.warning("%s. %s of it is left to a later run", error.happened.rstrip("."), what)
            return False
        return True

    def taken_at(self, object_name: str) -> float:
        """Return since when nobody else can have written an object (seconds of ``clock``)."""
        return self._taken_at[object_name]

    def check(self) -> None:
        """Check that this run may still say what is done.

        Raises:
            LockLostError: It is not the only writer any more.
            LedgerError: The ledger fails.
        """
        if self._lost is not None:
            raise self._lost
        self.permit.check()

    def _prove(self) -> None:
        if self._lost is not None:
            raise self._lost
        if not self._taken_at:  # there is nothing that another run could have taken
            self.permit.proved_at = self.permit.boot(), self.permit.wall()
            return
        if self._lease is not None:
            self._lease.renew()
        with self._store.write():
            pass  # the guard says it

    def _verify(self, connection: sa.Connection) -> None:
        """Guard a transaction of the ledger, at its beginning."""
        if self._lost is not None:
            raise self._lost
        moment = self.permit.boot(), self.permit.wall()
        try:
            if self._lease is not None:
                self._lease.check()
            self._locks.check()
            self._epochs.verify(connection)
        except LockLostError as error:
            self.permit.proved_at = NEVER
            self._lost = LockLostError(happened=error.happened, advice=f"{error.advice} {self._at_risk()}".strip())
            raise self._lost from error
        self.permit.proved_at = moment

    def _at_risk(self) -> str:
        """Say what may be in the CRM twice."""
        creates = sorted(self.unanswered)
        if not creates:
            return "No create was on the way."
        named = ", ".join(f"{object_name} {source_id}" for object_name, source_id in creates[:NAMED])
        more = f" and {len(creates) - NAMED} more" if len(creates) > NAMED else ""
        were = f"{len(creates)} creates were" if len(creates) > 1 else "1 create was"
        return (
            f"{were} on the way, and may be in the CRM twice if another run has taken over and did not find them when "
            f"it looked. By source id: {named}{more}."
        )

    def close(self) -> None:
        """Let others write. What is kept of the run itself from now on needs nobody to be the only writer."""
        if self._lost is None:
            self._epochs.end()
            self._taken_at.clear()
            self._store.guard = None
        self._locks.close()
        if self._lease is not None:
            self._lease.close()


class Epochs:
    """The epochs that one run took: each is the number of a time that an object got its only writer.

    Writes count only in the newest.

    Args:
        store: The ledger's database.
        source: The CRM account and the source name.
        holder: Names this run, for those who find the epoch taken.
    """

    def __init__(self, store: Store, source: Source, holder: str) -> None:
        self._store = store
        self._source = source
        self._holder = holder
        self._taken: dict[tuple[int, str], int] = {}
        self._query: str | None = None
        self._names: dict[int, str] = {}

    def take(self, object_name: str, share: Share | None = None) -> None:
        """Begin the next epoch of an object: what a former writer still has to write is refused from now on.

        Of a share, the writers of other shares of its group go on.

        Args:
            object_name: The object.
            share: The share; None: all of it.

        Raises:
            LedgerError: The database fails, or another program holds the row for too long.
        """
        table, now = tables.epochs, self._store.now()
        with self._store.write() as connection:
            object_id = self._store.object_id(connection, self._source, object_name)
            name = WHOLE if share is None else str(share)
            key = table.c.object_id == object_id, table.c.share == name
            taken = {"holder": self._holder, "since": now, "at": now}
            begun = connection.execute(table.update().where(*key).values(epoch=table.c.epoch + 1, **taken))
            if not begun.rowcount:
                connection.execute(table.insert().values(object_id=object_id, share=name, epoch=1, **taken))
            epoch = connection.execute(sa.select(table.c.epoch).where(*key)).scalar_one()
            shares = connection.execute(sa.select(table.c.share).where(table.c.object_id == object_id)).scalars()
            ended = [each for each in shares if each != name and (share is None or not share.is_beside(each))]
            if ended:  # nobody holds them: whoever did, and comes back, writes no more
                over = table.update().where(table.c.object_id == object_id, table.c.share.in_(ended))
                connection.execute(over.values(epoch=table.c.epoch + 1, holder=self._holder))
        self._taken[object_id, name] = epoch
        self._query = None
        self._names[object_id] = object_name

    def end(self) -> None:
        """Verify no more."""
        self._taken.clear()

    def verify(self, connection: sa.Connection) -> None:
        """Check, in a transaction, that nobody has begun another epoch; nobody can until the transaction ends.

        Raises:
            LockLostError: Somebody has.
        """
        if not self._taken:
            return
        if self._query is None:  # made once: it is asked at every commit
            query = _query(self._taken, connection.dialect.name)
            self._query = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        found = {(row[0], row[1]): row[2] for row in connection.exec_driver_sql(self._query)}
        for (object_id, share), epoch in self._taken.items():
            if found.get((object_id, share)) != epoch:
                table = tables.epochs
                holder = sa.select(table.c.holder).where(table.c.object_id == object_id, table.c.share == share)
                row = connection.execute(holder).one_or_none()
                by = f" by {row.holder}" if row else ", or the ledger was replaced"
                raise LockLostError(
                    happened=f"This run is not the only writer of the {self._names[object_id]} of this account any "
                    f"more: they were taken over{by}"
                )


def _query(taken: Collection[tuple[int, str]], dialect: str) -> sa.Select[Any]:
    """Build the query for the epochs of objects or shares, whose rows nobody can change until the transaction ends."""
    table = tables.epochs
    columns: list[Any] = [table.c.object_id, table.c.share, table.c.epoch]
    if dialect == "postgresql":
        columns.append(sa.func.set_config("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION, sa.true()))
    query = sa.select(*columns).where(
        sa.or_(*(sa.and_(table.c.object_id == object_id, table.c.share == share) for object_id, share in taken))
    )
    return query.with_for_update(read=True)  # SQLite has one writer, and locks no rows
