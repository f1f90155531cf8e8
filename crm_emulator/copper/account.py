"""The emulated Copper account: its tables, its settings, and what rules ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from crm_emulator.clock import Clock
from crm_emulator.copper.switches import Switches
from crm_emulator.direct_access import DirectAccess
from crm_emulator.messages import Record
from crm_emulator.query import Condition, Query
from crm_emulator.store import Store
from crm_emulator.tables import Table


class CopperAccount(DirectAccess):
    """Records of an account, by object name.

    Attributes:
        direct: Whether a test, not the API, is writing: then the rules about who may write what do not apply.
        currency: The account's currency.
    """

    def __init__(self, store: Store, clock: Clock, switches: Switches, tables: Mapping[str, Table]) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.switches = switches
        self.tables = tables
        self.currency = "USD"

    @property
    def date_order(self) -> str:
        """``mdy`` or ``dmy``."""
        return self.switches.date_order

    @property
    def owner_id(self) -> int:
        """The user to whom the key belongs: the first."""
        return self.store.ids(Query(self.tables["users"]), limit=1)[0]

    def get(self, object_name: str, record_id: int) -> Record | None:
        """Return a record, or None."""
        return self.store.get(self.tables[object_name], record_id)

    def exists(self, object_name: str, record_id: int) -> bool:
        """Return whether there is such a record to refer to."""
        return self.store.text(self.tables[object_name], record_id) is not None

    def records(self, object_name: str) -> list[Record]:
        """Return all records of a small object, in the order of their ids."""
        return self.store.records(Query(self.tables[object_name]))

    def holders(self, object_name: str, kind: str, value: str) -> list[int]:
        """Return the ids of the records that hold a key."""
        return self.store.holders(self.tables[object_name], kind, value)

    def matching(self, object_name: str, sql: str, *arguments: Any) -> list[Record]:
        """Return the records that meet an SQL condition."""
        return self.store.records(Query(self.tables[object_name], (Condition(sql, arguments),)))

    def new_id(self, object_name: str) -> int:
        """Return a new id."""
        return self.store.next_id(self.tables[object_name])

    def put(self, object_name: str, record: Record) -> None:
        """Write a record as it is."""
        self.store.put(self.tables[object_name], record)

    def remove(self, object_name: str, record_id: int) -> None:
        """Take a record out as it is."""
        self.store.remove(self.tables[object_name], record_id)

    def rename_company(self, company_id: int, name: str) -> None:
        """Write a company's new name into the records that show it, which does not count as an update of theirs."""
        for object_name in ("people", "opportunities"):
            for record in self.matching(object_name, "company_id = ?", company_id):
                record["company_name"] = name
                self.put(object_name, record)

    @property
    def zone(self) -> ZoneInfo:
        """The account's time zone, in which its days begin."""
        return ZoneInfo(self.records("account")[0]["primary_timezone"])

    def converted(self, value: float | None) -> str | float | None:
        """Return an amount as ``converted_value`` shows it (section 10)."""
        if value is None or self.switches.converted_value == "null":
            return None
        return str(float(value)) if self.switches.converted_value == "text" else value
