"""An ideal merge of what a source gives into a CRM: it loses no edit that the policy protects, and no other."""

from __future__ import annotations


class Value:
    """One field of one record: what both sides hold, and what an ideal merge makes of it."""

    def __init__(self, first):
        self.source = self.came = self.crm = self.sent = self.seen = first

    def merge(self, policy):
        """Bring the source's value over; tells whether it must be reviewed."""
        if self.source == self.sent:
            return False
        if policy == "source" or self.crm in {self.seen, self.source}:
            self.crm = self.sent = self.seen = self.source
            return False
        return policy == "review"


def merge(fields, policy):
    """Merge one record: it is looked at when its source changed, and of one that has to be reviewed nothing is written.

    A record that is held for a review is looked at in each run. Tells whether it has to be reviewed.
    """
    is_changed = any(value.source != value.came for value in fields)
    for value in fields:
        value.came = value.source
    if not is_changed and policy != "review":
        return False
    before = [dict(vars(value)) for value in fields]
    reviews = [value.merge(policy) for value in fields]
    if any(reviews):
        for value, kept in zip(fields, before, strict=True):
            vars(value).update(kept)
    return any(reviews)
