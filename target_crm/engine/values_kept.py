"""The values that the ledger keeps of a write, those of its tries without an answer among them (pure)."""

from __future__ import annotations

from dataclasses import replace

from crm_api.crm_objects import CrmRecord
from target_crm.engine.decisions import Ready
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Change, KeptValue


def kept_values(
    mapper: Mapper, change: Change, ready: Ready, current: CrmRecord | None, answer: CrmRecord | None
) -> tuple[KeptValue, ...]:
    """Return the values to be kept of a change: what was there before the first try of it, if there were several.

    Args:
        mapper: The stream's mapper.
        change: The change.
        ready: The record.
        current: The CRM's record before; None if it was not read.
        answer: The CRM's record as the write's answer shows it; None or empty if it shows nothing.
    """
    if ready.before is None:
        return mapper.kept(change, current, answer)
    # Between two tries somebody may have edited what the CRM would change by itself.
    payloads = (*ready.basis.tried, change.payload)
    kept = [
        value for payload in payloads for value in mapper.kept(replace(change, payload=payload), ready.before, None)
    ]
    return tuple({value.attribute: value for value in kept}.values())
