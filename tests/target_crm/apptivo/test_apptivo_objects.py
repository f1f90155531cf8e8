"""Each of Apptivo's objects written from flat records: names, lists, addresses, custom attributes, references."""

from __future__ import annotations

import json

import pytest

from tests.target_crm.apptivo.sending import send
from tests.target_crm.messages import record_of, schema_of


def the_only(firm, name):
    (record,) = firm.records(name)
    return record


def test_a_lead_of_flat_values_lands_with_items_types_and_ids(run, firm):
    firm.define_attribute("leads", "Lead Score", "number")
    firm.define_attribute("leads", "Interests", "multiSelect", ["Boats", "Trains"])
    done = send(
        run,
        "leads",
        {
            "id": 1,
            "first_name": "Ann",
            "last_name": "Smith",
            "company": "Acme",
            "job_title": "CTO",
            "email": "ann@acme.example",
            "personal_email": "ann@home.example",
            "phone": "+1 555 0100",
            "mobile_phone": "+1 555 0101",
            "street": "1 Main St",
            "city": "Springfield",
            "zip": "12345",
            "country": "us",
            "shipping_street": "2 Dock Rd",
            "shipping_city": "Portland",
            "lead_status": "qualified",
            "source": "Referral",
            "lead_type": "Business",
            "rank": "High",
            "assignee": "grace@emulator.example",
            "amount": "1500.50",
            "currency": "EUR",
            "close_date": "2026-05-31",
            "cf_lead_score": 42,
            "cf_interests": ["Trains", "Boats"],
        },
    )
    assert done.code == 0, done.errors
    assert done.of("leads") == {"input": 1, "created": 1}
    lead = the_only(firm, "leads")
    assert (lead["firstName"], lead["lastName"], lead["companyName"]) == ("Ann", "Smith", "Acme")
    assert lead["emailAddresses"] == [
        {
            "id": "cont_email_input",
            "emailAddress": address,
            "emailType": kind,
            "emailTypeCode": kind.upper(),
        }
        for address, kind in (("ann@acme.example", "Business"), ("ann@home.example", "Home"))
    ]
    assert [(each["phoneNumber"], each["phoneTypeCode"], each["id"]) for each in lead["phoneNumbers"]] == [
        ("+1 555 0100", "PHONE_BUSINESS", "lead_phone_input"),
        ("+1 555 0101", "PHONE_MOBILE", "lead_phone_input"),
    ]
    billing, shipping = lead["addresses"]
    assert billing["addressTypeCode"] == "1"
    assert (billing["city"], billing["countryId"], billing["countryName"]) == ("Springfield", 176, "United States")
    assert (shipping["addressTypeCode"], shipping["city"]) == ("2", "Portland")
    assert (lead["leadStatus"], lead["leadStatusMeaning"]) == ("QUALIFIED", "Qualified")
    assert (lead["leadSource"], lead["leadSourceMeaning"]) == (66_002, "Referral")
    assert lead["leadTypeName"] == "Business"
    assert (lead["assigneeObjectId"], lead["assigneeObjectRefName"]) == (8, "Grace Hopper")
    assert (lead["potentialAmount"], lead["estimatedCloseDate"]) == (1500.5, "05/31/2026")
    custom = {each["customAttributeTagName"].rpartition("_")[0]: each for each in lead["customAttributes"]}
    assert custom["lead_score"]["numberValue"] == 42
    assert sorted(each["attributeValue"] for each in custom["interests"]["attributeValues"]) == ["Boats", "Trains"]


def test_names_are_sent_beside_their_ids(run, given):
    lead = {"id": 1, "last_name": "Smith", "lead_status": "New", "assignee": "Ada Lovelace"}
    assert send(run, "leads", lead).code == 0
    (sent,) = given("leads?a=save")
    record = json.loads(sent["leadData"])
    assert (record["leadStatus"], record["leadStatusMeaning"]) == ("NEW", "New")
    assert record["assigneeObjectRefName"] == "Ada Lovelace"
    assert record["assigneeObjectId"] == 8


