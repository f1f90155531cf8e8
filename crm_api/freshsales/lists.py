"""Reads Freshsales' lists: owners, stages, sources, types, currencies; custom fields; custom modules.

Facts: ``/selector/…``, ``/settings/…/fields`` and ``/settings/module_customizations`` of the API's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from crm_api.crm import CustomField, Name
from crm_api.crm_objects import CrmObject, Kind
from crm_api.errors import ForbiddenError, NoRouteError
from crm_api.freshsales.objects import CUSTOM_MODULE
from crm_api.transport.listing import expected_form
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

CUSTOM_FIELD = "cf_"
_KEYS = {"owners": "users"}
_WITHIN: Mapping[str, str] = MappingProxyType(
    {
        "deal_stages": "deal_pipeline_id",
        "contact_statuses": "lifecycle_stage_id",
        "sales_activity_outcomes": "sales_activity_type_id",
    }
)
"""The attribute of an entry that holds the id of what it belongs to, by list."""
_TASK_STATUSES = (Name(0, ("Open", "Pending")), Name(1, ("Completed", "Complete", "Done", "Closed")))
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "number": Kind.NUMBER,
        "decimal": Kind.NUMBER,
        "checkbox": Kind.BOOLEAN,
        "date": Kind.DAY,
        "date_time": Kind.MOMENT,
        "date_time_split": Kind.MOMENT,
        "dropdown": Kind.NAME_ID,
        "radio": Kind.NAME_ID,
        "multi_select_dropdown": Kind.NAME_IDS,
    }
)


@expected_form("of a list")
def read_names(session: CrmSession, object_name: str) -> list[Name]:
    """Read one of the lists, but for pipelines and their stages: see ``read_pipelines``."""
    if object_name == "task_statuses":
        return list(_TASK_STATUSES)
    answer: Any = session.exchange(Request("GET", f"/selector/{object_name}")).value
    key = _KEYS.get(object_name, object_name)
    items = answer.get(key) if isinstance(answer, dict) else answer
    return [_name(object_name, each) for each in items or ()]


@expected_form("GET /selector/deal_pipelines")
def read_pipelines(session: CrmSession) -> list[dict[str, Any]]:
    """Read all pipelines, each with its stages."""
    answer: Any = session.exchange(Request("GET", "/selector/deal_pipelines")).value
    pipelines: list[dict[str, Any]] = answer["deal_pipelines"]
    return pipelines


@expected_form("GET /selector/deal_pipelines")
def pipeline_names(object_name: str, pipelines: list[dict[str, Any]]) -> list[Name]:
    """Make the list ``deal_pipelines``, or the list ``deal_stages``, of the pipelines."""
    if object_name == "deal_pipelines":
        return [_name(object_name, each) for each in pipelines]
    return [
        _name(object_name, {"deal_pipeline_id": pipeline["id"], **stage})
        for pipeline in pipelines
        for stage in pipeline.get("deal_stages") or ()
    ]


def _name(object_name: str, item: Mapping[str, Any]) -> Name:
    spellings = [item.get(part) for part in ("display_name", "name", "currency_code", "email")]
    return Name(item["id"], tuple(str(each) for each in spellings if each), item.get(_WITHIN.get(object_name, "")))


@expected_form("of the fields")
def read_fields(session: CrmSession, path: str) -> list[Mapping[str, Any]]:
    """Read the fields of one kind of record, whose place may be empty; none if the key may not see them."""
    if not path:
        return []
    try:
        answer: Any = session.exchange(Request("GET", path)).value
    except (ForbiddenError, NoRouteError):
        return []
    return list(_fields(answer))


@expected_form("of the fields")
def custom_fields_among(fields: Iterable[Mapping[str, Any]], crm_object: CrmObject) -> list[CustomField]:
    """Find the custom fields among the fields of one kind of record."""
    return [_custom_field(crm_object, each) for each in fields if str(each["name"]).startswith(CUSTOM_FIELD)]


def labels_among(fields: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Find the labels of the fields that every account has, by name."""
    shown = [(str(each["name"]), str(each.get("label") or "")) for each in fields]
    return {name: label for name, label in shown if label and not name.startswith(CUSTOM_FIELD)}


def _fields(answer: Any) -> Iterator[Mapping[str, Any]]:
    """Find the fields in a list of fields, or in the forms of a custom module, which hold them in groups."""
    if isinstance(answer, list):
        for each in answer:
            yield from _fields(each)
    elif isinstance(answer, dict):
        inner = [answer[part] for part in ("forms", "field_groups", "fields") if isinstance(answer.get(part), list)]
        if not inner and answer.get("name"):
            yield answer
        for each in inner:
            yield from _fields(each)


def _custom_field(crm_object: CrmObject, field: Mapping[str, Any]) -> CustomField:
    """Read a field; its choices are stored as text, so that the text is the id."""
    words = [str(each.get("value", each.get("name"))) for each in field.get("choices") or ()]
    return CustomField(
        id=field["name"],
        name=str(field.get("label") or field["name"]),
        kind=_KINDS.get(str(field.get("type")), Kind.TEXT),
        objects=frozenset({crm_object.name}),
        options=tuple(Name(word, (word,)) for word in words),
    )


def read_modules(session: CrmSession) -> list[str] | None:
    """Read the names of the custom modules; None if the key may not see them."""
    try:
        answer: Any = session.exchange(Request("GET", "/settings/module_customizations")).value
    except (ForbiddenError, NoRouteError):
        return None
    items = answer.get("module_customizations") if isinstance(answer, dict) else answer
    names = [str(each.get("entity_name", "")) for each in items or () if isinstance(each, dict)]
    return [name for name in names if name.startswith(CUSTOM_MODULE)]
