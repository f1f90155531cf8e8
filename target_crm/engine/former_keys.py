"""Records that the ledger knows by another id, from a time in which their stream had no key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from target_crm.engine.decisions import Ready, Update
from target_crm.engine.identity import SourceIds
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.run import StreamContext


class FormerKeys:
    """Finds the records of one stream under the ids that they had before its settings or its key changed.

    Args:
        context: The stream's way into the CRM.
        ids: The source ids of its records.
    """

    def __init__(self, context: StreamContext, ids: SourceIds) -> None:
        self._context = context
        self._ids = ids

    @cached_property
    def _had_rows(self) -> bool:
        return not self._ids.by_whole and self._context.ledger.renames.has_rows(self._context.scope)

    def ids_of(self, incoming_records: Iterable[IncomingRecord]) -> dict[str, str]:
        """Return the source ids of records by other ids under which the ledger may know them."""
        former: dict[str, str] = {}
        for each in incoming_records:
            former.update(dict.fromkeys(each.former_ids, each.source_id))
            if self._had_rows and each.flaw is None:
                for row in self._ids.rows(each.record):
                    former.setdefault(row, each.source_id)
        return former

    def recognised(self, matched: Sequence[Update]) -> set[str]:
        """Let records go by their own ids that were known by their match key alone.

        Args:
            matched: Updates of CRM records that a match key led to.

        Returns:
            The source ids of those that the ledger knows from now on.
        """
        ledger, scope = self._context.ledger, self._context.scope
        claims = ledger.claims.live(scope, {each.crm_id for each in matched}) if matched else {}
        former: dict[str, str] = {}
        for each in matched:
            own = self.own_among({name for at, name in claims.get(each.crm_id, ()) if at == scope.id}, each.ready)
            if own is not None:
                former.setdefault(own, each.ready.incoming.source_id)
        renamed = set(former.values())
        if former:
            ledger.renames.rename(scope, former)
        return renamed & ledger.known(scope, renamed).keys() if renamed else set()

    def own_among(self, source_ids: Collection[str], ready: Ready) -> str | None:
        """Return which of some source ids a record had while its match key told it from others; None: none of them."""
        others = set(source_ids) - {ready.incoming.source_id}
        if not others:
            return None
        return min(others & self._ids.by_values(ready.incoming.record, ready.mapped.keys), default=None)
