"""The flags that go with a record: constant, out of the record, or the id of what it refers to."""

from __future__ import annotations

from tests.target_crm.apptivo.sending import send
from tests.target_crm.messages import record_of, schema_of

DEAL = {"id": 1, "name": "Big one"}
LEAD = {"id": 1, "first_name": "Ann", "last_name": "Smith", "email": "ann@acme.example"}
CHECKED = {"leads": {"parameters": {"is_duplicate_check": "Y"}, "match_on": ["externalRefId"]}}


def parameters_of(emulator, style):
    """Return the parameters beside the record that was saved."""
    route = "opportunities?a=save" if style == "form" else "opportunities"
    (request,) = [each for each in emulator.requests if each.method == "POST" and each.route.endswith(route)]
    text = request.body.decode() if style == "form" else request.query
    pairs = dict(each.split("=", 1) for each in text.split("&"))
    return {name: value for name, value in pairs.items() if name not in {"apiKey", "accessKey", "opportunityData"}}


def test_the_flags_of_an_opportunity_go_with_it_constant_or_out_of_the_record(run, emulator, firm, style):
    customer = firm.insert("customers", {"customerName": "Acme"})
    flags = {
        "account_id": "{buyer}",
        "is_duplicate": "{twin}",
        "is_lead_convert": "N",
        "is_customer_territory_update": True,
    }
    deal = {**DEAL, "buyer": customer["id"], "twin": "Y", "territory": "DACH"}
    done = send(run, "opportunities", deal, streams={"opportunities": {"parameters": flags}})
    assert done.code == 0, done.errors
    assert parameters_of(emulator, style) == {
        "accountId": str(customer["id"]),
        "isDuplicate": "Y",
        "isLeadConvert": "N",
        "isCustomerTerritoryUpdate": "true",
    }
    (opportunity,) = firm.records("opportunities")
    assert opportunity["opportunityCustomer"] == "Acme"
    (customer,) = firm.records("customers")
    assert customer["territoryName"] == "DACH"
    assert "left out" not in done.errors


def test_a_flag_can_be_the_id_of_what_the_record_refers_to(run, emulator, firm):
    reference = {"stream": "customers", "source_id": "buyer"}
    streams = {
        "opportunities": {
            "references": {"opportunityCustomerId": reference},
            "parameters": {"account_id": "{opportunityCustomerId}"},
        }
    }
    messages = [
        schema_of("opportunities", "name", "buyer"),
        record_of("opportunities", **DEAL, buyer=7),
        schema_of("customers", "name"),
        record_of("customers", id=7, name="Acme"),
    ]
    done = run(messages, streams=streams)
    assert done.code == 0, done.errors
    (customer,) = firm.records("customers")
    assert parameters_of(emulator, "form") == {"accountId": str(customer["id"])}


def test_a_flag_without_a_value_is_left_out(run, emulator):
    streams = {"opportunities": {"parameters": {"account_id": "{buyer}"}}}
    assert send(run, "opportunities", {**DEAL, "buyer": None}, streams=streams).code == 0
    assert parameters_of(emulator, "form") == {}


def test_a_flag_that_does_not_exist_stops_at_the_start_and_names_those_that_do(run):
    done = send(run, "opportunities", DEAL, streams={"opportunities": {"parameters": {"is_duplicated": "N"}}})
    assert done.code == 2
    named = "streams.opportunities.parameters.is_duplicated: opportunities have no such flag"
    assert f"{named}: the nearest one is 'is_duplicate'" in done.errors
    done = send(run, "cases", {"id": 1, "subject": "X"}, streams={"cases": {"parameters": {"is_duplicate": "N"}}})
    assert "cases have no such flag. They have no flags" in done.errors


def test_a_lead_that_apptivo_has_already_is_found_and_updated(run, firm):
    held = {"firstName": "Ann", "lastName": "Smith", "emailAddresses": [{"emailAddress": LEAD["email"]}]}
    firm.insert("leads", held)
    streams = {"leads": {"parameters": {"is_duplicate_check": "Y"}}}
    done = send(run, "leads", {**LEAD, "job_title": "CTO"}, streams=streams)
    assert done.of("leads") == {"input": 1, "updated": 1}
    assert [lead["jobTitle"] for lead in firm.records("leads")] == ["CTO"]


def test_a_lead_that_the_search_shows_late_is_updated_once_apptivo_says_that_it_exists(run, firm, emulator):
    firm.insert("leads", {"lastName": "Smith", "emailAddresses": [{"emailAddress": LEAD["email"]}]})
    firm.switches.index_delay_seconds = 3600
    undo = emulator.between_requests(
        lambda request: setattr(firm.switches, "index_delay_seconds", 0) if "a=save" in request.query else None
    )
    done = send(run, "leads", LEAD, streams={"leads": {"parameters": {"is_duplicate_check": "Y"}}})
    undo()
    assert done.of("leads") == {"input": 1, "updated": 1}
    assert [lead["firstName"] for lead in firm.records("leads")] == ["Ann"]


def test_a_lead_that_exists_and_that_no_match_key_finds_is_rejected(run, firm):
    firm.insert("leads", {"lastName": "Smith", "emailAddresses": [{"emailAddress": LEAD["email"]}]})
    done = send(run, "leads", {**LEAD, "external_ref_id": "X-1"}, streams=CHECKED)
    assert done.of("leads") == {"input": 1, "rejected": 1}
    assert "Already exists" in done.errors
    assert len(firm.records("leads")) == 1


def test_with_append_only_a_lead_that_exists_is_rejected(run, firm):
    firm.insert("leads", {"lastName": "Smith", "emailAddresses": [{"emailAddress": LEAD["email"]}]})
    streams = {"leads": {"parameters": {"is_duplicate_check": "Y"}, "load_method": "append-only"}}
    assert send(run, "leads", LEAD, streams=streams).of("leads") == {"input": 1, "rejected": 1}
    assert len(firm.records("leads")) == 1


def test_a_changed_flag_writes_nothing_anew(run, firm, calls):
    send(run, "leads", LEAD)
    calls()
    done = send(run, "leads", LEAD, streams={"leads": {"parameters": {"is_duplicate_check": "Y"}}})
    assert done.of("leads") == {"input": 1, "unchanged": 1}
    assert "leads update" not in calls()
    assert len(firm.records("leads")) == 1


def test_a_flag_that_needs_a_field_which_nobody_has_stops_the_run(run, firm):
    streams = {"opportunities": {"parameters": {"is_lead_convert": "{convertd}"}}}
    done = send(run, "opportunities", {**DEAL, "converted": "Y"}, streams=streams)
    assert done.code == 2
    words = " ".join(done.errors.split())
    assert "parameters.is_lead_convert needs {convertd}, and the stream has no such field: the nearest one is" in words
    assert firm.records("opportunities") == []


def test_a_flag_is_named_in_any_spelling(run, emulator, style):
    flags = {"isLeadConvert": "N", "Is Duplicate": "Y"}
    done = send(run, "opportunities", DEAL, streams={"opportunities": {"parameters": flags}})
    assert done.code == 0, done.errors
    sent = parameters_of(emulator, style)
    assert (sent["isLeadConvert"], sent["isDuplicate"]) == ("N", "Y")
