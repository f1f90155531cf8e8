"""Links, brackets and categories of other systems: what the CRM gets is an address, and a category that it knows."""

from __future__ import annotations

import pytest

from crm_api.crm_objects import Kind
from crm_api.values import nearest_category
from target_crm.mapping.match_keys import normalise_email
from tests.target_crm.values.declared import attributes

pytestmark = pytest.mark.daily(one_of=3)

EMAIL = "ann@x.org"
EMAILS = [
    "mailto:ann@x.org",
    "MAILTO:ann@x.org",
    " mailto:ann@x.org?subject=Hi&body=x ",
    "Ann Bee <ann@x.org>",
    "<ann@x.org>",
    "Ann <mailto:ann@x.org>",
]
PHONE = "+1-415-555-0101"
PHONES = ["tel:+1-415-555-0101", "TEL:+1-415-555-0101", " tel: +1-415-555-0101 "]
CATEGORIES = ["Home", "WORK", "Business", "mobile", "Cell Phone", "Work Fax", "private", "*custom*", "Außendienst", 5]


def of_email(attribute):
    return attribute.normalise == "email"


def of_phone(attribute):
    return attribute.normalise == "phone"


@pytest.mark.parametrize("spelling", EMAILS)
@pytest.mark.parametrize(
    ("crm", "object_name", "attribute"), attributes(Kind.TEXT, Kind.ITEMS, Kind.STRUCTURE, where=of_email)
)
def test_an_email_is_the_address_alone(sent, crm, object_name, attribute, spelling):
    assert _value(attribute, sent(crm, object_name, attribute, spelling)) == EMAIL


@pytest.mark.parametrize("spelling", PHONES)
@pytest.mark.parametrize(("crm", "object_name", "attribute"), attributes(Kind.TEXT, Kind.ITEMS, where=of_phone))
def test_a_phone_is_the_number_alone(sent, crm, object_name, attribute, spelling):
    assert _value(attribute, sent(crm, object_name, attribute, spelling)) == PHONE


def _value(attribute, sent):
    if attribute.kind is Kind.ITEMS:
        (sent,) = sent
    return sent if attribute.kind is Kind.TEXT else sent[attribute.item]


@pytest.mark.parametrize("spelling", EMAILS)
def test_so_it_is_in_a_match_key(spelling):
    assert normalise_email(spelling) == EMAIL


@pytest.mark.parametrize("name", ["category", "type", "label"])
@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize(
    ("crm", "object_name", "attribute"),
    attributes(Kind.ITEMS, Kind.STRUCTURE, where=lambda each: each.category is not None),
)
def test_a_category_becomes_one_that_the_crm_has(crms, sent, crm, object_name, attribute, category, name):
    value = {"email": EMAIL, "phone": PHONE}.get(attribute.normalise, "https://x.org")
    item = sent(crm, object_name, attribute, {attribute.item: value, name: category})
    item = item[0] if isinstance(item, list) else item
    if crm == "apptivo":
        thing = "email" if attribute.normalise == "email" else "phone"
        listed = crms[crm]._crm._any_config().answer[f"{thing}Types"]
        assert (item[f"{thing}Type"], item[f"{thing}TypeCode"]) in [(each["name"], each["code"]) for each in listed]
    else:
        assert item["category"] in attribute.category_choices


@pytest.mark.parametrize(
    ("given", "choices", "nearest"),
    [
        ("Home", ("work", "personal", "other"), "personal"),
        ("Personal", ("mobile", "work", "home", "other"), "home"),
        ("WORK", ("work", "personal", "other"), "work"),
        ("Work Email", ("work", "personal", "other"), "work"),
        ("Business", ("work", "personal", "other"), "work"),
        ("work", ("Business", "Home", "Other"), "Business"),
        ("iPhone", ("mobile", "work", "home", "other"), "mobile"),
        ("Cell Phone", ("mobile", "work", "home", "other"), "mobile"),
        ("Work Fax", ("mobile", "work", "home", "other"), "other"),
        ("Home Fax", ("fax", "home"), "fax"),
        ("LinkedIn", ("linkedin", "other"), "linkedin"),
        ("Google+", ("googleplus", "other"), "googleplus"),
        ("Summer house", ("work", "personal", "other"), "personal"),
        ("Assistant", ("mobile", "work", "home", "other"), "other"),
        ("Assistant", ("mobile", "work"), None),
        ("", ("work", "other"), "other"),
    ],
)
def test_the_nearest_category(given, choices, nearest):
    assert nearest_category(given, choices) == nearest
