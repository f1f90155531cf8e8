"""Bad input gets one clear sentence, at the start where it can be known."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

ONE = [schema_of("contacts", "email"), record_of("contacts", id=1, email="a@x.org")]


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ("contcts", ["the nearest one is 'contacts'", "sales_accounts"]),
        ("users", ["Freshsales' users are read-only in its API", "admin settings"]),
        ("leads", ["Freshsales Suite has no leads", "Set the stream's object to contacts"]),
        ("cm_nothing", ["is not an object of the CRM"]),
    ],
)
def test_what_cannot_be_written_stops_the_run_at_its_schema(run, vendor, stream, words):
    vendor.ensure_ready()
    done = run([schema_of(stream, "name"), record_of(stream, id=1, name="x")])
    assert done.code == 2
    for each in words:
        assert each in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            {"match_on": ["emial"]},
            "streams.contacts.match_on: contacts have no attribute 'emial': the nearest one is 'emails'",
        ),
        ({"custom_fields": {"Teir": "x"}}, "contacts have no custom field 'Teir'"),
        ({"references": {"owner_id": {"stream": "a", "source_id": "b"}}}, "contacts have no such reference"),
        (
            {"references": {"sales_accounts": {"object": "acounts", "match": {"name": "x"}}}},
            "the CRM has no object 'acounts': the nearest one is 'sales_accounts'",
        ),
        ({"fields": {"job_title": "add"}}, "streams.contacts.fields.job_title must not be add, which is for lists"),
        ({"fields": {"emails": "replace"}}, "must not be replace: the CRM only adds to emails"),
    ],
)
def test_a_setting_that_names_nothing_stops_the_run(run, rules, words):
    done = run(ONE, streams={"contacts": rules})
    assert done.code == 2
    assert words in done.errors


def test_forget_is_for_what_has_a_recycle_bin(run):
    notes = schema_of("notes", "description")
    done = run([notes], streams={"notes": {"forget": True}})
    assert done.code == 2
    assert "forget has no effect on notes (they have no recycle bin). Remove it" in done.errors


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"api_key": "wrong-key-of-nobody"}, 2, ["api_key", "API Settings"]),
        ({"api_key": None}, 2, ["api_key is missing"]),
        ({"base_url": None}, 2, ["domain is missing"]),
        ({"base_url": None, "domain": "not a domain"}, 2, ["domain must be a bundle alias such as acme"]),
    ],
)
def test_an_account_that_cannot_be_reached_so_is_told(run, given, code, words):
    done = run(ONE, **given)
    assert done.code == code
    for each in words:
        assert each in done.errors
    assert "wrong-key-of-nobody" not in done.errors


def test_an_address_without_a_freshsales_is_told(run, emulator):
    done = run(ONE, base_url=emulator.url + "/nothing/here")
    assert done.code == 2
    assert "There is no Freshsales account at" in done.errors
    assert "Check domain and base_url, which lead to 127.0.0.1" in done.errors


def test_a_host_that_nobody_answers_on_is_told(run):
    done = run(ONE, base_url=None, domain="localhost.invalid", max_attempts=1)
    assert done.code == 4
    assert "Check domain" in done.errors


def test_an_old_address_of_a_suite_account_is_told(run, emulator, monkeypatch):
    emulator.trouble("error:status=429,route=GET /selector/owners")
    monkeypatch.setattr(
        "crm_api.freshsales.session.CLASSIC_HOST", emulator.freshsales_classic.base_url.removesuffix("/api")
    )
    done = run(ONE, base_url=emulator.freshsales_classic.base_url)
    assert done.code == 4
    assert "set domain to its bundle alias" in done.errors


def test_a_route_that_is_missing_is_not_taken_for_a_record_that_is_gone(run, emulator, asked):
    emulator.trouble("error:status=404,route=POST /contacts/bulk_upsert")
    many = [ONE[0], *(record_of("contacts", id=n, email=f"p{n}@x.org") for n in range(8))]
    done = run(many)
    assert done.of("contacts") == {"input": 8, "rejected": 8}
    assert "The CRM has no such address" in done.errors
    assert asked()["POST /contacts/bulk_upsert"] == 1


def test_a_key_that_may_not_write_is_told_with_freshsales_own_words(run, vendor, asked):
    vendor.switches.forbidden = "POST /contacts/*"
    many = [ONE[0], *(record_of("contacts", id=n, email=f"p{n}@x.org") for n in range(8))]
    done = run(many)
    assert done.report["reasons"]["contacts"] == {"rejected: forbidden": 8}
    assert asked()["POST /contacts/bulk_upsert"] == 1
