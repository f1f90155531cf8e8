"""Names as other programs spell them arrive in every CRM, and at declared endpoints; through the real processes."""

from __future__ import annotations

import json

import pytest

from tests.commands import run_command
from tests.target_crm.messages import as_lines, record_of, schema_of

FIRST, LAST, EMAIL, MOBILE, CITY, JOB = "Ann", "Bee", "bee@x.org", "555 0100", "Bonn", "Boss"
PEOPLE = {
    "capitals": {
        "LAST_NAME": LAST, "FIRST_NAME": FIRST, "EMAIL": EMAIL, "MOBILE_NUMBER": MOBILE, "CITY": CITY, "JOB_TITLE": JOB,
    },
    "headers": {"Name": f"{FIRST} {LAST}", "E-mail Address": EMAIL, "Job Title": JOB, "Mobile Phone": MOBILE},
    "name_twice": {"Name": f"{FIRST} {LAST}", "First Name": FIRST, "EMAIL": EMAIL},
    "salesforce": {
        "FirstName": FIRST, "LastName": LAST, "Email": EMAIL, "MailingCity": CITY, "MobilePhone": MOBILE,
    },
    "hubspot": {"firstname": FIRST, "lastname": LAST, "email": EMAIL, "jobtitle": JOB, "mobilephone": MOBILE},
    "flattened": {"properties__firstname": FIRST, "properties__lastname": LAST, "address__city": CITY},
    "google": {
        "Given Name": FIRST, "Family Name": LAST, "E-mail 1 - Value": EMAIL, "Address 1 - City": CITY,
        "Organization Title": JOB,
    },
    "pipedrive": {
        "Person - First name": FIRST, "Person - Last name": LAST, "Person - Email - Work": EMAIL,
        "Person - Phone - Mobile": MOBILE,
    },
    "programs": {"firstName": FIRST, "lastName": LAST, "emailAddress": EMAIL, "jobTitle": JOB, "address.city": CITY},
}  # fmt: skip


def settings_of(empty_emulator, crm):
    vendor = {"http": empty_emulator.anything}.get(crm) or getattr(empty_emulator, crm)
    keys = {"copper": ("api_key", "user_email"), "freshsales": ("api_key",), "apptivo": ("api_key", "access_key")}
    given = {name: getattr(vendor, name) for name in keys.get(crm, ())}
    if crm == "copper":
        given["date_order"] = "mdy"
    return {"crm": crm, "base_url": vendor.base_url, "requests_per_minute": 0, "index_lag_seconds": 0, **given}


@pytest.fixture
def run(tmp_path, empty_emulator):
    """Run target-crm on the records of several streams, each with a schema of just these names; the report."""

    def run(crm, records, **config):
        settings = settings_of(empty_emulator, crm) | config
        settings |= {"ledger_url": f"sqlite:///{tmp_path / 'l.sqlite'}", "report_path": str(tmp_path / "report.json")}
        file = tmp_path / "config.json"
        file.write_text(json.dumps(settings))
        messages = []
        for stream, record in records.items():
            messages += [schema_of(stream, *record, keys=["key"]), record_of(stream, key=stream, **record)]
        done = run_command("target-crm", "--config", file, given=as_lines(messages).decode())
        assert done.returncode == 0, done.stderr
        return json.loads((tmp_path / "report.json").read_text())

    return run


def record_for(source, number):
    """The person of a source, with a last name, an e-mail and a phone of its own."""
    own = {LAST: source, EMAIL: f"{source}@x.org", f"{FIRST} {LAST}": f"{FIRST} {source}", MOBILE: f"555 010{number}"}
    return {name: own.get(value, value) for name, value in PEOPLE[source].items()}


def wanted_of(source, number):
    """The facts of that person that the CRM must have."""
    given = PEOPLE[source].values()
    wanted = {"name": f"{FIRST} {source}"}
    wanted |= {"email": f"{source}@x.org"} if EMAIL in given else {}
    wanted |= {"mobile": f"555 010{number}"} if MOBILE in given else {}
    return wanted | {name: value for name, value in (("city", CITY), ("job", JOB)) if value in given}


def in_copper(record):
    return {
        "name": record["name"],
        "email": next((each["email"] for each in record["emails"]), None),
        "mobile": next((each["number"] for each in record["phone_numbers"] if each["category"] == "mobile"), None),
        "city": (record.get("address") or {}).get("city"),
        "job": record["title"],
    }


