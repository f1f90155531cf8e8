"""Every attribute of every object of every CRM, through all spellings of its names: one understanding of names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest

from crm_api.apptivo.objects import OBJECTS as APPTIVO
from crm_api.copper.objects import OBJECTS as COPPER
from crm_api.crm import Crm
from crm_api.crm_objects import Attribute, CrmObject, Kind
from crm_api.freshsales.objects import CLASSIC, SUITE, custom_module
from crm_api.naming.spelling import canonical
from target_crm.mapping.declared_names import REFERRING, Assignment, Role, other_names
from target_crm.mapping.fields import Fields

OBJECTS = {
    **{f"copper {name}": each for name, each in COPPER.items()},
    **{f"freshsales {name}": each for name, each in SUITE.items()},
    **{f"classic {name}": each for name, each in CLASSIC.items()},
    **{f"apptivo {name}": each for name, each in APPTIVO.items()},
    "a custom module": custom_module("cm_things"),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


class WithoutCustomFields:
    """A CRM that is never asked for more than custom fields, of which it has none."""

    objects: ClassVar[dict[str, CrmObject]] = {}

    def labels(self, crm_object: CrmObject) -> dict[str, str]:  # noqa: ARG002 - the port's
        return {}

    def custom_fields(self, crm_object: CrmObject) -> list[Any]:  # noqa: ARG002 - the port's
        return []


def fields_of(crm_object: CrmObject) -> Fields:
    return Fields(cast("Crm", WithoutCustomFields()), crm_object)


def spellings(name: str) -> Iterator[str]:
    """A name as databases, people, programs and flattening spell it."""
    yield name
    words = [word.lower() for word in _WORD.findall(name)]
    for between in ("_", " ", "-", ".", "__", ""):
        yield between.join(words)
        yield between.join(words).upper()
    yield " ".join(word.capitalize() for word in words)
    yield "".join(word.capitalize() for word in words)
    yield words[0] + "".join(word.capitalize() for word in words[1:])
    yield f" {' '.join(words)} "


def on_screens(label: str) -> list[str]:
    """A label as people type it."""
    return [label, label.upper(), label.lower(), label.replace(" ", "_"), label.replace(" ", ""), f" {label} "]


def effect(assignment: Assignment | None) -> tuple[str, str, str | None] | None:
    """The place that a value of that name gets: attribute, part, category."""
    if assignment is None:
        return None
    attribute, is_whole = assignment.attribute, assignment.role in {Role.OWN, Role.FLAT}
    return attribute.name, "" if is_whole else assignment.part, attribute.categories.get(assignment.part)


def writable(crm_object: CrmObject) -> list[Attribute]:
    return [each for each in crm_object.attributes if each.is_writable]


@pytest.mark.parametrize("crm_object", OBJECTS.values(), ids=OBJECTS)
def test_an_attribute_is_understood_in_every_spelling_of_its_name(crm_object):
    fields = fields_of(crm_object)
    for attribute in writable(crm_object):
        for spelling in spellings(attribute.name):
            assert effect(fields.assignment(spelling)) == (attribute.name, "", None), spelling


@pytest.mark.parametrize("crm_object", OBJECTS.values(), ids=OBJECTS)
def test_an_attribute_is_understood_by_what_the_screens_call_it(crm_object):
    fields = fields_of(crm_object)
    for attribute in writable(crm_object):
        for spelling in on_screens(attribute.shown_as):
            assert fields.named(spelling) is not None, (attribute.name, spelling)
            if attribute.kind not in {*REFERRING, Kind.CUSTOM}:
                assert effect(fields.assignment(spelling)) == (attribute.name, "", None), spelling


@pytest.mark.parametrize("crm_object", OBJECTS.values(), ids=OBJECTS)
def test_every_other_name_means_one_thing_in_every_spelling(crm_object):
    fields = fields_of(crm_object)
    for attribute in writable(crm_object):
        for _, name in other_names(attribute):
            meant = effect(fields.assignment(name))
            assert meant is not None
            for spelling in (spellings if name != attribute.shown_as else on_screens)(name):
                assert effect(fields.assignment(spelling)) == meant, spelling


@pytest.mark.parametrize("crm_object", OBJECTS.values(), ids=OBJECTS)
def test_no_two_attributes_share_a_name_or_a_label(crm_object):
    owners: dict[str, str] = {}
    for attribute in writable(crm_object):
        names = {canonical(attribute.name)}
        if attribute.kind not in {*REFERRING, Kind.CUSTOM}:
            names.add(canonical(attribute.shown_as))
        for name in names:
            assert owners.setdefault(name, attribute.name) == attribute.name, name


@pytest.mark.parametrize("crm_object", OBJECTS.values(), ids=OBJECTS)
def test_no_two_attributes_share_a_flat_name(crm_object):
    claimed: dict[str, set[str]] = {}
    for attribute in writable(crm_object):
        for assignment, name in other_names(attribute):
            if assignment.role is Role.FLAT:
                claimed.setdefault(canonical(name), set()).add(attribute.name)
    own = {canonical(attribute.name) for attribute in writable(crm_object)}
    shared = {name: tuple(sorted(each)) for name, each in claimed.items() if len(each) > 1 and name not in own}
    assert shared == {}
