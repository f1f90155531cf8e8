"""singer-crm map: what it reads, what it proposes for several streams, and what it says to bad input."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import as_lines, record_of
from tests.target_crm.proposals.exports import file_of, messages_of
from tests.target_crm.proposals.written import proposal_for


def invoke(*arguments, data=b""):
    return CliRunner().invoke(main, ["map", *map(str, arguments)], input=data)


def settings_from(*arguments, data=b""):
    done = invoke("--crm", "copper", *arguments, data=data)
    assert done.exit_code == 0, done.output
    return yaml.safe_load(done.stdout)


def schema(stream, keys=(), **types):
    properties = {name: {"type": [kind, "null"]} if kind else {} for name, kind in types.items()}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}, "key_properties": list(keys)}


ACCOUNTS = [
    schema("Account", ["Id"], Id="string", Name="string", Website="string"),
    record_of("Account", Id="001A", Name="Northwind", Website="https://northwind.example"),
    record_of("Account", Id="001B", Name="Acme", Website=None),
]
CONTACTS = [
    schema("Contact", ["Id"], Id="string", Name="string", Email="string", AccountId="string", Lead_Score__c="number"),
    record_of("Contact", Id="003A", Name="Ann Smith", Email="ann@x.example", AccountId="001A", Lead_Score__c=4.5),
    record_of("Contact", Id="003B", Name="Bo Li", Email="bo@x.example", AccountId="001B", Lead_Score__c=None),
    record_of("Contact", Id="003C", Name="Chi Eze", Email=None, AccountId=None, Lead_Score__c=None),
]
DEALS = [
    schema("Opportunity", ["Id"], Id="string", Title="string", Amount="number", AccountId="string", ContactId="string"),
    record_of("Opportunity", Id="006A", Title="Renewal", Amount=12.5, AccountId="001A", ContactId="003A"),
]


def test_streams_refer_to_each_other_by_the_ids_that_they_hold(run, settings, tmp_path, emulator):
    file = tmp_path / "salesforce.singer"
    file.write_bytes(as_lines([*ACCOUNTS, *CONTACTS, *DEALS]))
    proposal = proposal_for(settings, tmp_path, file)
    assert proposal["streams"]["Contact"]["references"] == {
        "company_id": {"stream": "Account", "source_id": "AccountId"}
    }
    done = run([*ACCOUNTS, *CONTACTS, *DEALS], **proposal)
    assert done.code == 0, done.errors
    companies = {each["name"]: each["id"] for each in emulator.copper.records("companies")}
    people = {each["name"]: each for each in emulator.copper.records("people")}
    (deal,) = emulator.copper.records("opportunities")
    assert people["Ann Smith"]["company_id"] == companies["Northwind"]
    assert (deal["company_id"], deal["primary_contact_id"]) == (companies["Northwind"], people["Ann Smith"]["id"])
    assert deal["monetary_value"] == 12.5


def test_streams_that_refer_to_each_other_do_not_wait_for_each_other(run, settings, tmp_path, emulator):
    messages = [
        schema("companies", ["id"], id="integer", name="string", primary_contact_id="integer"),
        record_of("companies", id=1, name="Northwind", primary_contact_id=11),
        schema("people", ["id"], id="integer", name="string", company_id="integer"),
        record_of("people", id=11, name="Ann", company_id=1),
    ]
    file = tmp_path / "copper.singer"
    file.write_bytes(as_lines(messages))
    proposal = proposal_for(settings, tmp_path, file)
    assert proposal["streams"]["companies"]["missing_reference"] == "link_later"
    assert "missing_reference" not in proposal["streams"]["people"]
    done = run(messages, **proposal)
    assert done.code == 0, done.errors
    (company,), (person,) = emulator.copper.records("companies"), emulator.copper.records("people")
    assert (company["primary_contact_id"], person["company_id"]) == (person["id"], company["id"])


def test_a_custom_field_of_the_account_is_found_under_the_name_of_another_crm(run, settings, tmp_path, emulator):
    file = tmp_path / "contacts.singer"
    file.write_bytes(as_lines(CONTACTS))
    proposal = proposal_for(settings, tmp_path, file)
    assert proposal["streams"]["Contact"]["custom_fields"] == {"Lead Score": "Lead_Score__c"}
    assert run(CONTACTS, **proposal).code == 0
    ann = next(each for each in emulator.copper.records("people") if each["name"] == "Ann Smith")
    assert 4.5 in [each["value"] for each in ann["custom_fields"]]


def test_a_column_keeps_its_type_under_its_new_name_and_may_be_missing(run, settings, tmp_path, emulator):
    messages = [
        schema("deals", ["id"], id="integer", title="string", **{"Lead value": "number"}),
        record_of("deals", id=1, title="Renewal", **{"Lead value": 7.25}),
        record_of("deals", id=2, title="Pilot"),
    ]
    file = tmp_path / "deals.singer"
    file.write_bytes(as_lines(messages))
    proposal = proposal_for(settings, tmp_path, file)
    assert run(messages, **proposal).code == 0
    assert {each["name"]: each["monetary_value"] for each in emulator.copper.records("opportunities")} == {
        "Renewal": 7.25,
        "Pilot": None,
    }


def test_two_columns_of_one_name_both_arrive(run, settings, tmp_path, emulator):
    file = tmp_path / "people.csv"
    file.write_text("Name,Email,Person - Email\nAnn,a@x.example,b@x.example\n")
    proposal = proposal_for(settings, tmp_path, file)
    messages = [
        schema("people", **dict.fromkeys(("Name", "Email", "Person - Email"), "string")),
        record_of("people", **{"Name": "Ann", "Email": "a@x.example", "Person - Email": "b@x.example"}),
    ]
    assert run(messages, **proposal).code == 0
    (ann,) = emulator.copper.records("people")
    assert {each["email"] for each in ann["emails"]} == {"a@x.example", "b@x.example"}


def test_names_that_the_crm_does_not_list_are_told_beforehand(settings, tmp_path):
    config, file = tmp_path / "account.json", tmp_path / "people.csv"
    config.write_text(json.dumps(settings))
    file.write_text("Name,Email,Owner\nAnn,ann@x.example,ada@emulator.example\nBo,bo@x.example,Nobody Here\n")
    done = invoke("--config", config, file)
    assert "Owner: the CRM does not list Nobody Here. Add it there, correct it, or set unknown_names" in done.stderr
    assert "Nobody Here" in done.stdout


def test_a_key_that_may_not_read_custom_fields_gets_a_proposal_without_them(settings, tmp_path, emulator):
    emulator.script("GET /custom_field_definitions", ["error:status=403"] * 9)
    file = tmp_path / "contacts.singer"
    file.write_bytes(as_lines(CONTACTS))
    assert "Lead_Score__c" in proposal_for(settings, tmp_path, file)["streams"]["Contact"]["exclude"]


def test_ids_of_another_systems_users_are_left_out(settings, tmp_path):
    messages = [
        schema("people", ["id"], id="integer", name="string", owner_id="integer", assignee_id="integer"),
        record_of("people", id=1, name="Ann", owner_id=17, assignee_id=18),
    ]
    file = tmp_path / "people.singer"
    file.write_bytes(as_lines(messages))
    assert set(proposal_for(settings, tmp_path, file)["streams"]["people"]["exclude"]) == {"owner_id", "assignee_id"}


def test_the_block_for_meltano_holds_the_same_settings():
    (plugin,) = settings_from("--for", "meltano", file_of("zoho-contacts"))["plugins"]["loaders"]
    assert plugin == {"name": "target-crm", "config": settings_from(file_of("zoho-contacts"))}


def test_names_with_dots_stand_in_lists_for_meltano():
    messages = [
        schema("crm.people", ["id"], id="integer", name="string"),
        record_of("crm.people", id=1, name="Ann"),
    ]
    (plugin,) = settings_from("--for", "meltano", data=as_lines(messages))["plugins"]["loaders"]
    (stream,) = plugin["config"]["streams"]
    assert (stream["name"], stream["object"]) == ("crm.people", "people")


def test_the_proposal_goes_to_stdout_and_what_is_told_to_stderr():
    done = invoke("--crm", "copper", file_of("hubspot-deals"))
    assert yaml.safe_load(done.stdout)["streams"].keys() == {"hubspot_deals"}
    assert done.stderr == "Stream hubspot_deals: 14 of 18 columns go into opportunities, 3 records came\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_come_in_many_forms(tmp_path, encoding, delimiter):
    file = tmp_path / "contacts.csv"
    file.write_bytes(delimiter.join(("Vorname", "Email", "Last Name")).encode(encoding))
    rows = [("Vorname", "Email", "Last Name"), ("Zoë", "zoe@x.example", "Müller"), ("Al", "", "Ott")]
    file.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    stream = settings_from(file)["streams"]["contacts"]
    assert stream["match_on"] == ["emails"]
    assert stream["exclude"] == ["Vorname"]


def test_a_key_may_be_named_for_a_csv_file(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("no,name\n1,Ann\n2,Bo\n")
    assert settings_from("--key", "no", file)["streams"]["people"]["source_id"] == "no"
    done = invoke("--crm", "copper", "--key", "nr", file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "--key: the file has no column 'nr'. Its columns: no, name.\n"


def test_the_object_may_be_named():
    data = as_lines([schema("rows", a="string"), record_of("rows", a="x")])
    assert settings_from("--object", "tasks", data=data)["streams"]["rows"]["object"] == "tasks"
    assert settings_from("--object", "rows=leads", data=data)["streams"]["rows"]["object"] == "leads"


def test_one_stream_of_several_may_be_chosen():
    data = as_lines([*ACCOUNTS, *CONTACTS])
    assert settings_from("--stream", "Contact", data=data)["streams"].keys() == {"Contact"}


ROWS = as_lines([schema("rows", a="string"), record_of("rows", a="x")])


@pytest.mark.parametrize(
    ("arguments", "data", "sentence"),
    [
        ([], b" \n", "The input is empty. Give a file of Singer messages or a CSV file, or pipe a tap"),
        ([], b'{"type": "SCHE', "The input is not JSON on line 1"),
        ([], b'{"kind": 1}\n', "The input is not a Singer message on line 1"),
        (
            [],
            as_lines([record_of("people", id=1)]),
            "The input is wrong on line 1: the RECORD of stream 'people' comes before its SCHEMA",
        ),
        ([], as_lines([{"type": "SCHEMA", "stream": "people"}]), "The SCHEMA message has no schema.properties"),
        ([], as_lines([schema("people", id="integer")]), "The input has no records of people: nothing can be proposed"),
        ([], b"only one word\n", "a single line and column: it is neither Singer messages nor CSV with a header"),
        ([], b"Name,Email\n", "The input has no records"),
        ([], b"PK\x03\x04 a workbook\n", "The input is a workbook or an archive. Save the sheet as CSV"),
        ([], b'[{"name": "Ann"}]\n', "The input is a JSON list, and not Singer messages or CSV"),
        (
            ["--stream", "row"],
            ROWS,
            "--stream: the input has no stream 'row': the nearest one is 'rows'. There are: rows",
        ),
        (["--object", "peeple"], ROWS, "the CRM has no object 'peeple': the nearest one is 'people'"),
        (["--object", "row=people"], ROWS, "--object: the input has no stream 'row': the nearest one is 'rows'"),
        ([], ROWS, "Neither the name of stream 'rows' nor its columns say what its records are. Name the object"),
    ],
)
def test_bad_input_gets_one_clear_sentence(arguments, data, sentence):
    done = invoke("--crm", "copper", *arguments, data=data)
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    done = invoke("--crm", "copper", tmp_path / "nothing.csv")
    assert done.exit_code == 2
    assert "nothing.csv" in done.stderr
    assert invoke("--crm", "copper", tmp_path).exit_code == 2


def test_it_must_be_said_which_crm_is_meant(tmp_path):
    done = invoke(file_of("zoho-leads"))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Say which CRM is meant: --config with the settings of an account, or --crm copper" in done.stderr
    config = tmp_path / "http.json"
    config.write_text(json.dumps({"crm": "http", "base_url": "http://127.0.0.1:9"}))
    done = invoke("--config", config, file_of("zoho-leads"))
    assert done.exit_code == 2
    assert "it has no objects" in done.stderr


def test_a_stream_without_records_is_mapped_by_its_schema():
    proposal = settings_from(data=as_lines([*ACCOUNTS, schema("Lead", Id="string", Email="string")]))
    assert proposal["streams"]["Lead"] == {
        "object": "leads",
        "source_id": "*",
        "match_on": ["email"],
        "exclude": ["Id"],
    }


def test_streams_of_lists_and_users_are_dropped(run, settings, tmp_path, emulator):
    messages = [
        *ACCOUNTS,
        *CONTACTS,
        schema("lead_statuses", ["id"], id="integer", name="string"),
        record_of("lead_statuses", id=1, name="New"),
        schema("users", ["id"], id="integer", name="string", email="string"),
        record_of("users", id=1, name="Ada", email="ada@emulator.example"),
    ]
    file = tmp_path / "all.singer"
    file.write_bytes(as_lines(messages))
    proposal = proposal_for(settings, tmp_path, file)
    assert proposal["stream_maps"] == {"lead_statuses": "__NULL__", "users": "__NULL__"}
    assert run(messages, **proposal).code == 0
    assert emulator.copper.count("people") == 3


def test_of_a_list_that_the_crm_keeps_as_one_value_the_first_is_taken():
    messages = [
        schema("people", ["id"], id="integer", name="string", phone_numbers="array", address="object"),
        record_of(
            "people", id=1, name="Ann", phone_numbers=[{"number": "1", "category": "work"}], address={"city": "B"}
        ),
    ]
    done = invoke("--crm", "freshsales", data=as_lines(messages))
    proposal = yaml.safe_load(done.stdout)
    assert proposal["stream_maps"]["people"] == {
        "phone": "record['phone_numbers'][0]['number'] if record.get('phone_numbers') else None"
    }
    assert "address  # 100% filled; it holds an object: set flattening_enabled" in done.stdout


def test_names_that_yaml_or_expressions_would_take_apart_are_kept(run, tmp_path):
    odd = {'E-Mail\'s: "#1"': "string", "on": "string", "{x}": "string"}
    messages = [
        schema(
            "people",
            ["id"],
            id="integer",
            name="string",
            **odd,
            **{"Person - Label's": "string", "Job's Role": "string"},
        ),
        record_of("people", id=1, name="Ann", **dict.fromkeys(odd, "x"), **{"Job's Role": "Buyer"}),
    ]
    file = tmp_path / "people.singer"
    file.write_bytes(as_lines(messages))
    done = invoke("--crm", "copper", file)
    proposal = yaml.safe_load(done.stdout)
    assert set(odd) <= set(proposal["streams"]["people"]["exclude"])
    assert run(messages, **proposal).code == 0


def test_an_export_gets_the_same_proposal_as_messages_beside_others(settings, tmp_path):
    alone = proposal_for(settings, tmp_path, file_of("zoho-leads"))
    file = tmp_path / "both.singer"
    file.write_bytes(as_lines([*messages_of("zoho-leads"), *messages_of("zoho-accounts")]))
    both = proposal_for(settings, tmp_path, file)
    assert both["streams"]["zoho_leads"] == alone["streams"]["zoho_leads"]


def streets(*columns, rest="Name"):
    rows = f"{','.join((rest, *columns))}\n{','.join(('Orr KG', *map(str, range(len(columns)))))}\n"
    return settings_from("--object", "companies", data=rows.encode()).get("stream_maps", {}).get("records", {})


def test_the_house_number_of_an_address_goes_with_its_street():
    found = streets("Street/road name of Address", "House number of Address", "Apartment/suite no of Address")
    for column in ("Street/road name of Address", "House number of Address", "Apartment/suite no of Address"):
        assert column in found["street"]


def test_what_reports_of_salesforce_put_behind_a_name_is_no_part_of_it():
    found = streets("Mailing State/Province (text only)", "Mailing Country (text only)")
    assert set(found) == {"state", "country"}


def test_the_name_beside_the_subject_of_a_task_is_that_of_a_person():
    data = b"Activity ID,Subject,Name,Due Date\n00T1,Call Ann,Ann Bee,2024-06-01\n"
    found = settings_from("--object", "tasks", data=data)["streams"]["records"]
    assert found["source_id"] == "Activity ID"
    assert found["exclude"] == ["Name"]


def test_the_probability_of_a_stage_is_the_deals_in_percent():
    data = b"dealname,hs_deal_stage_probability\nA,0.4\n"
    found = settings_from("--object", "opportunities", data=data)
    assert "* 100" in found["stream_maps"]["records"]["win_probability"]


def test_work_home_and_sms_are_phones_only_where_their_values_are():
    columns = schema("people", ("id",), email="string", Work="string", SMS="string")
    numbers = record_of("people", id=1, email="a@x.example", Work="+1 555 0100", SMS="15550101")
    words = record_of("people", id=1, email="a@x.example", Work="Engineer", SMS="yes")
    assert settings_from(data=as_lines([columns, words]))["streams"]["people"]["exclude"] == ["Work", "SMS"]
    assert "exclude" not in settings_from(data=as_lines([columns, numbers]))["streams"]["people"]


def test_of_several_numbers_one_that_many_people_share_comes_last():
    columns = schema("contacts", ("id",), **{"Company Phone": "string", "Work Direct Phone": "string"})
    told = record_of("contacts", id=1, **{"Company Phone": "+1 555 0100", "Work Direct Phone": "+1 555 0101"})
    done = yaml.safe_load(invoke("--crm", "freshsales", data=as_lines([columns, told])).stdout)
    assert done["streams"]["contacts"]["exclude"] == ["Company Phone"]
