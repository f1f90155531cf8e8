"""Whatever a run wrote into Freshsales or Apptivo and whatever people did since: what nobody touched is as it was."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import example, given, note, settings, strategies

from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.test_dry_run_equals_run import AS_IT_IS

NUMBERS = strategies.integers(0, 3)
TITLES = strategies.sampled_from(["T1", "T2", "T3", None])
CITIES = strategies.sampled_from(["Bern", "Biel", None])
DELETED = strategies.sampled_from([None, None, None, "2026-01-01"])


@dataclass(frozen=True)
class Crm:
    """One CRM as the promise sees it.

    Attributes:
        vendor: The emulator's attribute.
        settings: Given the vendor, what leads to it.
        schemas: SCHEMA messages, what is referred to first.
        records: A strategy for RECORD messages.
        streams: The setting of that name.
        fields: By object, the attributes that are compared.
        account: By object, the attribute that refers to a company, and its id in the value.
        companies: The object of companies.
        edited: By object, the attribute that people edit.
    """

    vendor: str
    settings: object
    schemas: tuple
    records: object
    streams: dict
    fields: dict
    account: dict
    companies: str
    edited: dict


def built(stream, **values):
    return strategies.fixed_dictionaries({"id": NUMBERS, **values}).map(
        lambda drawn: record_of(stream, **{name: _filled(value, drawn["id"]) for name, value in drawn.items()})
    )


def _filled(value, number):
    return value.format(id=number) if isinstance(value, str) else value


def just(text):
    return strategies.just(text)


FRESHSALES = Crm(
    vendor="freshsales",
    settings=lambda vendor: {
        "crm": "freshsales",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "requests_per_hour": 0,
    },
    schemas=(
        schema_of("sales_accounts", "name", "city", "website", "_sdc_deleted_at"),
        schema_of("contacts", "last_name", "email", "job_title", "city", "tags", "owner", "account", "_sdc_deleted_at"),
        schema_of("deals", "name", "amount", "account", "_sdc_deleted_at"),
    ),
    records=strategies.one_of(
        built("sales_accounts", name=just("C{id}"), city=CITIES, website=TITLES, _sdc_deleted_at=DELETED),
        built(
            "contacts",
            last_name=just("P{id}"),
            email=just("p{id}@x.org"),
            job_title=TITLES,
            city=CITIES,
            tags=strategies.lists(strategies.sampled_from("abc"), max_size=2, unique=True),
            owner=strategies.sampled_from(["Ada Lovelace", None]),
            account=strategies.one_of(strategies.none(), NUMBERS),
            _sdc_deleted_at=DELETED,
        ),
        built(
            "deals",
            name=just("D{id}"),
            amount=strategies.integers(1, 3),
            account=strategies.one_of(strategies.none(), NUMBERS),
            _sdc_deleted_at=DELETED,
        ),
    ),
    streams={
        "sales_accounts": {"hard_delete": True},
        "contacts": {
            "hard_delete": True,
            "fields": {"sales_accounts": "replace"},
            "references": {"sales_accounts": {"stream": "sales_accounts", "source_id": "account"}},
        },
        "deals": {
            "hard_delete": True,
            "match_on": ["name"],
            "references": {"sales_account_id": {"stream": "sales_accounts", "source_id": "account"}},
        },
    },
    fields={
        "sales_accounts": ("name", "city", "website"),
        "contacts": ("last_name", "job_title", "city", "tags", "owner_id", "sales_accounts"),
        "deals": ("name", "amount", "sales_account_id"),
    },
    account={"contacts": "sales_accounts", "deals": "sales_account_id"},
    companies="sales_accounts",
    edited={"sales_accounts": "website", "contacts": "job_title", "deals": "name"},
)
APPTIVO = Crm(
    vendor="apptivo",
    settings=lambda vendor: {
        "crm": "apptivo",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "access_key": vendor.access_key,
    },
    schemas=(
        schema_of("customers", "name", "website", "_sdc_deleted_at"),
        schema_of("contacts", "first_name", "last_name", "email", "job_title", "city", "account", "_sdc_deleted_at"),
    ),
    records=strategies.one_of(
        built("customers", name=just("C{id}"), website=TITLES, _sdc_deleted_at=DELETED),
        built(
            "contacts",
            first_name=just("Ann"),
            last_name=just("P{id}"),
            email=just("p{id}@x.org"),
            job_title=TITLES,
            city=CITIES,
            account=strategies.one_of(strategies.none(), NUMBERS),
            _sdc_deleted_at=DELETED,
        ),
    ),
    streams={
        "customers": {"hard_delete": True},
        "contacts": {
            "hard_delete": True,
            "references": {"accountId": {"stream": "customers", "source_id": "account"}},
        },
    },
    fields={
        "customers": ("customerName", "website"),
        "contacts": ("firstName", "lastName", "jobTitle", "accountId", "emailAddresses"),
    },
    account={"contacts": "accountId"},
    companies="customers",
    edited={"customers": "website", "contacts": "jobTitle"},
)


GONE = "a company that is no longer there"


def state(crm, vendor):
    """Each record's compared attributes, by object and id; a company by its id, whatever form that has."""
    companies = {record["id"] for record in vendor.records(crm.companies)}
    found = {}
    for name, fields in crm.fields.items():
        for record in vendor.records(name):
            kept = {field: _plain(record.get(field)) for field in fields}
            if (attribute := crm.account.get(name)) is not None:
                account = _account(record.get(attribute))
                kept[attribute] = GONE if account is not None and account not in companies else account
            found[name, record["id"]] = kept
    return found


