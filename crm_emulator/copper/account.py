"""The emulated Copper account: its tables, its settings, and what rules ask of it."""

from __future__ import annotations

from typing import Any

from crm_emulator.clock import Clock
from crm_emulator.copper.objects import BY_NAME, OBJECTS, CustomerObject
from crm_emulator.copper.settings import SETTINGS
from crm_emulator.copper.switches import Switches
from crm_emulator.directly import Directly
from crm_emulator.messages import Record
from crm_emulator.query import Condition, Query
from crm_emulator.store import Store
from crm_emulator.tables import Table

TABLES: dict[str, Table] = {**{declared.name: declared.table for declared in OBJECTS}, **SETTINGS}


class CopperAccount(Directly):
    """What lies in the account, by object name.

    Attributes:
        direct: While a test, not the API, writes: rules about who may write what are left aside.
        currency: The account's.
    """

    def __init__(self, store: Store, clock: Clock, switches: Switches) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.switches = switches
        self.currency = "USD"

    @property
    def date_order(self) -> str:
        """``mdy`` or ``dmy``."""
        return self.switches.date_order

    @property
    def owner_id(self) -> int:
        """The user to whom the key belongs: the first."""
        return self.store.ids(Query(TABLES["users"]), limit=1)[0]

    def get(self, object_name: str, record_id: int) -> Record | None:
        """A record, or None."""
        return self.store.get(TABLES[object_name], record_id)

    def exists(self, object_name: str, record_id: int) -> bool:
        """Whether a record is there to be referred to."""
        return self.store.text(TABLES[object_name], record_id) is not None

    def records(self, object_name: str) -> list[Record]:
        """All records of a small object, by id."""
        return self.store.records(Query(TABLES[object_name]))

    def holders(self, object_name: str, kind: str, value: str) -> list[int]:
        """The ids of the records that hold a key."""
        return self.store.holders(TABLES[object_name], kind, value)

    def definitions(self, declared: CustomerObject) -> list[Record]:
        """The custom fields that are available on an object."""
        if not declared.has_custom_fields:
            return []
        return [each for each in self.records("custom_field_definitions") if declared.singular in each["available_on"]]

    def matching(self, object_name: str, sql: str, *arguments: Any) -> list[Record]:
        """The records that meet an SQL condition."""
        return self.store.records(Query(TABLES[object_name], (Condition(sql, arguments),)))

    def new_id(self, object_name: str) -> int:
        """A fresh id."""
        return self.store.next_id(TABLES[object_name])

    def put(self, object_name: str, record: Record) -> None:
        """Write a record as it is."""
        self.store.put(TABLES[object_name], record)

    def remove(self, object_name: str, record_id: int) -> None:
        """Take a record out as it is."""
        self.store.remove(TABLES[object_name], record_id)

    def rename_company(self, company_id: int, name: str) -> None:
        """Carry a company's new name to those that show it; that is no update of theirs."""
        for object_name in ("people", "opportunities"):
            for record in self.matching(object_name, "company_id = ?", company_id):
                record["company_name"] = name
                self.store.put(BY_NAME[object_name].table, record)
