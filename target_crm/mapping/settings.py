"""The settings of a stream that say how its records are mapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from crm_api.errors import SettingError
from crm_api.settings import JsonSchema
from target_crm.mapping.values import Dates, Mode, Side
from target_crm.setting_fields import place, read_settings, schemas_of, setting, settings_in

_NAMES: JsonSchema = {"type": "array", "items": {"type": "string"}}
_NAME_OR_NAMES: JsonSchema = {"anyOf": [{"type": "string"}, _NAMES]}
_REFERENCE: JsonSchema = {
    "anyOf": [
        {
            "type": "object",
            "properties": {
                "stream": {"type": "string", "description": "The stream whose record is meant."},
                "source_id": {
                    **_NAME_OR_NAMES,
                    "description": "This record's attributes that hold that record's source id.",
                },
            },
            "required": ["stream", "source_id"],
        },
        {
            "type": "object",
            "properties": {
                "object": {"type": "string", "description": "The object of the CRM whose record is meant."},
                "match": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "description": "By attribute of that object, this record's attribute that holds the value.",
                },
            },
            "required": ["object", "match"],
        },
    ],
    "description": "How the reference is found: with stream and source_id, or with object and match.",
}
_CUSTOM_FIELDS: JsonSchema = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "The custom field's name."},
                    "attribute": {"type": "string", "description": "The record's attribute."},
                },
                "required": ["name", "attribute"],
            },
        },
    ]
}
_FIELD: JsonSchema = {
    "description": "The mode of the attribute of that name, or an object with its mode and conflicts.",
    "anyOf": [
        {"enum": [mode.value for mode in Mode]},
        {
            "type": "object",
            "properties": {
                "mode": {
                    "enum": [*(mode.value for mode in Mode), None],
                    "description": "The mode of the attribute; as under fields if left out.",
                },
                "conflicts": {
                    "enum": [*map(str, Side), None],
                    "description": "The handling of the attribute's conflicts; the stream's conflicts if left out.",
                },
            },
        },
    ],
}
_UNKNOWN_NAMES: JsonSchema = {
    "anyOf": [
        {"enum": ["reject", "leave_out"]},
        {
            "type": "object",
            "properties": {"use": {"type": "string", "description": "The name that stands in."}},
            "required": ["use"],
        },
    ],
    "default": "reject",
}


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """The source of an attribute's id: another stream's record by its source id, or a match in the CRM.

    Attributes:
        stream: With ``source_id``: the stream whose record is meant.
        source_id: The attributes of this record that hold that record's source id.
        object: With ``match``: the CRM object whose record is meant.
        match: By attribute of that object: this record's attribute that holds the value.
    """

    stream: str | None = None
    source_id: tuple[str, ...] = ()
    object: str | None = None
    match: Mapping[str, str] = field(default_factory=dict)


def names(given: str | Iterable[str], where: str = "") -> tuple[str, ...]:  # noqa: ARG001 - a reader is told the place
    """Read one name, or a list of names."""
    return (given,) if isinstance(given, str) else tuple(given)


def _match_on(given: Iterable[str | Iterable[str]], where: str) -> tuple[tuple[str, ...], ...]:
    keys = tuple(names(each, where) for each in given)
    if not all(keys):
        raise SettingError(f"{where} must name attributes: an inner list is empty")
    return keys


def named_twice(where: str, one: str, other: str, what: str) -> SettingError:
    """Make the error for two names in a setting that mean one attribute."""
    return SettingError(f"{where}: {one!r} and {other!r} are two names of {what}. Remove one of them")


def _references(given: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, ReferenceRule]:
    return {name: _reference(each, place(where, name)) for name, each in given.items()}


def _reference(given: Mapping[str, Any], where: str) -> ReferenceRule:
    if given.get("stream") and given.get("source_id"):
        return ReferenceRule(stream=given["stream"], source_id=names(given["source_id"]))
    if given.get("object") and given.get("match"):
        return ReferenceRule(object=given["object"], match=dict(given["match"]))
    raise SettingError(f"{where} must have stream and source_id, or object and match")


def _custom_fields(given: Any, where: str) -> dict[str, str]:  # noqa: ARG001 - a reader is told the place
    if isinstance(given, Mapping):
        return dict(given)
    return {each["name"]: each["attribute"] for each in given}  # as Meltano, which splits keys at dots, can say it


def _modes(given: Mapping[str, Any], where: str) -> dict[str, Mode]:  # noqa: ARG001 - a reader is told the place
    modes = {name: rule.get("mode") if isinstance(rule, Mapping) else rule for name, rule in given.items()}
    return {name: Mode(mode) for name, mode in modes.items() if mode is not None}


def _conflicts_of(given: Mapping[str, Any]) -> dict[str, Side]:
    sides = {name: rule.get("conflicts") for name, rule in given.items() if isinstance(rule, Mapping)}
    return {name: Side(side) for name, side in sides.items() if side is not None}


@dataclass(frozen=True)
class MappingSettings:
    """The settings by which the records of one stream are mapped.

    Attributes:
        conflicts_of: The handling of conflicts of single attributes, by the names under ``fields``.
        known: Attributes of the records that serve other purposes, such as the source id: not reported as unknown.
        mapped_from: Attributes of the records that a stream map reads: not reported either, and sent only where they
            are spelt as the CRM's are, since the map says what they are for.
        where: The place of the stream's settings (``streams.people``), for errors; may be empty.
    """

    match_on: tuple[tuple[str, ...], ...] | None = setting(
        "The attributes that identify a record in the CRM: alternatives in order; the attributes of an inner list must "
        "all match. id, or the vendor's own name of it (customerId in Apptivo), means the CRM's own id of the record. "
        "The object's own match keys if left out, for deletes as well.",
        {"type": "array", "items": _NAME_OR_NAMES},
        read=_match_on,
    )
    references: Mapping[str, ReferenceRule] = setting(
        "Ids of other CRM records, by the attribute that holds the id: found by the source id of another stream's "
        "record (stream, source_id), or by matching in the CRM (object, match).",
        {"type": "object", "additionalProperties": _REFERENCE},
        read=_references,
        make_default=dict,
    )
    custom_fields: Mapping[str, str] = setting(
        "The record's attribute for each custom field, by the custom field's name; or a list of objects with name and "
        "attribute. Attributes called cf_<slug> need no entry.",
        _CUSTOM_FIELDS,
        read=_custom_fields,
        make_default=dict,
    )
    exclude: frozenset[str] = setting(
        "Attributes of the record that are never sent, by their own names in any spelling, else by the CRM's.",
        _NAMES,
        read=lambda given, _: frozenset(given),
        default=frozenset(),
    )
    fields: Mapping[str, Mode] = setting(
        "The mode of an attribute in updates, by attribute: replace, fill_empty (sent only where the CRM has no "
        "value), create_only (never sent) or add (appended to the CRM's list). If left out, add for lists, replace for "
        "others. Or an object with mode and conflicts (which see), both optional.",
        {"type": "object", "additionalProperties": _FIELD},
        read=_modes,
        make_default=dict,
    )
    update_with: str = setting(
        "The attributes that an update of a record which was written before sends: changed (those that the source "
        "changed since they were last sent) or whole (all of them). If left out, changed for objects, whole for "
        "endpoints.",
        {"enum": ["changed", "whole", None]},
        default="changed",
    )
    conflicts: Side = setting(  # noqa: RUF009 - it makes a dataclass field
        "Handling of a value that both the source and somebody in the CRM changed since it was last sent: source sends "
        "the source's, crm leaves the CRM's and counts it, review rejects the record until somebody decides. With crm "
        "and review each record is read before it is updated. One attribute's own stands under fields. If left out, "
        "source.",
        {"enum": [*map(str, Side), None]},  # a default would be filled in, and make every record look changed
        read=lambda given, _: Side(given),
        default=Side.SOURCE,
    )
    unknown_attributes: str = setting(
        "Leave out attributes that the object does not have or that cannot be written, and count them, or reject the "
        "record.",
        {"enum": ["leave_out", "reject"], "default": "leave_out"},
    )
    unknown_names: str | Mapping[str, str] = setting(
        "Handling of a name that the CRM does not list, such as an unknown user: reject rejects the record, leave_out "
        "leaves the attribute out, {use: name} takes another name.",
        _UNKNOWN_NAMES,
    )
    null_values: str = setting(
        "Leave out nulls and blank text, or send them, which empties the CRM's field. If this setting is left out, "
        "they are left out for objects and sent to endpoints.",
        {"enum": ["leave_out", "send", None]},
        default="leave_out",
    )
    dates: Dates = setting(  # noqa: RUF009 - it makes a dataclass field
        "Reading of a bare number in a date: unix takes it for Unix seconds, and refuses one below 100,000,000, which "
        "is most likely a spreadsheet's day; excel counts days as spreadsheets do (45657 is 2024-12-31, 45657.5 its "
        "noon, UTC), also where the number is text.",
        {"enum": [dates.value for dates in Dates]},
        read=lambda given, _: Dates(given),
        default=Dates.UNIX,
    )
    parameters: Mapping[str, Any] = setting(
        "Flags of the object that go with each record, by name: constants, or {field} for a field of the record. Only "
        "Apptivo's objects have flags.",
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
        make_default=dict,
    )
    conflicts_of: Mapping[str, Side] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    mapped_from: frozenset[str] = frozenset()
    where: str = ""

    @property
    def decided_by_crm(self) -> bool:
        """Whether a conflict may end in favour of the CRM, so that records are read before they are updated."""
        return self.place_of_conflicts is not None

    @property
    def place_of_conflicts(self) -> str | None:
        """The place of the setting by which a conflict may end in favour of the CRM; None: there is none."""
        if self.conflicts != Side.SOURCE:
            return self.place("conflicts")
        name = next((name for name, side in self.conflicts_of.items() if side != Side.SOURCE), None)
        return None if name is None else f"{self.place('fields')}.{name}.conflicts"

    @property
    def use_name(self) -> str | None:
        """The name to use in place of one that the CRM does not list; None if there is none."""
        return None if isinstance(self.unknown_names, str) else self.unknown_names["use"]

    def place(self, name: str) -> str:
        """The place of one of these settings, as errors name it."""
        return place(self.where, name)


_SETTINGS = settings_in(MappingSettings)
MAPPING_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(schemas_of(_SETTINGS))


def mapping_settings(
    given: Mapping[str, Any], *, where: str = "", known: Iterable[str] = (), mapped_from: Iterable[str] = ()
) -> MappingSettings:
    """Read a stream's settings that say how its records are mapped; its other settings are passed over.

    Args:
        given: The stream's settings, which fit ``MAPPING_SETTINGS``.
        where: Their place, for errors: ``streams.people``.
        known: Attributes of the records that serve other purposes, such as the source id.
        mapped_from: Attributes of the records that a stream map reads.

    Raises:
        SettingError: A reference has neither a stream nor a match.
    """
    return MappingSettings(
        **read_settings(_SETTINGS, given, where),
        conflicts_of=_conflicts_of(given.get("fields") or {}),
        known=frozenset(known),
        mapped_from=frozenset(mapped_from),
        where=where,
    )
