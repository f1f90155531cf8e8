"""The emulated Freshsales account: its tables, its settings, and what rules ask of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from crm_emulator.direct_access import DirectAccess
from crm_emulator.freshsales.answers import InvalidError
from crm_emulator.messages import is_whole
from crm_emulator.query import Condition, Query
from crm_emulator.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.clock import Clock
    from crm_emulator.freshsales.switches import Switches
    from crm_emulator.messages import Record
    from crm_emulator.store import Store


_TARGETS = {
    "Contact": "contacts",
    "SalesAccount": "sales_accounts",
    "Deal": "deals",
    "Lead": "leads",
    "CustomModule": "custom_records",
}
"""The objects that activities can be about, by the name of their model (section 4)."""


class FreshsalesAccount(DirectAccess):
    """Records of an account, by object name.

    Attributes:
        link_prefix: Where the relative URLs inside records begin (section 1).
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        switches: Switches,
        tables: Mapping[str, Table],
        link_prefix: str,
    ) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.switches = switches
        self.tables = tables
        self.link_prefix = link_prefix

    def now(self) -> float:
        """Return the account's present time in Unix seconds."""
        return self.clock.now() if self.instant is None else self.instant

    @property
    def offset(self) -> timezone:
        """The account's offset from UTC."""
        text = self.switches.utc_offset
        hours, minutes = text[1:].split(":")
        span = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-span if text.startswith("-") else span)

    def stamp(self, seconds_ago: float = 0.0) -> str:
        """Return an instant as records show it: ISO 8601 with the account's offset (section 4)."""
        then = datetime.fromtimestamp(self.now() - seconds_ago, UTC)
        return then.astimezone(self.offset).isoformat(timespec="seconds")

    @property
    def user_id(self) -> int:
        """The user to whom the key belongs: the first of the owners (section 1)."""
        return self.store.ids(Query(self.tables["owners"]), limit=1)[0]

    def get(self, object_name: str, record_id: int) -> Record | None:
        """Return a record that is not in the recycle bin, or None."""
        return self.store.get(self.tables[object_name], record_id)

    def exists(self, object_name: str, record_id: int) -> bool:
        """Return whether there is such a record to refer to."""
        return self.store.text(self.tables[object_name], record_id) is not None

    def records(self, object_name: str) -> list[Record]:
        """Return all records of a small object, in the order of their ids."""
        return self.store.records(Query(self.tables[object_name]))

    def matching(self, object_name: str, sql: str, *arguments: Any) -> list[Record]:
        """Return the records that meet an SQL condition."""
        return self.store.records(Query(self.tables[object_name], (Condition(sql, arguments),)))

    def holders(self, object_name: str, key: str, value: str) -> list[int]:
        """Return the ids of the records outside the recycle bin that hold a key, in any letter case (section 5)."""
        table = self.tables[object_name]
        found = self.store.holders(table, key, value.lower())
        return [record_id for record_id in found if self.store.text(table, record_id) is not None]

    def next_id(self, object_name: str) -> int:
        """Return a fresh id of an object, or of parts of records that have no table (e-mails, prices)."""
        table = self.tables.get(object_name) or Table(
            f"{self.tables['owners'].vendor}_{object_name}", first_id=31_015_000_001
        )
        return self.store.next_id(table)

    def target(self, model: Any, record_id: Any) -> dict[str, Any]:
        """Return ``{id, type}`` of the record that an activity is about (section 4); raises InvalidError."""
        object_name = next((name for known, name in _TARGETS.items() if known == model), "")
        if object_name not in self.tables:
            raise InvalidError(["Targetable type is invalid"])
        is_id = isinstance(record_id, int) or (isinstance(record_id, str) and is_whole(record_id))
        if not is_id or not self.exists(object_name, int(record_id)):
            raise InvalidError(["Targetable is invalid"])
        return {"id": int(record_id), "type": model}