def test_a_list_value_may_be_given_by_its_id_or_code(run, firm):
    assert send(run, "leads", {"id": 1, "last_name": "S", "leadStatus": "LOST", "lead_source": 66_003}).code == 0
    lead = the_only(firm, "leads")
    assert (lead["leadStatusMeaning"], lead["leadSourceMeaning"]) == ("Lost", "Cold Call")


def test_a_list_value_that_is_not_listed_rejects_the_record_and_names_those_that_are(run):
    done = send(run, "leads", {"id": 1, "last_name": "A", "lead_status": "Hot"}, {"id": 2, "last_name": "B"})
    assert done.code == 1
    assert done.of("leads") == {"input": 2, "created": 1, "rejected": 1}
    assert done.report["reasons"]["leads"] == {"rejected: unknown_name": 1}
    listed = "New, Contacted, Qualified, Converted, Lost"
    assert f"leadStatus matches none of the CRM's lead statuses. Lead statuses: {listed}" in done.errors
    done = send(run, "leads", {"id": 3, "last_name": "C", "lead_source": 99})
    assert "is not an id of the CRM's lead sources. Known lead sources: Website (66001)" in done.errors


@pytest.mark.parametrize(
    ("stream", "record", "lacking"),
    [
        ("leads", {"id": 1, "first_name": "Ann"}, "lastName"),
        ("contacts", {"id": 1, "first_name": "Ann"}, "lastName"),
        ("customers", {"id": 1, "website": "acme.example"}, "customerName"),
        ("opportunities", {"id": 1, "amount": 5}, "opportunityName"),
        ("cases", {"id": 1, "description": "It broke"}, "caseSummary"),
    ],
)
def test_what_apptivo_must_have_is_missed_before_anything_is_sent(run, calls, stream, record, lacking):
    done = send(run, stream, record)
    assert done.code == 1
    assert f"{lacking} is missing: {stream} cannot be created without it" in done.errors
    assert calls() == []


def test_a_customer_a_contact_an_opportunity_and_a_case_refer_to_each_other_across_streams(run, firm):
    messages = [
        schema_of("cases", "no", "subject", "account", keys=("no",)),
        record_of("cases", no=1, subject="It broke", account="A-1"),
        schema_of("deals", "no", "name", "account", "person", "stage", "closing", keys=("no",)),
        record_of("deals", no=1, name="Big one", account="A-1", person=7, stage="Proposal", closing="2026-12-24"),
        schema_of("people", "first", "last", "mail", "account"),
        record_of("people", id=7, first="Bo", last="Li", mail="bo@acme.example", account="A-1"),
        schema_of("accounts", "no", "name", keys=("no",)),
        record_of("accounts", no="A-1", name="Acme"),
    ]
    of_account = {"stream": "accounts", "source_id": "account"}
    streams = {
        "accounts": {"object": "customers"},
        "people": {"object": "contacts", "references": {"accountId": of_account}},
        "deals": {
            "object": "opportunities",
            "references": {
                "opportunityCustomerId": of_account,
                "opportunityContactId": {"stream": "people", "source_id": "person"},
            },
        },
        "cases": {"references": {"caseCustomerId": of_account}},
    }
    maps = {
        "people": {"firstName": "first", "lastName": "last", "email": "mail"},
        "deals": {"closeDate": "closing"},
    }
    done = run(messages, streams=streams, stream_maps=maps)
    assert done.code == 0, done.errors
    customer = the_only(firm, "customers")
    contact = the_only(firm, "contacts")
    opportunity = the_only(firm, "opportunities")
    case = the_only(firm, "cases")
    assert (contact["accountId"], contact["accountName"]) == (customer["id"], "Acme")
    assert (opportunity["opportunityCustomerId"], opportunity["opportunityCustomer"]) == (customer["id"], "Acme")
    assert opportunity["opportunityContactId"] == contact["id"]
    assert (opportunity["salesStageName"], opportunity["closeDate"]) == ("Proposal", "12/24/2026")
    assert (case["caseCustomerId"], case["caseSummary"]) == (customer["id"], "It broke")


