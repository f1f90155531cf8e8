"""The emulated Apptivo firm: its tables, its picklists, and what rules ask of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.objects import OBJECTS
from crm_emulator.directly import Directly
from crm_emulator.query import Condition, Query
from crm_emulator.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.objects import AppObject
    from crm_emulator.apptivo.switches import Switches
    from crm_emulator.clock import Clock
    from crm_emulator.messages import Record
    from crm_emulator.store import Store

FIRM_ID = 15_479

TABLES: dict[str, Table] = {
    **{declared.name: declared.table for declared in OBJECTS},
    "picklists": Table("apptivo_picklists", (Column("object", "object"), Column("list", "list"))),
    "custom_attributes": Table("apptivo_custom_attributes", (Column("object", "object"),), first_id=90_001),
    "notes": Table("apptivo_notes", first_id=82_001),
    "activities": Table("apptivo_activities", (Column("kind", "kind"),), first_id=84_001),
    "links": Table("apptivo_links", (Column("owner", "owner"),), first_id=1),
}

PICKLISTS = {
    (declared.name, picklist.listed_as): (place, picklist)
    for place, (declared, picklist) in enumerate(
        ((declared, picklist) for declared in OBJECTS for picklist in declared.picklists), 1
    )
}
"""Every picklist and the id under which its items are kept, by object and name."""


class ApptivoAccount(Directly):
    """What lies in the firm, by object name."""

    def __init__(self, store: Store, clock: Clock, switches: Switches) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.switches = switches

    def seconds(self) -> int:
        """Unix seconds as the firm sees them."""
        return int(self.clock.now() if self.moment is None else self.moment)

    def get(self, object_name: str, record_id: int) -> Record | None:
        """A record that is not deleted, or None."""
        return self.store.get(TABLES[object_name], record_id)

    def put(self, object_name: str, record: Record, *, hidden: int = 0) -> None:
        """Write a record."""
        self.store.put(TABLES[object_name], record, hidden=hidden)

    def new_id(self, object_name: str) -> int:
        """A fresh id."""
        return self.store.next_id(TABLES[object_name])

    def records(self, object_name: str) -> list[Record]:
        """All records of a small object, by id."""
        return self.store.records(Query(TABLES[object_name]))

    def matching(self, object_name: str, sql: str, *arguments: Any) -> list[Record]:
        """The records that meet an SQL condition."""
        return self.store.records(Query(TABLES[object_name], (Condition(sql, arguments),)))

    def items(self, declared: AppObject, list_name: str) -> list[Record]:
        """The items of one of an object's picklists."""
        found = self.get("picklists", PICKLISTS[declared.name, list_name][0])
        return found["items"] if found else []

    def custom_attributes(self, declared: AppObject) -> dict[int, Record]:
        """An object's custom attributes, by id."""
        return {each["id"]: each for each in self.matching("custom_attributes", "object = ?", declared.name)}

    def user(self, values: Mapping[str, str]) -> Record | None:
        """The employee on whose behalf a call is made: ``userName``, else the first; None for an unknown one."""
        employees = self.records("employees")
        name = values.get("userName")
        if not name:
            return employees[0] if employees else {"id": 0, "fullName": ""}
        return next((each for each in employees if each.get("emailId") == name), None)

    def name_of(self, object_name: str, record_id: int) -> str | None:
        """What people call a record, or None where there is none."""
        record = self.get(object_name, record_id)
        declared = next(each for each in OBJECTS if each.name == object_name)
        return None if record is None else str(record.get(declared.title) or "")


def stamp(seconds: int) -> str:
    """An instant as records show it: ``Oct 07, 2017 05:44:26 PM`` (section 8)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%b %d, %Y %I:%M:%S %p")
