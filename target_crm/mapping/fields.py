"""An object's attributes and custom fields, by every name that a record or a setting may call them."""

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
    """What an attribute of a record gives."""

    OWN = "own"
    """The attribute of that name."""
    FLAT = "flat"
    """Another name of the attribute."""
    PART = "part"
    """A part of a structure."""
    JOINED = "joined"
    """A word to be joined with others."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a record's attribute gives to one of the object's.

    Attributes:
        attribute: The object's.
        role: How.
        part: The flat name or the part's name.
    """

    attribute: Attribute
    role: Role
    part: str = ""


class Fields:
    """Finds attributes by name. Custom fields are asked for when first needed.

    Args:
        crm: Knows the custom fields.
        crm_object: The object.
    """

    def __init__(self, crm: Crm, crm_object: CrmObject) -> None:
        self._crm = crm
        self.crm_object = crm_object

    def attribute(self, name: str) -> Attribute | None:
        """The attribute or custom field of exactly that name (``cf_<slug>`` or ``cf_<id>`` for the latter)."""
        declared = self.crm_object.attribute(name)
        if declared is not None or not name.startswith(PREFIX):
            return declared
        by_id = self._by_custom_id.get(_number(name.removeprefix(PREFIX)))
        return self.customs.get(name) or by_id or self._by_slug.get(name)

    def named(self, name: str) -> Attribute | None:
        """What a setting means: an attribute, one of its flat names, or a custom field by its name, column or id."""
        if self.crm_object.whole_records:
            return Attribute(name, Kind.ID)  # whatever a setting calls it
        found = self.attribute(name)
        if found is None and (claim := self._claims.get(name) or self._claims.get(slug(name))):
            found = claim.attribute
        return self.custom(name) if found is None else found

    def custom(self, name: str) -> Attribute | None:
        """A custom field by the name that people see, by its column, or by its definition's id."""
        if name in self.customs:
            return self.customs[name]
        called = self.called(name)
        if len(called) == 1:
            return self.customs[called[0]]
        return next((each for each in self.customs.values() if str(each.custom_id) == name.strip()), None)

    def called(self, title: str) -> list[str]:
        """The columns of the custom fields that people see under a name."""
        wanted = title.strip().casefold()
        return [column for column, each in self._titles.items() if each.casefold() == wanted]

    def claim(self, name: str) -> Claim | None:
        """What the record's attribute of that name gives; None if the object has nothing for it."""
        attribute = self.attribute(name)
        if attribute is not None and (is_writable(attribute) or name not in self._claims):
            return Claim(attribute, Role.OWN)
        return self._claims.get(name) or self._claims.get(slug(name))

    def options(self, attribute: Attribute) -> tuple[Name, ...]:
        """The options of a custom field."""
        return self._options[attribute.name]

    def by_custom_id(self, custom_id: CrmId) -> Attribute | None:
        """The custom field of a definition's id."""
        return self._by_custom_id.get(custom_id)

    @property
    def container(self) -> Attribute | None:
        """The attribute that holds the custom fields, if the object has them."""
        return next((each for each in self.crm_object.attributes if each.kind is Kind.CUSTOM), None)

    @property
    def titles(self) -> tuple[str, ...]:
        """Custom fields as people see them."""
        return tuple(self._titles.values())

    @cached_property
    def customs(self) -> Mapping[str, Attribute]:
        """Custom fields by column."""
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
        """The columns by which records carry custom fields: the CRM's own name for one, where that is its id."""
        named = {field.id: field.id for field in self._definitions if str(field.id).startswith(PREFIX)}
        slugs = column_names((field.id, field.name) for field in self._definitions if field.id not in named)
        return slugs | {custom_id: str(name) for custom_id, name in named.items()}

    @cached_property
    def _by_slug(self) -> Mapping[str, Attribute]:
        """Custom fields by what people see, where the CRM names them itself."""
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
    def _claims(self) -> Mapping[str, Claim]:
        """Names that are no attribute's own. Where two attributes want one, the first declared has it."""
        claims: dict[str, Claim] = {}
        for attribute in self.crm_object.attributes:
            if is_writable(attribute):
                for name, claim in _other_names(attribute):
                    claims.setdefault(name, claim)
        return claims


def _number(text: str) -> CrmId:
    return int(text) if text.isascii() and text.isdecimal() else text


def is_writable(attribute: Attribute) -> bool:
    """It may be sent, if only with a create."""
    return attribute.creatable or attribute.updatable


def _other_names(attribute: Attribute) -> Iterator[tuple[str, Claim]]:
    for name in attribute.flat:
        yield name, Claim(attribute, Role.FLAT, name)
    parts = (ID, "type") if attribute.kind is Kind.IDENTIFIER else attribute.parts
    for part in parts:
        for name in (f"{attribute.name}_{part}", f"{attribute.name}__{part}"):  # as people and as flattening spell it
            yield name, Claim(attribute, Role.PART, part)
    if attribute.kind is Kind.STRUCTURE and attribute.item is None:
        for name, part in ((part, part) for part in attribute.parts):
            yield name, Claim(attribute, Role.PART, part)
        for name, part in attribute.flat_parts.items():
            yield name, Claim(attribute, Role.PART, part)
    for name in attribute.joined:
        yield name, Claim(attribute, Role.JOINED, name)
