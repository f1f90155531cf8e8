"""Later versions of a plan's records, which another run has written or holds: the plan's own must not replace them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from target_crm.ledger.planned_lines import HeldVersion, PlannedLines, Writer, version_of
from target_crm.ledger.values import Scope
from target_crm.plans.carried_messages import as_line
from target_crm.plans.plan_file import PlanHeader, PlanLine

WRITTEN = "Another run has written it since the plan was made"
HELD = "Another run holds a later version of it"


class LaterVersions:
    """Tells of which of a plan's records another run has a later version.

    Args:
        header: The plan's header.
        planned_lines: What the ledger knows of its records.
        runs: The runs that have begun to carry it out, this one included: what they wrote is the plan's own.
    """

    def __init__(self, header: PlanHeader, planned_lines: PlannedLines, runs: Collection[str]) -> None:
        self._planned_by = header.run_id
        self._planned_lines = planned_lines
        self._runs = runs

    def reasons(self, scope: Scope, lines: Mapping[str, PlanLine]) -> dict[str, str]:
        """Say of records, by source id, what another run has done with a later version; others are left out.

        Args:
            scope: Where the ledger keeps the records.
            lines: Their lines, by source id.
        """
        writers = self._planned_lines.writers(scope, lines.keys())
        senders = self._planned_lines.senders(scope, lines.keys())
        written = {
            source_id: WRITTEN
            for source_id, line in lines.items()
            if senders.get(source_id) not in {None, *self._runs}
            or not self._is_as_planned(line, writers.get(source_id))
        }
        return self.held(scope, lines) | written

    def held(self, scope: Scope, lines: Mapping[str, PlanLine]) -> dict[str, str]:
        """Say of which records another run holds a later version."""
        held = self._planned_lines.held(scope, lines.keys())
        return {source_id: HELD for source_id, line in lines.items() if not self._is_known(line, held.get(source_id))}

    def _is_as_planned(self, line: PlanLine, writer: Writer | None) -> bool:
        """Tell whether the run that wrote a record last is the one that the plan knew of, or carried out the plan."""
        planned = line.written
        if planned is None or writer is None:
            return planned is None and writer is None
        if planned["run_id"] == self._planned_by:
            return writer[0] in self._runs
        return (planned["run_id"], float(planned["at"])) == writer

    def _is_known(self, line: PlanLine, held: HeldVersion | None) -> bool:
        """Tell whether what is held of a record is the plan's own version, or was held before the plan was made."""
        if held is None or held[0] in self._runs:
            return True
        own = line.carry.get("message")
        return held[1] in {line.carry.get("held"), None if own is None else version_of(as_line(own))}
