"""Where the SDK's own targets lose, disorder or miscount records, and that this one does not."""

from __future__ import annotations

import json
import os
import threading
import time
from decimal import Decimal

import pytest

from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TASKS = schema_of("tasks", "name")


def task(number, name=None):
    return record_of("tasks", id=number, name=name or f"T{number}")


def test_a_schema_that_changes_in_mid_stream_does_not_turn_the_order_of_versions(run, emulator):
    wider = schema_of("tasks", "name", "details")
    done = run([TASKS, task(1, "old"), wider, task(1, "new"), TASKS, task(1, "newest"), state_of(3)])
    assert done.of("tasks") == {"input": 3, "created": 1, "updated": 2}
    assert [found["name"] for found in emulator.copper.records("tasks")] == ["newest"]


def test_a_change_of_key_properties_keeps_what_the_old_stream_held(run, emulator):
    other = schema_of("tasks", "name", keys=("name",))
    done = run([TASKS, task(1), other, record_of("tasks", name="T2"), state_of(2)])
    assert done.code == 0
    assert emulator.copper.count("tasks") == 2


def test_a_failure_in_a_later_batch_keeps_the_states_of_earlier_ones(run, emulator):
    emulator.script("POST /tasks", ["ok"] * 20 + ["refuse:seconds=600"])
    done = run(
        [TASKS, *map(task, range(10)), state_of(10), *map(task, range(10, 40)), state_of(40)], batch_size_rows=10
    )
    assert done.code == 4
    assert done.states == [{"position": 10}]


def test_a_silent_input_is_written_and_its_state_passes_after_thirty_seconds(run, emulator, clock):
    read_end, write_end = os.pipe()
    ended = threading.Event()

    def feed():
        os.write(write_end, as_lines([TASKS, task(1), state_of(1)]))
        while not any(request.route == "/account" for request in emulator.requests):
            time.sleep(0.01)
        assert emulator.copper.count("tasks") == 0
        while emulator.copper.count("tasks") == 0 and not ended.is_set():
            if not emulator.journal.in_flight:  # else a request would seem to take minutes
                clock.seconds += 31
            time.sleep(0.01)
        os.write(write_end, b"this is not JSON\n")
        os.close(write_end)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(read_end, "rb") as file:
        done = run([], file=file)
    ended.set()
    feeder.join()
    assert done.code == 1, done.errors
    assert done.states == [{"position": 1}]


def test_the_same_state_is_emitted_once(run):
    done = run([TASKS, task(1), state_of(1), task(2), task(3)], batch_size_rows=1)
    assert done.states == [{"position": 1}]


def test_an_empty_state_is_not_emitted(run):
    assert run([TASKS, task(1), {"type": "STATE", "value": {}}]).states == []


def test_superseded_records_are_counted_in_every_batch_anew(run):
    messages = [TASKS, *(task(1, f"v{number}") for number in range(6)), *(task(number) for number in range(2, 8))]
    done = run(messages, batch_size_rows=3)
    assert done.report["closed"]
    assert done.of("tasks") == {"input": 12, "created": 7, "updated": 1, "superseded": 4}


def test_streams_are_written_one_after_the_other_those_referred_to_first(run, emulator):
    streams = {"people": {"references": {"company_id": {"stream": "companies", "source_id": "company"}}}}
    companies, people = schema_of("companies", "name"), schema_of("people", "name", "company")
    messages = [people, companies]
    for number in range(30):
        messages += [
            record_of("people", id=number, name=f"P{number}", company=number),
            record_of("companies", id=number, name=f"C{number}"),
        ]
    run(messages, streams=streams)
    bulk = [request.route for request in emulator.requests if request.route.endswith("bulk_create")]
    assert bulk == ["/companies/bulk_create"] * 3 + ["/people/bulk_create"] * 3


def test_numbers_with_a_fraction_arrive_as_they_were_written(run, emulator):
    deals = schema_of("opportunities", "name", "monetary_value")
    line = json.dumps(record_of("opportunities", id=1, name="D", monetary_value=0)).replace(": 0}", ": 1234567.89}")
    assert run([deals, line]).code == 0
    (request,) = [request for request in emulator.requests if request.route == "/opportunities"]
    assert json.loads(request.body, parse_float=Decimal)["monetary_value"] == Decimal("1234567.89")


def test_dates_arrive_as_the_crm_wants_them_whatever_the_schema_says(run, emulator):
    schema = schema_of("tasks", "name", due_date={"type": "string", "format": "date-time"})
    dated = [
        record_of("tasks", id=n, name=f"T{n}", due_date=text) for n, text in enumerate(("2026-03-01T10:00:00Z", "x"))
    ]
    done = run([schema, *dated])
    assert done.of("tasks") == {"input": 2, "created": 1, "rejected": 1}
    assert [found["due_date"] for found in emulator.copper.records("tasks")] == [1772359200]


def test_columns_about_the_record_are_not_sent(run, emulator):
    schema = schema_of("tasks", "name", "_sdc_received_at", "_sdc_sequence")
    for sequence in (1, 2):
        done = run([schema, record_of("tasks", id=1, name="T", _sdc_received_at="2026-01-01", _sdc_sequence=sequence)])
    assert done.of("tasks") == {"input": 1, "unchanged": 1}
    assert emulator.copper.count("tasks") == 1


def test_activate_version_alone_changes_nothing(run, emulator):
    run([TASKS, task(1)])
    done = run([TASKS, {"type": "ACTIVATE_VERSION", "stream": "tasks", "version": 2}])
    assert done.code == 0
    assert emulator.copper.count("tasks") == 1