def test_a_reference_may_be_found_by_a_match_key(run, firm):
    customer = firm.insert("customers", {"customerName": "Acme"})
    references = {"caseCustomerId": {"object": "customers", "match": {"customerName": "company"}}}
    case = {"id": 1, "subject": "It broke", "company": "ACME"}
    assert send(run, "cases", case, streams={"cases": {"references": references}}).code == 0
    assert the_only(firm, "cases")["caseCustomerId"] == customer["id"]


def test_apptivo_numbers_what_has_no_number_and_keeps_one_that_is_given(run, firm):
    cases = [
        {"id": 1, "subject": "One"},
        {"id": 2, "subject": "Two", "case_number": "Auto generated number"},
        {"id": 3, "subject": "Three", "case_number": "Auto generated number"},
        {"id": 4, "subject": "Four", "case_number": "T-77"},
    ]
    done = send(run, "cases", *cases)
    assert done.of("cases") == {"input": 4, "created": 4}
    numbers = {case["caseSummary"]: case["caseNumber"] for case in firm.records("cases")}
    assert numbers["Four"] == "T-77"
    assert len(set(numbers.values())) == 4
    assert all(number.startswith("CASE-") for summary, number in numbers.items() if summary != "Four")
    assert send(run, "cases", {**cases[1], "description": "More"}).of("cases") == {"input": 1, "updated": 1}
    assert {case["caseSummary"]: case["caseNumber"] for case in firm.records("cases")} == numbers


def test_a_record_found_by_its_number_or_else_its_name_is_updated(run, firm):
    firm.insert("customers", {"customerName": "Acme", "customerNumber": "C-1"})
    firm.insert("customers", {"customerName": "Byte", "customerNumber": "C-2"})
    one = {"id": 1, "name": "Acme Ltd", "customer_number": "C-1"}
    two = {"id": 2, "name": "BYTE", "website": "byte.example"}
    assert send(run, "customers", one, two).of("customers") == {"input": 2, "updated": 2}
    assert sorted(each["customerName"] for each in firm.records("customers")) == ["Acme Ltd", "BYTE"]


def test_a_search_that_is_not_exact_matches_only_what_is_the_same(run, firm):
    firm.insert("customers", {"customerName": "Acme Holding"})
    firm.insert("customers", {"customerName": "Acme"})
    done = send(run, "customers", {"id": 1, "name": "acme", "website": "acme.example"})
    assert done.of("customers") == {"input": 1, "updated": 1}
    by_name = {each["customerName"]: each["website"] for each in firm.records("customers")}
    assert by_name == {"Acme Holding": None, "acme": "acme.example"}


def test_a_custom_attribute_can_be_the_match_key(run, firm):
    key = firm.define_attribute("leads", "Shop No")
    value = {"customAttributeId": key["id"], "customAttributeValue": "K-1"}
    firm.insert("leads", {"lastName": "Old", "customAttributes": [value]})
    streams = {"leads": {"match_on": ["Shop No"], "custom_fields": {"Shop No": "key"}}}
    done = send(run, "leads", {"id": 1, "last_name": "New", "key": "K-1"}, streams=streams)
    assert done.of("leads") == {"input": 1, "updated": 1}
    assert the_only(firm, "leads")["lastName"] == "New"


@pytest.mark.parametrize("kind", ["counter", "reference", "referenceField"])
def test_a_custom_attribute_that_apptivo_fills_itself_is_left_out_and_said(run, firm, kind):
    firm.define_attribute("leads", "Other", kind)
    done = send(run, "leads", {"id": 1, "last_name": "Li", "cf_other": "x"})
    assert done.code == 0, done.errors
    assert "left out cf_other: leads have it, but the CRM does not let it be written" in done.errors
    assert the_only(firm, "leads").get("customAttributes") in (None, [])


def test_yes_and_no_become_y_and_n(run, firm):
    contact = {"id": 1, "last_name": "Li", "is_primary": True, "sync_to_google": "no"}
    assert send(run, "contacts", contact).code == 0
    assert [the_only(firm, "contacts")[name] for name in ("isPrimary", "syncToGoogle")] == ["Y", "N"]


@pytest.mark.parametrize("stream", ["employees", "users"])
def test_employees_are_refused_with_the_reason(run, stream):
    done = send(run, stream, {"id": 1, "name": "Ada"})
    assert done.code == 2
    assert "Apptivo's employees are invited in its settings" in done.errors


