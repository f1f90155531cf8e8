"""Several source records can stand for one record of the CRM: it is there as long as one of them is, and no longer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email")
DELETED = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
HARD = {"people": {"hard_delete": True}}
BY_EMAIL = {"erased": {"object": "people", "load_method": "delete", "match_on": ["email"]}}


def person(number, email="ann@x.org", **more):
    return record_of("people", id=number, name=f"P{number}", email=email, **more)


def gone(number, email="ann@x.org"):
    return person(number, email, **DELETED)


def mirror(**more):
    return {"people": {"load_method": "overwrite", "complete": "end_of_input", **more}}


def emails(emulator):
    return sorted(each["email"] for found in emulator.copper.records("people") for each in found["emails"])


def test_one_of_two_that_were_deleted_together_is_created_when_it_returns(run, emulator):
    run([PEOPLE, person(1), person(2)], streams=HARD)
    run([PEOPLE, gone(1), gone(2)], streams=HARD)
    assert emails(emulator) == []
    done = run([PEOPLE, person(2)], streams=HARD)
    assert done.of("people") == {"input": 1, "created": 1}
    assert emails(emulator) == ["ann@x.org"]


def test_one_of_two_that_were_absent_together_is_created_when_it_returns(run, emulator):
    run([PEOPLE, person(1), person(2), person(3, "bob@x.org")], streams=mirror())
    run([PEOPLE, person(3, "bob@x.org")], streams=mirror())
    assert emails(emulator) == ["bob@x.org"]
    run([PEOPLE, person(3, "bob@x.org"), person(2)], streams=mirror())
    assert emails(emulator) == ["ann@x.org", "bob@x.org"]


def test_what_another_stream_deleted_by_a_match_is_created_when_it_comes_again(run, emulator):
    run([PEOPLE, person(1)])
    erased = [schema_of("erased", "email"), record_of("erased", id=1, email="ann@x.org")]
    assert run(erased, streams=BY_EMAIL).of("erased") == {"input": 1, "deleted": 1}
    assert run([PEOPLE, person(1)]).of("people") == {"input": 1, "created": 1}
    assert emails(emulator) == ["ann@x.org"]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("apart", [False, True], ids=["in one run", "in two runs"])
def test_a_record_that_we_created_goes_with_the_last_that_stands_for_it(run, emulator, order, apart):
    run([PEOPLE, person(1), person(2)], streams=HARD)
    first, last = (gone(number) for number in order)
    for messages in ([first], [last]) if apart else ([first, last],):
        done = run([PEOPLE, *messages], streams=HARD, batch_size_rows=1)
        assert done.code == 0
        assert done.report["closed"]
    assert emails(emulator) == []


def test_a_record_whose_namesake_comes_after_its_deletion_stays(run, emulator):
    run([PEOPLE, person(1)], streams=HARD)
    done = run([PEOPLE, gone(1), person(2)], streams=HARD, batch_size_rows=1)
    assert done.of("people") == {"input": 2, "updated": 1, "skipped": 1}
    assert done.report["closed"]
    assert emails(emulator) == ["ann@x.org"]


def test_two_records_of_one_are_deleted_with_one_request(run, emulator, writes):
    streams = {"people": {"hard_delete": True, "delete_matched": True}}
    run([PEOPLE, person(1), person(2)], streams=streams)
    emulator.journal.clear()
    done = run([PEOPLE, gone(1), gone(2)], streams=streams)
    assert done.of("people") == {"input": 2, "deleted": 2}
    assert writes() == ["DELETE /people/{id}"]


def test_a_delete_that_a_crash_left_unanswered_hides_no_record_that_returns(run, emulator):
    run([PEOPLE, person(1)], streams=HARD)
    emulator.script("DELETE /people/{id}", ["lost", "error:status=503"])
    done = run([PEOPLE, gone(1)], streams=HARD, max_attempts=2)
    assert done.code == 4
    assert emails(emulator) == []
    assert run([PEOPLE, person(1)], streams=HARD).of("people") == {"input": 1, "created": 1}
    assert emails(emulator) == ["ann@x.org"]


def test_a_deletion_that_cannot_be_understood_is_rejected_and_not_passed_over(run, emulator):
    run([PEOPLE, person(1)])
    erased = [schema_of("erased"), record_of("erased", id=1, email="ann@x.org", assignee_id="Nobody")]
    done = run(erased, streams=BY_EMAIL)
    assert done.code == 1
    assert done.of("erased") == {"input": 1, "rejected": 1}
    assert "Nobody" not in done.output
    assert emails(emulator) == ["ann@x.org"]


def test_what_was_rejected_and_is_then_absent_from_a_mirrored_source_is_not_tried_again(run):
    flawed = record_of("people", id=1, name=None, email="ann@x.org")
    assert run([PEOPLE, flawed, person(3, "bob@x.org")], streams=mirror()).code == 1
    done = run([PEOPLE, person(3, "bob@x.org")], streams=mirror())
    assert done.of("people") == {"input": 2, "unchanged": 1, "skipped": 1}
    assert (done.code, done.report["pending"], done.report["closed"]) == (0, 0, True)


def test_a_rejected_change_of_a_record_that_is_then_absent_does_not_keep_it(run, emulator):
    run([PEOPLE, person(1), person(3, "bob@x.org")], streams=mirror())
    run([PEOPLE, person(1, email="not an address"), person(3, "bob@x.org")], streams=mirror())
    done = run([PEOPLE, person(3, "bob@x.org")], streams=mirror())
    assert (done.code, done.report["pending"]) == (0, 0)
    assert emails(emulator) == ["bob@x.org"]


def test_what_was_rejected_and_then_deleted_by_another_stream_is_not_tried_again(run):
    run([PEOPLE, record_of("people", id=1, name=None, email="ann@x.org")])
    streams = {"left": {"object": "people", "load_method": "delete", "ledger_stream": "people"}}
    done = run([schema_of("left"), record_of("left", id=1)], streams=streams)
    assert done.report["pending"] == 0


def test_a_held_record_that_comes_with_another_schema_is_counted_once(run):
    run([PEOPLE, record_of("people", id=1, name=None, email="ann@x.org")])
    wider = schema_of("people", "name", "email", "title")
    done = run([wider, person(1, title="CTO")])
    assert done.of("people") == {"input": 2, "created": 1, "superseded": 1}
    assert done.code == 0


EVENTS = st.lists(
    st.tuples(st.sampled_from(range(1, 5)), st.sampled_from(["here", "gone"]), st.integers(1, 3)), max_size=6
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(runs=st.lists(EVENTS, min_size=2, max_size=4), matched_too=st.booleans(), size=st.sampled_from([1, 2, 1000]))
def test_an_address_is_there_once_as_long_as_one_that_has_it_is(run, emulator, tmp_path, runs, matched_too, size):
    """Records 1 and 3 share one address, 2 and 4 the other; they come, change, go and return in any order."""
    emulator.reset()
    (tmp_path / "ledger.sqlite").unlink(missing_ok=True)
    streams = {"people": {"hard_delete": True, "delete_matched": matched_too}}
    here: dict[int, int] = {}
    for events in runs:
        messages = []
        for number, event, version in events:
            email = f"e{number % 2}@x.org"
            record = person(number, email, title=f"V{version}")
            messages.append(gone(number, email) if event == "gone" else record)
            here = {**here, number: version} if event == "here" else {k: v for k, v in here.items() if k != number}
        note(str(messages))
        done = run([PEOPLE, *messages], streams=streams, batch_size_rows=size)
        assert done.code == 0
        assert done.report["closed"]
        assert emails(emulator) == sorted({f"e{number % 2}@x.org" for number in here})
    everyone = [person(number, f"e{number % 2}@x.org", title=f"V{version}") for number, version in here.items()]
    again = run([PEOPLE, *everyone], streams=streams)
    assert again.report["closed"]
    assert emails(emulator) == sorted({f"e{number % 2}@x.org" for number in here})
