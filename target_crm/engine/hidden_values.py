"""Values that lists of many records hide: the records are read by their ids before somebody's edit is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from crm_api.crm_objects import CrmId, CrmRecord
from target_crm.engine.run import StreamContext
from target_crm.mapping.values import Mapped

_TRIES = 2  # in vain, after which it counts as never shown


class HiddenValues:
    """Reads records by their ids, where a list that holds them does not show what must be compared.

    Args:
        context: The stream's.
    """

    def __init__(self, context: StreamContext) -> None:
        self._context = context
        self._in_vain: Counter[str] = Counter()

    def shown(self, mapped: Mapped, crm_id: CrmId, listed: CrmRecord, names: Collection[str]) -> CrmRecord | None:
        """Return a record with attributes that the list does not show, as far as the CRM shows them at all.

        Args:
            mapped: The source's record.
            crm_id: The id of the CRM's record.
            listed: That record, as a list of several shows it.
            names: The attributes that must be compared.

        Returns:
            The record; None if the CRM has it no longer.
        """
        missing = self._context.mapper.unknown(mapped, listed, names)
        if all(self._in_vain[name] >= _TRIES for name in missing):
            return listed
        crm_object = self._context.mapper.crm_object
        record = self._context.crm.read(crm_object, [crm_id], immediate=True).get(crm_id)
        if record is not None:
            self._in_vain.update(self._context.mapper.unknown(mapped, record, missing))
        return record