def test_a_date_time_that_is_a_number_does_not_end_the_run(run, emulator):
    schema = schema_of("tasks", "name", due_date={"format": "date-time"})
    done = run([schema, record_of("tasks", id=1, name="T", due_date=1772359200)])
    assert done.of("tasks") == {"input": 1, "created": 1}
    assert [found["due_date"] for found in emulator.copper.records("tasks")] == [1772359200]


def test_a_stream_that_fills_its_batch_lets_state_pass_without_waiting_for_the_end(run, emulator):
    emulator.script("POST /tasks", ["ok"] * 40 + ["refuse:seconds=600"])
    batches = [message for n in range(0, 60, 10) for message in (*map(task, range(n, n + 10)), state_of(n + 10))]
    done = run([TASKS, *batches], batch_size_rows=10)
    assert done.states == [{"position": n} for n in (10, 20, 30, 40)]


def test_the_same_schema_again_does_not_cut_a_batch_in_two(run, emulator):
    people = schema_of("people", "name")
    run([message for n in range(10) for message in (people, record_of("people", id=n, name=f"P{n}"))])
    assert [r.route for r in emulator.requests if "bulk" in r.route] == ["/people/bulk_create"]


def test_a_delete_mark_is_seen_before_the_column_is_dropped(run, emulator):
    schema = schema_of("tasks", "name", "_sdc_deleted_at")
    run([schema, task(1), task(2)])
    gone = record_of("tasks", id=1, name="T1", _sdc_deleted_at="2026-01-01T00:00:00Z")
    done = run([schema, gone], streams={"tasks": {"hard_delete": True}})
    assert done.of("tasks") == {"input": 1, "deleted": 1}
    assert [found["name"] for found in emulator.copper.records("tasks")] == ["T2"]


def test_every_load_method_that_is_advertised_is_one_that_is_carried_out(run):
    for method in ("append-only", "upsert", "overwrite"):
        done = run([TASKS, task(1)], load_method=method, source_name=method)
        assert done.code == 0, done.errors


def test_one_configuration_can_be_used_twice(run):
    maps = {"tasks": {"__else__": None, "id": "id", "name": "name"}, "__else__": None}
    config = {"stream_maps": maps}
    before = json.dumps(config)
    for _ in range(2):
        typed = schema_of("tasks", id={"type": "integer"}, name={"type": "string"})
        done = run([typed, task(1), schema_of("elsewhere", "x"), record_of("elsewhere", id=1, x=1)], **config)
        assert done.code == 0, done.errors
        assert set(done.report["streams"]) == {"tasks"}
    assert json.dumps(config) == before


@pytest.mark.parametrize(
    "maps",
    [{"name": "name.upper("}, {"name": ""}, {"__filter__": "#"}, {"__key_properties__": ["no"]}],
)
def test_a_map_that_cannot_work_ends_the_run_in_one_sentence(run, emulator, maps):
    done = run([TASKS, task(1), state_of(1)], stream_maps={"tasks": maps})
    assert done.code == 2
    assert "stream_maps is wrong" in done.errors
    assert done.states == []
    assert emulator.copper.count("tasks") == 0


def test_records_are_not_checked_where_the_setting_says_so(run):
    strict = schema_of("tasks", name={"type": "integer"})
    assert run([strict, task(1)]).of("tasks") == {"input": 1, "rejected": 1}
    done = run([strict, task(2)], validate_records=False, retry_rejected=False)
    assert done.of("tasks") == {"input": 1, "created": 1}


def test_an_invalid_record_is_rejected_and_the_others_are_written(run):
    strict = schema_of("tasks", name={"type": "string", "maxLength": 5})
    done = run([strict, task(1), task(2, "much too long"), task(3), state_of(3)])
    assert done.code == 1
    assert done.of("tasks") == {"input": 3, "created": 2, "rejected": 1}
    assert done.states == [{"position": 3}]
    assert "much too long" not in done.errors  # whose values are nobody's business
    assert done.report["reasons"]["tasks"] == {"rejected: schema": 1}


def test_a_record_without_its_key_property_ends_the_run_in_one_sentence(run, emulator):
    done = run([TASKS, task(1), state_of(1), record_of("tasks", name="no id"), task(3)], batch_size_rows=1)
    assert done.code == 1
    assert "lacks its key property 'id'" in done.errors
    assert done.report["ended"].count(".") <= 1
    assert done.states == [{"position": 1}]
    assert emulator.copper.count("tasks") == 1


def test_a_schema_that_points_elsewhere_fetches_nothing(run, emulator):
    schema = schema_of("tasks", name={"$ref": f"{emulator.url}/schema.json"})
    done = run([schema, task(1)])
    assert done.code == 0
    assert "properties.name.$ref" in done.errors
    assert not [request for request in emulator.requests if "schema.json" in request.path]


def test_two_streams_never_write_at_the_same_time(run, emulator):
    """The SDK drains streams in parallel threads; ours shares one crew, one stream after the other."""
    leads, tasks = schema_of("leads", "name"), schema_of("tasks", "name")
    messages = [leads, tasks]
    for number in range(20):
        messages += [record_of("tasks", id=number, name="T"), record_of("leads", id=number, name=f"L{number}")]
    run(messages)
    kinds = [r.route.split("/")[1] for r in emulator.requests if r.method == "POST" and "search" not in r.route]
    assert kinds == sorted(kinds, key=kinds.index), "writes of two streams were mixed"
