"""Names of a stream's own fields in its settings: spelt as its schema spells them, and told where it has none such."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from crm_api.crm_objects import CrmObject
from crm_api.endpoints.templates import places
from crm_api.errors import SettingError
from crm_api.naming.spelling import SDK_PREFIX, is_sdk_column, spelled_as, spellings_of
from crm_api.settings import nearest
from target_crm.endpoints.declaring import addressed_by
from target_crm.mapping.settings import MappingSettings
from target_crm.stream_settings import StreamSettings, streams_by_name

EXCLUDE = "exclude"


def check_flags(stream: str, crm_object: CrmObject, settings: MappingSettings, known: Collection[str]) -> None:
    """Refuse flags that would be filled from a field which neither the records nor the object have.

    Args:
        stream: The stream's name.
        crm_object: What its records become.
        settings: The stream's settings of mapping.
        known: The fields of its schema; empty: the schema does not say.

    Raises:
        SettingError: Names the flag, the field and the nearest one.
    """
    for flag, template in settings.parameters.items() if known else ():
        for name in places(template):
            if _is_missing(name, known) and crm_object.attribute(name) is None:
                raise SettingError(
                    f"streams.{stream}.parameters.{flag} needs {{{name}}}, and the stream has no such field"
                    f"{nearest(name, sorted(known))}"
                )


def misspelt_stream_warnings(source: str, stream: str, config: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each setting of a stream that names it in another spelling, and so is not for it.

    Args:
        source: The stream's name before stream maps.
        stream: Its name after them.
        config: The whole configuration.
    """
    maps = config.get("stream_maps")
    named = [("streams", stream, streams_by_name(config)), ("stream_maps", source, maps or {})]
    return [
        f"{setting}.{meant} is not for stream {name!r}: streams are named as the source spells them"
        for setting, name, given in named
        if name not in given and (meant := spelled_as(name, given)) is not None
    ]


def unknown_field_warnings(
    stream: str, settings: StreamSettings, known: Collection[str], crm_object: CrmObject
) -> list[str]:
    """Return a sentence for each setting that names a field which the schema does not have.

    Records may hold more than their schema says, so that this is not an error.

    Args:
        stream: The stream's name.
        settings: Its settings.
        known: The fields of its schema; empty: the schema does not say.
        crm_object: What its records become; the setting exclude may also name an attribute of it.
    """
    names_there = {name for attribute in crm_object.attributes for name in (attribute.name, attribute.shown_as)}
    return [
        f"streams.{stream}.{setting}: the stream's SCHEMA {_why_missing(name, known)}"
        for setting, name in (_named(settings) if known else ())
        if _is_missing(name, known) and not (setting == EXCLUDE and spellings_of(name, {*names_there, *known}))
    ]


def _why_missing(name: str, known: Collection[str]) -> str:
    there = sorted(spellings_of(name, known))
    if there:
        return f"has {name!r} in several spellings, {' and '.join(there)}. Name one of them as it is spelt"
    return f"has no {name!r}{nearest(name, sorted(known))}"


def _named(settings: StreamSettings) -> Iterator[tuple[str, str]]:
    yield from (("source_id", name) for name in settings.source_id)
    for attribute, rule in settings.mapping.references.items():
        yield from ((f"references.{attribute}.source_id", name) for name in rule.source_id)
        yield from ((f"references.{attribute}.match", name) for name in rule.match.values())
    yield from ((f"custom_fields[{title}]", name) for title, name in settings.mapping.custom_fields.items())
    yield from ((EXCLUDE, name) for name in sorted(settings.mapping.exclude))
    if settings.hard_delete and settings.delete_when:
        yield "delete_when", settings.delete_when


def _is_missing(name: str, known: Collection[str]) -> bool:
    return name.partition(".")[0] not in known and spelled_as(name, known) is None


def check_sdk_columns(stream: str, settings: StreamSettings) -> None:
    """Refuse settings that would send a column whose name begins with ``_sdc_``.

    Raises:
        SettingError: Names the setting and the column.
    """
    sent = [(f"custom_fields[{title}]", name) for title, name in settings.mapping.custom_fields.items()]
    sent += [
        (f"parameters.{flag}", name) for flag, given in settings.mapping.parameters.items() for name in places(given)
    ]
    if settings.declared is not None:
        for role, endpoint in settings.declared.by_role.items():
            sent += [(f"endpoints.{role}", name) for name in (*addressed_by(endpoint), *(endpoint.attributes or ()))]
    for setting, name in sent:
        if is_sdk_column(name):
            raise SettingError(
                f"streams.{stream}.{setting} names {name}: columns that begin with {SDK_PREFIX} are never sent. Give "
                "it another name with a stream map"
            )


def spelt_as_in(settings: StreamSettings, known: Collection[str]) -> StreamSettings:
    """Return a stream's settings with the names of the record's fields spelt as the schema spells them.

    Args:
        settings: The settings.
        known: The fields of the schema. A name that is none of them, in no spelling or in several, stays as it is.
    """

    def spelt(name: str) -> str:
        return name if name.partition(".")[0] in known else spelled_as(name, known) or name

    mapping = settings.mapping
    references = {
        attribute: replace(
            rule,
            source_id=tuple(map(spelt, rule.source_id)),
            match={matched: spelt(name) for matched, name in rule.match.items()},
        )
        for attribute, rule in mapping.references.items()
    }
    return replace(
        settings,
        source_id=tuple(map(spelt, settings.source_id)),
        delete_when=settings.delete_when and spelt(settings.delete_when),
        mapping=replace(
            mapping,
            references=references,
            custom_fields={title: spelt(name) for title, name in mapping.custom_fields.items()},
            known=frozenset(map(spelt, mapping.known)),
        ),
    )
