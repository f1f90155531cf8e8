"""The mapping of a record's values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Mapped, Rejection

Map = Callable[..., Mapped]
Reject = Callable[..., Rejection]


def test_flat_values_fill_nested_attributes(mapped: Map) -> None:
    payload = mapped(
        "people",
        {
            "first_name": "Ann",
            "last_name": "Bee",
            "email": "ann@example.com",
            "personal_email": "bee@example.com",
            "phone": "12 34",
            "mobile_phone": "56",
            "street": "Long 1",
            "city": "Rome",
            "zip": 123,
            "website": "https://bee.example",
            "linkedin": "https://linkedin.com/in/bee",
            "tags": "vip",
        },
    ).payload
    assert payload == {
        "name": "Ann Bee",
        "emails": [
            {"email": "ann@example.com", "category": "work"},
            {"email": "bee@example.com", "category": "personal"},
        ],
        "phone_numbers": [{"number": "12 34", "category": "work"}, {"number": "56", "category": "mobile"}],
        "address": {"street": "Long 1", "city": "Rome", "postal_code": "123"},
        "websites": [{"url": "https://bee.example", "category": "work"}],
        "socials": [{"url": "https://linkedin.com/in/bee", "category": "linkedin"}],
        "tags": ["vip"],
    }


def test_headings_of_a_spreadsheet_are_understood(mapped: Map) -> None:
    payload = mapped("people", {"Full Name": "Ann", "Email Address": "a@example.com", "Address - City": "Rome"}).payload
    assert payload["name"] == "Ann"
    assert payload["emails"] == [{"email": "a@example.com", "category": "work"}]
    assert payload["address"] == {"city": "Rome"}


@pytest.mark.parametrize("given", ["vip", ["vip"], ("vip",), '["vip"]', ["vip", "vip", "", None]])
def test_a_string_or_a_list_serves_a_list_attribute(mapped: Map, given: Any) -> None:
    assert mapped("people", {"name": "A", "tags": given}).payload["tags"] == ["vip"]


@pytest.mark.parametrize(
    "given",
    [
        "a@example.com; b@example.com",
        ["a@example.com", "b@example.com"],
        [{"email": "a@example.com", "category": "Work"}, {"value": "b@example.com", "category": None}],
        '[{"email": "a@example.com"}, {"email": "b@example.com"}]',
        ["a@example.com", "b@example.com", "A@EXAMPLE.COM"],
    ],
)
def test_several_emails_may_be_spelt_in_many_ways(mapped: Map, given: Any) -> None:
    emails = mapped("people", {"name": "A", "emails": given}).payload["emails"]
    assert emails == [{"email": f"{each}@example.com", "category": "work"} for each in "ab"]


def test_what_flattening_made_of_an_object_is_understood(mapped: Map) -> None:
    record = {"name": "A", "address__city": "Rome", "address__street": "Long 1"}
    assert mapped("people", record).payload["address"] == {"city": "Rome", "street": "Long 1"}
    task = {"name": "Call", "related_resource__id": 5, "related_resource__type": "person"}
    assert mapped("tasks", task).payload["related_resource"] == {"id": 5, "type": "person"}


def test_a_leads_single_email_is_an_object(mapped: Map) -> None:
    assert mapped("leads", {"name": "A", "email": "a@example.com"}).payload["email"] == {
        "email": "a@example.com",
        "category": "work",
    }


@pytest.mark.parametrize("given", [Decimal("1250.50"), 1250.5, "1250.50"])
def test_amounts_become_json_numbers(mapped: Map, given: Any) -> None:
    assert mapped("opportunities", {"name": "A", "amount": given}).payload["monetary_value"] == 1250.5


def test_whole_decimals_stay_whole(mapped: Map) -> None:
    value = mapped("opportunities", {"name": "A", "win_probability": Decimal("50.0")}).payload["win_probability"]
    assert (value, type(value)) == (50, int)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("2024-05-31T09:30:00Z", 1717147800),
        ("2024-05-31T11:30:00+02:00", 1717147800),
        ("2024-05-31 09:30:00", 1717147800),
        (datetime(2024, 5, 31, 9, 30, tzinfo=UTC), 1717147800),
        (1717147800, 1717147800),
        (Decimal(1717147800), 1717147800),
        ("2024-05-31", 1717113600),
        (date(2024, 5, 31), 1717113600),
    ],
)
def test_instants_become_unix_seconds(mapped: Map, given: Any, seconds: int) -> None:
    assert mapped("tasks", {"name": "A", "due_date": given}).payload["due_date"] == seconds


@pytest.mark.parametrize(
    "given",
    ["2024-05-31", "2024-05-31T23:30:00-08:00", date(2024, 5, 31), datetime(2024, 5, 31, 1, tzinfo=UTC), "5/31/2024"],
)
def test_days_become_the_accounts_own_spelling(mapped: Map, given: Any) -> None:
    assert mapped("opportunities", {"name": "A", "close_date": given}).payload["close_date"] == "05/31/2024"


def test_a_day_whose_order_is_plain_wins_over_one_whose_order_is_not(mapped: Map) -> None:
    record = {"name": "A", "close_date": "3/5/2024", "close_date_iso": "2024-05-03"}
    assert mapped("opportunities", record).payload["close_date"] == "05/03/2024"


def test_words_of_a_closed_list_are_taken_in_any_case(mapped: Map, rejected: Reject) -> None:
    assert mapped("tasks", {"name": "A", "status": " completed "}).payload["status"] == "Completed"
    assert "Open, Completed" in rejected("tasks", {"name": "A", "status": "Finished"}).reason


def test_a_domain_is_taken_out_of_a_url(mapped: Map) -> None:
    record = {"name": "Acme", "domain": "https://www.Acme.com/about"}
    assert mapped("companies", record).payload["email_domain"] == "acme.com"


@pytest.mark.parametrize("nothing", [None, "", "  ", [], {}])
def test_nothing_is_left_out(mapped: Map, nothing: Any) -> None:
    record = {"name": "A", "title": nothing, "emails": nothing, "assignee_id": nothing, "city": nothing}
    assert mapped("people", record).payload == {"name": "A"}


def test_nulls_are_sent_on_request_and_empty_lists_too(mapped: Map) -> None:
    record = {"name": None, "title": None, "emails": None, "assignee": "", "city": None, "street": "Long 1"}
    assert mapped("people", record, null_values="send").payload == {
        "title": None,
        "emails": [],
        "assignee_id": None,
        "address": {"street": "Long 1", "city": None},
    }


@pytest.mark.parametrize(
    ("object_name", "name", "value", "words"),
    [
        ("opportunities", "monetary_value", "1,250", "may mean two numbers"),
        ("opportunities", "monetary_value", "a lot", "must be a number such as 1234.5"),
        ("opportunities", "monetary_value", float("nan"), "must be a finite number"),
        ("opportunities", "monetary_value", True, "must be a number"),
        ("opportunities", "win_probability", 50.5, "must be a whole number"),
        ("opportunities", "close_date", "soon", "must be a day such as 2024-05-31"),
        ("opportunities", "close_date", "31/5/2024", "by date_order, 5/31/2024"),
        ("opportunities", "company_id", -2, "must be an id"),
        ("tasks", "due_date", "tomorrow", "must be an instant"),
        ("tasks", "due_date", 10**20, "within the calendar"),
        ("tasks", "related_resource", {"id": 4}, "must have a type beside its id"),
        ("tasks", "related_resource", {"id": 4, "type": "robot"}, "person, company, lead"),
        ("people", "title", ["a", "b"], "must be text"),
        ("people", "title", "half \ud800", "surrogate"),
        ("people", "address", ["Long 1", "Rome"], "must be an object with street"),
        ("people", "emails", [{"mail": "a@example.com"}], "must be a string or an object with email and category"),
    ],
)
def test_a_value_that_cannot_be_is_rejected_without_being_told(
    rejected: Reject, object_name: str, name: str, value: Any, words: str
) -> None:
    rejection = rejected(object_name, {"name": "A", name: value})
    assert rejection.kind == "invalid_value"
    assert rejection.attribute == name
    assert words in rejection.reason
    assert "a@example.com" not in rejection.reason
    assert rejection.value


def test_a_person_without_a_name_can_be_changed_but_not_created(mapper: Callable[..., Mapper]) -> None:
    people = mapper("people")
    mapped = people.map({"email": "a@example.com", "title": "CEO"})
    assert isinstance(mapped, Mapped)
    assert mapped.missing == ("name",)
    refused = people.creation(mapped)
    assert isinstance(refused, Rejection)
    assert refused.kind == "missing_required"
    assert people.change(mapped, {"id": 1, "emails": []}).payload["title"] == "CEO"
