"""The settings of a stream that say how its records are mapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.errors import SettingError
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.match_keys import (
    FREE_MAIL_DOMAINS,
    normalise_domain,
    normalise_email,
    normalise_phone,
    normalise_text,
)
from target_crm.mapping.settings import MAPPING_SETTINGS, MappingSettings, ReferenceRule, mapping_settings
from target_crm.mapping.values import Mode

FULL: dict[str, Any] = {
    "object": "people",
    "match_on": ["email", ["name", "phone"]],
    "references": {
        "company_id": {"stream": "accounts", "source_id": "account_no"},
        "primary_contact_id": {"object": "people", "match": {"email": "contact_email"}},
    },
    "custom_fields": {"Lead Score": "score"},
    "exclude": ["note"],
    "fields": {"title": "fill_empty", "tags": "replace"},
    "unknown_attributes": "reject",
    "unknown_names": {"use": "ann@example.com"},
    "null_values": "send",
}


def test_every_setting_is_read() -> None:
    assert mapping_settings(FULL, known=["customer_no"]) == MappingSettings(
        match_on=(("email",), ("name", "phone")),
        references={
            "company_id": ReferenceRule(stream="accounts", source_id=("account_no",)),
            "primary_contact_id": ReferenceRule(object="people", match={"email": "contact_email"}),
        },
        custom_fields={"Lead Score": "score"},
        exclude=frozenset({"note"}),
        fields={"title": Mode.FILL_EMPTY, "tags": Mode.REPLACE},
        unknown_attributes="reject",
        unknown_names={"use": "ann@example.com"},
        null_values="send",
        known=frozenset({"customer_no"}),
    )


def test_no_settings_are_the_defaults() -> None:
    assert mapping_settings({}) == MappingSettings()
    assert mapping_settings(dict.fromkeys(FULL)) == MappingSettings()


def test_custom_fields_may_be_a_list_for_names_with_dots() -> None:
    listed = mapping_settings({"custom_fields": [{"name": "Nr. of seats", "attribute": "seats"}]})
    assert listed.custom_fields == {"Nr. of seats": "seats"}


def test_the_schema_takes_what_is_documented_and_nothing_misspelt() -> None:
    validator = jsonschema_rs.validator_for({"type": "object", "properties": dict(MAPPING_SETTINGS)})
    validator.validate({key: value for key, value in FULL.items() if key != "object"})
    for wrong in ({"null_values": "sent"}, {"fields": {"title": "keep"}}, {"match_on": "email"}):
        assert not validator.is_valid(wrong)


@pytest.mark.parametrize(
    "reference", [{"stream": "accounts"}, {"object": "people"}, {"source_id": "x"}, {"object": "people", "match": {}}]
)
def test_a_reference_that_is_half_given_stops_the_run(reference: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=r"references\.company_id must have stream and source_id"):
        mapping_settings({"references": {"company_id": reference}})


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"firm": ReferenceRule(stream="a", source_id=("b",))}, "there are: company_id"),
        ({"name": ReferenceRule(stream="a", source_id=("b",))}, "no such reference"),
        ({"company_id": ReferenceRule(object="firms", match={"name": "x"})}, "no object 'firms'"),
        ({"company_id": ReferenceRule(object="companies", match={"vat": "x"})}, "companies have no attribute 'vat'"),
    ],
)
def test_a_reference_to_what_does_not_exist_stops_the_run(
    mapper: Callable[..., Mapper], rule: dict[str, ReferenceRule], words: str
) -> None:
    with pytest.raises(SettingError) as caught:
        mapper("people", references=rule)
    assert words.lower() in str(caught.value).lower()


TEXTS = st.text("aBw.@ :/?-+1ß", max_size=20)


@given(TEXTS)
def test_what_is_normalised_stays_so(text: str) -> None:
    for normalise in (normalise_email, normalise_domain, normalise_phone, normalise_text):
        assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    "spelling",
    [
        "acme.com",
        "ACME.com.",
        "www.acme.com",
        "https://www.acme.com/a?b",
        "ann@acme.com",
        "acme.com:8080",
        " acme.com ",
    ],
)
def test_spellings_of_a_domain_agree(spelling: str) -> None:
    assert normalise_domain(spelling) == "acme.com"


def test_free_mail_domains_are_spelt_as_domains_are() -> None:
    assert {normalise_domain(domain) for domain in FREE_MAIL_DOMAINS} == FREE_MAIL_DOMAINS
