"""The brakes on deletes: pure decisions about which may be carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from target_crm.ledger.values import Known, Origin

STANDS = "another record stands for it"
SMALL = 10  # below so many live records, any fraction of them may be absent


@dataclass(frozen=True, slots=True)
class Brakes:
    """The limits above which the deletes of a stream are held back.

    Attributes:
        most: The most records that one run may delete.
        fraction: The largest fraction (0 to 1) of the live records that may be deleted because they are absent; it
            holds from ``SMALL`` live records up.
    """

    most: int = 100
    fraction: float = 0.2

    def refusal(self, deletes: int) -> str | None:
        """The reason why so many records may not be deleted; None if they may."""
        if deletes > self.most:
            return (
                f"{deletes} records would be deleted, more than max_deletes ({self.most}). Nothing was deleted. "
                "If that is right, raise max_deletes for one run."
            )
        return None

    def refusal_of_absent(self, absent: int, live: int) -> str | None:
        """The reason why so many records may not be deleted for being absent; None if they may."""
        if live >= SMALL and absent > self.fraction * live:
            return (
                f"{absent} of {live} records are absent from the source, more than max_delete_fraction "
                f"({self.fraction}). Nothing was deleted. If that is right, raise max_delete_fraction for one run."
            )
        return self.refusal(absent)


def reason_to_keep(known: Known, others: Sequence[tuple[int, str]], *, matched_too: bool) -> str:
    """The reason why a record stays in the CRM although its source has deleted it; empty if it may go.

    Args:
        known: The record as the ledger knows it.
        others: The other records that stand for the same CRM record and are not deleted with it: scope and source id.
        matched_too: Records that were only matched may be deleted as well.
    """
    if known.origin in {Origin.MATCHED, Origin.LEFT} and not matched_too:
        return "only matched, not created"
    if others:
        return STANDS
    return ""
