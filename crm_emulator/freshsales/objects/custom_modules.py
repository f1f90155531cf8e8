"""Records of custom modules, all modules in one table (reference sections 2, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.freshsales.objects.declaration import (
    OWNED,
    OWNER,
    SIDE_LOADED_PEOPLE,
    STAMPS,
    TAGGED,
    Resource,
    View,
    custom_keys,
    recycle_bin,
    texts,
)
from crm_emulator.freshsales.values import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_emulator.messages import Record


def _keys(record: Record) -> Iterable[tuple[str, str]]:
    yield from custom_keys(record)
    if record.get("name"):
        yield ("name", record["name"].lower())


CUSTOM_RECORDS = Resource(
    name="custom_records",
    singular="custom_record",
    model="CustomModule",
    writable={"name": Text(), **OWNED, **TAGGED},
    kept={
        "entity_name": None,
        "is_deleted": False,
        "record_type_id": None,
        "creater_id": None,
        "updater_id": None,
        "created_at": None,
        "updated_at": None,
    },
    columns=(*STAMPS, OWNER, *texts("name", "entity_name")),
    keys=_keys,
    views=recycle_bin(View("All Records"), View("Recently Modified", "updated_at >= :recent")),
    side_loaded=SIDE_LOADED_PEOPLE,
    hidden=frozenset({"entity_name"}),
    first_id=31_000_077_001,
    has_custom_fields=True,
    deleted={"message": "Record deleted successfully"},
)
