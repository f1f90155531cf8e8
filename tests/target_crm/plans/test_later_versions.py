"""A plan beside runs: no older version of a record takes the place of a newer one, and what is left is told."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email", "title", "company", "_sdc_deleted_at")
COMPANIES = schema_of("companies", "name", "contact")
GONE = {"_sdc_deleted_at": "2026-01-01"}
STREAMS = {
    "people": {"hard_delete": True, "references": {"company_id": {"stream": "companies", "source_id": "company"}}},
    "companies": {
        "match_on": ["name"],
        "missing_reference": "link_later",
        "references": {"primary_contact_id": {"stream": "people", "source_id": "contact"}},
    },
}
MIRRORED = {"people": {**STREAMS["people"], "load_method": "overwrite", "complete": "end_of_input"}}


@pytest.fixture
def settings(settings):
    return settings | {"streams": STREAMS}


def person(number, **more):
    given = {"id": number, "name": f"P{number}", "email": f"p{number}@x.org", "title": "A"}
    return record_of("people", **given | more)


@pytest.mark.parametrize("planned", [{"title": "B"}, GONE])
def test_what_another_run_wrote_since_is_not_replaced_now_or_by_the_next_run(run, plan, apply, people, held, planned):
    run([PEOPLE, person(1), person(2)])
    path = plan(PEOPLE, person(1, **planned), person(2, title="B"))
    run([PEOPLE, person(1, title="C")])
    done = apply(path, max_rejected="100%")
    assert done.of("people") == {"input": 2, "updated": 1, "rejected": 1}
    assert done.report["reject_kinds"] == {"people": {"plan_outdated": 1}}
    assert done.code == 1, "nothing is held that would tell of it"
    assert "1 line of the plan is no longer true and not carried out: " in done.errors
    assert held() == []
    assert run([PEOPLE, person(2, title="B")]).code == 0
    assert people()["P1"]["title"] == "C"


@pytest.mark.parametrize("planned", [{"title": "B"}, GONE])
def test_what_another_run_holds_since_is_not_lost(run, plan, apply, people, held, planned):
    run([PEOPLE, person(1), person(2)])
    path = plan(PEOPLE, person(1, **planned), person(2, title="B"))
    run([PEOPLE, person(1, title="C", company=7)])
    done = apply(path)
    assert done.of("people") == {"input": 2, "updated": 1, "rejected": 1}
    assert "Another run holds a later version of it" in done.errors
    assert held() == [("1", "waiting", "missing_reference")]
    run([COMPANIES, record_of("companies", id=7, name="C7")])
    assert people()["P1"]["title"] == "C"
    assert held() == []


def test_what_was_held_before_the_plan_is_replaced_also_after_it_was_tried_again(run, plan, apply, people, held):
    run([PEOPLE, person(1, name=None), person(2, company=7)])
    path = plan(COMPANIES, record_of("companies", id=7, name="C7"), PEOPLE, person(1))
    run([PEOPLE, person(3)], max_rejected=1)
    assert len(held()) == 2
    assert apply(path).code == 0
    assert people().keys() == {"P1", "P2", "P3"}
    assert held() == []


def test_an_absent_record_that_somebody_edited_or_another_run_held_or_deleted_is_told(
    run, plan, apply, people, held, emulator
):
    run([PEOPLE, *map(person, range(5))], streams=MIRRORED)
    path = plan(PEOPLE, person(0), streams=MIRRORED)
    emulator.copper.change("people", people()["P1"]["id"], {"title": "typed"})
    run([PEOPLE, *map(person, (0, 1, 3)), person(2, company=7)], streams=MIRRORED)
    done = apply(path, streams=MIRRORED)
    assert people().keys() == {"P0", "P1", "P2"}
    assert done.report["removed"] == {"people": 1}
    assert "stays: Somebody has edited record" in done.errors
    assert "stays: Another run holds a later version of it" in done.errors
    assert "3 lines of the plan are no longer true and not carried out: " in done.errors
    assert held() == [("2", "waiting", "missing_reference")]
    assert (done.code, apply(path, streams=MIRRORED).code) == (1, 1)


def test_a_link_into_a_record_that_somebody_edited_is_told(run, plan, apply, emulator):
    run([COMPANIES, record_of("companies", id=4, name="C4", contact=1)])
    path = plan(COMPANIES, PEOPLE, person(1))
    (company,) = emulator.copper.records("companies")
    emulator.copper.change("companies", company["id"], {"details": "typed"})
    done = apply(path)
    assert (done.code, done.of("people")) == (1, {"input": 1, "created": 1})
    assert "1 line of the plan is no longer true and not carried out: link companies 4" in done.errors


def test_a_delete_that_another_run_has_done_is_told(run, plan, apply):
    run([PEOPLE, person(1), person(2)])
    path = plan(PEOPLE, person(1, **GONE), person(2, title="B"))
    run([PEOPLE, person(1, **GONE)])
    done = apply(path)
    assert (done.code, done.of("people")) == (1, {"input": 2, "updated": 1, "skipped": 1})
    assert "no longer true and not carried out: delete people 1" in done.errors
