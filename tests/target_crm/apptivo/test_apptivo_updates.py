"""Updates in Apptivo: the attributes that are sent, those left alone, and answers that are odd or lost."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.target_crm.apptivo.sending import send
from tests.target_crm.messages import record_of, schema_of, state_of

LEAD = {"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@acme.example"}


def test_an_update_lists_what_changed_under_both_names_and_sends_the_whole_record(run, firm, given):
    send(run, "leads", LEAD)
    (lead,) = firm.records("leads")
    done = send(run, "leads", {**LEAD, "job_title": "CTO", "lead_status": "Lost", "assignee": "ada@emulator.example"})
    assert done.of("leads") == {"input": 1, "updated": 1}
    (sent,) = given("leads?a=update")
    names = json.loads(sent["attributeNames"])
    assert json.loads(sent["attributeName"]) == names
    assert sorted(names) == sorted(
        [
            "jobTitle",
            "leadStatus",
            "leadStatusMeaning",
            "assigneeObjectId",
            "assigneeObjectRefId",
            "assigneeObjectRefName",
        ]
    )
    assert (sent["leadId"], sent["objectId"], sent["attributeIds"]) == (str(lead["id"]), "4", "[]")
    assert "isAddressUpdate" not in sent
    assert "isCustomAttributesUpdate" not in sent
    record = json.loads(sent["leadData"])
    assert (record["jobTitle"], record["lastName"], record["firmId"]) == ("CTO", "Smith", lead["firmId"])


@pytest.mark.parametrize("attribute_list", ["either", "documented"])
def test_either_name_of_the_list_of_attributes_is_served(run, firm, attribute_list):
    firm.switches.attribute_list = attribute_list
    for stream, record in (
        ("customers", {"id": 1, "name": "Acme"}),
        ("leads", LEAD),
        ("cases", {"id": 1, "subject": "X"}),
    ):
        send(run, stream, record)
        assert send(run, stream, {**record, "description": "More"}).of(stream) == {"input": 1, "updated": 1}
        assert [each["description"] for each in firm.records(stream)] == ["More"]


@pytest.mark.usefixtures("style")
def test_what_people_changed_meanwhile_in_other_attributes_stays(run, firm):
    send(run, "leads", {**LEAD, "job_title": "CTO", "city": "Ulm"})
    (lead,) = firm.records("leads")
    firm.change("leads", lead["id"], {"companyName": "Typed by hand", "description": "Also"})
    assert send(run, "leads", {**LEAD, "job_title": "CEO", "city": "Ulm"}).of("leads") == {"input": 1, "updated": 1}
    (lead,) = firm.records("leads")
    assert (lead["jobTitle"], lead["companyName"], lead["description"]) == ("CEO", "Typed by hand", "Also")


@pytest.mark.usefixtures("style")
def test_an_address_is_changed_part_by_part_with_its_flag(run, firm):
    shipping = {"addressTypeCode": "2", "addressType": "Shipping Address", "city": "Kiel"}
    billing = {"addressTypeCode": "1", "addressType": "Billing Address", "addressLine1": "1 Main St", "city": "Ulm"}
    firm.insert(
        "leads", {"lastName": "Smith", "emailAddresses": [{"emailAddress": "ann@acme.example"}],
                  "addresses": [shipping, billing]},
    )  # fmt: skip
    done = send(run, "leads", {**LEAD, "city": "Bonn"})
    assert done.of("leads") == {"input": 1, "updated": 1}
    (lead,) = firm.records("leads")
    cities = {each["addressTypeCode"]: (each["city"], each.get("addressLine1")) for each in lead["addresses"]}
    assert cities == {"2": ("Kiel", None), "1": ("Bonn", "1 Main St")}


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize(("country", "beside"), [("Canada", (26, "CA")), ("Utopia", (None, None))])
def test_a_new_country_does_not_keep_the_id_of_the_old_one(run, firm, country, beside):
    send(run, "leads", {**LEAD, "city": "Ulm", "country": "Germany"})
    done = send(run, "leads", {**LEAD, "city": "Ulm", "country": country})
    assert done.of("leads") == {"input": 1, "updated": 1}
    (address,) = firm.records("leads")[0]["addresses"]
    assert (address["city"], address["countryName"]) == ("Ulm", country)
    assert (address.get("countryId"), address.get("countryCode")) == beside


def test_custom_attributes_are_changed_one_by_one_with_their_flag_and_ids(run, firm, given):
    score, tier = (
        firm.define_attribute("leads", "Score", "number"),
        firm.define_attribute("leads", "Tier", "select", ["Gold", "Silver"]),
    )
    firm.define_attribute("leads", "Hobby")
    custom = {"cf_score": 1, "cf_tier": "Gold", "cf_hobby": "Chess"}
    send(run, "leads", {**LEAD, **custom})
    done = send(run, "leads", {**LEAD, **custom, "cf_score": 2, "cf_tier": "Silver"})
    assert done.of("leads") == {"input": 1, "updated": 1}
    (sent,) = given("leads?a=update")
    assert json.loads(sent["attributeNames"]) == ["customAttributes"]
    assert sent["isCustomAttributesUpdate"] == "true"
    assert sorted(json.loads(sent["attributeIds"])) == [score["id"], tier["id"]]
    (lead,) = firm.records("leads")
    assert sorted(each["customAttributeValue"] for each in lead["customAttributes"]) == ["2", "Chess", "Silver"]


def test_e_mails_and_phones_are_added_to_those_that_are_there_and_keep_their_types(run, firm, style):
    firm.switches.email_flag_required = style == "form"
    home = {"emailAddress": "ann@acme.example", "emailType": "Home", "emailTypeCode": "HOME", "id": "cont_email_input"}
    firm.insert("leads", {"lastName": "Smith", "emailAddresses": [home]})
    assert send(run, "leads", {**LEAD, "emails": ["ANN@acme.example", "a.smith@acme.example"]}).code == 0
    (lead,) = firm.records("leads")
    assert [(each["emailAddress"], each["emailType"]) for each in lead["emailAddresses"]] == [
        ("ann@acme.example", "Home"),
        ("a.smith@acme.example", "Business"),
    ]


@pytest.mark.usefixtures("style")
def test_nulls_that_are_to_be_sent_empty_what_they_name(run, firm):
    send(run, "leads", {**LEAD, "job_title": "CTO", "lead_rank": "High", "city": "Ulm"})
    streams = {"leads": {"null_values": "send"}}
    nothing = {**LEAD, "job_title": None, "lead_rank": None, "city": None}
    assert send(run, "leads", nothing, streams=streams).of("leads") == {"input": 1, "updated": 1}
    (lead,) = firm.records("leads")
    assert (lead["jobTitle"], lead["leadRank"], lead["leadRankMeaning"]) == (None, None, None)
    assert not any(each.get("city") for each in lead["addresses"])


def test_a_found_record_that_is_as_it_should_be_is_only_remembered(run, firm, calls):
    firm.insert("leads", {"firstName": "Ann", "lastName": "Smith", "emailAddresses": [{"emailAddress": LEAD["email"]}]})
    assert send(run, "leads", LEAD).of("leads") == {"input": 1, "unchanged": 1}
    assert calls() == ["leads getAllByAdvancedSearch"]


def test_an_update_of_a_known_record_reads_it_once(run, calls):
    send(run, "leads", LEAD)
    calls()
    assert send(run, "leads", {**LEAD, "email": "new@acme.example"}).of("leads") == {"input": 1, "updated": 1}
    assert calls() == ["leads getById", "leads update"]


def test_many_updates_of_known_records_read_them_in_pages(run, firm, calls):
    leads = [{"id": n, "last_name": f"L{n}", "email": f"l{n}@acme.example", "city": "Ulm"} for n in range(300)]
    assert send(run, "leads", *leads).of("leads") == {"input": 300, "created": 300}
    calls(every=True)
    changed = [{**lead, "phone": f"+1 555 {lead['id']:04d}", "city": "Bonn"} for lead in leads]
    assert send(run, "leads", *changed).of("leads") == {"input": 300, "updated": 300}
    made = calls(every=True)
    assert made.count("leads update") == 300
    assert made.count("leads getAll") == 3
    assert "leads getById" not in made
    assert {each["addresses"][0]["city"] for each in firm.records("leads")} == {"Bonn"}


def test_a_record_that_the_crm_lost_is_matched_anew_or_created_again(run, firm):
    send(run, "leads", LEAD)
    (lead,) = firm.records("leads")
    firm.delete("leads", lead["id"])
    assert send(run, "leads", {**LEAD, "job_title": "CTO"}).of("leads") == {"input": 1, "created": 1}
    assert len(firm.records("leads")) == 1


@pytest.mark.parametrize("wrapper", ["", "data", "responseObject"])
def test_a_record_is_found_in_whatever_an_answer_wraps_it(run, firm, wrapper):
    firm.switches.opportunity_wrapper = wrapper
    firm.switches.read_wrapper = wrapper
    assert send(run, "opportunities", {"id": 1, "name": "Big"}).of("opportunities") == {"input": 1, "created": 1}
    done = send(run, "opportunities", {"id": 1, "name": "Big", "amount": 5}, compare_with="crm")
    assert done.of("opportunities") == {"input": 1, "updated": 1}
    assert [each["amount"] for each in firm.records("opportunities")] == [5]


@pytest.mark.parametrize("kind", ["lost", "error_after", "malformed", "reset"])
def test_creates_without_a_match_key_whose_answer_was_lost_are_found_by_content(run, emulator, firm, style, kind):
    route = "POST *cases?a=save" if style == "form" else "POST *cases"
    emulator.trouble(f"{kind}:route={route.replace('?', '[?]')},every=2")
    cases = [{"id": n, "subject": f"Case {n % 3}", "description": f"Text {n % 3}"} for n in range(9)]
    done = send(run, "cases", *cases)
    assert done.code == 0, done.errors
    assert done.of("cases") == {"input": 9, "created": 9}
    assert sorted(each["caseSummary"] for each in firm.records("cases")) == sorted(f"Case {n % 3}" for n in range(9))


def test_a_200_that_says_nothing_of_the_record_is_in_doubt_and_not_a_success(run, firm, emulator):
    emulator.trouble("malformed:route=POST *leads[?]a=save,times=1")
    assert send(run, "leads", LEAD).of("leads") == {"input": 1, "created": 1}
    assert len(firm.records("leads")) == 1


@pytest.mark.usefixtures("style")
def test_an_answer_that_only_says_success_is_enough_for_an_update_and_makes_a_create_be_looked_for(run, firm):
    firm.switches.write_answer = "status"
    lead = {"id": 1, "last_name": "Smith"}
    assert send(run, "leads", lead, {"id": 2, "last_name": "Smith"}).of("leads") == {"input": 2, "created": 2}
    assert len(firm.records("leads")) == 2
    changes = [{**lead, "job_title": "CTO"}, {**lead, "company": "Acme"}]
    done = send(run, "leads", *changes, batch_size_rows=1, streams={"leads": {"fields": {"companyName": "fill_empty"}}})
    assert done.code == 0, done.errors
    assert Counter(each["companyName"] for each in firm.records("leads")) == {"Acme": 1, None: 1}


@pytest.mark.parametrize("throttle_style", ["status", "failure"])
def test_too_many_requests_are_waited_for_however_apptivo_says_so(run, firm, emulator, clock, throttle_style):
    firm.switches.throttle_style = throttle_style
    emulator.trouble("error:status=429,times=1,route=POST *leads[?]a=save")
    began = clock()
    assert send(run, "leads", LEAD).of("leads") == {"input": 1, "created": 1}
    assert clock() > began
    assert len(firm.records("leads")) == 1


def test_a_reason_that_speaks_of_a_key_rejects_the_record_while_the_keys_hold(run, firm):
    firm.define_attribute("leads", "Private Key", "date")
    bad = {"id": 2, "last_name": "Bad", "cf_private_key": "2026-05-31"}
    done = send(run, "leads", LEAD, bad, {"id": 3, "last_name": "Good"}, date_format="YYYY-MM-DD")
    assert done.of("leads") == {"input": 3, "created": 2, "rejected": 1}
    assert "Private Key takes a date as MM/DD/YYYY" in done.errors


@pytest.mark.usefixtures("style")
@pytest.mark.parametrize("wrong", [{"api_key": "wrong-key-0123456789"}, {"access_key": "wrong-key-0123456789"}])
def test_a_wrong_key_stops_with_one_sentence_at_the_start(run, wrong):
    done = send(run, "leads", LEAD, **wrong)
    assert done.code == 2
    assert "did not accept the credentials" in done.errors
    assert "Check api_key and access_key, which belong together" in done.errors
    assert "wrong-key-0123456789" not in done.errors


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"api_key": None}, "api_key is missing: Apptivo needs api_key and access_key"),
        ({"access_key": None}, "access_key is missing: Apptivo needs api_key and access_key"),
        ({"access_key": "two words"}, "access_key holds characters that keys of Apptivo never have"),
        ({"date_format": "day first"}, "date_format must hold YYYY, MM (or MMM) and DD"),
        ({"default_object": "lead"}, "lead"),
    ],
)
def test_a_setting_that_cannot_work_stops_at_the_start(run, changed, sentence, calls):
    done = send(run, "people", {"id": 1, "last_name": "Smith"}, **changed)
    assert done.code == 2
    assert sentence in done.errors
    assert calls() == [] or "default_object" in changed


def test_an_object_that_does_not_exist_names_those_that_do(run):
    done = send(run, "lead", LEAD)
    assert done.code == 2
    assert "'leads'" in done.errors
    assert "cases, contacts, customers, leads, opportunities" in done.errors


def test_days_are_written_as_the_firm_writes_them(run, given):
    lead = {**LEAD, "close_date": "2026-05-31"}
    send(run, "leads", lead, date_format="DD.MM.YYYY")
    (sent, *_) = given("leads?a=save")
    assert json.loads(sent["leadData"])["estimatedCloseDate"] == "31.05.2026"


@pytest.mark.usefixtures("style")
def test_records_are_written_on_behalf_of_an_employee(run, firm):
    send(run, "leads", LEAD, user_name="soren@emulator.example")
    (lead,) = firm.records("leads")
    assert lead["createdByName"] == "Søren Kierkegaard"
    done = send(run, "leads", {"id": 2, "last_name": "Li"}, user_name="nobody@emulator.example")
    assert done.code == 1
    assert "Invalid userName" in done.errors


def test_an_index_that_lags_doubles_nothing(run, firm):
    firm.switches.index_delay_seconds = 3600
    messages = [schema_of("leads", "last_name", "email"), record_of("leads", id=1, last_name="A", email="a@x.example")]
    assert run(messages).of("leads") == {"input": 1, "created": 1}
    again = [schema_of("leads", "last_name", "email"), record_of("leads", id=2, last_name="A", email="a@x.example")]
    done = run([*again, state_of(1)], index_lag_seconds=60)
    assert done.of("leads") == {"input": 1, "unchanged": 1}
    assert len(firm.records("leads")) == 1


def test_a_list_that_the_configuration_lacks_refuses_no_name(run, firm, calls):
    firm.switches.missing_lists = "customers statuses"
    named, by_id = {"id": 1, "name": "Acme", "status": "inactive"}, {"id": 2, "name": "Byte", "statusId": 62_002}
    done = send(run, "customers", named, by_id)
    assert done.of("customers") == {"input": 2, "created": 2}
    assert [each["statusName"] for each in firm.records("customers")] == ["Inactive", "Inactive"]
    assert done.errors.count("gives no list of customer statuses: names from it are sent as they are") == 1
    calls(every=True)
    same = send(run, "customers", named, by_id, compare_with="crm")
    assert same.of("customers") == {"input": 2, "unchanged": 2}
    assert "customers update" not in calls(every=True)
    changed = send(run, "customers", {**named, "status": "Active"}, by_id | {"city": "Ulm"}, compare_with="crm")
    assert changed.of("customers") == {"input": 2, "updated": 2}
    statuses = {each["customerName"]: each["statusName"] for each in firm.records("customers")}
    assert statuses == {"Acme": "Active", "Byte": "Inactive"}


def test_a_name_from_such_a_list_that_apptivo_refuses_costs_its_record_alone(run, firm):
    firm.switches.missing_lists = "customers statuses"
    bad, good = {"id": 1, "name": "Acme", "status": "Gone"}, {"id": 2, "name": "Byte", "status": "Active"}
    done = send(run, "customers", bad, good)
    assert done.of("customers") == {"input": 2, "created": 1, "rejected": 1}
    assert done.report["reject_kinds"] == {"customers": {"refused": 1}}
