"""Records of the CRM compared with what was sent: which of them can come of which create (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload
from target_crm.ledger.values import Intent

# Kinds whose values are compared: the CRM gives them back as it got them.
_FIRM = frozenset({Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.ID, Kind.NAME_ID, Kind.IDENTIFIER})


def pairs(
    crm: Crm, crm_object: CrmObject, intents: Iterable[Intent], records: Mapping[CrmId, CrmRecord]
) -> dict[str, CrmRecord]:
    """Pair intents one to one with records that carry what was sent, the most alike first."""
    likely = sorted(
        (
            (-score, intent.source_id, str(crm_id), crm_id)
            for intent in intents
            for crm_id, record in records.items()
            if (score := resemblance(crm, crm_object, intent.payload, record)) is not None
        ),
        key=lambda pair: pair[:3],
    )
    paired: dict[str, CrmRecord] = {}
    given: set[CrmId] = set()
    for _, source_id, _, crm_id in likely:
        if source_id not in paired and crm_id not in given:
            paired[source_id] = records[crm_id]
            given.add(crm_id)
    return paired


def resemblance(crm: Crm, crm_object: CrmObject, payload: Payload, record: CrmRecord) -> int | None:
    """Count the attributes of a record that are as they were sent; None if the record cannot come of that payload.

    What the CRM dropped or has not filled in yet speaks against nothing; a different value does, and so does a
    required attribute that is not there.
    """
    score = 0
    for attribute, has, wanted in _compared(crm, crm_object, payload, record):
        if has == wanted:
            score += 1
        elif has is not None or attribute.required:
            return None
    return score


def is_much_like(crm: Crm, crm_object: CrmObject, payload: Payload, record: CrmRecord) -> bool:
    """Tell whether a record is called as it was sent, and at least half of its attributes are as they were sent."""
    compared = list(_compared(crm, crm_object, payload, record))
    called = [has == wanted for each, has, wanted in compared if each.required and each.kind is Kind.TEXT]
    shown = [has == wanted for _, has, wanted in compared if has is not None]
    return bool(called) and all(called) and 2 * sum(shown) >= len(shown)


def _compared(
    crm: Crm, crm_object: CrmObject, payload: Payload, record: CrmRecord
) -> Iterator[tuple[Attribute, Any, Any]]:
    """The attributes of a payload that the CRM gives back as it got them, with the record's value and the payload's."""
    for name, sent in payload.items():
        attribute = crm_object.attribute(name)
        if attribute is not None and sent is not None and (attribute.kind in _FIRM or attribute.required):
            yield attribute, _value(crm, attribute, record.get(name)), _value(crm, attribute, sent)


def _value(crm: Crm, attribute: Attribute, value: Any) -> Any:
    if value is None or value in ("", [], {}):
        return None
    with suppress(ValueError):
        value = crm.decode(attribute, value)
    return " ".join(value.split()).casefold() if isinstance(value, str) else value
