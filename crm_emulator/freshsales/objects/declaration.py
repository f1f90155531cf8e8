"""The declaration of a Freshsales object, and the parts that several of them share (reference sections 2 to 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.values import Reference, Tags, Text, ValueType
from crm_emulator.messages import Record
from crm_emulator.tables import Column

if TYPE_CHECKING:
    from crm_emulator.freshsales.account import FreshsalesAccount

RECYCLED = 1
"""The hidden mark of a record in the recycle bin."""
CONVERTED = 2
"""The hidden mark of a lead that has been converted."""

Complete = Callable[["FreshsalesAccount", Record, Record | None, Mapping[str, Any]], None]
Inclusion = Callable[["FreshsalesAccount", Record], Any]


def nothing_more(_account: FreshsalesAccount, _record: Record, _old: Record | None, _sent: Mapping[str, Any]) -> None:
    """Do nothing: for resources without rules of their own."""


def no_keys(_record: Record) -> Iterable[tuple[str, str]]:
    """Return no keys: for resources that are found by id alone."""
    return ()


@dataclass(frozen=True)
class View:
    """A view of a resource, which is the only way to list it (section 7).

    Attributes:
        name: The name that it has by default.
        sql: The condition; ``:owner`` stands for the key's user, ``:recent`` for the instant of a week ago.
        hidden: The hidden marks of the records that it shows.
    """

    name: str
    sql: str = ""
    hidden: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Resource:
    """Declaration of one object.

    Attributes:
        name: The plural: the key of lists and the name of the object.
        singular: The key of the wrapper around one record.
        model: The name in ``targetable_type`` and ``model_class_name``.
        writable: The type of value of each attribute that may be sent.
        required: Attributes that a create must carry, not blank.
        kept: Attributes that Freshsales keeps itself, with their first values.
        unique: Keys that no other record may hold, with the message of the refusal.
        identifiers: Keys by which an upsert finds a record, beside ``id`` and unique custom fields.
        columns: The columns that it can be searched and sorted by.
        keys: Returns the (kind, value) pairs that a record is found by.
        labels: The labels of fields whose label is not their name.
        views: The views through which it is listed; empty: it has none.
        embedded: For each name in ``include`` that adds to the record itself: the attribute, and the function that
            makes its value.
        side_loaded: For each name in ``include`` that adds a collection beside the record: the attribute that holds the
            ids, and the object whose ids they are.
        hidden: Attributes that are kept but shown only through ``embedded`` or by an endpoint of their own.
        absent_ids: Ids that records were recorded without, where ``Switches.read_ids`` does not show them (section 12).
        path: The path below the prefix, without the leading slash; empty: the name.
        first_id: The first id given out: 11 digits (section 4).
        has_custom_fields: Whether it has ``custom_field``.
        deleted: The body of a delete's answer.
        recycles: Whether a deleted record lies in the recycle bin until it is forgotten.
        complete: The resource's own rules, applied to a record that is about to be written: called with (account,
            record, the record before or None, the attributes that were sent). It changes the record in place, and
            raises InvalidError.
    """

    name: str
    singular: str
    model: str
    writable: Mapping[str, ValueType]
    required: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    unique: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    keys: Callable[[Record], Iterable[tuple[str, str]]] = no_keys
    labels: Mapping[str, str] = field(default_factory=dict)
    views: tuple[View, ...] = ()
    embedded: Mapping[str, tuple[str, Inclusion]] = field(default_factory=dict)
    side_loaded: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    absent_ids: frozenset[str] = frozenset()
    path: str = ""
    first_id: int = 31_000_000_001
    has_custom_fields: bool = False
    deleted: Any = True
    recycles: bool = True
    complete: Complete = nothing_more

    @cached_property
    def route(self) -> str:
        """The path of the resource, with the leading slash."""
        return f"/{self.path or self.name}"

    @cached_property
    def read_only(self) -> frozenset[str]:
        """Attributes of its answers that cannot be written."""
        shown = {"id", "links", "partial", *self.kept, *(attribute for attribute, _ in self.embedded.values())}
        return frozenset(shown - set(self.writable))


STAMPS = (Column("created_at", "created_at", stored=True), Column("updated_at", "updated_at", stored=True))
OWNER = Column("owner_id", "owner_id", "INTEGER")


def integers(*names: str) -> tuple[Column, ...]:
    """Return integer columns that are read out of the record when they are needed."""
    return tuple(Column(name, name, "INTEGER") for name in names)


def texts(*names: str) -> tuple[Column, ...]:
    """Return text columns that are read out of the record when they are needed."""
    return tuple(Column(name, name) for name in names)


ADDRESS: dict[str, ValueType] = {
    "address": Text(),
    "city": Text(),
    "state": Text(),
    "zipcode": Text(),
    "country": Text(),
}
SOCIALS: dict[str, ValueType] = {"facebook": Text(), "twitter": Text(), "linkedin": Text()}
OWNED: dict[str, ValueType] = {"owner_id": Reference("owners"), "territory_id": Reference("territories")}
TAGGED: dict[str, ValueType] = {"tags": Tags()}
TARGETED: dict[str, ValueType] = {"targetable_type": Text(), "targetable_id": Text()}

# Attributes that contacts, accounts and deals show and nobody writes (section 4).
KEPT: dict[str, Any] = {
    "avatar": None,
    "recent_note": None,
    "last_contacted_via_sales_activity": None,
    "last_contacted_sales_activity_mode": None,
    "completed_sales_sequences": None,
    "active_sales_sequences": None,
    "last_assigned_at": None,
    "is_deleted": False,
    "team_user_ids": None,
    "creater_id": None,
    "updater_id": None,
    "created_at": None,
    "updated_at": None,
    "record_type_id": None,
}
ABSENT_IDS = frozenset({"owner_id", "territory_id", "lead_source_id", "campaign_id", "creater_id", "updater_id"})
"""Ids that contacts, deals and leads were recorded without (section 12)."""
CONTACTED: dict[str, Any] = {"last_contacted": None, "last_contacted_mode": None, "web_form_ids": None}
SIDE_LOADED_PEOPLE = {
    "owner": ("owner_id", "owners"),
    "creater": ("creater_id", "owners"),
    "updater": ("updater_id", "owners"),
}


def custom_keys(record: Record) -> Iterable[tuple[str, str]]:
    """Return the values of custom fields, by which a unique one is found (section 5)."""
    for name, value in (record.get("custom_field") or {}).items():
        if value is not None and not isinstance(value, bool | list | dict):
            yield (name, str(value).lower())


def recycle_bin(*views: View) -> tuple[View, ...]:
    """Return the views of a resource, with the recycle bin last."""
    return (*views, View("Recycle Bin", hidden=(RECYCLED,)))