def in_freshsales(record):
    return {
        "name": " ".join(filter(None, [record["first_name"], record["last_name"]])),
        "email": record["email"],
        "mobile": record["mobile_number"],
        "city": record["city"],
        "job": record["job_title"],
    }


def in_apptivo(record):
    return {
        "name": " ".join(filter(None, [record.get("firstName"), record["lastName"]])),
        "email": next((each["emailAddress"] for each in record.get("emailAddresses") or ()), None),
        "mobile": next((each["phoneNumber"] for each in record.get("phoneNumbers") or ()), None),
        "city": next((each["city"] for each in record.get("addresses") or ()), None),
        "job": record.get("jobTitle"),
    }


@pytest.mark.parametrize(
    ("crm", "object_name", "read"),
    [
        ("copper", "people", in_copper),
        ("freshsales", "contacts", in_freshsales),
        ("apptivo", "contacts", in_apptivo),
        ("apptivo", "leads", in_apptivo),
    ],
)
def test_a_person_arrives_whole_under_the_names_of_any_source(run, empty_emulator, crm, object_name, read):
    records = {source: record_for(source, number) for number, source in enumerate(PEOPLE)}
    run(crm, records, streams={source: {"object": object_name} for source in records})
    there = {
        each["name"].removeprefix(f"{FIRST} "): each
        for each in map(read, getattr(empty_emulator, crm).records(object_name))
    }
    assert sorted(there) == sorted(records)
    for number, source in enumerate(PEOPLE):
        wanted = wanted_of(source, number)
        assert {name: there[source][name] for name in wanted} == wanted, source


def test_nothing_is_left_out_of_them_not_even_a_word_that_the_name_holds(run):
    records = {source: record_for(source, number) for number, source in enumerate(PEOPLE)}
    report = run("copper", records, streams={source: {"object": "people"} for source in records}, source_name="again")
    assert report["left_out"] == {}


DEALS = {
    "copper": ("opportunities", {"opportunityName": "D", "SALES VALUE": 1, "Close Date": "2030-05-31", "Amount": 7}),
    "freshsales": ("deals", {"OpportunityName": "D", "dealValue": 7, "closedate": "2030-05-31"}),
    "apptivo": (
        "opportunities",
        {"Opportunity Name": "D", "AMOUNT": 7, "CloseDate": "2030-05-31", "salesStage": "Prospecting"},
    ),
}


@pytest.mark.parametrize("crm", DEALS)
def test_a_deal_arrives_under_the_names_of_other_connectors(run, empty_emulator, crm):
    object_name, record = DEALS[crm]
    run(crm, {"dealings": record}, streams={"dealings": {"object": object_name}})
    (found,) = getattr(empty_emulator, crm).records(object_name)
    amounts = [float(found[name]) for name in ("amount", "monetary_value") if found.get(name) is not None]
    assert amounts == [7.0]
    assert "D" in {found.get("name"), found.get("opportunityName")}


def test_a_declared_endpoint_gets_its_attributes_as_it_spells_them(run, empty_emulator):
    endpoint = {"path": "/of/{accountId}", "attributes": ["firstName", "emailAddress"]}
    record = {"ACCOUNT_ID": 7, "FIRST_NAME": "Ann", "Email Address": "ann@x.org", "_sdc_file": "/home/someone/x.csv"}
    run("http", {"links": record}, streams={"links": {"endpoint": endpoint}})
    (request,) = empty_emulator.anything.received("POST")
    assert request["path"] == "/of/7"
    assert request["body"] == {"firstName": "Ann", "emailAddress": "ann@x.org"}


def test_no_column_about_a_record_is_sent_to_an_endpoint_or_counts_as_a_change(run, empty_emulator):
    record = {"name": "Ann", "_sdc_filename": "/home/someone/x.csv", "_SDC_EXTRACTED_AT": "2026-01-01"}
    given = {"streams": {"rows": {"endpoint": {"path": "/rows"}}}, "source_name": "sheets"}
    before = len(empty_emulator.anything.received("POST"))
    run("http", {"rows": record}, **given)
    report = run("http", {"rows": {**record, "_sdc_filename": "/home/someone/y.csv"}}, **given)
    (request,) = empty_emulator.anything.received("POST")[before:]
    assert request["body"] == {"key": "rows", "name": "Ann"}
    assert report["streams"]["rows"]["unchanged"] == 1
