"""By which values records are recognised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import ReferenceRule
from target_crm.mapping.values import ByMatch, Found, FromStream, Mapped, MatchKey, MatchPart

Map = Callable[..., Mapped]
Make = Callable[..., Mapper]


def key(**parts: str) -> MatchKey:
    return MatchKey(tuple(MatchPart(name, (value,)) for name, value in parts.items()))


def test_any_email_of_a_person_matches(mapper: Make) -> None:
    people = mapper("people")
    mapped = people.map({"name": "A", "emails": ["A@example.com", "b@example.com"]})
    assert isinstance(mapped, Mapped)
    (found,) = mapped.keys
    assert found.parts[0].values == ("a@example.com", "b@example.com")
    assert people.matches(found, {"id": 1, "emails": [{"email": "B@Example.com", "category": "work"}]})
    assert not people.matches(found, {"id": 1, "emails": []})


def test_alternatives_keep_their_order_and_inner_lists_go_together(mapped: Map) -> None:
    keys = mapped(
        "people",
        {"name": "Ann  BEE", "email": "a@example.com", "phone": "+1 (415) 355-4776"},
        match_on=(("email",), ("name", "phone")),
    ).keys
    assert keys == (key(emails="a@example.com"), key(name="ann bee", phone_numbers="153554776"))


def test_a_key_without_all_its_values_is_no_key(mapped: Map) -> None:
    assert mapped("people", {"name": "A"}, match_on=(("email",), ("name", "phone"))).keys == ()


@pytest.mark.parametrize("spelling", ["+1 (415) 355-4776", "415.355.4776", "(0415) 355 4776", "4153554776"])
def test_spellings_of_one_phone_number_agree(mapper: Make, spelling: str) -> None:
    people = mapper("people", match_on=(("phone",),))
    assert people.values({"phone_numbers": [{"number": spelling, "category": "work"}]}, "phone_numbers") == {
        "153554776"
    }


def test_a_free_mail_domain_never_identifies_a_company(mapper: Make, mapped: Map) -> None:
    assert mapped("companies", {"name": "Ann's Flowers", "domain": "gmail.com"}).keys == (key(name="ann's flowers"),)
    assert not mapper("companies").matches(key(email_domain="gmail.com"), {"id": 1, "email_domain": "gmail.com"})


def test_a_domain_is_recognised_in_any_spelling(mapped: Map) -> None:
    assert mapped("companies", {"domain": "HTTPS://www.Acme.com:443/x"}).keys == (key(email_domain="acme.com"),)


def test_the_case_of_another_systems_id_counts(mapper: Make, mapped: Map) -> None:
    keys = mapped("people", {"name": "A", "cf_external_id": "0015aB"}, match_on=(("External Id",),)).keys
    assert keys == (key(cf_external_id="0015aB"),)
    container = {"custom_fields": [{"custom_field_definition_id": 643, "value": "0015AB"}]}
    assert not mapper("people").matches(keys[0], {"id": 1, **container})


def test_the_crms_own_id_can_be_the_key(mapper: Make) -> None:
    people = mapper("people", match_on=(("id",),))
    mapped = people.map({"id": 27, "title": "CEO"})
    assert isinstance(mapped, Mapped)
    assert mapped.keys == (key(id="27"),)
    assert mapped.left_out == {}
    assert people.matches(mapped.keys[0], {"id": 27})


def test_days_and_instants_are_compared_as_such(mapper: Make, mapped: Map) -> None:
    record = {"name": "Call", "due_date": "2024-05-31T11:30:00+02:00", "related_resource": {"id": 5, "type": "people"}}
    (found,) = mapped("tasks", record).keys
    task = {"id": 1, "name": "call", "due_date": 1717147800, "related_resource": {"id": 5, "type": "person"}}
    assert mapper("tasks").matches(found, task)
    assert not mapper("tasks").matches(found, {**task, "due_date": 1717147801})


REFERENCES = {
    "company_id": ReferenceRule(stream="accounts", source_id=("account_no",)),
    "primary_contact_id": ReferenceRule(object="people", match={"email": "contact_email"}),
}


def test_references_wait_with_the_values_that_they_refer_by(mapped: Map) -> None:
    found = mapped(
        "opportunities", {"name": "A", "account_no": 17, "contact_email": " B@example.com"}, references=REFERENCES
    )
    assert {each.attribute: each.to for each in found.references} == {
        "company_id": FromStream("accounts", (17,)),
        "primary_contact_id": ByMatch("people", key(emails="b@example.com")),
    }
    assert found.left_out == {}
    assert found.payload == {"name": "A"}


def test_a_reference_without_a_value_is_none(mapped: Map) -> None:
    found = mapped("opportunities", {"name": "A", "account_no": None, "company_id": 5}, references=REFERENCES)
    assert found.references == ()
    assert found.payload["company_id"] == 5


def test_a_found_reference_fills_payload_and_match_key(mapper: Make) -> None:
    opportunities = mapper("opportunities", references=REFERENCES)
    mapped = opportunities.map({"name": "A", "account_no": 17})
    assert isinstance(mapped, Mapped)
    assert mapped.keys[0].pending
    resolved = opportunities.resolve(mapped, {"company_id": Found("companies", 99)})
    assert resolved.payload["company_id"] == 99
    assert resolved.references == ()
    assert resolved.keys == (key(name="a", company_id="99"),)
    assert resolved.digest == mapped.digest


def test_what_an_activity_belongs_to_is_told_with_its_type(mapper: Make) -> None:
    rule = {"parent": ReferenceRule(stream="contacts", source_id=("contact_no",))}
    activities = mapper("activities", references=rule)
    mapped = activities.map({"type": "Note", "details": "x", "contact_no": 4})
    assert isinstance(mapped, Mapped)
    assert mapped.missing == ()
    resolved = activities.resolve(mapped, {"parent": Found("people", 5)})
    assert resolved.payload["parent"] == {"id": 5, "type": "person"}


def test_the_digest_tells_a_changed_reference(mapper: Make) -> None:
    opportunities = mapper("opportunities", references=REFERENCES)
    digests: set[Any] = {
        mapped.digest
        for number in (1, 2, 1)
        if isinstance(mapped := opportunities.map({"name": "A", "account_no": number}), Mapped)
    }
    assert len(digests) == 2
