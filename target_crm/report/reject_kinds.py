"""The published kinds of rejection: what each means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from target_crm.mapping.values import Reason
from target_crm.report.outcomes import RejectKind


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rejection.

    Attributes:
        meaning: The fault of the record, for people.
        remedy: The step that mends it; then the next run, or ``singer-crm rejected replay``, tries the record again.
    """

    meaning: str
    remedy: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        RejectKind.SCHEMA: Kind(
            "It breaks the schema that its own tap announced.",
            "Mend the tap or its source; or switch `validate_records` off, if the CRM may judge.",
        ),
        RejectKind.STREAM_MAP: Kind(
            "An expression of `stream_maps` failed on it.",
            "Make the expression cope with that value (often a null).",
        ),
        RejectKind.NOT_JSON: Kind(
            "It holds what JSON cannot carry (NaN, an infinity, half a character), a number of thousands of digits, or "
            "values nested hundreds deep.",
            "Mend the value at the source, or list the attribute under `exclude`.",
        ),
        RejectKind.NO_SOURCE_ID: Kind(
            "An attribute of its source id is null or blank, or, in a stream without key properties, its match key "
            "has no value: nothing tells it from other records.",
            "Fill it at the source, or name attributes that are always there in `source_id`.",
        ),
        RejectKind.NOT_STORABLE: Kind(
            "The ledger's database cannot hold a value of it, such as a letter that its encoding lacks. Nothing of it "
            "was sent.",
            "Mend the value at the source, or give the ledger a database whose encoding is UTF8.",
        ),
        Reason.UNKNOWN_ATTRIBUTE: Kind(
            "It has an attribute that the object lacks or that cannot be written; `unknown_attributes` is `reject`.",
            "Rename it with a stream map, list it under `exclude`, or map it under `custom_fields`.",
        ),
        Reason.UNKNOWN_NAME: Kind(
            "A name (of a user, a stage, an option …) is not in the CRM's list; the reason says which names are.",
            "Correct it, add it in the CRM, or say with `unknown_names` what to do instead.",
        ),
        Reason.AMBIGUOUS_NAME: Kind(
            "A name means several things of the CRM's list: two users of one name, a stage of two pipelines.",
            "Give what tells them apart (the user's e-mail, the pipeline beside the stage), or the id.",
        ),
        Reason.INVALID_VALUE: Kind(
            "A value cannot be turned into what the attribute holds (not a number, not a date, not a choice), or into "
            "the request that an endpoint declares: a field of its address is missing, its own code fails.",
            "Correct it at the source or with a stream map; the reason names the attribute, or the code.",
        ),
        Reason.MISSING_REQUIRED: Kind(
            "An attribute is missing that the CRM requires of a new record.",
            "Give it, if need be with a stream map. Updates of records that are there do not need it.",
        ),
        RejectKind.NO_MATCH_KEY: Kind(
            "It has no value for any match key, and `no_match_key` is `reject`.",
            "Give it one, choose other attributes in `match_on`, or set `no_match_key` to `create`.",
        ),
        RejectKind.AMBIGUOUS: Kind(
            "Several records of the CRM match it, or match what it refers to; the reason gives their ids. None was "
            "touched.",
            "Merge them in the CRM, or choose a stricter `match_on`.",
        ),
        RejectKind.SHARED_MATCH: Kind(
            "A match key leads it to a record of the CRM that belongs to another source record of the stream, and "
            "`shared_match` is `reject`.",
            "Give the two different values to match by, choose a stricter `match_on`, or set `shared_match` to `last`.",
        ),
        RejectKind.MISSING_REFERENCE: Kind(
            "What it refers to is not in the CRM, and `missing_reference` is `reject`. (With `wait` it is kept as "
            "*waiting*, which is not a rejection.)",
            "Write the other stream first; or choose `wait`, `link_later` or `leave_out`.",
        ),
        RejectKind.NO_ENDPOINT: Kind(
            "It has changed since it was sent, and its stream declares no endpoint for updates.",
            "Declare `endpoints.update`, or set `load_method` to `append-only` to send every version.",
        ),
        RejectKind.REFUSED: Kind(
            "The CRM's own rules refuse it; the reason is the CRM's.",
            "Do what the CRM asks; `singer-crm rejected show NUMBER --config FILE` gives what was sent and the whole "
            "answer.",
        ),
        RejectKind.FORBIDDEN: Kind(
            "The user of the key may not write it, or the account lacks the feature.",
            "Use the key of a user who may, or have the feature enabled. The record itself is sound.",
        ),
        RejectKind.GONE: Kind(
            "The CRM no longer has the record that was written before, and `when_gone` is `reject`.",
            "Restore it in the CRM, or set `when_gone` to `match_again` or `recreate`.",
        ),
        RejectKind.CONFLICT: Kind(
            "The source and somebody in the CRM changed the same field since it was last sent, and `conflicts` is "
            "`review`. Nothing of the record was written.",
            "`singer-crm rejected show NUMBER --config FILE` shows both values. Send the source's with `singer-crm "
            "rejected replay NUMBER --take source --config FILE`, or keep the CRM's with `--take crm`. It is written "
            "by itself once one side agrees with the other, or goes back.",
        ),
        RejectKind.BRAKE: Kind(
            "It would be deleted together with more others than `max_deletes` allows: none of them was. Exit code 3.",
            "See whether the source is right; if so, raise `max_deletes` for one run.",
        ),
        RejectKind.OTHER_SHARE: Kind(
            "With `partition`: it has several values of the match key, which belong to different shares, so that two "
            "processes could write one record of the CRM at once. Nothing of it was sent.",
            "Let it have one value of the match key, or write it in a run without `partition`: that run tries "
            "it again.",
        ),
        RejectKind.PLAN_OUTDATED: Kind(
            "`singer-crm apply` did not find it as the plan had seen it: somebody edited it in the CRM since, another "
            "run has written it, or what would be sent is not what the plan says. Nothing of it was sent. What another "
            "run has written, or holds in a later version, is not kept: no run puts the older version in its place.",
            "Make the plan anew, and have it approved.",
        ),
        RejectKind.IN_DOUBT: Kind(
            "It was sent, no answer came that tells what became of it, and the CRM cannot tell whether it arrived.",
            "Wait: the next run asks again before it sends anything. Should it stay in doubt, look for it in the CRM. "
            "If it is there, write its source id and its CRM id into a file, `1,27140359`, and run `singer-crm ledger "
            "import PAIRS.csv --stream STREAM --config FILE`; if not, `singer-crm ledger forget SOURCE_ID --stream "
            "STREAM --config FILE`.",
        ),
    }
)
"""Every kind there is, in the order in which a record can meet them."""


def remedy(kind: str) -> str:
    """Return the remedy of a kind in plain text; empty for a kind that this program does not know."""
    return KINDS[kind].remedy.replace("`", "") if kind in KINDS else ""
