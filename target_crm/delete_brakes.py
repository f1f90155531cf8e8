"""Which deletes may be carried out: pure decisions, and the brakes on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from target_crm.ledger.values import Known, Origin

STANDS = "another record stands for it"
SMALL = 10  # of so few live records any fraction may be absent


@dataclass(frozen=True, slots=True)
class Brakes:
    """What holds deletes back.

    Attributes:
        most: So many of a stream in one run may be deleted.
        fraction: So much of what is live may be deleted because it is absent, from ``SMALL`` live records up.
    """

    most: int = 100
    fraction: float = 0.2

    def refusal(self, deletes: int) -> str | None:
        """Why so many records may not be deleted because the source says so; None if they may."""
        if deletes > self.most:
            return (
                f"{deletes} records would be deleted, more than max_deletes ({self.most}). Nothing was deleted. "
                "If that is right, raise max_deletes for one run."
            )
        return None

    def refusal_of_absent(self, absent: int, live: int) -> str | None:
        """Why so many records may not be deleted because they are absent; None if they may."""
        if live >= SMALL and absent > self.fraction * live:
            return (
                f"{absent} of {live} records are absent from the source, more than max_delete_fraction "
                f"({self.fraction}). Nothing was deleted. If that is right, raise max_delete_fraction for one run."
            )
        return self.refusal(absent)


def reason_to_keep(known: Known, others: Sequence[tuple[int, str]], *, matched_too: bool) -> str:
    """Why a record stays in the CRM although its source has deleted it; empty if it may go.

    Args:
        known: What the ledger knows of it.
        others: Scopes and source ids, not deleted with it, that stand for the same CRM record.
        matched_too: Records that were only matched may be deleted too.
    """
    if known.origin in {Origin.MATCHED, Origin.LEFT} and not matched_too:
        return "only matched, not created"
    if others:
        return STANDS
    return ""
