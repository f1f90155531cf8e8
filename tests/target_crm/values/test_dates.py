"""Bare numbers in dates: a spreadsheet's day never becomes a day of 1970."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.crm_objects import Kind
from crm_api.values import read_spreadsheet_day
from target_crm.mapping.values import Dates, Rejection
from tests.target_crm.values.declared import attributes

pytestmark = pytest.mark.daily(one_of=3)

DATED = attributes(Kind.DAY, Kind.MOMENT)


@pytest.mark.parametrize(("crm", "object_name", "attribute"), DATED)
@pytest.mark.parametrize(
    "value", [45657, 45657.5, Decimal("45657.25"), "45657", "45657.5", 0, -86400, 20241231, 99_999_999], ids=repr
)
def test_a_small_number_is_rejected_with_what_to_do(mapped, crm, object_name, attribute, value):
    result = mapped(crm, object_name, attribute, value)
    assert isinstance(result, Rejection)
    assert result.kind == "invalid_value"
    assert result.attribute == attribute.name
    assert result.reason.startswith(attribute.name)
    assert "dates: excel" in result.reason
    assert "ISO 8601" in result.reason
    assert f" {value}" not in result.reason
    assert result.value.startswith(str(value))


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (45657, "in a spreadsheet 2024-12-31"),
        ("45657.5", "in a spreadsheet 2024-12-31T12:00:00"),
        (20241231, "perhaps 2024-12-31"),
    ],
)
def test_the_rejection_tells_what_the_number_may_mean(mapped, value, meaning):
    assert meaning in mapped("copper", "opportunities", "close_date", value).value


@pytest.mark.parametrize(("crm", "object_name", "attribute"), DATED)
@pytest.mark.parametrize("value", [45657, 45657.0, Decimal("45657.0"), "45657", " 45657 ", "45657.0"], ids=repr)
def test_with_dates_excel_it_is_the_day(mapped, crm, object_name, attribute, value):
    day = mapped(crm, object_name, attribute, "2024-12-31").payload
    assert mapped(crm, object_name, attribute, value, dates=Dates.EXCEL).payload == day


@pytest.mark.parametrize(("crm", "object_name", "attribute"), DATED)
@pytest.mark.parametrize("value", [45657.75, Decimal("45657.75"), "45657.75"], ids=repr)
def test_with_dates_excel_a_fraction_is_the_time(mapped, crm, object_name, attribute, value):
    whole = "2024-12-31" if attribute.kind is Kind.DAY else "2024-12-31T18:00:00Z"
    expected = mapped(crm, object_name, attribute, whole).payload
    assert mapped(crm, object_name, attribute, value, dates=Dates.EXCEL).payload == expected


@pytest.mark.parametrize(("crm", "object_name", "attribute"), DATED)
@pytest.mark.parametrize("dates", Dates)
@pytest.mark.parametrize("value", [1717113600, Decimal(1717113600), 1717113600.0, "1717113600"], ids=repr)
def test_unix_seconds_are_what_they_were(mapped, crm, object_name, attribute, value, dates):
    assert mapped(crm, object_name, attribute, value, dates=dates).payload == (
        mapped(
            crm, object_name, attribute, "2024-05-31" if attribute.kind is Kind.DAY else "2024-05-31T00:00:00Z"
        ).payload
    )


@pytest.mark.parametrize("value", [0, 0.5, -1, 60, 60.5, 2958466, 5_000_000, "0"], ids=repr)
@pytest.mark.parametrize(("crm", "object_name", "attribute"), DATED)
def test_with_dates_excel_what_is_no_day_is_rejected(mapped, crm, object_name, attribute, value):
    result = mapped(crm, object_name, attribute, value, dates=Dates.EXCEL)
    assert isinstance(result, Rejection)
    assert "spreadsheets" in result.reason


@pytest.mark.parametrize(
    ("number", "day"),
    [
        (1, date(1900, 1, 1)),
        (59, date(1900, 2, 28)),
        (61, date(1900, 3, 1)),
        (25569, date(1970, 1, 1)),
        (2958465, date(9999, 12, 31)),
    ],
)
def test_days_are_counted_with_the_leap_day_that_was_none(number, day):
    assert read_spreadsheet_day(number) == day


@given(st.dates(date(1900, 3, 1), date(9999, 12, 31)), st.integers(1, 86_399))
def test_a_moment_comes_back_to_the_second(day, seconds):
    number = (day - date(1899, 12, 30)).days
    found = read_spreadsheet_day(number + Decimal(seconds) / 86_400)
    assert isinstance(found, datetime)
    assert (found.date(), found - found.replace(hour=0, minute=0, second=0)) == (day, timedelta(seconds=seconds))


@pytest.mark.parametrize("crm", ["copper", "freshsales", "apptivo"])
def test_custom_dates_are_read_the_same_way(crms, mapped, crm):
    tried = 0
    for crm_object in crms[crm].objects.values():
        for field in crms[crm].custom_fields(crm_object):
            if field.kind in {Kind.DAY, Kind.MOMENT}:
                tried += 1
                settings = {"custom_fields": {field.name: "when"}}
                assert mapped(crm, crm_object.name, "when", 45657, **settings).kind == "invalid_value"
                day = mapped(crm, crm_object.name, "when", "2024-12-31", **settings).payload
                assert mapped(crm, crm_object.name, "when", 45657, **settings, dates=Dates.EXCEL).payload == day
    assert tried or crm == "apptivo"  # whose seed has no custom dates


def test_what_copper_itself_answers_is_a_date_whatever_the_number(crms, mapped):
    objects = [each for each in crms["copper"].objects.values() if each.attribute("custom_fields")]
    of_object = [(each.name, field) for each in objects for field in crms["copper"].custom_fields(each)]
    object_name, field = next(each for each in of_object if each[1].kind is Kind.DAY)
    answered = [{"custom_field_definition_id": field.id, "value": 86_400 * 365}]
    payload = mapped("copper", object_name, "custom_fields", answered).payload
    assert [each["custom_field_definition_id"] for each in payload["custom_fields"]] == [field.id]
