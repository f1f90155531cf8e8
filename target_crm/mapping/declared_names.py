"""The names of a declared attribute: its own, its label, flat ones, parts, and what each of them gives (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from crm_api.crm_objects import Attribute, Kind

ID = "id"
REFERRING = frozenset({Kind.ID, Kind.IDS, Kind.IDENTIFIER})


class Role(Enum):
    """The ways in which an attribute of a record gives one of the object's."""

    OWN = "own"
    """It has the same name, or the label of the CRM's screens."""
    FLAT = "flat"
    """It has another of the attribute's names: ``email`` for ``emails``."""
    PART = "part"
    """It gives a part of a structure: ``city`` of ``address``."""
    JOINED = "joined"
    """It gives a word that is joined with others: ``first_name`` for ``name``."""
    WHOLE = "whole"
    """It gives a person's whole name, for which the object has only the last one."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The attribute of the object that an attribute of a record gives.

    Attributes:
        attribute: The attribute of the object.
        role: How the record's attribute gives it.
        part: The flat name or the name of the part; empty for the attribute's own name and its label.
        order: Which of the attribute's names it is: the lower, the better.
        is_exact: It is spelt as the name is declared.
    """

    attribute: Attribute
    role: Role
    part: str = ""
    order: int = 0
    is_exact: bool = True

    @property
    def is_own_name(self) -> bool:
        """Whether it is the attribute's own name, as it is declared."""
        return self.is_exact and self.role is Role.OWN and self.order <= 0

    @property
    def rank(self) -> tuple[bool, int]:
        """The order in which assignments of one attribute are preferred: the lowest first."""
        return (not self.is_exact, self.order)


def other_names(attribute: Attribute) -> Iterator[tuple[Assignment, str]]:
    """Give every name of an attribute beside its own, with what it gives; the best first."""
    if not attribute.is_writable:
        if attribute.name == ID:
            yield from ((Assignment(attribute, Role.FLAT, name), name) for name in attribute.flat)
        return
    names = (*_whole_names(attribute), *_names_of_parts(attribute), *_names_of_words(attribute))
    for order, (name, role, part) in enumerate(names, start=1):
        yield Assignment(attribute, role, part, order), name


def _whole_names(attribute: Attribute) -> Iterator[tuple[str, Role, str]]:
    """Give the names of the whole attribute."""
    if attribute.kind not in {*REFERRING, Kind.CUSTOM}:  # the screens show the name of what an id stands for
        yield attribute.shown_as, Role.OWN, ""
    for name in attribute.flat:
        yield name, Role.FLAT, name
    if (attribute.kind is not Kind.IDENTIFIER and attribute.item is None) or not parts_of(attribute):
        for before in attribute.prefixes:
            yield from ((f"{before}_{name}", Role.FLAT, name) for name in (attribute.name, *attribute.flat))


def _names_of_parts(attribute: Attribute) -> Iterator[tuple[str, Role, str]]:
    """Give the names of the parts of a structure: after its names, as people and as flattening write it, and alone."""
    parts = parts_of(attribute)
    for before in (attribute.name, *attribute.flat):
        for name, part in parts.items():
            yield f"{before}_{name}", Role.PART, part
            yield f"{before}__{name}", Role.PART, part
    for name, part in parts.items():
        if attribute.kind is Kind.STRUCTURE and attribute.item is None:
            yield name, Role.PART, part
        yield from ((f"{before}_{name}", Role.PART, part) for before in attribute.prefixes)


def _names_of_words(attribute: Attribute) -> Iterator[tuple[str, Role, str]]:
    """Give the names of what is joined into the attribute, or divided from it."""
    for name in attribute.joined:
        yield name, Role.JOINED, name
    for name, part in attribute.joined_names.items():
        yield name, Role.JOINED, part
    for name in attribute.whole:
        yield name, Role.WHOLE, name


def parts_of(attribute: Attribute) -> Mapping[str, str]:
    """Return the parts of a structure by their names and further names; of other kinds, nothing."""
    if attribute.kind is Kind.IDENTIFIER:
        return {part: part for part in (ID, "type")}
    return {**{part: part for part in attribute.parts}, **attribute.flat_parts}