PERSON = {
    "first_name": "Ann",
    "last_name": "Smith",
    "title": "Dr",
    "job_title": "CTO",
    "email": "Ann.Smith@acme.example",
    "mobile": "+1 (555) 0100",
    "street": "1 Main St",
    "street2": "Floor 2",
    "city": "Springfield",
    "state": "IL",
    "zip": "12345",
    "country": "GB",
    "shipping_city": "Kiel",
    "description": "Two\nlines",
    "assignee": "Søren Kierkegaard",
    "territory": "DACH",
    "external_ref_id": "X-1",
}
WHOLE = {
    "leads": {
        **PERSON,
        "company": "Acme",
        "status": "Contacted",
        "source": "Website",
        "lead_type": "Individual",
        "rank": "Low",
        "industry": "Software",
        "campaign": "Trade fair",
        "potential_amount": "1200.50",
        "currency": "EUR",
        "estimated_close_date": "2026-05-31T10:00:00+02:00",
        "number_of_employees": "12",
        "cf_lead_score": 41.5,
        "cf_lead_key": "K 1",
    },
    "contacts": {**PERSON, "status": "Inactive", "type": "Customer", "is_primary": "yes", "cf_loyalty_tier": "silver"},
    "customers": {
        **{name: PERSON[name] for name in ("email", "mobile", "street", "city", "country", "assignee", "territory")},
        "name": "Acme",
        "customer_number": "C-9",
        "status": "Inactive",
        "category": "Reseller",
        "payment_term": "Net 60",
        "annual_revenue": 1_000_000,
        "cf_segment": "Großkunde",
    },
    "opportunities": {
        "name": "Big one",
        "stage": "Negotiation",
        "source": "Referral",
        "type": "New Business",
        "close_date": "2026-12-24",
        "probability": 40,
        "amount": 99.95,
        "currency": "USD",
        "owner": "ada@emulator.example",
        "next_step": "Call",
        "city": "Ulm",
        "is_locked": False,
        "market": "Retail",
        "cf_external_ref": "E-1",
    },
    "cases": {
        "case_number": "T-1",
        "subject": "It broke",
        "description": "All of it",
        "status": "On Hold",
        "type": "Problem",
        "priority": "High",
        "source": "Phone",
        "email": "Who@acme.example",
        "need_by_date": "2026-05-31",
        "owner": "Grace Hopper",
        "customer": "Acme",
        "cf_ticket_no": "77",
    },
}


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("stream", list(WHOLE))
def test_what_is_written_reads_back_as_the_same_and_is_not_written_again(run, calls, stream):
    record = {"id": 1, **WHOLE[stream]}
    done = send(run, stream, record, streams={stream: {"unknown_attributes": "reject"}})
    assert done.code == 0, done.errors
    assert done.of(stream) == {"input": 1, "created": 1}
    calls()
    assert send(run, stream, record, compare_with="crm").of(stream) == {"input": 1, "unchanged": 1}
    assert [call for call in calls() if call != f"{stream} getById"] == []


def test_a_source_that_names_what_apptivo_derives_and_the_id_sends_the_id_alone(run, firm, given):
    customer = firm.insert("customers", {"customerName": "Acme Ltd"})
    record = {"id": 1, "name": "Big", "opportunity_customer_id": customer["id"], "opportunity_customer": "ACME"}
    assert send(run, "opportunities", record).code == 0
    (sent,) = given("opportunities?a=save")
    assert "opportunityCustomer" not in json.loads(sent["opportunityData"])


@pytest.mark.parametrize("name", ["customerId", "customer_id", "Customer ID", "id"])
def test_apptivos_own_id_is_a_match_key_under_its_own_name_and_as_id(run, firm, name):
    crm_id = firm.insert("customers", {"customerName": "Acme"})["id"]
    record = {"key": 1, name: crm_id, "Website": "acme.example"}
    done = send(run, "customers", record, keys=("key",), streams={"customers": {"match_on": [name]}})
    assert done.of("customers") == {"input": 1, "updated": 1}, done.errors
    assert the_only(firm, "customers")["website"] == "acme.example"
    assert done.report["left_out"] == {}
