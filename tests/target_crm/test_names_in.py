"""Names in, ids out: what the CRM lists may be named, custom fields too; what is unknown or means several is told."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

PEOPLE = ("name", "email", "assignee", "contact_type", "Segment", "Interests", "cf_newsletter", "cf_lead_score", "note")
DEALS = ("name", "pipeline", "stage", "loss_reason", "status", "customer_source", "owner_email", "amount", "close_date")


def listed(emulator, of, name):
    """The id of what the CRM lists under a name."""
    return next(each["id"] for each in emulator.copper.records(of) if each["name"] == name)


def written(emulator, of):
    (only,) = emulator.copper.records(of)
    return only


def custom(emulator, record, name):
    """The value of a custom field; labels for options."""
    (field,) = [each for each in emulator.copper.records("custom_field_definitions") if each["name"] == name]
    value = next(e["value"] for e in record["custom_fields"] if e["custom_field_definition_id"] == field["id"])
    labels = {option["id"]: option["name"] for option in field.get("options", ())}
    return [labels[each] for each in value] if isinstance(value, list) else labels.get(value, value)


@pytest.mark.parametrize("spell", [str, str.upper, lambda name: f"  {name.lower()} "], ids=["as is", "upper", "blanks"])
def test_a_person_is_written_with_names_in_any_spelling(run, emulator, spell):
    record = {
        "name": "Ann",
        "email": "ann@x.org",
        "assignee": spell("Søren Kierkegaard"),
        "contact_type": spell("Current Customer"),
        "Segment": spell("Small Business"),
        "Interests": [spell("Pricing"), spell("Support")],
        "cf_newsletter": True,
        "cf_lead_score": 4.5,
    }
    streams = {"people": {"custom_fields": {"Segment": "Segment", "Interests": "Interests"}}}
    done = run([schema_of("people", *PEOPLE), record_of("people", id=1, **record)], streams=streams)
    assert done.of("people") == {"input": 1, "created": 1}, done.report["examples"]
    ann = written(emulator, "people")
    assert ann["assignee_id"] == listed(emulator, "users", "Søren Kierkegaard")
    assert ann["contact_type_id"] == listed(emulator, "contact_types", "Current Customer")
    assert custom(emulator, ann, "Segment") == "Small Business"
    assert custom(emulator, ann, "Interests") == ["Pricing", "Support"]
    assert custom(emulator, ann, "Newsletter") is True
    assert custom(emulator, ann, "Lead Score") == 4.5


def test_an_opportunity_is_written_with_the_names_of_everything(run, emulator):
    record = {
        "name": "Deal",
        "pipeline": "sales",
        "stage": "contract sent",
        "loss_reason": "price",
        "status": "lost",
        "customer_source": "cold call",
        "owner_email": "GRACE@emulator.example",
        "amount": "1200.50",
        "close_date": "2026-05-31",
    }
    done = run([schema_of("opportunities", *DEALS), record_of("opportunities", id=1, **record)])
    assert done.of("opportunities") == {"input": 1, "created": 1}, done.report["examples"]
    deal = written(emulator, "opportunities")
    assert deal["pipeline_id"] == listed(emulator, "pipelines", "Sales")
    assert deal["pipeline_stage_id"] == listed(emulator, "pipeline_stages", "Contract Sent")
    assert deal["loss_reason_id"] == listed(emulator, "loss_reasons", "Price")
    assert deal["customer_source_id"] == listed(emulator, "customer_sources", "Cold Call")
    assert deal["assignee_id"] == listed(emulator, "users", "Grace Hopper")
    assert (deal["status"], deal["monetary_value"], deal["close_date"]) == ("Lost", 1200.5, "5/31/2026")


def test_a_lead_is_written_with_the_name_of_its_status(run, emulator):
    record = {"name": "Lead", "email": "lead@x.org", "status": "CONTACTED", "lead_source": "Referral"}
    run([schema_of("leads", *record), record_of("leads", id=1, **record)])
    lead = written(emulator, "leads")
    assert lead["status_id"] == listed(emulator, "lead_statuses", "Contacted")
    assert lead["customer_source_id"] == listed(emulator, "customer_sources", "Referral")


def test_an_activity_is_written_with_the_name_of_its_type_and_its_user(run, emulator):
    person = emulator.copper.insert("people", {"name": "Ann"})["id"]
    record = {"parent_id": person, "parent_type": "person", "type": "meeting", "user": "ada lovelace", "details": "Met"}
    done = run([schema_of("activities", *record), record_of("activities", id=1, **record)])
    assert done.of("activities") == {"input": 1, "created": 1}, done.report["examples"]
    activity = written(emulator, "activities")
    assert activity["type"] == {"category": "user", "id": listed(emulator, "custom_activity_types", "Meeting")}
    assert activity["user_id"] == listed(emulator, "users", "Ada Lovelace")


@pytest.fixture
def two_stages_of_one_name(emulator):
    pipeline = listed(emulator, "pipelines", "Business Development")
    return emulator.copper.insert("pipeline_stages", {"name": "Proposal", "pipeline_id": pipeline})["id"]


def test_a_stage_of_one_name_in_two_pipelines_needs_its_pipeline(run, emulator, two_stages_of_one_name):
    schema = schema_of("opportunities", *DEALS)
    done = run([schema, record_of("opportunities", id=1, name="Deal", stage="Proposal")])
    assert done.report["reasons"]["opportunities"] == {"rejected: ambiguous_name": 1}
    assert "pipeline" in done.report["examples"][0]["sentence"]
    done = run([schema, record_of("opportunities", id=1, name="Deal", stage="proposal", pipeline="Sales")])
    assert done.code == 0, done.errors
    first = listed(emulator, "pipeline_stages", "Proposal")
    assert written(emulator, "opportunities")["pipeline_stage_id"] == first != two_stages_of_one_name


def test_two_users_of_one_name_are_told_apart_by_their_emails(run, emulator):
    twins = [emulator.copper.insert("users", {"name": "Sam Twin", "email": f"sam{n}@x.org"})["id"] for n in (1, 2)]
    schema = schema_of("people", *PEOPLE)
    done = run([schema, record_of("people", id=1, name="Ann", email="a@x.org", assignee="sam twin")])
    assert done.report["reasons"]["people"] == {"rejected: ambiguous_name": 1}
    assert all(str(twin) in done.report["examples"][0]["sentence"] for twin in twins)
    assert emulator.copper.count("people") == 0
    run([schema, record_of("people", id=1, name="Ann", email="a@x.org", assignee="Sam2@X.org")])
    assert written(emulator, "people")["assignee_id"] == twins[1]


def test_an_unknown_name_rejects_the_record_and_says_which_there_are(run, emulator):
    done = run([schema_of("people", *PEOPLE), record_of("people", id=1, name="Ann", assignee="Nobody")])
    assert done.report["reasons"]["people"] == {"rejected: unknown_name": 1}
    assert "Ada Lovelace" in done.report["examples"][0]["sentence"]
    assert emulator.copper.count("people") == 0


@pytest.mark.parametrize(
    ("policy", "expected"), [("leave_out", None), ({"use": "ada@emulator.example"}, "Ada Lovelace")]
)
def test_an_unknown_name_can_be_left_out_or_replaced(run, emulator, policy, expected):
    record = record_of("people", id=1, name="Ann", email="a@x.org", assignee="Nobody")
    done = run([schema_of("people", *PEOPLE), record], streams={"people": {"unknown_names": policy}})
    assert done.of("people") == {"input": 1, "created": 1}
    ids = {user["id"]: user["name"] for user in emulator.copper.records("users")}
    assert ids.get(written(emulator, "people")["assignee_id"]) == expected
    if expected is None:
        assert "left out assignee_id" in done.errors


def test_a_name_that_the_crm_gained_meanwhile_lets_the_record_pass_in_the_next_run(run, emulator):
    schema = schema_of("people", *PEOPLE)
    run([schema, record_of("people", id=1, name="Ann", email="a@x.org", assignee="New User")])
    user = emulator.copper.insert("users", {"name": "New User", "email": "new@x.org"})["id"]
    assert run([schema]).of("people") == {"input": 1, "created": 1}
    assert written(emulator, "people")["assignee_id"] == user


def test_an_unknown_option_is_rejected_and_one_by_its_id_is_taken(run, emulator):
    streams = {"people": {"custom_fields": {"Segment": "Segment"}}}
    schema = schema_of("people", *PEOPLE)
    done = run([schema, record_of("people", id=1, name="Ann", email="a@x.org", Segment="Giant")], streams=streams)
    assert done.report["reasons"]["people"] == {"rejected: unknown_name": 1}
    assert "Small Business" in done.report["examples"][0]["sentence"]
    run([schema, record_of("people", id=1, name="Ann", email="a@x.org", Segment=167776)], streams=streams)
    assert custom(emulator, written(emulator, "people"), "Segment") == "Small Business"


def test_two_custom_fields_that_are_spelt_alike_are_told_apart_by_their_names(run, emulator):
    streams = {"leads": {"custom_fields": {"Lead Score": "score", "Lead score!": "percent"}}}
    record = record_of("leads", id=1, name="Lead", email="l@x.org", score=1.5, percent=20)
    assert run([schema_of("leads", "name", "email", "score", "percent"), record], streams=streams).code == 0
    lead = written(emulator, "leads")
    assert (custom(emulator, lead, "Lead Score"), custom(emulator, lead, "Lead score!")) == (1.5, 20)


def test_a_custom_field_whose_name_has_no_latin_letters_goes_by_its_name_or_its_id(run, emulator):
    streams = {"people": {"custom_fields": {"客户等级": "level"}}}
    run([schema_of("people", "name", "level"), record_of("people", id=1, name="Ann", level="A")], streams=streams)
    assert custom(emulator, written(emulator, "people"), "客户等级") == "A"
    run([schema_of("people", "name", "cf_100775"), record_of("people", id=1, name="Ann", cf_100775="B")])
    assert custom(emulator, written(emulator, "people"), "客户等级") == "B"


def test_flat_values_fill_what_the_crm_nests(run, emulator):
    record = {
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@x.org",
        "phone": "+41 44 1",
        "mobile": "+41 79 2",
        "street": "Main St 1",
        "zip": "8000",
        "city": "Zürich",
        "country": "CH",
        "website": "https://ann.example",
        "tags": "vip",
    }
    assert run([schema_of("people", *record), record_of("people", id=1, **record)]).code == 0
    ann = written(emulator, "people")
    assert ann["name"] == "Ann Lee"
    assert ann["emails"] == [{"email": "ann@x.org", "category": "work"}]
    assert [(each["number"], each["category"]) for each in ann["phone_numbers"]] == [
        ("+41 44 1", "work"),
        ("+41 79 2", "mobile"),
    ]
    assert (ann["address"]["street"], ann["address"]["postal_code"], ann["address"]["city"]) == (
        "Main St 1",
        "8000",
        "Zürich",
    )
    assert ann["tags"] == ["vip"]


def test_lists_of_names_are_asked_for_once_however_many_records_use_them(run, emulator):
    schema = schema_of("people", *PEOPLE)
    people = [
        record_of("people", id=n, name=f"P{n}", email=f"p{n}@x.org", assignee="ada lovelace", contact_type="partner")
        for n in range(50)
    ]
    run([schema, *people], batch_size_rows=10)
    routes = [request.route for request in emulator.requests]
    assert routes.count("/users/search") == routes.count("/contact_types") == 1
