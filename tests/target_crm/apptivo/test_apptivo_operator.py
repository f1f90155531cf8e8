"""`singer-crm check`, dry runs and reports on Apptivo: what they tell, and what they never show."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.apptivo.sending import send

LEAD = {"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@acme.example"}


@pytest.fixture
def operate(settings, tmp_path):
    def operate(*arguments, **more):
        file = tmp_path / "config.json"
        given = {**settings, **more}
        file.write_text(json.dumps({name: value for name, value in given.items() if value is not None}))
        return CliRunner().invoke(main, [*arguments, "--config", str(file)])

    return operate


def test_check_tells_the_firm_and_what_each_stream_becomes(operate):
    streams = {
        "people": {"object": "contacts", "match_on": ["external_ref_id", ["first_name", "last_name"]]},
        "leads": {"custom_fields": {"Lead Score": "score"}, "parameters": {"is_duplicate_check": "Y"}},
        "customers": {"load_method": "overwrite"},
    }
    done = operate("check", streams=streams, user_name="ada@emulator.example")
    assert done.exit_code == 0, done.output
    assert "Account Apptivo firm 15479 (id 15479), as ada@emulator.example" in done.output
    assert "Stream people: upsert into contacts, matched by" in done.output
    assert "Stream customers: overwrite into customers, matched by customerNumber, else customerName" in done.output


def test_of_two_custom_attributes_of_one_name_the_setting_must_say_which(operate, firm):
    ids = [firm.define_attribute("leads", "Twin", kind)["id"] for kind in ("input", "number")]
    done = operate("check", streams={"leads": {"custom_fields": {"Twin": "x"}}})
    assert done.exit_code == 2
    words = " ".join(done.output.split())
    assert "leads have 2 custom fields called 'Twin'. Say which is meant: cf_twin or cf_twin_" in words
    for chosen in ("cf_twin", str(ids[1])):
        assert operate("check", streams={"leads": {"custom_fields": {chosen: "x"}}}).exit_code == 0


@pytest.mark.parametrize(
    ("streams", "sentence"),
    [
        (
            {"leads": {"custom_fields": {"Lead Scroe": "x"}}},
            "no custom field 'Lead Scroe': the nearest one is 'Lead Score'",
        ),
        ({"leads": {"match_on": ["emial"]}}, "streams.leads.match_on: leads have no attribute 'emial'"),
        (
            {"leads": {"fields": {"jobTitel": "fill_empty"}}},
            "streams.leads.fields.jobTitel: leads have no such attribute",
        ),
        ({"leads": {"references": {"custommerr": {"stream": "a", "source_id": "b"}}}}, "leads have no such reference"),
        ({"people": {}}, "Stream 'people' is not an object of the CRM"),
        ({"x": {"object": "employees"}}, "employees are invited in its settings"),
        ({"cases": {"parameters": {"is_duplicate": "N"}}}, "cases have no such flag"),
    ],
)
def test_check_names_whatever_does_not_exist(operate, streams, sentence):
    done = operate("check", streams=streams)
    assert done.exit_code == 2
    assert sentence in done.output


@pytest.mark.usefixtures("style")
def test_a_wrong_key_is_told_in_one_sentence_that_does_not_show_it(operate):
    done = operate("check", access_key="wrong-key-0123456789")
    assert done.exit_code == 2
    assert "did not accept the credentials" in done.output
    assert "wrong-key-0123456789" not in done.output


def test_trying_one_lead_shows_question_and_answer_without_keys(operate, firm, tmp_path, style):
    file = tmp_path / "lead.json"
    file.write_text(json.dumps(LEAD))
    done = operate("try", str(file), "--stream", "leads")
    assert done.exit_code == 0, done.output
    assert ("> POST /leads?a=save leadData=" if style == "form" else '> POST /leads {"firstName":"Ann"') in done.output
    assert '< 200 {"lead":{' in done.output
    assert "leads: created" in done.output
    assert [lead["lastName"] for lead in firm.records("leads")] == ["Smith"]
    for key in (firm.api_key, firm.access_key):
        assert key not in done.output


def test_a_dry_run_shows_each_request_without_keys_and_the_run_does_just_that(run, firm, calls, style):
    firm.insert("leads", {"lastName": "Smith", "emailAddresses": [{"emailAddress": LEAD["email"]}]})
    records = LEAD, {"id": 2, "last_name": "Li", "street": "1 Main St"}, {"id": 2, "last_name": "Li", "city": "Ulm"}
    done = send(run, "leads", *records, dry_run=True, batch_size_rows=2)
    assert not [call for call in calls(every=True) if call.endswith((" save", " update", "leads", "{leadId}"))]
    update, create = (
        ("POST /leads?a=update leadData=", "POST /leads?a=save leadData=")
        if style == "form"
        else ("PUT /leads/", 'POST /leads {"lastName":"Li"')
    )
    assert update in done.errors
    assert create in done.errors
    assert 'leads 1: update 31750001: firstName: "Ann"' in done.errors
    assert "addresses" in done.errors
    for key in (firm.api_key, firm.access_key, "apiKey"):
        assert key not in done.errors
    assert send(run, "leads", *records).of("leads") == {
        "input": 3,
        "created": 1,
        "updated": 1,
        "superseded": 1,
    }


@pytest.mark.usefixtures("style")
def test_keys_are_in_no_report_reject_file_response_or_ledger(run, firm, tmp_path):
    bad = {"id": 2, "last_name": "Bad", "account_id": 999_999}
    done = send(
        run,
        "leads",
        LEAD,
        bad,
        rejected_path=str(tmp_path / "rejected.singer"),
        responses_path=str(tmp_path / "responses.singer"),
    )
    assert done.of("leads") == {"input": 2, "created": 1, "rejected": 1}
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert b"Invalid value for accountId: 999999" in kept
    for key in (firm.api_key, firm.access_key):
        assert key.encode() not in kept


def test_a_dry_run_that_takes_long_still_knows_what_it_would_have_created(run, calls):
    versions = [{"id": 1, "last_name": "Li", "job_title": f"Level {n}"} for n in range(4)]
    done = send(run, "leads", *versions, dry_run=True, requests_per_minute=1, batch_size_rows=1)
    assert done.code == 0, done.errors
    assert done.errors.count("POST /leads?a=update") == 3
    assert "leads save" not in calls()
