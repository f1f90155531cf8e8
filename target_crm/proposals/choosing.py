"""The object of the CRM that a stream's records become, chosen by the stream's name and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_api.crm_objects import CrmObject, named_object
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.proposals.known_columns import Entity, known_words
from target_crm.proposals.meanings import Meaning, Sense, entity_of, meaning_of, unnumbered, words_of
from target_crm.proposals.samples import Sample

_INSTEAD = {Entity.LEAD: Entity.PERSON}
"""Kinds of record in place of a kind of record that it lacks: Freshsales Suite keeps leads as contacts."""
_NAMED = {"customers": Entity.COMPANY}
"""Objects whose name means something else elsewhere: a shop's customers are people."""
_BESIDE = known_words(
    "api report reports export exports list lists all data table csv record records crm rows older new current file "
    "view full copy backup import master main active"
)
"""Words in names of streams and files that say nothing of the records."""
_STAFF = known_words("user users owner owners employee employees")
"""Words for those who work with a CRM, not those whom it is about."""
_SIGNS: Mapping[Entity, frozenset[str]] = {
    Entity.DEAL: frozenset(
        map(unnumbered, ("opportunity name", "deal name", "deal title", "potential name", "deal stage", "stage name"))
    ),
    Entity.LEAD: frozenset(map(unnumbered, ("lead id", "lead owner", "company account", "converted", "is converted"))),
    Entity.PERSON: frozenset(
        map(
            unnumbered,
            (
                "first name",
                "last name",
                "given name",
                "family name",
                "fname",
                "lname",
                "person name",
                "job title",
                "job position",
            ),
        )
    ),
    Entity.COMPANY: frozenset(
        map(unnumbered, ("account name", "company name", "organization name", "industry", "domain", "billing city"))
    ),
}
"""Columns that only records of one kind have, the surest kind first."""


@dataclass(frozen=True)
class Chosen:
    """An object that was chosen.

    Attributes:
        object: Its name.
        reason: Why, for people.
        entity: The kind of record that the stream holds, as far as its names tell; None: what the object is.
    """

    object: str
    reason: str
    entity: Entity | None = None


def entity_of_object(crm_object: CrmObject) -> Entity | None:
    """The kind of record that an object of a CRM is; None: none that exports have."""
    names = (*crm_object.aliases, crm_object.singular, crm_object.name)
    return _NAMED.get(crm_object.name) or entity_of(word for name in names for word in words_of(name))


def object_of_entity(objects: Mapping[str, CrmObject], entity: Entity) -> str | None:
    """The object of the CRM for one kind of record; None: it has none."""
    return next((name for name, each in objects.items() if entity_of_object(each) is entity), None)


def choose(sample: Sample, objects: Mapping[str, CrmObject], named: str | None, *, alone: bool) -> Chosen | None:
    """Choose the object that a stream's records become; None: nothing tells which one.

    Args:
        sample: What the input shows of the stream.
        objects: The objects of the CRM.
        named: The object that the user or the settings name; None: they name none.
        alone: Whether the input holds no other stream, so that this one is likely to be about people.

    Raises:
        SettingError: There is no such object.
    """
    entity = entity_named(sample.stream)
    if named is not None:
        return Chosen(_existing(sample.stream, objects, named), "as it was asked for", _people(entity))
    if (own := named_object(objects, sample.stream)) in objects:
        return Chosen(own, "the stream is called so")
    if entity is not None and (fit := _object(objects, entity)):
        return Chosen(fit, f"by the name of the stream, which speaks of a {entity.value}", _people(entity))
    return None if _STAFF & set(words_of(sample.stream)) else _guessed(sample, objects, alone=alone)


def _existing(stream: str, objects: Mapping[str, CrmObject], named: str) -> str:
    found = named_object(objects, named)
    if found not in objects:
        raise SettingError(
            f"Stream {stream!r}: the CRM has no object {named!r}{nearest(named, list(objects))}. "
            f"There are: {', '.join(objects)}"
        )
    return found


def _guessed(sample: Sample, objects: Mapping[str, CrmObject], *, alone: bool) -> Chosen | None:
    """Guess the object from columns that only records of one kind have."""
    columns = {unnumbered(name): name for name in sample.columns}
    for entity, signs in _SIGNS.items():
        if (seen := signs & columns.keys()) and (fit := _object(objects, entity)):
            return Chosen(fit, f"guessed from the column {columns[min(seen)]}; --object names another")
    has_emails = any(_is_email(meaning_of(name, None)) for name in sample.columns)
    if alone and has_emails and (fit := _object(objects, Entity.PERSON)):
        return Chosen(fit, "guessed from the e-mail addresses; --object names another")
    return None


def entity_named(stream: str) -> Entity | None:
    """The kind of record that a stream's name ends in: leads of ``crm_leads_export_2026``, not of ``lead_statuses``."""
    words = [word for word in words_of(stream) if word not in _BESIDE and not word.isdecimal()]
    return entity_of(words[-1:])


def _people(entity: Entity | None) -> Entity | None:
    """Person or lead, if the stream's name says so: exports of either may become the other."""
    return entity if entity in {Entity.PERSON, Entity.LEAD} else None


def _object(objects: Mapping[str, CrmObject], entity: Entity) -> str | None:
    return object_of_entity(objects, entity) or (
        object_of_entity(objects, _INSTEAD[entity]) if entity in _INSTEAD else None
    )


def _is_email(meaning: Meaning | None) -> bool:
    return meaning is not None and meaning.sense is Sense.EMAIL
