"""Values in the vendor's form: read as the attribute's kind, names turned into ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm_api.crm import Crm, Name
from crm_api.crm_objects import Attribute, CrmId, Kind
from crm_api.errors import RefusedError
from crm_api.values import (
    READERS,
    SMALLEST_UNIX_SECONDS,
    read_day,
    read_id,
    read_integer,
    read_moment,
    read_number,
    read_spreadsheet_day,
    read_text,
)
from crm_api.written.numbers import read_written
from target_crm.mapping.declared_names import ID
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import bare_text
from target_crm.mapping.match_keys import normalise_domain
from target_crm.mapping.names import NameList
from target_crm.mapping.values import Dates, RejectedError

_MACHINE_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?(?:inf(?:inity)?|nan)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d+)?", re.ASCII)


class BareNumberError(ValueError):
    """A bare number in a date that may mean many things, and hardly Unix seconds.

    Attributes:
        meaning: What it may mean, which tells the value; may be empty.
    """

    def __init__(self, number: float | Decimal) -> None:
        super().__init__(
            "must be a date such as 2024-05-31: a bare number below 100,000,000 is not taken for Unix seconds. Set "
            "dates: excel if the source counts days as spreadsheets do, else give it as ISO 8601"
        )
        self.meaning = ""
        with suppress(ValueError):
            self.meaning = f"in a spreadsheet {read_spreadsheet_day(number).isoformat()}"
        with suppress(ValueError):
            self.meaning = f"perhaps {date.fromisoformat(str(int(number))).isoformat()}"


class VendorValues:
    """Turns the values of one object's attributes into the vendor's form.

    Args:
        crm: Knows the vendor's form and the lists that names stand in, which are asked for when first needed.
        fields: The object's attributes and custom fields.
        dates: The setting dates: how a bare number in a date is read.
    """

    def __init__(self, crm: Crm, fields: Fields, dates: Dates = Dates.UNIX) -> None:
        self._crm = crm
        self._counts_days = dates is Dates.EXCEL
        self._fields = fields
        self._lists: dict[str, NameList] = {}
        self._readers: Mapping[Kind, Callable[[Attribute, Any, dict[str, Any]], Any]] = {
            **{kind: _reader(read) for kind, read in READERS.items()},
            Kind.TEXT: _text,
            Kind.NUMBER: self._number,
            Kind.INTEGER: self._number,
            Kind.DAY: self._day,
            Kind.MOMENT: self._moment,
            Kind.NAME_ID: self._name_id,
            Kind.NAME_IDS: self._name_ids,
            Kind.IDS: _ids,
            Kind.TEXTS: _texts,
            Kind.IDENTIFIER: self._identifier,
        }

    def value(self, attribute: Attribute, given: Any, beside: dict[str, Any]) -> Any:
        """Turn a value that is not empty into the vendor's form.

        Args:
            attribute: The attribute that gets it; of a kind without a reader it is taken as it is.
            given: In the shape of the attribute (see ``Sources.gather``), as the source writes it.
            beside: The record's other attributes, in the vendor's form. They say which of several things of one name is
                meant (a stage of a pipeline); if they do not, what the named thing belongs to is added.

        Raises:
            ValueError: It is not a value of the attribute's kind; the text says what it must be, without showing it.
            RejectedError: It names nothing that the CRM lists, or several things.
        """
        reader = self._readers.get(attribute.kind)
        return self._crm.encode(attribute, given if reader is None else reader(attribute, given, beside))

    def of_vendor(self, attribute: Attribute, given: Any) -> Any:
        """Read a date that stands in the vendor's own form, where any number is one; any other value stays."""
        if attribute.kind in {Kind.DAY, Kind.MOMENT} and isinstance(given, int) and not isinstance(given, bool):
            with suppress(ValueError):
                return self._crm.decode(attribute, given)
        return given

    def _number(self, attribute: Attribute, given: Any, beside: dict[str, Any]) -> int | float:
        """Read a number, also as people write it; a currency in its text goes where the record's currency stands."""
        is_whole = attribute.kind is Kind.INTEGER
        if isinstance(given, str) and _MACHINE_NUMBER.fullmatch(given.strip()) is None:
            given, currency, may_be = read_written(given, is_whole=is_whole, is_percent=attribute.percent)
            if currency and attribute.currency:
                self._put_currency(attribute.currency, currency, beside)
            elif may_be and attribute.currency in beside:
                self._check_currency(attribute.currency, may_be, beside)
        return read_integer(given) if is_whole else read_number(given)

    def _put_currency(self, name: str, currency: str, beside: dict[str, Any]) -> None:
        attribute = self._fields.attribute(name)
        if attribute is None:
            return
        meant = self.value(attribute, currency, beside)
        held = beside.setdefault(name, meant)
        if held != meant and str(held).casefold() != str(meant).casefold():
            raise ValueError(f"is in {currency}, and {name} says another currency")

    def _check_currency(self, name: str, may_be: Iterable[str], beside: dict[str, Any]) -> None:
        """Refuse an amount whose sign is none of the record's currency: yen in a record in euros."""
        attribute = self._fields.attribute(name)
        if attribute is None:
            return
        held = str(beside[name]).casefold()
        for currency in may_be:
            with suppress(RejectedError):  # which this account does not have
                if str(self.value(attribute, currency, beside)).casefold() == held:
                    return
        raise ValueError(f"has a sign of other currencies than {name} says")

    def _day(self, attribute: Attribute, given: Any, _: dict[str, Any]) -> Any:
        """Read ISO 8601 and Python's own dates, or else whatever the CRM itself writes."""
        return self._dated(attribute, given, read_day)

    def _moment(self, attribute: Attribute, given: Any, _: dict[str, Any]) -> Any:
        return self._dated(attribute, given, read_moment)

    def _dated(self, attribute: Attribute, given: Any, read: Callable[[Any], Any]) -> Any:
        if not isinstance(given, str):
            is_number = isinstance(given, int | float | Decimal) and not isinstance(given, bool)
            return self._numbered(attribute, given) if is_number else read(given)
        with suppress(ValueError):
            return read(given)
        number = Decimal(given.strip()) if _NUMBER.fullmatch(given.strip()) else None
        if number is not None and self._counts_days and number < SMALLEST_UNIX_SECONDS:
            return self._numbered(attribute, number)
        try:
            return self._crm.decode(attribute, given)
        except ValueError:
            if number is None:
                raise
        return self._numbered(attribute, number)

    def _numbered(self, attribute: Attribute, given: float | Decimal) -> Any:
        """Read a bare number in a date: Unix seconds, or days as spreadsheets count them."""
        if given < SMALLEST_UNIX_SECONDS:
            if not self._counts_days:
                raise BareNumberError(given)
            found = read_spreadsheet_day(given)
            return found.date() if isinstance(found, datetime) and attribute.kind is Kind.DAY else found
        if attribute.kind is Kind.DAY:
            with suppress(ValueError):
                return self._crm.decode(attribute, given)
        moment = read_moment(given)
        return moment.date() if isinstance(moment, datetime) and attribute.kind is Kind.DAY else moment

    def _name_id(self, attribute: Attribute, given: Any, beside: dict[str, Any]) -> CrmId:
        if attribute.names is not None and not self._crm.lists(attribute.names):
            return read_id(given) if isinstance(given, int) else read_text(given).strip()
        within = beside.get(attribute.within) if attribute.within else None
        found = self._list(attribute).resolve(attribute, given, within)
        if isinstance(found, Name) and attribute.within and within is None and found.within is not None:
            beside[attribute.within] = found.within  # a stage belongs to one pipeline
        return _id_of(found)

    def _name_ids(self, attribute: Attribute, given: Any, _: dict[str, Any]) -> list[CrmId]:
        names = self._list(attribute)
        return list(dict.fromkeys(_id_of(names.resolve(attribute, each)) for each in given))

    def is_listed(self, attribute: Attribute, text: str) -> bool:
        """Tell whether the CRM lists something of that name, for an attribute that holds several."""
        if attribute.kind is Kind.TEXTS and attribute.names is None:
            return False
        try:
            return self._list(attribute).knows(text)
        except RefusedError:  # a list that the key may not see, and that nothing else needs
            if attribute.kind is not Kind.TEXTS:
                raise
            self._lists[attribute.name] = NameList(attribute.name, tuple)
            return False

    def _list(self, attribute: Attribute) -> NameList:
        names = self._lists.get(attribute.name)
        if names is None:
            if attribute.names is not None:
                listed = attribute.names
                names = NameList(listed.replace("_", " "), lambda: self._crm.names(listed))
            else:
                names = NameList("options", lambda: self._fields.options(attribute), closed=True)
            self._lists[attribute.name] = names
        return names

    def _identifier(self, _: Attribute, given: Any, __: dict[str, Any]) -> dict[str, Any]:
        return {"id": read_id(given["id"]), "type": self._type(given["type"])}

    def _type(self, given: Any) -> str:
        word = read_text(given).strip().lower()
        for each in self._crm.objects.values():
            if word in {each.singular, each.name, *map(str.lower, each.aliases)}:
                return each.singular
        there = ", ".join(each.singular for each in self._crm.objects.values())
        raise ValueError(f"must have a type that is one of: {there}")


def _reader(read: Callable[[Any], Any]) -> Callable[[Attribute, Any, dict[str, Any]], Any]:
    """Make a reader of a kind that needs to know nothing but the value."""
    return lambda _, given, __: read(given)


def _text(attribute: Attribute, given: Any, _: dict[str, Any]) -> str:
    text = read_text(given)
    if attribute.normalise is None and not attribute.choices:
        return text
    if attribute.choices:
        for choice in attribute.choices:
            if choice.casefold() == text.strip().casefold():
                return choice
        raise ValueError(f"must be one of: {', '.join(attribute.choices)}")
    return normalise_domain(text) if attribute.normalise == "domain" else bare_text(attribute, text)


def _ids(_: Attribute, given: Any, __: dict[str, Any]) -> list[int]:
    return list(dict.fromkeys(read_id(each.get(ID) if isinstance(each, Mapping) else each) for each in given))


def _texts(_: Attribute, given: Any, __: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(read_text(each).strip() for each in given))


def _id_of(found: Name | CrmId) -> CrmId:
    return found.id if isinstance(found, Name) else found
