"""Ids that Freshsales' answers do not show are unknown, not empty: protected fields stay, and it is said."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "owner", "city")
FILL = {"contacts": {"fields": {"owner_id": "fill_empty"}}}
OLD = {"created_at": "2026-01-01T00:00:00+00:00"}
MANY = 12  # so many are read by the view of all
COUNTS = pytest.mark.parametrize("count", [1, MANY], ids=["read one by one", "read by the view"])


@pytest.fixture(params=["absent", "included", "present"])
def read_ids(request):
    return request.param


@pytest.fixture
def vendor(emulator, read_ids):
    emulator.freshsales.switches.read_ids = read_ids
    return emulator.freshsales


@pytest.fixture
def nothing_beside(monkeypatch):
    """No answer shows an owner, nor whatever else it was asked to include."""
    monkeypatch.setattr("crm_api.freshsales.crm.with_ids", lambda _, record, __, *, alone: dict(record))  # noqa: ARG005


@pytest.fixture
def owners(vendor):
    return [each["id"] for each in vendor.records("owners")]


@pytest.fixture
def emails(vendor):
    return [each["email"] for each in vendor.records("owners")]


def contact(number, **more):
    return record_of("contacts", **{"id": number, "last_name": f"N{number}", "email": f"p{number}@x.org"} | more)


def held(vendor, name="owner_id"):
    return [each[name] for each in vendor.records("contacts")]


@COUNTS
def test_an_owner_whom_a_person_chose_stays_where_only_empty_fields_are_filled(run, vendor, owners, emails, count):
    numbers = range(count)
    assert run([CONTACTS, *(contact(n, owner=emails[0]) for n in numbers)], streams=FILL).code == 0
    for each in vendor.records("contacts"):
        vendor.change("contacts", each["id"], {"owner_id": owners[1]})
    done = run([CONTACTS, *(contact(n, owner=emails[2], city="Graz") for n in numbers)], streams=FILL)
    assert done.of("contacts") == {"input": count, "updated": count}
    assert (held(vendor), held(vendor, "city")) == ([owners[1]] * count, ["Graz"] * count)


@COUNTS
def test_an_empty_owner_is_filled_where_answers_tell_that_it_is_empty(run, vendor, owners, emails, count, read_ids):
    for number in range(count):
        vendor.insert("contacts", {"last_name": "There", "emails": f"p{number}@x.org"} | OLD)
    vendor.insert("contacts", {"last_name": "Other", "emails": "other@x.org", "owner_id": owners[3]} | OLD)
    done = run([CONTACTS, *(contact(n, owner=emails[0], city="Graz") for n in range(count))], streams=FILL)
    assert done.of("contacts") == {"input": count, "updated": count}
    if read_ids == "absent" and count == MANY:
        assert held(vendor) == [None] * count + [owners[3]]
        assert done.report["fields_unknown"] == {"contacts": {"owner_id": count}}
        assert done.errors.count("owner_id left alone: the CRM's answers do not show what is there") == 1
        assert f"contacts: left alone, since the CRM does not show what is there: owner_id {count} times" in done.errors
    else:
        assert held(vendor) == [owners[0]] * count + [owners[3]]
        assert done.report["fields_unknown"] == {}


@COUNTS
def test_comparing_passes_over_an_owner_that_answers_do_not_show(run, vendor, owners, emails, count, read_ids):
    rows = [contact(n, owner=emails[0], city="Graz") for n in range(count)]
    assert run([CONTACTS, *rows]).code == 0
    first = run([CONTACTS, *rows], compare_with="crm")
    assert first.of("contacts") == {"input": count, "unchanged": count}
    vendor.change("contacts", vendor.records("contacts")[0]["id"], {"owner_id": owners[1]})
    again = run([CONTACTS, *rows], compare_with="crm")
    if read_ids == "absent" and count == MANY:
        assert again.of("contacts") == {"input": count, "unchanged": count}
        assert again.report["fields_unknown"] == {"contacts": {"owner_id": count}}
    else:
        assert again.of("contacts") == {
            name: each for name, each in {"input": count, "updated": 1, "unchanged": count - 1}.items() if each
        }
        assert held(vendor) == [owners[0]] * count


def test_an_owner_that_the_source_changed_is_sent_also_where_the_crm_is_compared(run, vendor, owners, emails):
    rows = [contact(n, owner=emails[0], city="Graz") for n in range(MANY)]
    run([CONTACTS, *rows])
    changed = [contact(n, owner=emails[1], city="Graz") for n in range(MANY)]
    done = run([CONTACTS, *changed], compare_with="crm")
    assert done.of("contacts") == {"input": MANY, "updated": MANY}
    assert held(vendor) == [owners[1]] * MANY


@COUNTS
def test_a_dry_run_shows_what_the_run_then_does(run, vendor, owners, emails, count):
    for number in range(count):
        typed = {"owner_id": owners[1]} if number % 2 else {}
        vendor.insert("contacts", {"last_name": "There", "emails": f"p{number}@x.org"} | typed | OLD)
    rows = [contact(n, owner=emails[0], city="Graz") for n in range(count)]
    foretold = run([CONTACTS, *rows], streams=FILL, dry_run=True)
    done = run([CONTACTS, *rows], streams=FILL)
    assert foretold.report["fields_unknown"] == done.report["fields_unknown"]
    assert foretold.report["streams"] == done.report["streams"]
    assert foretold.errors.count("owner_id: ") >= held(vendor).count(owners[0])


def test_a_deal_is_found_by_name_and_account_whether_or_not_searches_show_the_account(run, vendor):
    accounts = [vendor.insert("sales_accounts", {"name": name} | OLD)["id"] for name in ("A", "B")]
    for account in accounts:
        vendor.insert("deals", {"name": "Gold", "amount": 1, "sales_account_id": account} | OLD)
    deals = schema_of("deals", "name", "amount", "sales_account_id")
    done = run([deals, record_of("deals", id=1, name="Gold", amount=7, sales_account_id=accounts[1])])
    assert done.of("deals") == {"input": 1, "updated": 1}
    assert [float(each["amount"]) for each in vendor.records("deals")] == [1, 7]
    new = run([deals, record_of("deals", id=2, name="Silver", amount=7, sales_account_id=accounts[1])])
    assert new.of("deals") == {"input": 1, "created": 1}


def test_what_a_run_wrote_is_known_to_it_although_the_answer_does_not_show_it(run, vendor, owners, emails):
    rows = [contact(1, owner=emails[0]), contact(2, email="P1@x.org", owner=emails[1], city="Graz")]
    done = run([CONTACTS, *rows], streams=FILL)
    assert done.of("contacts") == {"input": 2, "created": 1, "updated": 1}
    assert (held(vendor), held(vendor, "city")) == ([owners[0]], ["Graz"])
    assert done.report["fields_unknown"] == {}


def test_a_field_is_left_alone_only_in_records_that_the_run_has_done(run, emulator, vendor, owners, emails):
    vendor.switches.read_ids = "absent"
    for number in range(MANY):
        vendor.insert("contacts", {"last_name": "There", "emails": f"p{number}@x.org"} | OLD)
    vendor.insert("contacts", {"last_name": "Other", "emails": "other@x.org", "owner_id": owners[3]} | OLD)
    emulator.trouble("error_after:status=500,route=POST /contacts/bulk_upsert,times=2")
    done = run([CONTACTS, *(contact(n, owner=emails[0], city="Graz") for n in range(MANY))], streams=FILL)
    assert done.of("contacts") == {"input": MANY, "skipped": MANY}
    assert done.report["fields_unknown"] == {}


@pytest.mark.usefixtures("nothing_beside")
@pytest.mark.parametrize("policy", ["crm", "review"])
def test_an_owner_that_the_crm_does_not_show_is_called_unknown_and_no_edit(run, vendor, owners, emails, policy):
    vendor.switches.read_ids = "absent"
    streams = {"contacts": {"conflicts": policy}}
    vendor.insert("contacts", {"last_name": "N", "emails": "other@x.org", "owner_id": owners[3]} | OLD)
    numbers = range(MANY)
    run([CONTACTS, *(contact(n, owner=emails[0]) for n in numbers)], streams=streams)
    for each in vendor.records("contacts"):
        vendor.change("contacts", each["id"], {"owner_id": owners[3] if each["id"] % 2 else None})
    done = run([CONTACTS, *(contact(n, owner=emails[1]) for n in numbers)], streams=streams, max_rejected=MANY)
    assert owners[1] not in held(vendor)
    assert done.report["conflicts"] == {}
    assert done.report["fields_unknown"] == ({"contacts": {"owner_id": MANY}} if policy == "crm" else {})
    said = "owner_id: the source has another value by now, and the CRM does not show whether somebody changed its own."
    assert (said in done.errors) == (policy == "review")


ABSENT = pytest.mark.parametrize("read_ids", ["absent"], indirect=True)


@ABSENT
@pytest.mark.usefixtures("nothing_beside")
def test_what_the_crm_does_not_show_is_called_unknown_and_not_null(run, vendor, owners, emails):
    streams = {"contacts": {"conflicts": "review"}}
    vendor.insert("contacts", {"last_name": "N", "emails": "other@x.org", "owner_id": owners[3]} | OLD)
    run([CONTACTS, *(contact(n, owner=emails[0]) for n in range(MANY))], streams=streams)
    done = run([CONTACTS, *(contact(n, owner=emails[1]) for n in range(MANY))], streams=streams, dry_run=True)
    assert done.errors.count("owner_id: unknown in the CRM, ") == MANY


@ABSENT
@pytest.mark.usefixtures("nothing_beside")
def test_a_null_for_what_the_crm_does_not_show_was_meant_to_be_sent(run, vendor, owners, emails):
    streams = {"contacts": {"conflicts": "crm", "null_values": "send"}}
    vendor.insert("contacts", {"last_name": "N", "emails": "other@x.org", "owner_id": owners[3]} | OLD)
    run([CONTACTS, *(contact(n, owner=emails[0]) for n in range(MANY))], streams=streams)
    done = run([CONTACTS, *(contact(n, owner=None) for n in range(MANY))], streams=streams)
    assert f"owner_id became null at the source in {MANY} records; the CRM's value stays" in done.errors
    assert "null_values: send would empty it" not in done.errors


@COUNTS
@pytest.mark.parametrize("policy", ["crm", "review"])
def test_an_owner_that_a_list_hides_is_read_by_itself_before_an_edit_is_judged(
    run, vendor, owners, emails, count, policy
):
    streams = {"contacts": {"conflicts": policy}}
    contacts = lambda owner: [contact(n, owner=owner) for n in range(count)]  # noqa: E731 - one line
    run([CONTACTS, *contacts(emails[0])], streams=streams)
    first = next(each for each in vendor.records("contacts") if each["last_name"] == "N0")
    vendor.change("contacts", first["id"], {"owner_id": owners[2]})
    done = run([CONTACTS, *contacts(emails[1])], streams=streams)
    assert done.report["fields_unknown"] == {}
    assert done.of("contacts").get("updated", 0) == count - 1
    assert done.report["pending"] == (policy == "review")
    assert held(vendor) == [owners[2], *[owners[1]] * (count - 1)]
