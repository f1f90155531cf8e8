"""The brakes on deletes: pure decisions about which may be carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from target_crm.ledger.values import Known, Origin

STANDS = "another record stands for it"
SMALL = 10  # below so many live records, any fraction of them may be absent
DAYS = 7  # over which the second fraction is taken: a source that shrinks night by night is noticed


@dataclass(frozen=True, slots=True)
class Absences:
    """The deletes by absence of some days, of a stream.

    Attributes:
        gone: The number of records that were there at the beginning and are deleted, this run's included.
        there: The number of records that were there at the beginning.
        gone_of_all: The number of records that were deleted, also those that came later.
        all: The number of records that were there at any time.
    """

    gone: int
    there: int
    gone_of_all: int = 0
    all: int = 0


@dataclass(frozen=True, slots=True)
class Brakes:
    """The limits above which the deletes of a stream are held back.

    Attributes:
        most: The most records that one run may delete.
        fraction: The largest fraction (0 to 1) of the live records that may be deleted because they are absent; it
            holds from ``SMALL`` live records up.
        fraction_7_days: The largest fraction of the records of ``DAYS`` days ago that may have been deleted since
            because they were absent.
    """

    most: int = 100
    fraction: float = 0.2
    fraction_7_days: float = 0.5

    def refusal(self, deletes: int) -> str | None:
        """The reason why so many records may not be deleted; None if they may."""
        if deletes > self.most:
            return f"{deletes} records would be deleted, more than max_deletes ({self.most})."
        return None

    def refusal_of_absent(self, absent: int, live: int) -> str | None:
        """The reason why so many records may not be deleted for being absent; None if they may."""
        if live >= SMALL and absent > self.fraction * live:
            return (
                f"{absent} of {live} records are absent from the source, more than max_delete_fraction "
                f"({self.fraction})."
            )
        return self.refusal(absent)

    def passes_days(self, worst: Absences) -> bool:
        """Tell whether the brake over several days certainly lets a run pass.

        Args:
            worst: Counts of which at least so many were there, and at most so many are gone.
        """
        return worst.there >= SMALL and worst.gone <= self.fraction_7_days * worst.there

    def refusal_of_days(self, absences: Absences) -> str | None:
        """The reason why a run may not delete what is absent, after what earlier runs deleted; None if it may."""
        gone, there = absences.gone, absences.there
        if there < SMALL:  # as in a ledger that is younger
            gone, there = absences.gone_of_all, absences.all
        if there < SMALL or gone <= self.fraction_7_days * there:
            return None
        return (
            f"{gone} of the {there} records of {DAYS} days ago would then be deleted for being absent from the source, "
            f"more than max_delete_fraction_7_days ({self.fraction_7_days})."
        )


def reason_to_keep(known: Known, others: Sequence[tuple[int, str]], *, matched_too: bool) -> str:
    """The reason why a record stays in the CRM although its source has deleted it; empty if it may go.

    Args:
        known: The record as the ledger knows it.
        others: The other records that stand for the same CRM record and are not deleted with it: scope and source id.
        matched_too: Records that were only matched may be deleted as well.
    """
    if known.origin == Origin.RESTORED:
        return "an undo made it again"
    if known.origin in {Origin.MATCHED, Origin.LEFT} and not matched_too:
        return "only matched, not created"
    if others:
        return STANDS
    return ""
