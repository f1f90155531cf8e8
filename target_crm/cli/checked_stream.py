"""The check of one stream: whether everything that its settings name exists in the CRM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.crm import Crm
from crm_api.crm_objects import CrmObject, Kind
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.engine.destination import destination_of
from target_crm.load_method import LoadMethod
from target_crm.mapping.fields import Fields
from target_crm.mapping.match_keys import normalise_text
from target_crm.mapping.references import References
from target_crm.stream_settings import StreamSettings, stream_settings


def checked(config: Mapping[str, Any], crm: Crm, stream: str) -> str:
    """Check a stream's settings and say in one sentence how its records will be written.

    Args:
        config: The whole configuration.
        crm: The CRM account, whose lists and custom fields are read.
        stream: The stream's name.

    Raises:
        SettingError: A name does not exist, or is of the wrong kind.
    """
    settings = _settings(config, crm, stream)
    mapper = destination_of(crm, settings).mapper
    if settings.declared is None:
        _check_references(config, crm, settings)
        _check_name_in_use(crm, mapper.crm_object, settings)
    if settings.ledger_stream is not None:
        _check_ledger_stream(config, crm, settings, settings.ledger_stream)
    keys = ", else ".join(" and ".join(key) for key in mapper.match_on) or "nothing: every record is new"
    costs = _costs_of_kept_values(mapper.crm_object, settings) if config.get("keep_values_days") else ""
    return f"{settings.load_method} into {settings.object}, matched by {keys}{costs}"


def _costs_of_kept_values(crm_object: CrmObject, settings: StreamSettings) -> str:
    """Say how many requests keep_values_days costs; empty: none."""
    if not crm_object.readable or settings.load_method in {LoadMethod.APPEND_ONLY, LoadMethod.MATCH}:
        return ""
    size = crm_object.bulk_read
    each = "each record that is updated or deleted" if size == 1 else f"{size} records that are updated or deleted"
    searched = ", and records are looked for before they are upserted" if crm_object.upserts_in_bulk else ""
    return f"; keep_values_days costs one more request for {each}{searched}"


def _settings(config: Mapping[str, Any], crm: Crm, stream: str) -> StreamSettings:
    return stream_settings(config, stream, (), crm.objects, crm.refused)


def _check_references(config: Mapping[str, Any], crm: Crm, settings: StreamSettings) -> None:
    references = References(crm, Fields(crm, crm.objects[settings.object]), settings.mapping)
    for name, rule in references.by_attribute.items():
        if rule.stream is not None:
            try:
                target = _settings(config, crm, rule.stream)
            except SettingError as error:
                raise SettingError(f"{settings.mapping.place('references')}.{name}.stream: {error}") from error
            references.fits(name, target.object)


def _check_ledger_stream(config: Mapping[str, Any], crm: Crm, settings: StreamSettings, writer: str) -> None:
    where = settings.mapping.place("ledger_stream")
    try:
        target = _settings(config, crm, writer)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from error
    if target.object != settings.object:
        raise SettingError(f"{where}: {writer} writes {target.object}, and this stream {settings.object}")


def _check_name_in_use(crm: Crm, crm_object: CrmObject, settings: StreamSettings) -> None:
    """Check that ``unknown_names.use`` is in one of the object's lists."""
    name = settings.mapping.use_name
    if name is None:
        return
    lists = {each.names for each in crm_object.attributes if each.kind in {Kind.NAME_ID, Kind.NAME_IDS} and each.names}
    spellings = [spelling for each in sorted(lists) for listed in crm.names(each) for spelling in listed.spellings]
    options = [
        spelling for field in crm.custom_fields(crm_object) for option in field.options for spelling in option.spellings
    ]
    if normalise_text(name) not in {normalise_text(each) for each in (*spellings, *options)}:
        raise SettingError(
            f"{settings.mapping.place('unknown_names')}.use: no list of the CRM for {crm_object.name} has {name!r}"
            f"{nearest(name, [*spellings, *options])}"
        )
