"""References to records of other streams and of the CRM; records that wait for them."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

COMPANIES = schema_of("companies", "name")
PEOPLE = schema_of("people", "name", "email", "company")
STREAMS = {"people": {"references": {"company_id": {"stream": "companies", "source_id": "company"}}}}
ACME = record_of("companies", id="A", name="Acme")
ANN = record_of("people", id=1, name="Ann", email="ann@example.org", company="A")


def company_of(emulator, name):
    (person,) = [person for person in emulator.copper.records("people") if person["name"] == name]
    companies = {company["id"]: company["name"] for company in emulator.copper.records("companies")}
    return companies.get(person["company_id"])


def test_a_person_belongs_to_the_company_that_the_same_run_wrote(run, emulator):
    done = run([COMPANIES, PEOPLE, ACME, ANN], streams=STREAMS)
    assert done.code == 0
    assert company_of(emulator, "Ann") == "Acme"


def test_the_referred_to_stream_is_written_first_whatever_comes_first(run, emulator):
    done = run([PEOPLE, ANN, COMPANIES, ACME], streams=STREAMS)
    assert done.of("people") == {"input": 1, "created": 1}
    assert company_of(emulator, "Ann") == "Acme"


def test_a_record_waits_for_a_parent_that_comes_later_in_the_run(run, emulator):
    done = run([PEOPLE, ANN, state_of(1), COMPANIES, ACME, state_of(2)], streams=STREAMS, batch_size_rows=1)
    assert done.of("people") == {"input": 1, "created": 1}
    assert company_of(emulator, "Ann") == "Acme"
    assert done.states[-1] == {"position": 2}


def test_a_record_waits_for_a_parent_that_comes_in_a_later_run(run, emulator):
    done = run([PEOPLE, ANN, state_of(1)], streams=STREAMS)
    assert (done.code, done.of("people")) == (0, {"input": 1, "waiting": 1})
    assert done.states == [{"position": 1}]
    assert done.report["waiting"] == 1
    assert emulator.copper.count("people") == 0
    done = run([COMPANIES, ACME], streams=STREAMS)
    assert done.of("people") == {"input": 1, "created": 1}
    assert done.report["carried_over"]["people"] == 1
    assert done.report["waiting"] == 0
    assert company_of(emulator, "Ann") == "Acme"


def test_a_newer_version_replaces_the_one_that_waits(run, emulator):
    run([PEOPLE, ANN], streams=STREAMS)
    newer = record_of("people", id=1, name="Anne", email="ann@example.org", company="A")
    done = run([COMPANIES, ACME, PEOPLE, newer], streams=STREAMS)
    assert emulator.copper.count("people") == 1
    assert company_of(emulator, "Anne") == "Acme"
    assert done.report["closed"]


@pytest.mark.parametrize(("policy", "outcome", "count"), [("reject", "rejected", 0), ("leave_out", "created", 1)])
def test_a_missing_reference_can_reject_the_record_or_be_left_out(run, emulator, policy, outcome, count):
    streams = {"people": STREAMS["people"] | {"missing_reference": policy}}
    done = run([PEOPLE, ANN], streams=streams)
    assert done.of("people") == {"input": 1, outcome: 1}
    assert emulator.copper.count("people") == count


def test_a_reference_can_be_found_in_the_crm_by_a_match_key(run, emulator):
    emulator.copper.insert("companies", {"name": "Acme", "email_domain": "acme.example"})
    schema = schema_of("people", "name", "email", "domain")
    streams = {"people": {"references": {"company_id": {"object": "companies", "match": {"email_domain": "domain"}}}}}
    done = run(
        [schema, record_of("people", id=1, name="Ann", email="a@acme.example", domain="ACME.example")], streams=streams
    )
    assert done.of("people") == {"input": 1, "created": 1}
    assert company_of(emulator, "Ann") == "Acme"


def test_an_opportunity_refers_to_its_company_and_its_contact(run, emulator):
    deals = schema_of("opportunities", "name", "company", "contact")
    streams = STREAMS | {
        "opportunities": {
            "references": {
                "company_id": {"stream": "companies", "source_id": "company"},
                "primary_contact_id": {"stream": "people", "source_id": "contact"},
            }
        }
    }
    deal = record_of("opportunities", id=1, name="Deal", company="A", contact=1)
    done = run([deals, deal, PEOPLE, ANN, COMPANIES, ACME], streams=streams)
    assert done.of("opportunities") == {"input": 1, "created": 1}
    (written,) = emulator.copper.records("opportunities")
    assert written["company_id"] == emulator.copper.records("companies")[0]["id"]
    assert written["primary_contact_id"] == emulator.copper.records("people")[0]["id"]


def test_a_company_can_refer_to_a_person(run):
    people = schema_of("people", "name", "email", "company")
    companies = schema_of("companies", "name", "contact")
    streams = STREAMS | {
        "companies": {"references": {"primary_contact_id": {"stream": "people", "source_id": "contact"}}}
    }
    done = run(
        [companies, record_of("companies", id="A", name="Acme", contact=1), people, ANN],
        streams=streams | {"people": {}},
    )
    assert done.of("companies") == {"input": 1, "created": 1}
