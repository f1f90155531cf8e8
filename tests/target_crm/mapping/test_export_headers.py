"""The header rows of other programs' exports: what of them Copper's people and opportunities understand."""

from __future__ import annotations

import pytest

from crm_api.copper.objects import OBJECTS
from tests.target_crm.mapping.test_every_name import fields_of

PEOPLE: dict[str, tuple[str, set[str]]] = {
    "Salesforce": (
        (
            "Salutation,First Name,Last Name,Title,Mailing Street,Mailing City,Mailing State/Province,"
            "Mailing Zip/Postal Code,Mailing Country,Phone,Mobile,Email,Contact Owner,Description,Fax,Account Name"
        ),
        {"Fax", "Account Name"},
    ),
    "HubSpot": (
        (
            "First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Job Title,Website URL,City,"
            "State/Region,Postal Code,Country/Region,Street Address,Record ID,Lifecycle Stage"
        ),
        {"Record ID", "Lifecycle Stage"},
    ),
    "Google Contacts": (
        (
            "Name,Given Name,Family Name,Additional Name,Name Prefix,Name Suffix,Organization Title,Notes,"
            "E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Value,Phone 2 - Value,Address 1 - Street,Address 1 - City,"
            "Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Website 1 - Value,Organization Name"
        ),
        {"Organization Name"},
    ),
    "Outlook": (
        (
            "Title,First Name,Middle Name,Last Name,Suffix,Job Title,Business Street,Business City,Business State,"
            "Business Postal Code,Business Country/Region,Business Phone,Business Phone 2,Home Phone,Mobile Phone,"
            "E-mail Address,E-mail 2 Address,Notes,Web Page,Company,Home Street"
        ),
        {"Company", "Home Street"},
    ),
    "Mailchimp": ("Email Address,First Name,Last Name,Phone Number,TAGS,MEMBER_RATING", {"MEMBER_RATING"}),
    "LinkedIn": ("First Name,Last Name,URL,Email Address,Position,Company,Connected On", {"Company", "Connected On"}),
    "Pipedrive": (
        (
            "Person - Name,Person - Phone - Work,Person - Phone - Home,Person - Phone - Mobile,Person - Email - Work,"
            "Person - Email - Home,Person - Email - Other,Person - Owner,Person - Organization"
        ),
        {"Person - Organization"},
    ),
    "Zoho": (
        (
            "First Name,Last Name,Email,Secondary Email,Title,Phone,Home Phone,Other Phone,Mobile,Mailing Street,"
            "Mailing City,Mailing State,Mailing Zip,Mailing Country,Description,Contact Owner,Twitter,Date of Birth"
        ),
        {"Date of Birth"},
    ),
}
DEALS: dict[str, tuple[str, set[str]]] = {
    "Salesforce": (
        "Opportunity Name,Amount,Close Date,Stage,Probability (%),Opportunity Owner,Lead Source,Description,Next Step",
        {"Next Step"},
    ),
    "HubSpot": ("Deal Name,Deal Stage,Pipeline,Amount,Close Date,Deal owner,Deal Description,Currency", set()),
    "Pipedrive": (
        (
            "Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Pipeline,Deal - Stage,Deal - Status,"
            "Deal - Owner,Deal - Expected close date,Deal - Lost reason,Deal - Probability"
        ),
        set(),
    ),
    "Zoho": ("Deal Owner,Amount,Deal Name,Closing Date,Stage,Probability (%),Contact Name", {"Contact Name"}),
}


@pytest.mark.parametrize(
    ("object_name", "header", "unknown"),
    [("people", *each) for each in PEOPLE.values()] + [("opportunities", *each) for each in DEALS.values()],
    ids=[f"people of {name}" for name in PEOPLE] + [f"deals of {name}" for name in DEALS],
)
def test_a_header_row_is_understood(object_name, header, unknown):
    fields = fields_of(OBJECTS[object_name])
    assert {name for name in header.split(",") if fields.assignment(name) is None} == unknown


def test_categories_and_parts_of_headers_are_understood():
    fields = fields_of(OBJECTS["people"])
    phones = {name: fields.assignment(f"Person - Phone - {name}") for name in ("Mobile", "Home", "Work")}
    assert {name: each and each.attribute.categories.get(each.part) for name, each in phones.items()} == {
        "Mobile": "mobile",
        "Home": "home",
        "Work": None,
    }
    parts = ["Mailing Zip/Postal Code", "Business State", "Address 1 - Street", "Country/Region"]
    assert [each and each.part for each in map(fields.assignment, parts)] == [
        "postal_code",
        "state",
        "street",
        "country",
    ]
