"""The object of the CRM that a stream's records become, chosen by the stream's name and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_api.crm_objects import CrmObject, named_object
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.proposals.known_columns import Entity
from target_crm.proposals.meanings import Meaning, Sense, entity_of, meaning_of, unnumbered, words_of
from target_crm.proposals.samples import Sample

_INSTEAD = {Entity.LEAD: Entity.PERSON}
"""Kinds of record in place of a kind of record that it lacks: Freshsales Suite keeps leads as contacts."""
_NAMED = {"customers": Entity.COMPANY}
"""Objects whose name means something else elsewhere: a shop's customers are people."""
_SIGNS: Mapping[Entity, frozenset[str]] = {
    Entity.DEAL: frozenset(
        map(unnumbered, ("opportunity name", "deal name", "deal title", "potential name", "deal stage", "stage name"))
    ),
    Entity.LEAD: frozenset(map(unnumbered, ("lead id", "lead owner", "company account", "converted", "is converted"))),
    Entity.PERSON: frozenset(
        map(unnumbered, ("first name", "last name", "given name", "family name", "fname", "lname", "person name"))
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


def choose(sample: Sample, objects: Mapping[str, CrmObject], named: str | None) -> Chosen:
    """Choose the object that a stream's records become.

    Args:
        sample: What the input shows of the stream.
        objects: The objects of the CRM.
        named: The object that the user or the settings name; None: they name none.

    Raises:
        SettingError: There is no such object, or nothing tells which one.
    """
    if named is not None:
        found = named_object(objects, named)
        if found not in objects:
            raise SettingError(
                f"Stream {sample.stream!r}: the CRM has no object {named!r}{nearest(named, list(objects))}. "
                f"There are: {', '.join(objects)}"
            )
        return Chosen(found, "as it was asked for", _people(sample))
    if (own := named_object(objects, sample.stream)) in objects:
        return Chosen(own, "the stream is called so")
    if (entity := entity_of(words_of(sample.stream))) is not None and (fit := _object(objects, entity)):
        return Chosen(fit, f"by the name of the stream, which speaks of a {entity.value}", _people(sample))
    columns = {unnumbered(name): name for name in sample.columns}
    for entity, signs in _SIGNS.items():
        if (seen := signs & columns.keys()) and (fit := _object(objects, entity)):
            return Chosen(fit, f"guessed from the column {columns[min(seen)]}; --object names another")
    if any(_is_email(meaning_of(name, None)) for name in sample.columns) and (fit := _object(objects, Entity.PERSON)):
        return Chosen(fit, "guessed from the e-mail addresses; --object names another")
    raise SettingError(
        f"Neither the name of stream {sample.stream!r} nor its columns say what its records are. Name the object: "
        f"--object {sample.stream}=… with one of {', '.join(objects)}"
    )


def _people(sample: Sample) -> Entity | None:
    """Person or lead, if the stream's name says so: exports of either may become the other."""
    entity = entity_of(words_of(sample.stream))
    return entity if entity in {Entity.PERSON, Entity.LEAD} else None


def _object(objects: Mapping[str, CrmObject], entity: Entity) -> str | None:
    return object_of_entity(objects, entity) or (
        object_of_entity(objects, _INSTEAD[entity]) if entity in _INSTEAD else None
    )


def _is_email(meaning: Meaning | None) -> bool:
    return meaning is not None and meaning.sense is Sense.EMAIL
