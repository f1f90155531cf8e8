"""Apptivo's form of values (pure): days, and the values of custom attributes.

Facts: the create pages' samples. A day goes in as ``MM/DD/YYYY`` or in the firm's own format; instants come as
``Oct 07, 2017 05:44:26 PM`` without a zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm_api.apptivo.config import CustomAttribute, identifier
from crm_api.apptivo.session import DATE_FORMAT
from crm_api.crm_objects import CrmId, Kind
from crm_api.errors import SettingError
from crm_api.values import is_empty, read_day, read_number

_TOKENS = {"YYYY": "%Y", "MMM": "%b", "MM": "%m", "DD": "%d"}
_TOKEN = re.compile("|".join(_TOKENS))
_STAMPS = ("%b %d, %Y %I:%M:%S %p", "%b %d, %Y %I:%M %p", "%b %d, %Y", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S")


@dataclass(frozen=True)
class Days:
    """The format in which the firm writes days.

    Attributes:
        pattern: The format for ``strftime``: ``%m/%d/%Y``.
        spelt: The format as the setting spells it: ``MM/DD/YYYY``.
    """

    pattern: str = "%m/%d/%Y"
    spelt: str = DATE_FORMAT

    def encode(self, day: date) -> str:
        """Write a day in the firm's format: ``05/31/2024``."""
        return day.strftime(self.pattern)

    def decode(self, text: Any) -> date:
        """Read a day in the firm's format, in ISO 8601, or the day of an instant.

        Raises:
            ValueError: The text is not such a day.
        """
        if isinstance(text, date):
            return text
        with suppress(ValueError):
            return datetime.strptime(str(text).strip(), self.pattern).date()  # noqa: DTZ007 - a day has no zone
        moment = stamped(text)
        if moment is not None:
            return moment.date()
        try:
            return read_day(text)
        except ValueError:
            raise ValueError(f"must be a day such as 2024-05-31 or, by date_format, {self.spelt}") from None


def days_of(spelt: str) -> Days:
    """Make the format of days that the setting ``date_format`` describes.

    Raises:
        SettingError: The setting does not hold a year, a month and a day.
    """
    pattern = _TOKEN.sub(lambda found: _TOKENS[found[0]], spelt.upper().replace("%", "%%"))
    if "%Y" not in pattern or "%d" not in pattern or not ("%m" in pattern or "%b" in pattern):
        raise SettingError(f"date_format must hold YYYY, MM (or MMM) and DD, as in {DATE_FORMAT}, not {spelt!r}")
    return Days(pattern, spelt)


def stamped(text: Any) -> datetime | None:
    """Read an instant as records show it, in the firm's unknown zone; None if the text is not one."""
    for pattern in _STAMPS:
        with suppress(ValueError):
            return datetime.strptime(str(text).strip(), pattern)  # noqa: DTZ007 - the zone is unknown
    return None


def plain_number(text: str) -> Any:
    """Read a number that an answer holds as text; text that is none stays as it is."""
    with suppress(ValueError):
        return float(text.replace(",", ""))
    return text


def custom_wire(attribute: CustomAttribute, value: Any) -> dict[str, Any]:
    """Write a custom attribute and its value as records hold them."""
    found: dict[str, Any] = {
        "customAttributeId": attribute.id,
        "customAttributeName": attribute.tag_name,
        "customAttributeTagName": attribute.tag_name,
        "customAttributeType": attribute.tag,
    }
    labels = {option.id: option.spellings[0] for option in attribute.options}
    if attribute.kind is Kind.NAME_ID:
        label = "" if value is None else labels.get(identifier(value), "")
        found |= {"customAttributeValue": label, "customAttributeValueId": "" if value is None else str(value)}
    elif attribute.kind is Kind.NAME_IDS:
        chosen = [
            {"attributeId": str(each), "attributeValue": labels.get(identifier(each), "")} for each in value or ()
        ]
        found |= {"customAttributeValue": "", "attributeValues": chosen}
    elif attribute.kind is Kind.NUMBER:
        found |= {"customAttributeValue": "" if value is None else str(value), "numberValue": value}
    else:
        found["customAttributeValue"] = "" if value is None else value
    if attribute.kind is not Kind.TEXT:
        found["fieldType"] = "NUMBER"
    found[attribute.tag_name] = found["customAttributeValue"]
    return found


def custom_plain(carried: Mapping[str, Any]) -> tuple[CrmId, Any] | None:
    """Read the id and the value of a custom attribute in a record; None if it has no id."""
    attribute_id, tag = carried.get("customAttributeId"), carried.get("customAttributeType")
    if is_empty(attribute_id):
        return None
    value: Any = carried.get("customAttributeValue")
    if tag in {"select", "radio"}:
        value = carried.get("customAttributeValueId")
        value = None if is_empty(value) else identifier(value)
    elif tag in {"multiSelect", "check"}:
        chosen = carried.get("attributeValues") or ()
        value = [
            identifier(each["attributeId"]) for each in chosen if isinstance(each, Mapping) and "attributeId" in each
        ]
    elif tag in {"number", "currency"}:
        number = carried.get("numberValue")
        value = value if is_empty(number) else number
        with suppress(ValueError):
            value = None if is_empty(value) else read_number(value)
    return identifier(attribute_id), None if value == "" else value
