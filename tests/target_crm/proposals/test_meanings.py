"""Names of columns mean what people mean by them, in whichever export they stand."""

from __future__ import annotations

import pytest

from target_crm.proposals.known_columns import Entity
from target_crm.proposals.meanings import Meaning, Sense, meaning_of, words_of

PERSON, COMPANY, LEAD, DEAL = Entity.PERSON, Entity.COMPANY, Entity.LEAD, Entity.DEAL


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("E-mail 1 - Value", "email 1 value"),
        ("MailingPostalCode", "mailing postal code"),
        ("Associated Contact IDs", "associated contact ids"),
        ("LinkedIn URL", "linkedin url"),
        ("Lead_Score__c", "lead score"),
        ("Close Date (EDT)", "close date"),
        ("Phone (Work)", "phone work"),
        ("STATUS", "status"),
    ],
)
def test_a_name_is_taken_apart_into_words(name, words):
    assert " ".join(words_of(name)) == words


@pytest.mark.parametrize(
    ("own", "name", "entity", "aspect"),
    [
        (PERSON, "Account Name", COMPANY, "name"),
        (PERSON, "AccountId", COMPANY, "id"),
        (PERSON, "Account Name.id", COMPANY, "id"),
        (PERSON, "Organization 1 - Name", COMPANY, "name"),
        (PERSON, "Person - Organization", COMPANY, "name"),
        (PERSON, "Sales account", COMPANY, "name"),
        (PERSON, "properties__company", COMPANY, "name"),
        (LEAD, "Company / Account", COMPANY, "name"),
        (DEAL, "Deal - Contact person", PERSON, "name"),
        (DEAL, "Primary Contact", PERSON, "name"),
        (DEAL, "Person - Email - Work", PERSON, "email"),
        (DEAL, "Associated Contact IDs", PERSON, "id"),
        (PERSON, "Account Owner", COMPANY, "owner"),
        (PERSON, "Company Linkedin Url", COMPANY, "linkedin url"),
    ],
)
def test_what_is_about_another_record_is_told_from_the_records_own(own, name, entity, aspect):
    assert meaning_of(name, own) == Meaning(Sense.RELATED, entity=entity, aspect=aspect)


@pytest.mark.parametrize(
    ("own", "name", "sense"),
    [
        (PERSON, "Contact ID", Sense.ID),
        (LEAD, "Lead ID", Sense.ID),
        (PERSON, "hs_object_id", Sense.ID),
        (PERSON, "OwnerId", Sense.OTHER_IDS),
        (PERSON, "Contact Owner.id", Sense.OTHER_IDS),
        (PERSON, "hubspot_owner_id", Sense.OTHER_IDS),
        (PERSON, "Last Modified By.id", Sense.KEPT),
        (PERSON, "E-mail 2 Type", Sense.LABEL),
        (PERSON, "Address 1 - Label", Sense.LABEL),
        (PERSON, "Business Fax", Sense.UNWANTED),
        (PERSON, "Assistant's Phone", Sense.UNWANTED),
        (PERSON, "Apollo Contact Id", Sense.ID),
        (PERSON, "HubSpot Owner ID", Sense.OTHER_IDS),
        (PERSON, "(Do Not Modify) Contact", Sense.ID),
        (PERSON, "(Do Not Modify) Modified On", Sense.KEPT),
        (PERSON, "Customer ID", Sense.ID),
        (PERSON, "Apollo Account Id", Sense.RELATED),
    ],
)
def test_what_has_no_place_is_known_as_well(own, name, sense):
    assert meaning_of(name, own).sense is sense


@pytest.mark.parametrize(
    ("name", "group", "part"),
    [
        ("Mailing State/Province", "mailing", "state"),
        ("Billing Code", "billing", "postal_code"),
        ("Business Street 2", "business", "street2"),
        ("Address 1 - City", "address", "city"),
        ("Address 2 - City", "address#2", "city"),
        ("Address Line 2", "", "street2"),
        ("Organization - ZIP/Postal code of Address", "", "postal_code"),
        ("Address - State/Prov/Region", "address", "state"),
        ("POAddressLine1", "po", "street"),
        ("Primary Address Postalcode", "primary address", "postal_code"),
        ("Street address line 2 - Work", "work", "street2"),
        ("City - Home", "home", "city"),
        ("Address 2: Street 1", "address#2", "street"),
    ],
)
def test_addresses_are_told_apart(name, group, part):
    assert meaning_of(name, COMPANY) == Meaning(Sense.ADDRESS, group=group, part=part)


@pytest.mark.parametrize(
    "name",
    ["Email Opt Out", "Fax", "Code", "Number", "Person - Open deals", "E-mail Display Name", "Business Line", "SMS"],
)
def test_what_only_looks_like_a_home_is_none(name):
    found = meaning_of(name, PERSON)
    assert found is None or found.sense in {Sense.UNWANTED, Sense.ATTRIBUTE}
    assert found is None or not {"email", "phone", "postal_code", "opportunities"} & set(found.names)
