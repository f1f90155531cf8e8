"""The brakes on deletes, and the rules by which a record stays: pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from target_crm.ledger.values import Known, Origin

STANDS = "another record stands for it"
SMALL = 10  # of so few live records any fraction may be absent


@dataclass(frozen=True, slots=True)
class Brakes:
    """Limits beyond which a stream deletes nothing.

    Attributes:
        most: The number of records of a stream that one run may delete.
        fraction: The part of the live records, 0 to 1, that may be deleted because they are absent; it counts from
            ``SMALL`` live records up.
    """

    most: int = 100
    fraction: float = 0.2

    def refusal(self, deletes: int) -> str | None:
        """Say why so many records may not be deleted at the source's word; None if they may."""
        if deletes > self.most:
            return (
                f"{deletes} records would be deleted, more than max_deletes ({self.most}). Nothing was deleted. "
                "If that is right, raise max_deletes for one run."
            )
        return None

    def refusal_of_absent(self, absent: int, live: int) -> str | None:
        """Say why so many records may not be deleted as absent; None if they may."""
        if live >= SMALL and absent > self.fraction * live:
            return (
                f"{absent} of {live} records are absent from the source, more than max_delete_fraction "
                f"({self.fraction}). Nothing was deleted. If that is right, raise max_delete_fraction for one run."
            )
        return self.refusal(absent)


def reason_to_keep(known: Known, others: Sequence[tuple[int, str]], *, matched_too: bool) -> str:
    """Say why a record stays in the CRM although its source has deleted it; empty if it may go.

    Args:
        known: The record as the ledger knows it.
        others: Scopes and source ids, not deleted with it, that stand for its CRM record, too.
        matched_too: Whether records that were only matched may be deleted, too.
    """
    if known.origin in {Origin.MATCHED, Origin.LEFT} and not matched_too:
        return "only matched, not created"
    if others:
        return STANDS
    return ""
