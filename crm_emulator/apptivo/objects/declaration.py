"""The declaration of an Apptivo object (reference sections 3, 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from crm_emulator.messages import Record
from crm_emulator.tables import Column, Table

ASSIGNEE = ("assigneeObjectId", "assigneeObjectRefId", "assigneeObjectRefName")
"""The assignee of a record: the number of the object (employees, teams), the id there, and the name."""

EMPLOYEE_OBJECT = 8
"""The value of ``assigneeObjectId`` for people (section 3)."""


@dataclass(frozen=True)
class Picklist:
    """A choice that is kept as an id and a name, side by side (section 8).

    Attributes:
        id_name: The attribute with the id, or code.
        name: The attribute with the name.
        listed_as: The key of the list in getConfigData.
        item_id: The key of the id in an item of that list.
        item_name: The key of the name.
        names: The names in the list of a new account.
        first_id: The first id given out; None: codes made of the names.
        default: Whether a new record gets the first item where none is sent.
        item_code: The key of a code beside the id; empty: none.
    """

    id_name: str
    name: str
    listed_as: str
    item_id: str
    item_name: str
    names: tuple[str, ...]
    first_id: int | None = None
    default: bool = False
    item_code: str = ""

    def items(self) -> list[Record]:
        """Return the items of a fresh account."""
        made = []
        for index, name in enumerate(self.names):
            code = name.upper().replace(" ", "_")
            item: Record = {self.item_code: code} if self.item_code else {}
            item[self.item_id] = code if self.first_id is None else self.first_id + index
            made.append({**item, self.item_name: name, "displayName": name, "sequence": index + 1, "isEnabled": "Y"})
        return made


@dataclass(frozen=True)
class Reference:
    """Another record, kept as its id and its name, side by side."""

    id_name: str
    name: str
    object_name: str


@dataclass(frozen=True)
class AppObject:
    """Declaration of one object.

    Attributes:
        name: The name of the object in URLs.
        data_names: The parameter that holds the record, then its alternative names.
        id_name: The parameter and attribute that hold the record's id.
        object_id: The number of the object; 0 where none is known.
        wrapper: The key around a saved record; empty: the record lies at the top level.
        title: The attribute that people know a record by.
        texts: Attributes that hold text.
        numbers: Attributes that hold numbers.
        dates: Attributes that hold a day, ``MM/DD/YYYY``.
        lists: Attributes that hold lists of objects.
        picklists: The choices that a record holds as an id and a name.
        references: The other records that it refers to.
        assignee: The three attributes that name the assignee.
        required: Attributes that a save must carry.
        numbered: The attribute that takes ``Auto generated number``, and the prefix of its numbers.
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
        """The table of its records."""
        columns = (
            Column("created", "_created", "INTEGER", stored=True),
            Column("updated", "_updated", "INTEGER", stored=True),
            Column("title", self.title),
        )
        return Table(f"apptivo_{self.name}", columns, email_keys, self.first_id)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of the attributes that may be written."""
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
        """The path of its actions below the prefix."""
        return f"/app/dao/v6/{self.name}"


def email_keys(record: Record) -> Iterable[tuple[str, str]]:
    """Return the addresses that a record is found by."""
    for each in record.get("emailAddresses") or ():
        if isinstance(each, dict) and each.get("emailAddress"):
            yield ("email", str(each["emailAddress"]).lower())
