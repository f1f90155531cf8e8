"""Copper's form of values, dates above all.

Facts: introduction/best_practices, "Date formats", and what accounts really answer. ``close_date`` is text in the
account's own order (``1/23/2017``); task dates and ``activity_date`` are Unix seconds; custom Date fields answer Unix
seconds of local midnight (older ones of midnight UTC). Custom dates are written as they are read: an integer has no
order of day and month that could be taken the wrong way round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from crm_api.crm_objects import Attribute, Kind
from crm_api.values import read_moment

MONTH_FIRST = "mdy"
DAY_FIRST = "dmy"
_DAY_SECONDS = 86_400
_PARTS = 3
_YEAR_DIGITS = 4


@dataclass(frozen=True)
class CopperDates:
    """Dates of one account.

    Attributes:
        order: Returns the order of day and month in ``close_date``: ``mdy`` or ``dmy``.
        zone: Returns the account's time zone, in which its days begin.
    """

    order: Callable[[], str]
    zone: Callable[[], tzinfo]

    def encode(self, attribute: Attribute, value: date | datetime) -> int | str:
        """Turn an instant or a day into Copper's form for an attribute.

        Raises:
            ValueError: The date is outside Copper's calendar.
        """
        if attribute.kind is Kind.DAY and attribute.custom_id is None:
            return spell_day(value, self.order())
        if not isinstance(value, datetime):
            value = datetime.combine(value, time(), self.zone())
        seconds = int(value.timestamp())
        if seconds < 0:
            raise ValueError("must be a date since 1970")
        return seconds

    def decode(self, attribute: Attribute, value: Any) -> date | datetime:
        """Turn Copper's form into an instant or a day: Unix seconds, or a day as text in the account's order.

        Raises:
            ValueError: The value has neither form.
        """
        if isinstance(value, str) and ("/" in value or attribute.kind is Kind.DAY):
            day = parse_day(value, self.order())
            return day if attribute.kind is Kind.DAY else datetime.combine(day, time(), self.zone())
        moment = read_moment(value)
        if attribute.kind is Kind.MOMENT or not isinstance(moment, datetime):
            return moment
        at_midnight_utc = moment.timestamp() % _DAY_SECONDS == 0
        return moment.astimezone(UTC if at_midnight_utc else self.zone()).date()


def spell_day(day: date, order: str) -> str:
    """Write a day as ``05/31/2024`` or ``31/05/2024``."""
    return f"{day:%m/%d/%Y}" if order == MONTH_FIRST else f"{day:%d/%m/%Y}"


def parse_day(text: str, order: str) -> date:
    """Read ``5/31/2024`` or ``31/5/2024``, padded or not.

    Raises:
        ValueError: The text is not such a day.
    """
    parts = text.strip().split("/")
    wanted = "5/31/2024" if order == MONTH_FIRST else "31/5/2024"
    try:
        first, second, year = map(int, parts)
        year = year if len(parts[-1]) >= _YEAR_DIGITS else 0  # 5/6/24 is no day of the year 24
        return date(year, first, second) if order == MONTH_FIRST else date(year, second, first)
    except ValueError:
        raise ValueError(f"must be a day such as 2024-05-31 or, by date_order, {wanted}") from None


def order_of(days: list[str]) -> str | None:
    """Find the order of day and month that all days allow; None if they allow both, or contradict each other."""
    orders: set[str] = set()
    for day in days:
        parts = day.split("/")
        if len(parts) == _PARTS:
            orders |= {order for order in (MONTH_FIRST, DAY_FIRST) if not _is_day(day, order)}
    if len(orders) != 1:
        return None
    return DAY_FIRST if MONTH_FIRST in orders else MONTH_FIRST


def _is_day(text: str, order: str) -> bool:
    try:
        parse_day(text, order)
    except ValueError:
        return False
    return True
