"""Apptivo's side of the port: keys, answers of every shape, lists past their ceiling, and the firm's configuration."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from crm_api.apptivo.config import config_of
from crm_api.apptivo.crm import Apptivo
from crm_api.apptivo.objects import APPTIVO_OBJECTS, LEADS, OBJECTS
from crm_api.apptivo.session import ApptivoCredentialsError, ApptivoDialect, ApptivoSettings, WireStyle, connect
from crm_api.apptivo.values import days_of
from crm_api.crm import Written
from crm_api.crm_objects import Kind
from crm_api.errors import BusyError, DuplicateError, GoneError, InDoubtError, InvalidError, SettingError
from crm_api.transport.answer import Answer
from crm_api.transport.redaction import RedactingFilter
from crm_emulator import Emulator


def send_nothing():
    """Before sending: nothing to note."""


@pytest.fixture(params=["form", "rest"])
def style(request):
    return WireStyle(request.param)


@pytest.fixture
def open_firm(naps):
    """An account of an emulated firm, and whatever it is to be configured with."""
    opened = []

    def open_firm(emulator, **changed):
        firm = emulator.apptivo
        firm.switches.rest_style = changed.get("wire_style") is WireStyle.REST
        given = {"api_key": firm.api_key, "access_key": firm.access_key, "base_url": firm.base_url}
        settings = ApptivoSettings(**{**given, "requests_per_minute": 0, **changed})
        opened.append(connect(settings, clock=naps.clock, sleep=naps))
        return Apptivo(
            opened[-1], style=settings.wire_style, fingerprint=settings.fingerprint, user=settings.user_name,
            clock=naps.clock,
        )  # fmt: skip

    yield open_firm
    for session in opened:
        session.close()


# Keys


def test_keys_travel_in_the_form_and_in_no_url(emulator, open_firm):
    crm = open_firm(emulator, user_name="ada@emulator.example")
    leads = crm.objects["leads"]
    (made,) = crm.create(leads, [{"lastName": "Smith"}], before_send=send_nothing)
    crm.update(leads, [(made.id, {"jobTitle": "CTO"})])
    crm.read(leads, [made.id], immediate=True)
    list(crm.scan(leads))
    crm.delete(leads, made.id)
    assert {request.method for request in emulator.requests} == {"POST"}
    for request in emulator.requests:
        assert request.query == f"a={request.route.rpartition('=')[2]}"
        assert b"apiKey=" in request.body
        assert b"userName=ada%40emulator.example" in request.body


def test_the_rest_style_writes_with_json_and_paths_and_the_keys_in_the_url(emulator, open_firm):
    crm = open_firm(emulator, wire_style=WireStyle.REST)
    leads = crm.objects["leads"]
    (made,) = crm.create(leads, [{"lastName": "Smith"}], before_send=send_nothing)
    (changed,) = crm.update(leads, [(made.id, {"jobTitle": "CTO"})])
    crm.delete(leads, made.id)
    written = [request for request in emulator.requests if "?a=" not in request.route]
    assert [f"{each.method} {each.route.rpartition('v6')[2]}" for each in written] == [
        "POST /leads",
        "PUT /leads/{leadId}",
        "DELETE /leads/{leadId}",
    ]
    assert all("apiKey=" in each.query for each in written)
    assert written[1].json == {"jobTitle": "CTO"}
    assert changed.record["lastName"] == "Smith"


@pytest.mark.parametrize("kind", ["error:status=500", "reset", "error:status=401", "malformed", None])
def test_a_key_is_in_no_log_and_no_error_in_either_style(emulator, open_firm, style, kind, caplog):
    crm = open_firm(emulator, wire_style=style, max_attempts=2)
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactingFilter(crm.session.redact))
    if kind is not None:
        emulator.trouble(f"{kind}{',' if ':' in kind else ':'}route=P*")
    said = ""
    for attempt in (
        lambda: crm.create(crm.objects["leads"], [{"lastName": "Smith"}], before_send=send_nothing),
        lambda: crm.update(crm.objects["leads"], [(1, {"lastName": "Smith"})]),
        lambda: crm.delete(crm.objects["leads"], 1),
        crm.account,
    ):
        try:
            said += repr(attempt())
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not tell
            said += f"{error} {error!r} {error.__cause__!r} {getattr(error, 'body', '')}"
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    shown = caplog.text + said + repr(crm.session.auth)
    for secret in (emulator.apptivo.api_key, emulator.apptivo.access_key):
        assert secret not in shown


def test_an_account_is_named_by_its_firm_whatever_the_keys_and_however_empty_it_is(emulator, open_firm):
    account = open_firm(emulator, user_name="ada@emulator.example").account()
    assert (account.id, account.user) == ("15479", "ada@emulator.example")
    emulator.apptivo.insert("leads", {"lastName": "Smith"})
    assert open_firm(emulator).account().id == account.id


def test_a_firm_that_does_not_tell_its_number_goes_by_its_host_and_a_fingerprint(emulator, open_firm):
    for employee in emulator.apptivo.records("employees"):
        emulator.apptivo.delete("employees", employee["id"])
    account = open_firm(emulator).account()
    assert account.id == open_firm(emulator).account().id
    host, _, fingerprint = account.id.partition("/")
    assert host == "127.0.0.1"
    assert len(fingerprint) == 16
    assert emulator.apptivo.api_key not in account.id
    other = ApptivoSettings(api_key="another-key-0123", access_key="x")
    assert other.fingerprint != fingerprint


def test_one_request_a_second_is_the_default_pace(naps):
    session = connect(ApptivoSettings(api_key="k" * 16, access_key="a" * 16), clock=naps.clock, sleep=naps)
    for _ in range(61):
        session.quota.take()
    assert 60 <= sum(naps) <= 64


def test_any_number_of_requests_a_minute_is_taken(naps):
    for requests in (1, 59, 61, 1_000_000):
        session = connect(
            ApptivoSettings(api_key="k" * 16, access_key="a" * 16, requests_per_minute=requests, requests_per_hour=10),
            clock=naps.clock,
            sleep=naps,
        )
        for _ in range(3):
            session.quota.take()


# Answers


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"status": "FAILURE", "reason": "Invalid API Key"}, ApptivoCredentialsError),
        ({"Status": "Failure", "reason": "Access Key expired"}, ApptivoCredentialsError),
        ({"status": "FAILURE", "reason": "lastName is required"}, InvalidError),
        ({"status": "FAILURE"}, InvalidError),
        ({"status": "FAILURE", "reason": "No leads found with leadId 5"}, GoneError),
        ({"status": "FAILURE", "reason": "Too many requests"}, BusyError),
        ({"result": "Already exists"}, DuplicateError),
        ({"status": "SUCCESS"}, None),
        ({"lead": {"leadId": 1, "status": "FAILURE"}}, None),
        ({"leadId": 1}, None),
        ([], None),
    ],
)
def test_a_200_is_what_its_body_says(body, kind):
    failure = ApptivoDialect().failure(Answer(200, {}, msgspec.json.encode(body)))
    assert (failure and failure.kind) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(401, ApptivoCredentialsError), (404, GoneError), (429, BusyError), (500, InDoubtError)]
)
def test_other_statuses_mean_what_they_mean_everywhere(status, kind):
    assert ApptivoDialect().failure(Answer(status, {}, b"<html><title>No</title></html>")).kind is kind


def test_a_record_that_was_deleted_but_is_still_shown_counts_as_gone(emulator, open_firm):
    crm = open_firm(emulator)
    marked = emulator.apptivo.insert("leads", {"lastName": "Smith"})
    emulator.apptivo.delete("leads", marked["id"])
    assert crm.read(crm.objects["leads"], [marked["id"], 99]) == {}
    with pytest.raises(GoneError):
        crm.delete(crm.objects["leads"], marked["id"])


def test_a_failure_of_unknown_wording_does_not_make_a_record_gone_that_a_search_shows(emulator, open_firm):
    crm = open_firm(emulator)
    lead = emulator.apptivo.insert("leads", {"lastName": "Smith"})
    assert crm.read(crm.objects["leads"], ["abc"]) == {}
    emulator.apptivo.switches.read_wrapper = "somewhere else"
    assert crm.read(crm.objects["leads"], [lead["id"]])[lead["id"]]["lastName"] == "Smith"


def test_only_customers_are_deleted_without_a_warning(emulator, open_firm, caplog):
    crm = open_firm(emulator)
    for name, record in (("customers", {"customerName": "A"}), ("contacts", {"lastName": "B"})):
        crm.delete(crm.objects[name], emulator.apptivo.insert(name, record)["id"])
        assert emulator.apptivo.count(name) == 0
        assert ("Deleting contacts" in caplog.text) is (name == "contacts")
    emulator.apptivo.switches.delete_only_customers = True
    kept = emulator.apptivo.insert("cases", {"caseSummary": "C"})
    with pytest.raises(InvalidError, match="delete is not supported"):
        crm.delete(crm.objects["cases"], kept["id"])


@pytest.mark.parametrize("wrapper", ["opportunity", "data", "responseObject", ""])
def test_a_saved_record_is_found_in_any_wrapper(emulator, open_firm, wrapper):
    emulator.apptivo.switches.opportunity_wrapper = wrapper
    crm = open_firm(emulator)
    (made,) = crm.create(crm.objects["opportunities"], [{"opportunityName": "Big"}], before_send=send_nothing)
    assert isinstance(made, Written)
    assert made.id == emulator.apptivo.records("opportunities")[0]["id"]


# Lists


@pytest.mark.parametrize("largest_page", [1000, 7, 2])
def test_every_record_is_listed_once_however_small_the_pages(emulator, open_firm, largest_page):
    emulator.apptivo.switches.largest_page = largest_page
    for n in range(25):
        emulator.apptivo.insert("leads", {"lastName": f"L{n}"})
    crm = open_firm(emulator)
    names = [record["lastName"] for record in crm.scan(crm.objects["leads"])]
    assert sorted(names) == sorted(f"L{n}" for n in range(25))
    assert crm.count(crm.objects["leads"]) == 25


def test_records_past_the_ceiling_of_one_list_are_read_from_its_other_end(emulator, open_firm):
    switches = emulator.apptivo.switches
    switches.search_ceiling, switches.largest_page = 20, 8
    with emulator.apptivo.account.store.transaction():
        for n in range(35):
            emulator.apptivo.insert("leads", {"lastName": f"L{n}", "_created": 1000 + n})
    crm = open_firm(emulator)
    assert len({record["id"] for record in crm.scan(crm.objects["leads"])}) == 35
    switches.search_ceiling = 10
    with pytest.raises(SettingError, match="Apptivo lists only 20 of its 35 leads"):
        list(crm.scan(crm.objects["leads"]))


def test_a_deletion_while_a_list_is_read_loses_no_other_record(emulator, open_firm):
    emulator.apptivo.switches.largest_page = 5
    records = [emulator.apptivo.insert("leads", {"lastName": f"L{n}"}) for n in range(20)]
    crm = open_firm(emulator)
    seen = []
    for record in crm.scan(crm.objects["leads"]):
        seen.append(record["id"])
        if len(seen) == 5:
            emulator.apptivo.delete("leads", records[0]["id"])
    assert sorted(seen) == [record["id"] for record in records]


@pytest.mark.parametrize("hours", [-12, -5, 0, 14])
def test_what_was_just_created_is_found_whatever_zone_stamps_are_in(emulator, open_firm, hours):
    now = datetime.now(UTC)
    stamp = (now + timedelta(hours=hours)).strftime("%b %d, %Y %I:%M:%S %p")
    old = {"lastName": "Old", "creationDate": "Oct 07, 2017 05:44:26 PM", "_created": 1}
    emulator.apptivo.insert("leads", old)
    new = emulator.apptivo.insert("leads", {"lastName": "New", "creationDate": stamp})
    crm = open_firm(emulator)
    found = list(crm.created_since(crm.objects["leads"], now - timedelta(minutes=5), []))
    assert [record["id"] for record in found] == [new["id"]]


def test_a_list_that_is_not_sorted_is_read_whole(emulator, open_firm):
    now = datetime.now(UTC)
    for n, created in enumerate(["Oct 07, 2017 05:44:26 PM", "no date at all", now.strftime("%b %d, %Y %I:%M:%S %p")]):
        emulator.apptivo.insert("leads", {"lastName": f"L{n}", "creationDate": created, "_created": 100 + n})
    emulator.apptivo.insert("leads", {"lastName": "L3", "creationDate": "unknown", "_created": 200})
    crm = open_firm(emulator)
    assert len(list(crm.created_since(crm.objects["leads"], now, []))) == 4


# Configuration


def test_lists_are_understood_under_other_keys_and_without_what_is_disabled():
    answer = {
        "customerStatusList": [
            {"statusId": 7, "statusName": "Active"},
            {"statusId": 8, "statusName": "Old", "disabled": "Y"},
        ],
        "customerCategories": [{"id": "12", "name": "Reseller", "displayName": "Resellers"}, "odd", {"id": 3}],
    }
    choices = {choice.id: choice for choice in APPTIVO_OBJECTS["customers"].choices}
    config = config_of(answer)
    assert [name.id for name in config.names(choices["statusId"])] == [7]
    (category,) = config.names(choices["customerCategoryId"])
    assert (category.id, category.spellings) == ("12", ("Reseller", "Resellers", "12"))
    assert config.names(choices["paymentTermId"]) == []


def test_a_recorded_configuration_gives_ids_where_there_are_codes_too_and_types_by_name_and_code():
    config = config_of(
        {
            "statuses": [{"statusCode": "OPEN", "statusId": 7, "statusName": "Open", "isEnabled": "Y"}],
            "types": [{"typeCode": "BUG", "typeName": "Problem", "typeId": 8}],
            "priorities": [{"code": "HIGH", "id": 9, "name": "High"}],
            "phoneTypes": [{"code": "PH_DESK", "id": 1, "isEnabled": "Y", "isSmsEnabled": "N", "name": "Business"}],
            "addressTypes": [{"code": "1", "id": 1, "isEnabled": "Y", "isSmsEnabled": "N", "name": "Head office"}],
        }
    )
    choices = {choice.id: choice for choice in APPTIVO_OBJECTS["cases"].choices}
    ids = [config.names(choices[name])[0].id for name in ("caseStatusId", "caseTypeId", "casePriorityId")]
    assert ids == [7, 8, 9]
    assert config.typed("phone", "work") == {"phoneType": "Business", "phoneTypeCode": "PH_DESK"}
    assert config.address_type("1", "Billing Address") == "Head office"


def test_a_layout_is_understood_as_text_or_not_and_with_its_facts_further_in():
    inner = {"tag": "select", "tagName": "tier_1", "optionValueList": [{"optionId": "9", "optionObject": "Gold"}]}
    switch = {"tag": "check", "tagId": 44, "options": ["Yes"]}
    attributes = [
        {"attributeId": "attr_1", "label": {"modifiedLabel": "Tier"}, "right": [inner]},
        {"attributeId": 2, "label": {"originalLabel": "No"}, "attributeTag": "counter"},
        {"attributeId": 3, "label": {"modifiedLabel": "Off"}, "attributeTag": "input", "isEnabled": False},
        {"attributeId": 4, "modifiedLabel": "Agreed", "right": [switch]},
        {"attributeId": "lastName", "label": {"modifiedLabel": "Last"}, "attributeTag": "input", "type": "Standard"},
    ]
    attributes = [{"type": "Custom", **each} for each in attributes]
    layout = {"sections": [{"label": "One", "attributes": attributes}, {"label": "None"}]}
    for given in (layout, msgspec.json.encode(layout).decode()):
        tier, number, agreed = config_of({"webLayout": given}).custom
        assert config_of({"webLayout": given}).labels == {"lastName": "Last"}
        assert (tier.id, tier.kind, tier.tag_name, tier.options[0].id) == ("attr_1", Kind.NAME_ID, "tier_1", 9)
        assert (number.label, number.kind) == ("No", None)
        assert (agreed.kind, agreed.options[0].id, agreed.options[0].spellings) == (Kind.NAME_IDS, 44, ("Yes",))
    for broken in (None, "not JSON", [], {"sections": None}):
        assert config_of({"webLayout": broken}).custom == ()
    assert config_of(None).custom == ()


@pytest.mark.parametrize(
    ("spelt", "text"),
    [
        ("MM/DD/YYYY", "05/31/2026"),
        ("DD/MM/YYYY", "31/05/2026"),
        ("YYYY-MM-DD", "2026-05-31"),
        ("DD-MMM-YYYY", "31-May-2026"),
    ],
)
def test_days_go_back_and_forth_in_the_format_of_the_firm(spelt, text):
    days = days_of(spelt)
    assert days.encode(date(2026, 5, 31)) == text
    assert days.decode(text) == days.decode("May 31, 2026 05:44:26 PM") == date(2026, 5, 31)
    with pytest.raises(ValueError, match=f"by date_format, {spelt}"):
        days.decode("tomorrow")


def test_every_declared_name_is_taken_by_the_firm():
    """The emulator's objects hold every attribute that we would send."""
    from crm_emulator.apptivo.objects.catalog import BY_NAME  # noqa: PLC0415 - of this test alone

    for name, of in OBJECTS.items():
        ours = {each.name for each in of.attributes if each.creatable} - {"shippingAddress"}
        assert ours <= BY_NAME[name].attributes | {"addresses"}, name
    assert LEADS.object_id == BY_NAME["leads"].object_id


def test_a_firm_that_answers_nothing_is_busy_and_not_empty(open_firm):
    with Emulator(empty=True) as emulator:
        emulator.trouble("malformed:route=POST *employees*")
        with pytest.raises(BusyError):
            open_firm(emulator, max_attempts=2).account()
