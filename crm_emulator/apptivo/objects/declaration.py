"""What a kind of Apptivo record is (reference sections 3, 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crm_emulator.messages import Record
from crm_emulator.tables import Column, Table

ASSIGNEE = ("assigneeObjectId", "assigneeObjectRefId", "assigneeObjectRefName")
"""Whose a record is: the number of the object (employees, teams), the id there, and the name."""

EMPLOYEE_OBJECT = 8
"""The value of ``assigneeObjectId`` for people (section 3)."""


@dataclass(frozen=True)
class Picklist:
    """A choice that is kept as an id and a name, side by side (section 8).

    Attributes:
        id_name: The attribute with the id, or code.
        name: The attribute with the name.
        listed_as: Its key in getConfigData.
        item_id: The key of the id in an item of that list.
        item_name: The key of the name.
        names: What a fresh account has.
        first_id: The id of the first; None: codes made of the names.
        default: Whether a new record gets the first where none is sent.
    """

    id_name: str
    name: str
    listed_as: str
    item_id: str
    item_name: str
    names: tuple[str, ...]
    first_id: int | None = None
    default: bool = False

    def items(self) -> list[Record]:
        """The items of a fresh account."""
        made = []
        for place, name in enumerate(self.names):
            code: Any = name.upper().replace(" ", "_") if self.first_id is None else self.first_id + place
            made.append({self.item_id: code, self.item_name: name, "displayName": name, "sequence": place + 1})
        return made


@dataclass(frozen=True)
class Reference:
    """Another record, kept as its id and its name, side by side."""

    id_name: str
    name: str
    object_name: str


@dataclass(frozen=True)
class AppObject:
    """One kind of record.

    Attributes:
        name: In URLs.
        data_names: The parameter that holds the record, and others that mean the same.
        id_name: The parameter and attribute that holds its id.
        object_id: Its number.
        wrapper: The key around a record that was saved; empty: the record lies at the top.
        title: The attribute that people call it by.
        texts: Attributes that hold text.
        numbers: Attributes that hold numbers.
        dates: Attributes that hold a day, ``MM/DD/YYYY``.
        lists: Attributes that hold lists of objects.
        picklists: Its choices.
        references: Other records that it names.
        assignee: The three attributes that say whose it is.
        required: Attributes that a save must carry.
        numbered: The attribute that takes ``Auto generated number``, and what its numbers begin with.
        singular_list: Whether the list of an update's attributes is ``attributeName`` rather than ``attributeNames``.
        open: Whether it takes any attribute: objects whose attributes no source lists.
        first_id: The first id given out.
        says_success: Whether its answers carry ``status: SUCCESS`` and the record under ``data``: testimonials.
    """

    name: str
    data_names: tuple[str, ...]
    id_name: str
    object_id: int
    title: str
    wrapper: str = ""
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    picklists: tuple[Picklist, ...] = ()
    references: tuple[Reference, ...] = ()
    assignee: tuple[str, str, str] = ASSIGNEE
    required: tuple[str, ...] = ()
    numbered: tuple[str, str] = ("", "")
    singular_list: bool = False
    open: bool = False
    first_id: int = 15_479_001
    says_success: bool = False

    @cached_property
    def table(self) -> Table:
        """Where its records lie."""
        columns = (
            Column("created", "_created", "INTEGER", stored=True),
            Column("updated", "_updated", "INTEGER", stored=True),
            Column("title", self.title),
        )
        return Table(f"apptivo_{self.name}", columns, email_keys, self.first_id)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """What may be written."""
        pairs = [name for choice in self.picklists for name in (choice.id_name, choice.name)]
        pairs += [name for other in self.references for name in (other.id_name, other.name)]
        return frozenset(
            [
                *self.texts,
                *self.numbers,
                *self.dates,
                *self.lists,
                *pairs,
                *self.assignee,
                "customAttributes",
                self.title,
            ]
        )

    @cached_property
    def path(self) -> str:
        """Below the prefix."""
        return f"/app/dao/v6/{self.name}"


def email_keys(record: Record) -> Iterable[tuple[str, str]]:
    """The addresses that a record is found by."""
    for each in record.get("emailAddresses") or ():
        if isinstance(each, dict) and each.get("emailAddress"):
            yield ("email", str(each["emailAddress"]).lower())