def _plain(value):
    if isinstance(value, list):
        return sorted(map(repr, map(_plain, value)))
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if each not in (None, "")}
    return None if value in ("", []) else value


def _account(value):
    if isinstance(value, list):
        value = value[0]["id"] if value else None
    return int(value) if value not in (None, "") else None


def without_ids(crm, state):
    """All that is there, with the name of a company in place of its id."""
    names = {place: repr(sorted(record.items())) for place, record in state.items() if place[0] == crm.companies}

    def told(name, record):
        attribute = crm.account.get(name)
        if attribute is None:
            return repr(sorted(record.items(), key=str))
        account = names.get((crm.companies, record[attribute]))
        return repr(sorted((record | {attribute: account}).items(), key=str))

    return sorted((name, told(name, record)) for (name, _), record in state.items())


def check(crm, before, written, edited, undone):
    new = set(undone) - set(edited)
    deleted = {place for place in before if place not in written}
    assert len(new) == len(deleted), "what the run deleted is made again, once"
    for place, record in undone.items():
        attribute = crm.account.get(place[0])
        if place in new:
            continue
        if place in before and place in written:
            for field, value in record.items():
                was, left, seen = before[place][field], written[place][field], edited[place][field]
                if field == attribute and (crm.companies, was) in deleted:
                    assert value is None or (crm.companies, value) in new | set(undone), place
                elif was == GONE:  # before the run already: the CRM shows none, and takes none back
                    assert value in {None, GONE, seen}, place
                else:
                    assert value == (was if left == seen else seen), (place, field)
        else:
            kept = {field: value for field, value in record.items() if field != attribute}
            assert kept == {field: value for field, value in edited[place].items() if field != attribute}, place
            refers = any(
                other[crm.account[name]] == place[1] for (name, _), other in undone.items() if name in crm.account
            )
            # What Freshsales derives of a company, such as its name, goes with one that the run deleted: no edit.
            assert edited[place] != written[place] or refers or deleted, place
    for place in set(edited) - set(undone):
        assert place in written, place
        assert place not in before, place
        assert edited[place] == written[place], place


EDITS = strategies.lists(strategies.tuples(NUMBERS, NUMBERS), max_size=4)
ANYTHING = {"edits": EDITS, "batch_size": strategies.sampled_from([4, 1000])}


def inputs(crm):
    return strategies.lists(crm.records, max_size=14)


