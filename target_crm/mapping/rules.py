"""The part of a stream's settings that says how its records are mapped: as a JSON schema, and as rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from crm_api.errors import SettingError
from target_crm.mapping.values import Mode, ReferenceRule, Rules

_NAMES = {"type": "array", "items": {"type": "string"}}
_NAME_OR_NAMES = {"anyOf": [{"type": "string"}, _NAMES]}

MAPPING_SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "match_on": {
            "type": "array",
            "items": _NAME_OR_NAMES,
            "description": "What identifies a record in the CRM: alternatives in order; an inner list is taken "
            "together. The object's own key if left out.",
        },
        "references": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"stream": {"type": "string"}, "source_id": _NAME_OR_NAMES},
                        "required": ["stream", "source_id"],
                    },
                    {
                        "type": "object",
                        "properties": {
                            "object": {"type": "string"},
                            "match": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                        "required": ["object", "match"],
                    },
                ]
            },
            "description": "By attribute: whose CRM id it holds, by the source id of a stream's record or by a match "
            "in the CRM.",
        },
        "custom_fields": {
            "anyOf": [
                {"type": "object", "additionalProperties": {"type": "string"}},
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "attribute": {"type": "string"}},
                        "required": ["name", "attribute"],
                    },
                },
            ],
            "description": "By the custom field's name: the record's attribute that gives it. cf_<slug> attributes map "
            "by themselves.",
        },
        "exclude": {**_NAMES, "description": "Attributes of the record that are never sent."},
        "fields": {
            "type": "object",
            "additionalProperties": {"enum": [mode.value for mode in Mode]},
            "description": "By attribute: what an update may do to it. Lists are added to, anything else is replaced, "
            "if left out.",
        },
        "unknown_attributes": {
            "enum": ["leave_out", "reject"],
            "default": "leave_out",
            "description": "What to do with attributes that the object does not have or that cannot be written.",
        },
        "unknown_names": {
            "anyOf": [
                {"enum": ["reject", "leave_out"]},
                {"type": "object", "properties": {"use": {"type": "string"}}, "required": ["use"]},
            ],
            "default": "reject",
            "description": "What to do with a name that the CRM does not list: reject the record, leave the attribute "
            "out, or use another name.",
        },
        "null_values": {
            "enum": ["leave_out", "send", None],
            "description": "Whether nulls (and blank text) empty the CRM's fields: leave_out if left out; to an "
            "endpoint nulls are sent.",
        },
        "parameters": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            "description": "Flags of the object that go with each record, by name: constants, or {field} for what the "
            "record holds. Apptivo has some.",
        },
    }
)


def rules_of(settings: Mapping[str, Any], known: Iterable[str] = ()) -> Rules:
    """Make rules of a stream's settings that fit ``MAPPING_SETTINGS``; other settings are passed over.

    Args:
        settings: The stream's.
        known: Attributes of the record that serve other purposes, such as its source id.

    Raises:
        SettingError: A reference names neither a stream nor a match.
    """
    unknown_names = settings.get("unknown_names") or "reject"
    use = unknown_names.get("use") if isinstance(unknown_names, Mapping) else None
    match_on = settings.get("match_on")
    return Rules(
        match_on=None if match_on is None else tuple(_names(each) for each in match_on),
        references={name: _reference(name, each) for name, each in (settings.get("references") or {}).items()},
        custom_fields=_custom_fields(settings.get("custom_fields") or {}),
        exclude=frozenset(settings.get("exclude") or ()),
        fields={name: Mode(mode) for name, mode in (settings.get("fields") or {}).items()},
        unknown_attributes=settings.get("unknown_attributes") or "leave_out",
        unknown_names="use" if use is not None else unknown_names,
        use_name=use,
        null_values=settings.get("null_values") or "leave_out",
        parameters=settings.get("parameters") or {},
        known=frozenset(known),
    )


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _custom_fields(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return dict(given)
    return {each["name"]: each["attribute"] for each in given}  # as Meltano, which splits keys at dots, can say it


def _reference(name: str, given: Mapping[str, Any]) -> ReferenceRule:
    if given.get("stream") and given.get("source_id"):
        return ReferenceRule(stream=given["stream"], source_id=_names(given["source_id"]))
    if given.get("object") and given.get("match"):
        return ReferenceRule(object=given["object"], match=dict(given["match"]))
    raise SettingError(f"references.{name} needs stream and source_id, or object and match")
