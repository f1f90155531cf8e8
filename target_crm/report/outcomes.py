"""The outcomes of records, the kinds of rejection, and those who observe outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import msgspec

from crm_api.crm_objects import CrmId, CrmRecord
from target_crm.ledger.values import Held
from target_crm.mapping.values import Conflict, Difference, LeftOut

EXAMPLES = 5  # of what is merely counted, for each stream
STOPPED = "the run stopped first"
LINKED: Literal["linked"] = "linked"
"""In place of an outcome: a reference was put into a record that had been written without it."""


class Outcome(StrEnum):
    """The ways in which a record can end. Input after stream maps is the sum of them."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    SUPERSEDED = "superseded"
    """A later version of the record arrived before this one was written."""
    SKIPPED = "skipped"
    """The stream's settings say that nothing is to be done; the reason is counted beside it."""
    WAITING = "waiting"
    """Kept in the ledger until the record that it refers to is written."""
    REJECTED = "rejected"
    """Kept in the ledger with the reason."""


class RejectKind(StrEnum):
    """Kinds of rejection beside those of the mapper (``values.Reason``).

    ``target_crm.report.reject_kinds`` says what they mean.
    """

    SCHEMA = "schema"
    STREAM_MAP = "stream_map"
    NOT_JSON = "not_json"
    NO_SOURCE_ID = "no_source_id"
    NOT_STORABLE = "not_storable"
    NO_MATCH_KEY = "no_match_key"
    AMBIGUOUS = "ambiguous"
    SHARED_MATCH = "shared_match"
    NO_ENDPOINT = "no_endpoint"
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    MISSING_REFERENCE = "missing_reference"
    BRAKE = "brake"
    CONFLICT = "conflict"
    IN_DOUBT = "in_doubt"
    PLAN_OUTDATED = "plan_outdated"
    OTHER_SHARE = "other_share"


@dataclass(frozen=True)
class Example:
    """One record that is held, as an example of its kind.

    Attributes:
        stream: The stream's name.
        kind: A kind of rejection, or of waiting.
        source_id: The record's source id.
        sentence: Why it is held, for people.
    """

    stream: str
    kind: str
    source_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Shared:
    """Source records of one stream that are one record of the CRM.

    Attributes:
        stream: The stream's name.
        crm_id: The CRM's id of the record.
        source_ids: The record that was written, and others to which the CRM record belonged already.
    """

    stream: str
    crm_id: CrmId
    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """The outcome of one record, as observers get it.

    Attributes:
        stream: Its stream's name, after stream maps.
        object: The CRM object's name.
        source_id: What the ledger calls the record.
        outcome: How it ended; ``LINKED`` for references that are put in later.
        crm_id: The CRM's id of it, or None.
        status: HTTP status of a refusal, or None.
        kind: Kind of the rejection, or of what it waits for; empty for other outcomes.
        reason: Why, for people; may be empty.
        answer: The CRM's record as it was answered, or as it was before a delete; None or empty where it is not known.
        differences: Fields that were written.
        matched_by: How the CRM's record was recognised that the ledger had not known, for people; or empty.
        held: What the ledger holds of it; None if nothing.
        left_out: Its attributes that have a value and were not sent, each with the reason.
        conflicts: Fields that both sides changed, and that were left as the CRM has them.
    """

    stream: str
    object: str
    source_id: str
    outcome: Outcome | Literal["linked"]
    crm_id: CrmId | None = None
    status: int | None = None
    kind: str = ""
    reason: str = ""
    answer: CrmRecord | None = None
    differences: Sequence[Difference] = ()
    matched_by: str = ""
    held: Held | None = None
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()

    @classmethod
    def of_held(cls, stream: str, object_name: str, held: Held, crm_id: CrmId | None) -> RecordOutcome:
        """Return the outcome of a record that is rejected or waits."""
        return cls(
            stream,
            object_name,
            held.source_id,
            outcome_of(held),
            crm_id=crm_id,
            status=held.status,
            kind=held.kind,
            reason=held.reason_with_value,
            answer=refusal_of(held),
            held=held,
        )

    @property
    def in_conflict(self) -> list[dict[str, Any]]:
        """The fields that both sides changed, left to the CRM or held for a review, each with both values."""
        sent = None if self.held is None else self.held.sent
        for_review = sent.get("conflicts", ()) if isinstance(sent, dict) else ()
        return [*(each.facts for each in self.conflicts), *for_review]


class Observer:
    """Gets the outcomes of records; this one does nothing with them. Thread-safe."""

    def ended(self, outcomes: Sequence[RecordOutcome]) -> None:
        """Take outcomes of records that were decided together."""

    def flush(self) -> None:
        """Write down what was taken: STATE is about to pass."""

    def finish(self, rejected: Iterable[Held]) -> None:
        """End with what is still rejected, of this run and of earlier ones."""

    def close(self) -> None:
        """Let files and connections go."""


def refusal_of(held: Held) -> CrmRecord | None:
    """Return the CRM's answer to a record that is held, as an object; None if it has not been asked."""
    text = held.sent.get("answer") if isinstance(held.sent, dict) else None
    if not text:
        return None
    try:
        answer = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        answer = text
    return answer if isinstance(answer, dict) else {"body": answer}


def outcome_of(held: Held) -> Outcome:
    """Return the outcome that a held record counts as."""
    return Outcome.REJECTED if held.state == "rejected" else Outcome.WAITING
