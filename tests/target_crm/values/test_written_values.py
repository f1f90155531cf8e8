"""Numbers and dates as people write them: what has one meaning is read in every CRM, anything else rejected."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crm_api.values import read_day, read_moment
from crm_api.written.numbers import read_written
from target_crm.mapping.values import Rejection

AMOUNTS = [
    ("copper", "opportunities", "monetary_value", "monetary_unit"),
    ("freshsales", "deals", "amount", "currency_id"),
    ("apptivo", "leads", "potentialAmount", "currencyCode"),
    ("apptivo", "opportunities", "amount", "currencyCode"),
]
MOMENTS = [("copper", "tasks", "due_date"), ("freshsales", "tasks", "due_date")]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1\N{NO-BREAK SPACE}234,5", 1234.5),
        ("1'234.50 CHF", 1234.5),
        ("1,234,567", 1234567),
        ("1.234.567", 1234567),
        ("12,34,567.50", 1234567.5),
        ("$250,000", 250000),
        ("USD 1,000", 1000),
        ("₹1,00,000", 100000),
        ("12,5", 12.5),
        ("0,500", 0.5),
        ("1.234", 1.234),
        ("($ 5.00)", -5),
        ("-€5", -5),
        ("\N{MINUS SIGN}5", -5),
        ("10 kr", 10),
    ],
)
def test_a_number_that_has_one_meaning_is_read(text, number):
    assert float(read_written(text).number) == number


@pytest.mark.parametrize("text", ["1,234", "$1.000", "1.234 €", "€1,234", "1,234 kr"])
def test_a_number_that_may_mean_two_is_not_read(text):
    with pytest.raises(ValueError, match="may mean two numbers"):
        read_written(text)


@pytest.mark.parametrize(
    "text", ["", "-", "n/a", "12k", "1,23,4", "1.2.3,4", "5 PCS", "--5", "(5", "$5€", "1 2", "10%", "1_000", "0x10"]
)
def test_text_that_is_no_number_is_not_read(text):
    with pytest.raises(ValueError, match="must be a number such as"):
        read_written(text)


def test_a_comma_before_three_digits_has_one_meaning_in_a_whole_number(sent, crms):
    employees = crms["freshsales"].objects["sales_accounts"].attribute("number_of_employees")
    assert sent("freshsales", "sales_accounts", employees, "1,234") == 1234


@pytest.mark.parametrize(
    ("crm", "object_name", "name"),
    [
        ("copper", "opportunities", "win_probability"),
        ("freshsales", "deals", "probability"),
        ("apptivo", "opportunities", "probability"),
    ],
)
def test_a_probability_may_have_a_percent_sign(sent, crms, crm, object_name, name):
    assert sent(crm, object_name, crms[crm].objects[object_name].attribute(name), "40 %") == 40


@pytest.mark.parametrize(("crm", "object_name", "name", "_"), AMOUNTS)
def test_an_amount_that_may_mean_two_is_rejected_with_its_value(mapped, crm, object_name, name, _):
    found = mapped(crm, object_name, name, "1,234")
    assert isinstance(found, Rejection)
    assert (found.attribute, found.value) == (name, "1,234")
    assert "may mean two numbers" in found.reason


@pytest.mark.parametrize(("crm", "object_name", "name", "currency"), AMOUNTS)
def test_a_currency_in_the_text_of_an_amount_is_sent_as_the_currency(mapped, crm, object_name, name, currency):
    found = mapped(crm, object_name, name, "USD 1,234.50")
    assert float(found.payload[name]) == 1234.5
    assert found.payload[currency] == mapped(crm, object_name, currency, "USD").payload[currency]


@pytest.mark.parametrize(("crm", "object_name", "name", "currency"), AMOUNTS)
def test_an_amount_in_another_currency_than_the_record_says_is_rejected(mapper_of, crm, object_name, name, currency):
    mapper = mapper_of(crm, object_name)
    assert mapper.map({name: "5 EUR", currency: "EUR"}).payload[name] is not None
    found = mapper.map({name: "5 EUR", currency: "USD"})
    assert isinstance(found, Rejection)
    assert "is in EUR" in found.reason


@pytest.mark.parametrize(("crm", "object_name", "name", "currency"), AMOUNTS)
@pytest.mark.parametrize("text", ["$5", "¥5", "5 kr", "Rs. 5"])
def test_a_sign_that_several_currencies_share_must_fit_the_currency_that_the_record_says(
    mapper_of, crm, object_name, name, currency, text
):
    mapper = mapper_of(crm, object_name)
    assert float(mapper.map({name: text}).payload[name]) == 5
    found = mapper.map({name: text, currency: "EUR"})
    assert isinstance(found, Rejection)
    assert found.reason == f"{name} has a sign of other currencies than {currency} says"
    assert float(mapper.map({name: "$5", currency: "USD"}).payload[name]) == 5


DAY = date(2024, 5, 31)


@pytest.mark.parametrize(
    "text",
    ["2024/05/31", "2024-5-31", "31.05.2024", "31. 5. 2024", "31 May 2024", "31-May-2024", "May 31, 2024",
     "Fri May 31 2024", "Fri, 31 May 2024 10:00:00 GMT", "2024-05-31 09:30:00 UTC", "31st May 2024"],
)  # fmt: skip
def test_a_day_that_has_one_meaning_is_read(text):
    assert read_day(text) == DAY


@pytest.mark.parametrize("text", ["05/06/2024", "31-05-2024", "5/6/24", "31.05.24", "31 Mai 2024", "2024-13-01"])
def test_a_day_that_has_several_is_not_read(text):
    with pytest.raises(ValueError, match="must be a day"):
        read_day(text)


@pytest.mark.parametrize(
    "given",
    ["2024-05-31 2:30 PM", "31.05.2024 14:30", "2024/5/31 14:30 UTC", "2024-05-31T16:30:00 +02:00", 1717165800000,
     1717165800],
)  # fmt: skip
def test_an_instant_that_has_one_meaning_is_read(given):
    assert read_moment(given) == datetime(2024, 5, 31, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(("crm", "object_name", "name"), MOMENTS)
@pytest.mark.parametrize("edge", ["9999-12-31T23:30:00-08:00", "0001-01-01T00:30:00+02:00"])
def test_an_instant_beyond_the_calendar_costs_its_record_and_not_the_run(mapped, crm, object_name, name, edge):
    found = mapped(crm, object_name, name, edge)
    assert isinstance(found, Rejection)
    assert (found.attribute, found.value) == (name, edge)


def test_an_account_tells_the_labels_of_its_own_screens(crms):
    assert crms["freshsales"].labels(crms["freshsales"].objects["deals"])["expected_close"] == "Expected close date"
    assert "customerName" in crms["apptivo"].labels(crms["apptivo"].objects["customers"])
    assert not crms["copper"].labels(crms["copper"].objects["people"])


def test_a_year_of_two_digits_is_no_year_of_antiquity(mapped):
    found = mapped("copper", "opportunities", "close_date", "5/6/24")
    assert isinstance(found, Rejection)
