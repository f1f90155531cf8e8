"""The settings of one stream: each declared once, and what they come to for a stream of the input."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from crm_api.crm_objects import CrmObject, named_object
from crm_api.errors import SettingError
from crm_api.naming.spelling import spelled_as
from crm_api.settings import JsonSchema, nearest
from target_crm.delete_brakes import Brakes
from target_crm.endpoints.declaring import PREFIX, Declared, declared, is_declared, load_method_of, sent_whole
from target_crm.endpoints.settings import ENDPOINT, ROLES
from target_crm.load_method import LOAD_METHODS, LoadMethod
from target_crm.mapping.settings import MAPPING_SETTINGS, MappingSettings, mapping_settings, names
from target_crm.setting_fields import read_settings, schemas_of, setting, settings_in


class NoObjectError(SettingError):
    """Nothing says what a stream becomes. It may have no records, where a mapper before us drops them."""


@dataclass(frozen=True)
class StreamSettings:
    """The settings of one stream, with the defaults and the plugin's settings where the stream's own say nothing.

    Attributes:
        mapping: How its records are mapped.
        declared: The endpoints that its records are sent to; None: ``object`` is the CRM's own.
        by_whole: Whether the whole record is its own key.
        given: The settings as they were given, for telling whether they changed.
    """

    object: str = setting(
        "The object of the CRM that the stream's records become. The stream's own name if left out.",
        {"type": ["string", "null"]},
    )
    load_method: LoadMethod = setting(  # noqa: RUF009 - it makes a dataclass field
        f"The load method of the stream: {LOAD_METHODS}. The plugin's load_method if left out.",
        {"type": ["string", "null"], "enum": [*map(str, LoadMethod), None]},
        read=lambda given, _: LoadMethod(given),
        default=LoadMethod.UPSERT,
    )
    source_id: tuple[str, ...] = setting(
        "The attribute or attributes that identify a record at the source. If left out, the stream's key properties; "
        'if it has none, its only match key. "*": the whole record is its own key, so that a changed record is a new '
        "one.",
        {"type": ["string", "array", "null"], "items": {"type": "string"}},
        read=names,
        default=(),
    )
    no_match_key: str = setting(
        "Create or reject a record that has no value for any match key.",
        {"type": "string", "enum": ["create", "reject"], "default": "create"},
    )
    shared_match: str = setting(
        "Handling of a second source record of the stream that a match key leads to a CRM record which belongs to "
        "another one already (a family with one address): last writes it there all the same, so that what came last "
        "holds, and tells both; reject rejects it.",
        {"type": "string", "enum": ["last", "reject"], "default": "last"},
    )
    missing_reference: str = setting(
        "Handling of a record that refers to one which is not in the CRM yet: wait keeps it until the other comes, in "
        "this run or a later one; link_later writes it at once and links it when the other comes; reject rejects it; "
        "leave_out writes it without the reference.",
        {"type": "string", "enum": ["wait", "link_later", "reject", "leave_out"], "default": "wait"},
    )
    when_gone: str = setting(
        "Handling of a record that was written before and that the CRM no longer has: match_again looks for it by its "
        "match keys, recreate creates it again, reject rejects it.",
        {"type": "string", "enum": ["match_again", "recreate", "reject"], "default": "match_again"},
    )
    compare_with: str = setting(
        "The condition under which a record counts as unchanged: source (it is as it last came from the source) or crm "
        "(the CRM has it so: every record is read, and what somebody changed there is written again, except fields "
        "that the CRM's answers do not show). The plugin's compare_with if left out.",
        {"type": ["string", "null"], "enum": ["source", "crm", None]},
        default="source",
    )
    hard_delete: bool = setting(
        "A record with a value in _sdc_deleted_at is deleted in the CRM. If false, such a record is skipped.",
        {"type": "boolean", "default": False},
    )
    delete_when: str | None = setting(
        "With hard_delete: the name of an attribute; a record in which it is true or not empty (nor a word for "
        "false, such as no or 0) is deleted as well.",
        {"type": ["string", "null"]},
    )
    delete_matched: bool = setting(
        "Delete also records that were only found in the CRM, not created by us.",
        {"type": "boolean", "default": False},
    )
    forget: bool = setting(
        "Freshsales: delete for good, past the recycle bin. Costs one request for each record.",
        {"type": "boolean", "default": False},
    )
    ledger_stream: str | None = setting(
        "With load_method delete: the stream that wrote the records which this stream deletes. Others are then looked "
        "for by a match key only if match_on names it.",
        {"type": ["string", "null"]},
    )
    max_deletes: int = setting(
        "The most records of the stream that one run may delete. If it would delete more, it deletes none and exits "
        "with code 3.",
        {"type": "integer", "minimum": 0, "default": Brakes().most},
        read=lambda given, _: int(given),
    )
    max_delete_fraction: float = setting(
        "With load_method overwrite: the largest fraction of the stream's records that may be missing from the input. "
        "If more are missing, the run deletes none and exits with code 3.",
        {"type": "number", "minimum": 0, "maximum": 1, "default": Brakes().fraction},
        read=lambda given, _: float(given),
    )
    max_delete_fraction_7_days: float | None = setting(
        "With load_method overwrite: the largest fraction of the records of seven days ago that may have been deleted "
        "since then because they were missing from the input. If this run would pass it, it deletes none and exits "
        "with code 3. If left out, 0.5, or max_delete_fraction where that is larger.",
        {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    )
    complete: str | None = setting(
        "With load_method overwrite: end_of_input promises that the input holds the whole stream. Without it, only an "
        "ACTIVATE_VERSION message after records of its version proves that.",
        {"type": ["string", "null"], "enum": ["end_of_input", None]},
    )
    endpoint: Mapping[str, Any] | None = setting(
        "The endpoint that the stream's records are sent to, in place of an object of the CRM.", ENDPOINT
    )
    endpoints: Mapping[str, Any] | None = setting(
        f"The endpoints of the stream where it needs more than one, by role: {', '.join(ROLES)}.",
        {"type": ["object", "null"], "properties": dict.fromkeys(ROLES, ENDPOINT)},
    )
    mapping: MappingSettings = field(default_factory=MappingSettings)
    declared: Declared | None = None
    by_whole: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def create_without_key(self) -> bool:
        """Whether a record without a value for any match key is created; otherwise it is rejected."""
        return self.no_match_key == "create"

    @property
    def compares_crm(self) -> bool:
        """Whether a record counts as unchanged only if the CRM has it so."""
        return self.compare_with == "crm"

    @property
    def brakes(self) -> Brakes:
        """The limits above which deletes are held back."""
        fraction = self.max_delete_fraction_7_days
        if fraction is None:
            fraction = max(Brakes().fraction_7_days, self.max_delete_fraction)
        return Brakes(self.max_deletes, self.max_delete_fraction, float(fraction))

    @property
    def complete_at_end(self) -> bool:
        """Whether the end of the input proves that the stream is complete."""
        return self.complete == "end_of_input"

    @property
    def ledger_object(self) -> str:
        """The object under which the ledger knows what ``ledger_stream``, or else this stream, writes."""
        return f"{PREFIX}{self.ledger_stream}" if self.declared and self.ledger_stream else self.object


WHOLE = "*"  # as source_id
FIRST_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "no_match_key": "create",
        "missing_reference": "wait",
        "when_gone": "match_again",
        "hard_delete": False,
        "delete_matched": False,
        "forget": False,
        "max_deletes": 100,
        "max_delete_fraction": 0.2,
        "unknown_attributes": "leave_out",
        "unknown_names": "reject",
    }
)
"""As version 0.1.0 filled them in where a stream had settings, so that they are part of the digests in ledgers."""
_SETTINGS = settings_in(StreamSettings)
STREAM_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType({**schemas_of(_SETTINGS), **MAPPING_SETTINGS})


def stream_settings(
    config: Mapping[str, Any],
    stream: str,
    key_properties: Sequence[str],
    objects: Mapping[str, CrmObject],
    refused: Mapping[str, str],
    *,
    mapped_from: Collection[str] = (),
) -> StreamSettings:
    """Read the settings of a stream, with the plugin's settings where the stream's own say nothing.

    Args:
        config: The whole configuration.
        stream: The stream's name, after stream maps.
        key_properties: The stream's key properties; empty: it has none.
        objects: The objects that can be written, by name.
        refused: The objects that cannot be written, by name, and why.
        mapped_from: The attributes of the stream's records that its stream maps read.

    Raises:
        NoObjectError: They do not say what the stream becomes.
        SettingError: Something in them cannot work.
    """
    given = streams_by_name(config).get(stream, {})
    where = f"streams.{stream}"
    endpoints = declared(config, stream, given) if is_declared(config, stream, given) else None
    object_name = _object_name(config, stream, given, objects) if endpoints is None else endpoints.crm_object.name
    if object_name not in objects:
        kind = SettingError if given.get("object") or config.get("default_object") else NoObjectError
        raise kind(_unknown_object(stream, object_name, objects, refused, streams_by_name(config)))
    by_whole, source_id = _source_id(given, key_properties, where)
    resolved = {
        "object": object_name,
        "load_method": load_method_of(config, given),
        "source_id": source_id,
        "compare_with": given.get("compare_with") or config.get("compare_with") or "source",
    }
    if endpoints is not None:
        resolved["compare_with"] = "source"  # an endpoint's records cannot be read
    settings = StreamSettings(
        **{**read_settings(_SETTINGS, given, where), **resolved},
        mapping=mapping_settings(
            given if endpoints is None else sent_whole(given), where=where, known=source_id, mapped_from=mapped_from
        ),
        declared=endpoints,
        by_whole=by_whole,
        given=_given(given),
    )
    if settings.shared_match == "reject" and (by_whole or settings.load_method is LoadMethod.APPEND_ONLY):
        raise SettingError(
            f"{where}.shared_match must not be reject where the whole record is its own key: a record that changed "
            "would be rejected as a second one. Set source_id, or remove shared_match"
        )
    _check_conflicts(settings, objects[object_name])
    if settings.forget and not objects[object_name].can_forget:
        raise SettingError(f"{where}.forget has no effect on {object_name} (they have no recycle bin). Remove it")
    if settings.delete_when and not settings.hard_delete and settings.load_method is not LoadMethod.DELETE:
        raise SettingError(f"{where}.delete_when has no effect without hard_delete: true. Set that, or remove it")
    return settings


def _given(given: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what no version before filled in: a setting that is new must not make every record look changed."""
    return {
        name: value
        for name, value in given.items()
        if name in FIRST_DEFAULTS or value != STREAM_SETTINGS[name].get("default")
    }


