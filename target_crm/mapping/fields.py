"""The attributes and custom fields of an object, by every name that a record or a setting may use for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from crm_api.crm import Crm, CustomField, Name
from crm_api.crm_objects import Attribute, CrmId, CrmObject, Kind
from crm_api.custom_fields import PREFIX, column_names, slug

ID = "id"


class Role(Enum):
    """The ways in which an attribute of a record gives one of the object's."""

    OWN = "own"
    """It has the same name."""
    FLAT = "flat"
    """It has another of the attribute's names: ``email`` for ``emails``."""
    PART = "part"
    """It gives a part of a structure: ``city`` of ``address``."""
    JOINED = "joined"
    """It gives a word that is joined with others: ``first_name`` for ``name``."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The attribute of the object that an attribute of a record gives.

    Attributes:
        attribute: The attribute of the object.
        role: How the record's attribute gives it.
        part: The flat name or the name of the part; empty for the attribute's own name.
    """

    attribute: Attribute
    role: Role
    part: str = ""


class Fields:
    """Finds the attributes and custom fields of an object by name. The CRM is asked for custom fields when needed.

    Args:
        crm: Gives the custom fields.
        crm_object: The object.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject) -> None:
        self._crm = crm
        self.crm_object = crm_object
        self._declared = {attribute.name: attribute for attribute in crm_object.attributes}

    def attribute(self, name: str) -> Attribute | None:
        """Find the attribute of exactly that name, or the custom field (``cf_<slug>`` or ``cf_<id>``)."""
        declared = self._declared.get(name)
        if declared is not None or not name.startswith(PREFIX):
            return declared
        by_id = self._by_custom_id.get(_number(name.removeprefix(PREFIX)))
        return self.customs.get(name) or by_id or self._by_slug.get(name)

    def named(self, name: str) -> Attribute | None:
        """Find what a setting names: an attribute, one of its flat names, or a custom field by title, column or id."""
        if self.crm_object.whole_records:
            return Attribute(name, Kind.ID)  # nobody has declared its attributes: a setting may name any
        found = self.attribute(name)
        if found is None and (assignment := self._other_name(name)):
            found = assignment.attribute
        return self.custom(name) if found is None else found

    def custom(self, name: str) -> Attribute | None:
        """Find a custom field by its title (the name that people see), its column, or its definition's id."""
        if name in self.customs:
            return self.customs[name]
        columns = self.columns_titled(name)
        if len(columns) == 1:
            return self.customs[columns[0]]
        return next((each for each in self.customs.values() if str(each.custom_id) == name.strip()), None)

    def columns_titled(self, title: str) -> list[str]:
        """Find the columns of the custom fields with a title, in any case; there may be several."""
        title = title.strip().casefold()
        return [column for column, each in self._titles.items() if each.casefold() == title]

    def assignment(self, name: str) -> Assignment | None:
        """Find the attribute that a record's attribute of that name gives; None: the object has nothing for it."""
        attribute = self.attribute(name)
        if attribute is not None and (is_writable(attribute) or name not in self._other_names):
            return Assignment(attribute, Role.OWN)
        return self._other_name(name)

    def _other_name(self, name: str) -> Assignment | None:
        return self._other_names.get(name) or self._other_names.get(slug(name))

    def options(self, attribute: Attribute) -> tuple[Name, ...]:
        """The options of a custom field."""
        return self._options[attribute.name]

    def by_custom_id(self, custom_id: CrmId) -> Attribute | None:
        """Find the custom field with that id of its definition."""
        return self._by_custom_id.get(custom_id)

    @property
    def container(self) -> Attribute | None:
        """The attribute that holds the custom fields; None: the object has none."""
        return next((each for each in self.crm_object.attributes if each.kind is Kind.CUSTOM), None)

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the custom fields, as people see them."""
        return tuple(self._titles.values())

    @cached_property
    def customs(self) -> Mapping[str, Attribute]:
        """The custom fields, by column (``cf_<slug>``)."""
        found: dict[str, Attribute] = {}
        for field in self._definitions:
            column = self._columns[field.id]
            found[column] = Attribute(
                column, field.kind, creatable=field.writable, updatable=field.writable, custom_id=field.id
            )
        return found

    @cached_property
    def _definitions(self) -> tuple[CustomField, ...]:
        return tuple(self._crm.custom_fields(self.crm_object)) if self.container else ()

    @cached_property
    def _columns(self) -> Mapping[CrmId, str]:
        """The columns in which records hold custom fields, by definition id; that itself, if it is a column's name."""
        named = {field.id: field.id for field in self._definitions if str(field.id).startswith(PREFIX)}
        slugs = column_names((field.id, field.name) for field in self._definitions if field.id not in named)
        return slugs | {custom_id: str(name) for custom_id, name in named.items()}

    @cached_property
    def _by_slug(self) -> Mapping[str, Attribute]:
        """The custom fields by the slug of their title, for CRMs that name the columns themselves."""
        names = column_names((field.id, field.name) for field in self._definitions)
        return {name: self._by_custom_id[custom_id] for custom_id, name in names.items()}

    @cached_property
    def _titles(self) -> Mapping[str, str]:
        return {self._columns[field.id]: field.name for field in self._definitions}

    @cached_property
    def _options(self) -> Mapping[str, tuple[Name, ...]]:
        return {self._columns[field.id]: field.options for field in self._definitions}

    @cached_property
    def _by_custom_id(self) -> Mapping[CrmId, Attribute]:
        return {each.custom_id: each for each in self.customs.values() if each.custom_id is not None}

    @cached_property
    def _other_names(self) -> Mapping[str, Assignment]:
        """The names beside the attributes' own. Where two attributes have one name, the first declared gets it."""
        found: dict[str, Assignment] = {}
        for attribute in self.crm_object.attributes:
            if is_writable(attribute):
                for name, assignment in _other_names_of(attribute):
                    found.setdefault(name, assignment)
        return found


def _number(text: str) -> CrmId:
    return int(text) if text.isascii() and text.isdecimal() else text


def is_writable(attribute: Attribute) -> bool:
    """Whether an attribute may be sent, if only with a create."""
    return attribute.creatable or attribute.updatable


def _other_names_of(attribute: Attribute) -> Iterator[tuple[str, Assignment]]:
    for name in attribute.flat:
        yield name, Assignment(attribute, Role.FLAT, name)
    parts = (ID, "type") if attribute.kind is Kind.IDENTIFIER else attribute.parts
    for part in parts:
        for name in (f"{attribute.name}_{part}", f"{attribute.name}__{part}"):  # as people and as flattening write it
            yield name, Assignment(attribute, Role.PART, part)
    if attribute.kind is Kind.STRUCTURE and attribute.item is None:
        for name, part in ((part, part) for part in attribute.parts):
            yield name, Assignment(attribute, Role.PART, part)
        for name, part in attribute.flat_parts.items():
            yield name, Assignment(attribute, Role.PART, part)
    for name in attribute.joined:
        yield name, Assignment(attribute, Role.JOINED, name)