def taken_back(crm, run, undo, emulator, *, records_before, records, edits, batch_size):
    vendor = getattr(emulator, crm.vendor)
    config = {
        **crm.settings(vendor),
        "streams": crm.streams,
        "batch_size_rows": batch_size,
        "keep_values_days": 30,
        "user_email": None,
        "bulk_requests_per_second": None,
        "date_order": None,
    }
    config |= {} if crm.vendor != "freshsales" else {"access_key": None}
    run([*crm.schemas, *records_before], **config)
    before = state(crm, vendor)
    done = run([*crm.schemas, *records], **config)
    written = state(crm, vendor)
    for at, which in edits:
        name = list(crm.fields)[which % len(crm.fields)]
        found = sorted(vendor.records(name), key=lambda record: record["id"])
        if at < len(found):
            vendor.change(name, found[at]["id"], {crm.edited[name]: f"typed {at}"})
    edited = state(crm, vendor)
    foreseen = undo(done.report["run_id"], "--dry-run", **config)
    assert state(crm, vendor) == edited, "a dry run writes nothing"
    undone = undo(done.report["run_id"], **config)
    note(undone.output)
    if "knows no run" in undone.output or "wrote nothing" in undone.output:
        assert written == before
        return
    assert undone.code == 0, undone.output
    check(crm, before, written, edited, state(crm, vendor))
    assert (foreseen.left, foreseen.report["streams"]) == (undone.left, undone.report["streams"])
    back = undo(undone.run_id, **config)
    note(back.output)
    assert back.code == 0 or "knows no run" in back.output, back.output
    assert without_ids(crm, state(crm, vendor)) == without_ids(crm, edited)


@pytest.fixture
def anew(emulator, tmp_path):
    empty = emulator.dump()

    def anew():
        emulator.load(empty)
        for file in tmp_path.glob("ledger.sqlite*"):
            file.unlink()

    return anew


AS_A_BATCH = {"edits": [], "batch_size": 4}


def contact(**more):
    return record_of("contacts", **{"id": 1, "last_name": "P1", "email": "p1@x.org"} | more)


def companies(crm, *numbers, **more):
    return [record_of(crm.companies, **{"id": number, "name": f"C{number}"} | more) for number in numbers]


def linked_by_a_later_version(crm):
    """A contact that its next version links in the same run: the company's name comes into it by the CRM, no person."""
    return {"records_before": [], "records": [contact(), *companies(crm, 1, 2, 3), contact(account=1)], **AS_A_BATCH}


def moved_from_a_company_that_was_gone_before(crm):
    """A contact of a company that an earlier run deleted: there is none to which it could go back."""
    before = [*companies(crm, 1, 2, 3), contact(account=1), *companies(crm, 1, _sdc_deleted_at="2026-01-01")]
    return {"records_before": before, "records": [*companies(crm, 4), contact(account=4)], **AS_A_BATCH}


@settings(max_examples=3, **AS_IT_IS)
@given(records_before=inputs(FRESHSALES), records=inputs(FRESHSALES), **ANYTHING)
@example(**linked_by_a_later_version(FRESHSALES))
@example(**moved_from_a_company_that_was_gone_before(FRESHSALES))
def test_runs_into_freshsales_go_back(run, undo, emulator, anew, **case):
    anew()
    taken_back(FRESHSALES, run, undo, emulator, **case)


@settings(max_examples=3, **AS_IT_IS)
@given(records_before=inputs(APPTIVO), records=inputs(APPTIVO), **ANYTHING)
@example(**linked_by_a_later_version(APPTIVO))
@example(**moved_from_a_company_that_was_gone_before(APPTIVO))
def test_runs_into_apptivo_go_back(run, undo, emulator, anew, **case):
    anew()
    taken_back(APPTIVO, run, undo, emulator, **case)


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("read_ids", ["absent", "included", "present"])
@settings(max_examples=40, **AS_IT_IS)
@given(records_before=inputs(FRESHSALES), records=inputs(FRESHSALES), **ANYTHING)
@example(**linked_by_a_later_version(FRESHSALES))
@example(**moved_from_a_company_that_was_gone_before(FRESHSALES))
def test_many_runs_into_freshsales_go_back(run, undo, emulator, anew, read_ids, **case):
    anew()
    emulator.freshsales.switches.read_ids = read_ids
    taken_back(FRESHSALES, run, undo, emulator, **case)


@pytest.mark.long
@pytest.mark.timeout(3000)
@settings(max_examples=60, **AS_IT_IS)
@given(records_before=inputs(APPTIVO), records=inputs(APPTIVO), **ANYTHING)
@example(**linked_by_a_later_version(APPTIVO))
@example(**moved_from_a_company_that_was_gone_before(APPTIVO))
def test_many_runs_into_apptivo_go_back(run, undo, emulator, anew, **case):
    anew()
    taken_back(APPTIVO, run, undo, emulator, **case)