def _source_id(given: Mapping[str, Any], key_properties: Sequence[str], where: str) -> tuple[bool, tuple[str, ...]]:
    """Tell whether the whole record is its own key, and else by which attributes it is known; empty: by none."""
    source_id = names(given.get("source_id") or list(key_properties))
    if WHOLE not in source_id:
        return False, source_id
    if len(source_id) > 1:
        raise SettingError(f'{where}.source_id: "*" stands for the whole record. Remove it, or the other attributes')
    return True, ()


def _check_conflicts(settings: StreamSettings, crm_object: CrmObject) -> None:
    """Refuse to leave conflicts to the CRM or a review where records are not compared with what was last sent.

    Raises:
        SettingError: Says which two settings do not go together.
    """
    asks = settings.mapping.place_of_conflicts
    if asks is None:
        return
    if settings.load_method in {LoadMethod.APPEND_ONLY, LoadMethod.DELETE}:
        raise SettingError(
            f"{asks} has no effect with load_method {settings.load_method}, which updates nothing. Remove it"
        )
    if settings.compares_crm:
        raise SettingError(
            f"{asks} must be source with compare_with crm, which writes the source's values over what "
            "somebody changed in the CRM. Set compare_with to source, or conflicts to source"
        )
    if not crm_object.readable:
        raise SettingError(f"{asks} must be source: {crm_object.name} cannot be read before an update")


