"""Custom fields: their definitions, and the values that records hold of them (reference sections 4.10, 7.1, 7.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.values import LARGEST, WrongValueError, local_midnight
from crm_emulator.messages import Record, spelled

AVAILABLE_ON = ("lead", "person", "opportunity", "company", "project", "task")
DATA_TYPES = (
    "String",
    "Text",
    "Dropdown",
    "Date",
    "Checkbox",
    "Float",
    "URL",
    "Percentage",
    "Currency",
    "Connect",
    "MultiSelect",
)
LONGEST_STRING = 255


def definitions_on(account: CopperAccount, crm_object: CustomerObject) -> list[Record]:
    """Return the definitions of the custom fields that are available on an object."""
    if not crm_object.has_custom_fields:
        return []
    return [each for each in account.records("custom_field_definitions") if crm_object.singular in each["available_on"]]


def empty_value(definition: Record) -> Any:
    """Return the value of a custom field that was never set (section 7.1)."""
    return {"Checkbox": False, "MultiSelect": [], "Connect": []}.get(definition["data_type"])


def values_for(definitions: Sequence[Record], values: dict[int, Any], record_id: int) -> list[dict[str, Any]]:
    """Return a record's ``custom_fields``: every definition, in an order that differs between records (section 7.3)."""
    fields = [
        {"custom_field_definition_id": each["id"], "value": values.get(each["id"], empty_value(each))}
        for each in definitions
    ]
    if fields:
        turn = record_id % len(fields)
        fields = fields[turn:] + fields[:turn]
    return fields[::-1] if record_id & 1 else fields


def read_fields(
    sent: Any, definitions: Sequence[Record], account: CopperAccount, held: Mapping[int, Any]
) -> dict[int, Any]:
    """Return the values of the ``custom_fields`` that were sent, by definition; raises InvalidError.

    Args:
        sent: What was sent.
        definitions: The definitions that are available on the object.
        account: The account.
        held: What the record holds already, by definition: a Connect field is taken only as it is.
    """
    if not isinstance(sent, list):
        raise InvalidError([("custom_fields", "must be an array", "invalid")])
    known = {definition["id"]: definition for definition in definitions}
    values: dict[int, Any] = {}
    problems: list[tuple[str, str, str]] = []
    for each in sent:
        if not isinstance(each, dict) or set(each) - {"custom_field_definition_id", "value", "computed_value"}:
            problems.append(("custom_fields", "must be objects of custom_field_definition_id and value", "invalid"))
            continue
        number = each.get("custom_field_definition_id")
        definition = known.get(number) if isinstance(number, int) else None
        if definition is None:
            problem = f"Invalid custom field definition: {each.get('custom_field_definition_id')}"
            problems.append(("custom_fields", problem, "invalid"))
            continue
        try:
            values[definition["id"]] = _read(definition, each.get("value"), account, held)
        except WrongValueError as wrong:
            problems.append(("custom_fields", f"{definition['name']} {wrong}", "invalid"))
    if problems:
        raise InvalidError(problems)
    return values


def _read(  # noqa: PLR0911 - one line a data type
    definition: Record, value: Any, account: CopperAccount, held: Mapping[int, Any]
) -> Any:
    kind = definition["data_type"]
    if kind == "Connect":
        if (value or []) != held.get(definition["id"], []):
            raise WrongValueError("is set through related_links")
        return value or []  # a whole record that is sent back (section 10)
    if value is None:
        return empty_value(definition)
    options = {option["id"] for option in definition.get("options") or ()}
    match kind:
        case "String" if isinstance(value, str) and len(value) <= LONGEST_STRING:
            return value
        case "Text" | "URL" if isinstance(value, str):
            return value
        case "Dropdown" if not isinstance(value, bool) and value in tuple(options):
            return value
        case "MultiSelect" if isinstance(value, list) and all(
            isinstance(each, int) and each in options for each in value
        ):
            return sorted(set(value))  # read back by id (section 10)
        case "Checkbox" if isinstance(value, bool):
            return value
        case "Date" if isinstance(value, str):
            return local_midnight(value, account)
        case _:
            return _number(kind, value)


def _number(kind: str, value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "Date" if isinstance(value, int) and is_number:
            return value
        case "Percentage" if is_number and abs(value) < LARGEST:
            return int(value)  # 0.34 was read back 0 (section 10)
        case "Currency" if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return float(value)  # "55.5" was read back 55.5 (section 10)
        case "Float" | "Currency" if is_number:
            return value
    raise WrongValueError(f"is not a valid {kind} value: {spelled(value)}")


_AMOUNT = re.compile(r"-?\d{1,15}(\.\d+)?")


def held_values(record: Record) -> dict[int, Any]:
    """Return the values a record holds, by definition."""
    return {each["custom_field_definition_id"]: each["value"] for each in record.get("custom_fields", ())}


def computed_values(account: CopperAccount) -> Callable[[Record], Record]:
    """Return a function that adds ``computed_value`` to custom fields: labels of options, else a copy (section 2)."""
    definitions = {each["id"]: each for each in account.records("custom_field_definitions")}
    labels = {option["id"]: option["name"] for each in definitions.values() for option in each.get("options") or ()}
    kinds = {number: each["data_type"] for number, each in definitions.items()}

    def computed(record: Record) -> Record:
        for each in record.get("custom_fields", ()):
            value = each["value"]
            match kinds.get(each["custom_field_definition_id"]):
                case "Dropdown":
                    value = labels.get(value)
                case "MultiSelect":
                    value = [labels.get(option) for option in value]
            each["computed_value"] = value
        return record

    return computed
