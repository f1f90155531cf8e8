"""Custom attributes: how they are defined, and the values that records hold of them (reference section 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.answers import FailureError
from crm_emulator.messages import is_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import AppObject
    from crm_emulator.messages import Record

TYPES = (
    "input",
    "textarea",
    "number",
    "currency",
    "date",
    "select",
    "multiSelect",
    "check",
    "radio",
    "link",
    "counter",
    "reference",
    "referenceField",
)
_WITH_OPTIONS = {"select", "multiSelect", "check", "radio"}
_DAY = re.compile(r"\d{2}/\d{2}/\d{4}")


def define(
    account: ApptivoAccount, crm_object: AppObject, label: str, kind: str = "input", options: Sequence[str] = ()
) -> Record:
    """Add a custom attribute, as an administrator does in the layout settings."""
    if kind not in TYPES:
        raise ValueError(f"{kind!r} is not a type of custom attribute; use one of {', '.join(TYPES)}")
    attribute_id = account.new_id("custom_attributes")
    record = {
        "id": attribute_id,
        "object": crm_object.name,
        "label": label,
        "tagName": f"{re.sub(r'[^a-z0-9]+', '_', label.lower()).strip('_')}_{attribute_id}",
        "type": kind,
        "options": [
            {"optionId": f"{attribute_id}{index:02d}", "optionObject": option}
            for index, option in enumerate(options, 1)
        ],
    }
    account.put("custom_attributes", record)
    return record


def read_values(account: ApptivoAccount, crm_object: AppObject, sent: Any) -> list[dict[str, Any]]:
    """Return the ``customAttributes`` as they are kept; raises FailureError for what no attribute takes."""
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise FailureError("customAttributes must be an array of objects")
    known = account.custom_attributes(crm_object)
    return [_read(known, each) for each in sent]


def _read(known: dict[int, Record], sent: dict[str, Any]) -> dict[str, Any]:
    given = str(sent.get("customAttributeId", ""))
    attribute = known.get(int(given)) if is_whole(given) else None
    if attribute is None:
        raise FailureError(f"Unknown custom attribute: {sent.get('customAttributeId')}")
    name = attribute["tagName"]
    value: dict[str, Any] = {
        "customAttributeId": attribute["id"],
        "customAttributeName": name,
        "customAttributeTagName": name,
        "customAttributeType": attribute["type"],
        "fieldType": "NUMBER" if attribute["type"] in {"number", "currency", "check"} else "STRING",
    }
    value |= _value(attribute, sent)
    value[name] = value["customAttributeValue"]
    return value


def _value(attribute: Record, sent: dict[str, Any]) -> dict[str, Any]:
    given, kind, label = sent.get("customAttributeValue"), attribute["type"], attribute["label"]
    options = {option["optionId"]: option["optionObject"] for option in attribute["options"]}
    if kind in {"select", "radio"}:
        option = sent.get("customAttributeValueId")
        if option in (None, "") and given in (None, ""):
            return {"customAttributeValue": "", "customAttributeValueId": None}
        if str(option) not in options:
            raise FailureError(f"{label} takes one of its options, with customAttributeValueId")
        return {"customAttributeValue": options[str(option)], "customAttributeValueId": str(option)}
    if kind in {"multiSelect", "check"}:
        chosen = sent.get("attributeValues") or []
        if not isinstance(chosen, list) or any(str(_attribute_id(each)) not in options for each in chosen):
            raise FailureError(f"{label} takes some of its options, in attributeValues")
        held = [
            {"attributeId": str(each["attributeId"]), "attributeValue": options[str(each["attributeId"])]}
            for each in chosen
        ]
        return {"customAttributeValue": "", "attributeValues": held}
    if kind in {"number", "currency"}:
        return _number(label, kind, sent)
    if kind == "date" and given not in (None, "") and not _DAY.fullmatch(str(given)):
        raise FailureError(f"{label} takes a date as MM/DD/YYYY")
    return {"customAttributeValue": "" if given is None else str(given)}


def _attribute_id(sent: Any) -> Any:
    return sent.get("attributeId") if isinstance(sent, dict) else None


def _number(label: str, kind: str, sent: dict[str, Any]) -> dict[str, Any]:
    given = sent.get("numberValue", sent.get("customAttributeValue"))
    if given in (None, ""):
        return {"customAttributeValue": "", "numberValue": None}
    try:
        number = float(given)
    except (TypeError, ValueError):
        raise FailureError(f"{label} takes a number") from None
    held = {"customAttributeValue": f"{number:g}", "numberValue": number}
    return held | ({"currencyCode": sent.get("currencyCode", "USD")} if kind == "currency" else {})


def merged(held: list[dict[str, Any]], sent: list[dict[str, Any]], only: Sequence[int] | None) -> list[dict[str, Any]]:
    """Return the values after an update that names some attributes; None means all that were sent (section 6)."""
    values = {each["customAttributeId"]: each for each in held}
    for each in sent:
        if only is None or each["customAttributeId"] in only:
            values[each["customAttributeId"]] = each
    return list(values.values())