def _object_name(
    config: Mapping[str, Any], stream: str, given: Mapping[str, Any], objects: Mapping[str, CrmObject]
) -> str:
    """The object that a stream's records become: the one that is named, else the stream's own, else the default."""
    named = given.get("object")
    object_name = named_object(objects, named or stream)
    if named is None and object_name not in objects:
        return named_object(objects, config.get("default_object") or stream)
    return object_name


def _unknown_object(
    stream: str,
    object_name: str,
    objects: Mapping[str, CrmObject],
    refused: Mapping[str, str],
    named: Collection[str],
) -> str:
    """Say why a stream cannot be written, where no object or endpoint takes it.

    Args:
        stream: The stream's name.
        object_name: The object that its records would become.
        objects: The CRM's objects, by name.
        refused: Why an object cannot be written, by name.
        named: The streams that have settings.
    """
    if object_name in refused:
        return f"Stream {stream!r} cannot be written: {refused[object_name]}"
    meant = None if stream in named else spelled_as(stream, named)
    other = "" if stream in named else nearest(stream, list(named))
    other = other.replace(": the nearest one", ". The nearest name under streams")
    if meant is not None:
        other = f". The settings have streams.{meant}: streams are named as the source spells them"
    if not objects:
        return f"Stream {stream!r} has no endpoint. Set streams.{stream}.endpoint, or endpoint for all streams{other}"
    near = nearest(object_name, list(objects))
    problem = (
        f"Stream {stream!r} is not an object of the CRM{near}"
        if object_name == stream
        else f"Stream {stream!r}: the CRM has no object {object_name!r}{near}"
    )
    return f"{problem}. Set streams.{stream}.object, or default_object, to one of {', '.join(sorted(objects))}{other}"


def streams_by_name(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The settings of each stream as they are given, by its name, whether ``streams`` is an object or a list.

    Raises:
        SettingError: A list names a stream twice.
    """
    given = config.get("streams") or {}
    if isinstance(given, Mapping):
        return {name: settings or {} for name, settings in given.items()}
    streams: dict[str, Mapping[str, Any]] = {}
    for settings in given:
        name = settings["name"]
        if name in streams:
            raise SettingError(f"streams: {name!r} is in the list twice. Make one entry of the two")
        streams[name] = {key: value for key, value in settings.items() if key != "name"}
    return streams


def without_nulls(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a configuration without its nulls, which mean the same as nothing; those inside stream maps stay.

    The SDK fills in the defaults of objects, and takes a null for an object.
    """
    given = {name: value for name, value in config.items() if value is not None}
    streams = given.get("streams")
    if isinstance(streams, Mapping):
        given["streams"] = {name: _stream_without_nulls(settings) for name, settings in streams.items()}
    elif isinstance(streams, list):
        given["streams"] = [_stream_without_nulls(settings) for settings in streams]
    return given


def _stream_without_nulls(settings: Any) -> Any:
    settings = {} if settings is None else settings
    if not isinstance(settings, Mapping):
        return settings
    given = {name: value for name, value in settings.items() if value is not None}
    if isinstance(endpoints := given.get("endpoints"), Mapping):
        given["endpoints"] = {role: endpoint for role, endpoint in endpoints.items() if endpoint is not None}
    return given
