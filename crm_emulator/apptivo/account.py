"""The emulated Apptivo firm: its tables, its picklists, and what rules ask of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.objects.catalog import BY_NAME, PICKLISTS
from crm_emulator.direct_access import DirectAccess
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.apptivo.switches import Switches
    from crm_emulator.clock import Clock
    from crm_emulator.messages import Record
    from crm_emulator.store import Store
    from crm_emulator.tables import Table

FIRM_ID = 15_479


class ApptivoAccount(DirectAccess):
    """Records of an Apptivo firm, by object name."""

    def __init__(self, store: Store, clock: Clock, switches: Switches, tables: Mapping[str, Table]) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.switches = switches
        self.tables = tables

    def seconds(self) -> int:
        """Return the firm's present time in Unix seconds."""
        return int(self.clock.now() if self.instant is None else self.instant)

    def get(self, object_name: str, record_id: int) -> Record | None:
        """Return a record that is not deleted, or None."""
        return self.store.get(self.tables[object_name], record_id)

    def put(self, object_name: str, record: Record, *, hidden: int = 0) -> None:
        """Write a record."""
        self.store.put(self.tables[object_name], record, hidden=hidden)

    def new_id(self, object_name: str) -> int:
        """Return a new id."""
        return self.store.next_id(self.tables[object_name])

    def records(self, object_name: str) -> list[Record]:
        """Return all records of a small object, in the order of their ids."""
        return self.store.records(Query(self.tables[object_name]))

    def matching(self, object_name: str, sql: str, *arguments: Any) -> list[Record]:
        """Return the records that meet an SQL condition."""
        return self.store.records(Query(self.tables[object_name], (Condition(sql, arguments),)))

    def items(self, crm_object: AppObject, list_name: str) -> list[Record]:
        """Return the items of one of an object's picklists."""
        found = self.get("picklists", PICKLISTS[crm_object.name, list_name][0])
        return found["items"] if found else []

    def lists(self, crm_object: AppObject, list_name: str) -> bool:
        """Return whether getConfigData gives one of an object's picklists (section 13)."""
        missing = (each.strip() for each in self.switches.missing_lists.split(";"))
        return f"{crm_object.name} {list_name}" not in missing

    def custom_attributes(self, crm_object: AppObject) -> dict[int, Record]:
        """Return an object's custom attributes, by id."""
        return {each["id"]: each for each in self.matching("custom_attributes", "object = ?", crm_object.name)}

    def user(self, values: Mapping[str, str]) -> Record | None:
        """Return the employee on whose behalf a call is made: ``userName``, else the first; None if unknown."""
        employees = self.records("employees")
        name = values.get("userName")
        if not name:
            return employees[0] if employees else {"id": 0, "fullName": ""}
        return next((each for each in employees if each.get("emailId") == name), None)

    def record_name(self, object_name: str, record_id: int) -> str | None:
        """Return the name that people know a record by, or None if there is no such record."""
        record = self.get(object_name, record_id)
        return None if record is None else str(record.get(BY_NAME[object_name].title) or "")


def stamp(seconds: int) -> str:
    """Return an instant as records show it: ``Oct 07, 2017 05:44:26 PM`` (section 8)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %d, %Y %I:%M:%S %p")
