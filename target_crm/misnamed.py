"""Fields that a stream's settings name and its SCHEMA lacks: what is misspelt there would silently do nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from crm_api.crm_objects import CrmObject
from crm_api.errors import SettingError
from crm_api.settings import nearest
from crm_api.templates import places
from target_crm.mapping.mapped import Rules
from target_crm.settings import StreamSettings


def check_flags(stream: str, of: CrmObject, rules: Rules, known: Collection[str]) -> None:
    """Refuse flags that would be filled from a field which neither the records nor the object have.

    Args:
        stream: The stream's name.
        of: What its records become.
        rules: The stream's.
        known: The fields of its schema; empty: the schema does not say.

    Raises:
        SettingError: Names the flag, the field and the nearest one.
    """
    for flag, template in rules.parameters.items() if known else ():
        for name in places(template):
            if _is_missing(name, known) and of.attribute(name) is None:
                raise SettingError(
                    f"streams.{stream}.parameters.{flag} needs {{{name}}}, and the stream has no such field"
                    f"{nearest(name, sorted(known))}"
                )


def misnamed(stream: str, settings: StreamSettings, known: Collection[str]) -> list[str]:
    """A sentence for each setting that names a field which the schema does not have.

    Records may hold more than their schema says, so that this is no error.
    """
    return [
        f"streams.{stream}.{setting}: the stream's SCHEMA has no {name!r}{nearest(name, sorted(known))}"
        for setting, name in (_named(settings) if known else ())
        if _is_missing(name, known)
    ]


def _named(settings: StreamSettings) -> Iterator[tuple[str, str]]:
    yield from (("source_id", name) for name in settings.source_id)
    for attribute, rule in settings.rules.references.items():
        yield from ((f"references.{attribute}.source_id", name) for name in rule.source_id)
        yield from ((f"references.{attribute}.match", name) for name in rule.match.values())
    yield from ((f"custom_fields[{title}]", name) for title, name in settings.rules.custom_fields.items())
    yield from (("exclude", name) for name in sorted(settings.rules.exclude))
    if settings.hard_delete and settings.delete_when:
        yield "delete_when", settings.delete_when


def _is_missing(name: str, known: Collection[str]) -> bool:
    return name not in known and name.partition(".")[0] not in known
