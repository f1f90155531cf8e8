"""The attributes and custom fields of an object, by every name that a record or a setting may use for them.

Names are compared as they are spelt first, then in their canonical form (``crm_api.naming.spelling``). In either, what
the object declares comes before the account's custom fields.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from crm_api.crm import Crm, CustomField, Name
from crm_api.crm_objects import Attribute, CrmId, CrmObject, Kind
from crm_api.custom_fields import PREFIX, column_names
from crm_api.errors import ForbiddenError, NoRouteError
from crm_api.naming.known import called, prefixes_of
from crm_api.naming.spelling import canonical
from target_crm.mapping.declared_names import ID, REFERRING, Assignment, Role, other_names
from target_crm.mapping.values import LeftOut

MOST_HINTS = 1000  # that are kept, of a source whose every record has other attributes
NEAR = 0.6  # of difflib's ratio, from which one name is near to another
BONUS_OF_CUSTOM_FIELDS = 0.1


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
        self._nearest: dict[str, str] = {}

    # By the names that the object and the account use themselves

    def attribute(self, name: str) -> Attribute | None:
        """Find the attribute of exactly that name, or the custom field (``cf_<slug>`` or ``cf_<id>``)."""
        declared = self._declared.get(name)
        if declared is not None or not name.startswith(PREFIX):
            return declared
        by_id = self._by_custom_id.get(_number(name.removeprefix(PREFIX)))
        return self.customs.get(name) or by_id or self._by_slug.get(name)

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

    # By any name

    def named(self, name: str) -> Attribute | None:
        """Find what a setting names: an attribute or a custom field, by any of its names."""
        if self.crm_object.whole_records:
            return Attribute(name, Kind.ID)  # nobody has declared its attributes: a setting may name any
        found = self.attribute(name)
        if found is not None:
            return found
        if (assignment := self.assignment(name)) is not None:
            return assignment.attribute
        return self.referring(name) or self.custom(name)

    def custom(self, name: str) -> Attribute | None:
        """Find a custom field by its title (the name that people see), its column, or its definition's id."""
        if name in self.customs:
            return self.customs[name]
        columns = self.columns_titled(name)
        if len(columns) == 1:
            return self.customs[columns[0]]
        return next((each for each in self.customs.values() if str(each.custom_id) == name.strip()), None)

    def columns_titled(self, title: str) -> list[str]:
        """Find the columns of the custom fields with a title: of those that are spelt so, else in any spelling."""
        exact = [column for column, each in self._titles.items() if each == title]
        return exact or list(self._customs_by_form.get(canonical(title), ()))

    def declared_assignment(self, name: str) -> Assignment | None:
        """Find the declared attribute that a record's attribute of that name gives; the CRM is not asked.

        Where the account has a custom field of that name, ``assignment`` may say otherwise.
        """
        return self._spelt_so(name, self._declared.get(name)) or self._spelt_otherwise(canonical(name))

    def _spelt_so(self, name: str, attribute: Attribute | None) -> Assignment | None:
        """Find the declared attribute with exactly that name, or the custom field that is given."""
        if attribute is None or attribute.is_writable:
            return self._other_names.get(name) if attribute is None else Assignment(attribute, Role.OWN)
        # What cannot be written under its own name may be another name of what can: a full name.
        return self._other_names.get(name) or self._spelt_otherwise(canonical(name)) or Assignment(attribute, Role.OWN)

    def _spelt_otherwise(self, form: str) -> Assignment | None:
        found = self._by_form.get(form)
        return None if found is None else replace(found, is_exact=False)

    def assignment(self, name: str) -> Assignment | None:
        """Find the attribute that a record's attribute of that name gives; None: the object has nothing for it."""
        if (assignment := self._spelt_so(name, self.attribute(name))) is not None:
            return assignment
        if self.crm_object.whole_records:
            return None
        titled = [column for column, title in self._known_titles.items() if title == name]
        if len(titled) == 1:
            return Assignment(self.customs[titled[0]], Role.OWN, order=1)
        return self._in_another_spelling(canonical(name))

    def _in_another_spelling(self, form: str) -> Assignment | None:
        if (assignment := self._spelt_otherwise(form)) is not None:
            return assignment
        columns = self._customs_by_form.get(form, ()) if self._known_titles else ()
        if len(columns) == 1:
            return Assignment(self.customs[columns[0]], Role.OWN, order=1, is_exact=False)
        if columns:
            return None
        renamed = self._labelled.get(form) if self.container is not None else None
        if renamed is not None:
            return Assignment(renamed, Role.OWN, order=1, is_exact=False)
        return self._without_prefix(form)

    def is_prefix(self, name: str) -> bool:
        """Tell whether a name is a word for the kind of record, as it stands before names of attributes."""
        return not self.crm_object.whole_records and canonical(name) in prefixes_of(canonical(self.crm_object.singular))

    def _without_prefix(self, form: str) -> Assignment | None:
        """Find the attribute where the name begins with the kind of record: ``Person - Email``."""
        for prefix in sorted(prefixes_of(canonical(self.crm_object.singular)), key=len, reverse=True):
            if not form.startswith(prefix):
                continue
            found = self._by_form.get(rest := form.removeprefix(prefix))
            if found is not None and found.attribute.name != ID and found.attribute.is_writable:
                return replace(found, is_exact=False, order=found.order + len(self._by_form))
            columns = self._customs_by_form.get(rest, ()) if self._known_titles else ()
            if len(columns) == 1:
                return Assignment(self.customs[columns[0]], Role.OWN, order=len(self._by_form), is_exact=False)
        return None

    # For names that are understood by nothing

    def why_not(self, name: str) -> LeftOut:
        """Say why a record's attribute of that name is not sent, and what may be meant by it."""
        what = self.crm_object.name
        columns = self._customs_by_form.get(canonical(name), ()) if self._known_titles else ()
        if len(columns) > 1:
            return LeftOut(f"{what} have {len(columns)} custom fields of that name. Call it {' or '.join(columns)}")
        if (reference := self.referring(name)) is not None:
            return LeftOut(
                f"{what} refer to it by its id, in {reference.name}. To find the id by the name, set references."
                f"{reference.name} to {{object: {reference.refers_to}, match: {{name: {name}}}}}"
            )
        nearest = self.nearest(name)
        why = f"{what} have no such attribute"
        if name.startswith(PREFIX):  # whose columns follow the names of fields, where a tap keeps them for ever
            renamed = f"of one that was renamed say custom_fields: {{its name: {name}}}"
            why = f"{what} have no custom field of that name; {renamed}"
        return LeftOut(why, nearest, self._known_titles.get(nearest, ""))

    def nearest(self, name: str) -> str:
        """Find the name that may be meant: the column of a custom field rather than another; empty: none is near."""
        if name not in self._nearest:
            if len(self._nearest) >= MOST_HINTS:
                self._nearest.clear()
            self._nearest[name] = self._found_nearest(canonical(name))
        return self._nearest[name]

    def _found_nearest(self, form: str) -> str:
        matcher = difflib.SequenceMatcher()
        matcher.set_seq2(form)
        near: list[tuple[float, str]] = []
        for column, title in self._known_titles.items():
            ratio = max(_ratio(matcher, each) for each in {canonical(title), canonical(column.removeprefix(PREFIX))})
            near.append((ratio and ratio + BONUS_OF_CUSTOM_FIELDS, column))
        near += [
            (_ratio(matcher, canonical(each.name)), each.name)
            for each in self.crm_object.attributes
            if each.is_writable
        ]
        ratio, nearest = max(near, key=lambda each: each[0], default=(0, ""))
        return nearest if ratio else ""

    def referring(self, name: str) -> Attribute | None:
        """Find the attribute that holds the id of the record that a name stands for: ``company_id`` for ``Company``."""
        form = canonical(name)
        for attribute in self.crm_object.attributes:
            if attribute.kind in REFERRING and attribute.is_writable:
                label, refers_to = canonical(attribute.shown_as), self._crm.objects.get(attribute.refers_to or "")
                named = called(canonical(refers_to.singular)) if refers_to is not None else frozenset()
                if form in {label, f"{label}name", *named}:
                    return attribute
        return None

    # Custom fields

    @cached_property
    def customs(self) -> Mapping[str, Attribute]:
        """The custom fields, by column (``cf_<slug>``)."""
        found: dict[str, Attribute] = {}
        for field in self._definitions:
            column = self._columns[field.id]
            found[column] = Attribute(
                column,
                field.kind,
                creatable=field.writable,
                updatable=field.writable,
                custom_id=field.id,
                label=field.name,
                percent=field.percent,
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
    def _known_titles(self) -> Mapping[str, str]:
        """The titles by column; empty if the key may not read custom fields, which no record has named outright."""
        try:
            return self._titles
        except (ForbiddenError, NoRouteError):
            return {}

    @cached_property
    def _options(self) -> Mapping[str, tuple[Name, ...]]:
        return {self._columns[field.id]: field.options for field in self._definitions}

    @cached_property
    def _by_custom_id(self) -> Mapping[CrmId, Attribute]:
        return {each.custom_id: each for each in self.customs.values() if each.custom_id is not None}

    @cached_property
    def _customs_by_form(self) -> Mapping[str, tuple[str, ...]]:
        """The columns of custom fields, by the canonical form of title, slug and column."""
        found: dict[str, dict[str, None]] = {}
        slugs = {attribute.name: slug for slug, attribute in self._by_slug.items()}
        for column, title in self._titles.items():
            named = (title, column, column.removeprefix(PREFIX), slugs[column], slugs[column].removeprefix(PREFIX))
            for name in named:
                found.setdefault(canonical(name), {})[column] = None
        return {form: tuple(columns) for form, columns in found.items()}

    # Declared attributes

    @cached_property
    def _labelled(self) -> Mapping[str, Attribute]:
        """The declared attributes by the canonical form of the label that the account itself gave them."""
        found: dict[str, list[Attribute]] = {}
        try:
            labels = self._crm.labels(self.crm_object)
        except (ForbiddenError, NoRouteError):
            return {}
        for name, label in labels.items():
            attribute = self._declared.get(name)
            if attribute is not None and attribute.is_writable and attribute.kind not in REFERRING:
                found.setdefault(canonical(label), []).append(attribute)
        return {form: attributes[0] for form, attributes in found.items() if len(attributes) == 1}

    @cached_property
    def _other_names(self) -> Mapping[str, Assignment]:
        """The names beside the attributes' own, labels first.

        No other name takes the place of an own one or of a label; else the first declared attribute gets it.
        """
        every = [(name, each) for attribute in self.crm_object.attributes for each, name in other_names(attribute)]
        labels = {name: each for name, each in every if each.role is Role.OWN}
        owners = {canonical(name): each.attribute for name, each in labels.items()}
        owners |= {canonical(each.name): each for each in self.crm_object.attributes if each.is_writable}
        found: dict[str, Assignment] = {}
        for name, assignment in (*labels.items(), *every):
            if owners.get(canonical(name), assignment.attribute) == assignment.attribute:
                found.setdefault(name, assignment)
        return found

    @cached_property
    def _by_form(self) -> Mapping[str, Assignment]:
        """All declared names by their canonical form: the own ones first, what cannot be written last."""
        own = {attribute.name: Assignment(attribute, Role.OWN) for attribute in self.crm_object.attributes}
        writable = {name: each for name, each in own.items() if each.attribute.is_writable}
        found: dict[str, Assignment] = {}
        for names in (writable, self._other_names, own):
            for name, assignment in names.items():
                found.setdefault(canonical(name), assignment)
        return found


def _number(text: str) -> CrmId:
    return int(text) if text.isascii() and text.isdecimal() else text


def _ratio(matcher: difflib.SequenceMatcher[str], other: str) -> float:
    """Return how near a name is to that of the matcher; 0 if it is not near."""
    matcher.set_seq1(other)
    if matcher.real_quick_ratio() < NEAR or matcher.quick_ratio() < NEAR:
        return 0
    ratio = matcher.ratio()
    return ratio if ratio >= NEAR else 0
