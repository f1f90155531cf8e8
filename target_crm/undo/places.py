"""The ways into the CRM that an undo needs: one for each stream that the run wrote."""

from __future__ import annotations

from crm_api.crm_objects import CrmObject
from crm_api.errors import SettingError
from target_crm.engine.run import Run, StreamContext
from target_crm.ledger.values import Scope
from target_crm.undo.mapper import UndoMapper


class Places:
    """Leads to objects and streams.

    Args:
        run: The undo, as a run.
        again: Whether the source's values are to be sent again by the next run.

    Attributes:
        run: See above.
        again: See above.
    """

    def __init__(self, run: Run, *, again: bool) -> None:
        self.run = run
        self.again = again
        self._mappers: dict[str, UndoMapper] = {}

    def object_of(self, name: str) -> CrmObject | None:
        """Return an object of the account; None: the settings know none of that name."""
        try:
            return self.run.crm.objects[name]
        except (KeyError, SettingError):
            return None

    def mapper(self, crm_object: CrmObject) -> UndoMapper:
        """Return the mapper of an object."""
        if crm_object.name not in self._mappers:
            self._mappers[crm_object.name] = UndoMapper(self.run.crm, crm_object, again=self.again)
        return self._mappers[crm_object.name]

    def context(self, scope: Scope, crm_object: CrmObject) -> StreamContext:
        """Return the way of one stream into an object."""
        run = self.run
        recent = run.recent.to(crm_object.name)
        return StreamContext(run.crm.owner(crm_object), self.mapper(crm_object), run.ledger, scope, run, recent)
