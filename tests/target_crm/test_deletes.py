"""Deletes are asked for, held until the brakes are checked, and never guessed from silence."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

TASKS = schema_of("tasks", "name", "_sdc_deleted_at", "is_deleted")
HARD = {"tasks": {"hard_delete": True}}
ON_NAME = {"tasks": {"match_on": ["name"]}}
HARD_ON_NAME = {"tasks": {"match_on": ["name"], "hard_delete": True}}
MIRROR = {"tasks": {"load_method": "overwrite"}}


def task(number, **more):
    return record_of("tasks", id=number, name=f"T{number}", **more)


def gone(number):
    return task(number, _sdc_deleted_at="2026-01-01T00:00:00Z")


def versioned(version, *messages):
    return [message | {"version": version} for message in messages]


def activate(version):
    return {"type": "ACTIVATE_VERSION", "stream": "tasks", "version": version}


def names(emulator):
    return sorted(found["name"] for found in emulator.copper.records("tasks"))


@pytest.fixture
def ten_tasks(run):
    run([TASKS, *versioned(1, *map(task, range(10)))])


@pytest.mark.usefixtures("ten_tasks")
def test_a_record_deleted_at_the_source_is_left_alone_unless_hard_delete_is_on(run, emulator):
    done = run([TASKS, gone(1), gone(99)])
    assert done.of("tasks") == {"input": 2, "skipped": 2}
    assert len(names(emulator)) == 10


@pytest.mark.usefixtures("ten_tasks")
def test_hard_delete_deletes_what_the_ledger_knows(run, emulator):
    done = run([TASKS, gone(1), gone(2), gone(99), state_of(1)], streams=HARD)
    assert done.code == 0
    assert done.of("tasks") == {"input": 3, "deleted": 2, "skipped": 1}
    assert names(emulator) == [f"T{n}" for n in (0, *range(3, 10))]
    assert done.states == [{"position": 1}]


@pytest.mark.usefixtures("ten_tasks")
def test_an_attribute_of_the_record_can_say_that_it_is_deleted(run, emulator):
    streams = {"tasks": {"hard_delete": True, "delete_when": "is_deleted"}}
    done = run([TASKS, task(1, is_deleted=True), task(2, is_deleted=False)], streams=streams)
    assert done.of("tasks")["deleted"] == 1
    assert "T1" not in names(emulator)


@pytest.mark.usefixtures("ten_tasks")
def test_a_record_that_returns_is_created_again(run, emulator):
    run([TASKS, gone(1)], streams=HARD)
    done = run([TASKS, task(1)], streams=HARD)
    assert done.of("tasks") == {"input": 1, "created": 1}
    assert len(names(emulator)) == 10


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_record_may_go_and_return_again_and_again_while_the_search_may_lag(run, emulator, settings, request, store):
    if store == "postgresql":
        settings["ledger_url"] = request.getfixturevalue("postgres")
    for _ in range(3):
        came = run([TASKS, task(1)], streams=HARD_ON_NAME, index_lag_seconds=60)
        assert came.of("tasks") == {"input": 1, "created": 1}
        assert names(emulator) == ["T1"]
        went = run([TASKS, gone(1)], streams=HARD_ON_NAME, index_lag_seconds=60)
        assert went.of("tasks") == {"input": 1, "deleted": 1}
        assert names(emulator) == []


def test_records_that_people_deleted_in_the_crm_match_nothing_though_we_have_just_written_them(run, emulator):
    for number in (1, 2):
        run([TASKS, task(1, details=f"v{number}")], streams=ON_NAME, index_lag_seconds=60)
        emulator.copper.delete("tasks", emulator.copper.records("tasks")[0]["id"])
    done = run([TASKS, task(1, details="v3")], streams=ON_NAME, index_lag_seconds=60)
    assert done.of("tasks") == {"input": 1, "created": 1}
    again = run([TASKS, record_of("tasks", id=2, name="T1")], streams=ON_NAME, index_lag_seconds=60)
    assert again.of("tasks") == {"input": 1, "unchanged": 1}
    assert names(emulator) == ["T1"]


@pytest.mark.usefixtures("ten_tasks")
def test_a_record_that_returns_in_the_same_input_is_not_deleted(run, emulator):
    done = run([TASKS, gone(1), task(1), gone(2), task(3)], streams=HARD, batch_size_rows=1)
    assert done.report["closed"]
    assert "T1" in names(emulator)
    assert "T2" not in names(emulator)


@pytest.mark.usefixtures("ten_tasks")
def test_too_many_deletes_delete_nothing_and_are_kept(run, emulator):
    streams = {"tasks": {"hard_delete": True, "max_deletes": 2}}
    done = run([TASKS, *map(gone, range(3)), task(20)], streams=streams)
    assert done.code == 3
    assert "max_deletes" in done.errors
    assert done.of("tasks") == {"input": 4, "created": 1, "rejected": 3}
    assert len(names(emulator)) == 11
    streams["tasks"]["max_deletes"] = 3
    assert run([TASKS], streams=streams).of("tasks") == {"input": 3, "deleted": 3}


@pytest.mark.usefixtures("ten_tasks")
def test_a_record_of_the_crm_that_was_only_matched_stays(run, emulator):
    emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "a@x.org", "category": "work"}]})
    people = schema_of("people", "name", "email")
    ann = record_of("people", id=1, name="Ann", email="a@x.org")
    run([people, ann])
    deleted = ann | {"record": ann["record"] | {"_sdc_deleted_at": "2026-01-01"}}
    done = run([people, deleted], streams={"people": {"hard_delete": True}})
    assert done.of("people") == {"input": 1, "skipped": 1}
    done = run([people, deleted], streams={"people": {"hard_delete": True, "delete_matched": True}})
    assert done.of("people") == {"input": 1, "deleted": 1}
    assert emulator.copper.count("people") == 0


def test_a_record_that_another_source_record_stands_for_stays(run, emulator):
    people = schema_of("people", "name", "email")
    both = [record_of("people", id=number, name="Ann", email="a@x.org") for number in (1, 2)]
    run([people, *both])
    deleted = both[0] | {"record": both[0]["record"] | {"_sdc_deleted_at": "2026-01-01"}}
    done = run([people, deleted], streams={"people": {"hard_delete": True}})
    assert done.of("people") == {"input": 1, "skipped": 1}
    assert emulator.copper.count("people") == 1


@pytest.mark.usefixtures("ten_tasks")
def test_a_stream_of_deletions_deletes_what_another_stream_wrote(run, emulator):
    gone_tasks = schema_of("gone_tasks")
    streams = {"gone_tasks": {"object": "tasks", "load_method": "delete", "ledger_stream": "tasks"}}
    done = run([gone_tasks, record_of("gone_tasks", id=3), record_of("gone_tasks", id=77)], streams=streams)
    assert done.of("gone_tasks") == {"input": 2, "deleted": 1, "skipped": 1}
    assert "T3" not in names(emulator)


def test_a_stream_of_deletions_can_name_the_ids_of_the_crm(run, emulator):
    task_id = emulator.copper.insert("tasks", {"name": "Theirs"})["id"]
    streams = {"gone": {"object": "tasks", "load_method": "delete", "match_on": ["id"]}}
    done = run([schema_of("gone"), record_of("gone", id=task_id)], streams=streams)
    assert done.of("gone") == {"input": 1, "deleted": 1}
    assert names(emulator) == []


@pytest.mark.usefixtures("ten_tasks")
def test_overwrite_deletes_what_a_complete_table_no_longer_holds(run, emulator):
    done = run([TASKS, *versioned(2, *map(task, range(9))), activate(2)], streams=MIRROR)
    assert done.code == 0
    assert done.of("tasks") == {"input": 9, "unchanged": 9}
    assert done.report["removed"] == {"tasks": 1}
    assert names(emulator) == [f"T{n}" for n in range(9)]


@pytest.mark.usefixtures("ten_tasks")
@pytest.mark.parametrize(
    "messages",
    [
        [],
        versioned(2, *map(task, range(9))),
        [activate(2), *versioned(2, *map(task, range(9)))],
        [activate(2)],
        [*versioned(2, *map(task, range(9))), activate(3)],
        [*versioned(2, *map(task, range(9))), activate(2), *versioned(3, task(1))],
        [*map(task, range(9))],
    ],
    ids=[
        "nothing",
        "crashed before the end",
        "activated first",
        "empty",
        "other version",
        "next version",
        "unversioned",
    ],
)
def test_what_is_not_proved_complete_deletes_nothing(run, emulator, messages):
    done = run([TASKS, *messages], streams=MIRROR)
    assert done.code == 0
    assert len(names(emulator)) == 10


@pytest.mark.usefixtures("ten_tasks")
def test_completeness_can_be_promised_by_hand(run, emulator):
    streams = {"tasks": {"load_method": "overwrite", "complete": "end_of_input"}}
    run([TASKS, *map(task, range(9))], streams=streams)
    assert len(names(emulator)) == 9
    assert run([TASKS], streams=streams).code == 0
    assert len(names(emulator)) == 9


@pytest.mark.usefixtures("ten_tasks")
def test_a_table_that_shrank_too_much_deletes_nothing(run, emulator):
    done = run([TASKS, *versioned(2, *map(task, range(7))), activate(2)], streams=MIRROR)
    assert done.code == 3
    assert "max_delete_fraction" in done.errors
    assert len(names(emulator)) == 10


@pytest.mark.usefixtures("ten_tasks")
def test_rejected_and_waiting_records_are_not_absent(run, emulator):
    bad = [task(number) | {"record": {"id": number, "name": None}} for number in (3,)]
    done = run(
        [TASKS, *versioned(2, *map(task, range(3)), *bad, *map(task, range(4, 10))), activate(2)], streams=MIRROR
    )
    assert done.report["removed"] == {"tasks": 0}
    assert len(names(emulator)) == 10


DEEP = "[" * 900 + "]" * 900
STREAM_MAP = {"tasks": {"name": "name if 1 // (id - 3) < 9 else ''"}}


@pytest.mark.usefixtures("ten_tasks")
@pytest.mark.parametrize("details", ["NaN", "-Infinity", '["\\ud800"]', DEEP, '"a map"', '"no id"'])
def test_a_record_that_arrived_is_not_absent_whatever_is_wrong_with_it(run, emulator, details):
    """Where its source id cannot be told, nothing is known to be absent, and that is said."""
    record = f'{{"id": 3, "name": "T3", "details": {details}}}'
    odd = f'{{"type": "RECORD", "stream": "tasks", "version": 2, "record": {record}}}'
    maps = {"stream_maps": STREAM_MAP} if "map" in details else {}
    if "no id" in details:
        odd = odd.replace('"id": 3', '"id": null')
    rows = [*versioned(2, *map(task, range(3))), odd, *versioned(2, *map(task, range(4, 10))), activate(2)]
    done = run([schema_of("tasks", "name", "details"), *rows], streams=MIRROR, **maps)
    assert done.of("tasks")["rejected"] == 1
    assert len(names(emulator)) == 10
    is_known = details not in {'"a map"', '"no id"'}
    assert ("no source id that can be told" in done.errors) is not is_known


@pytest.mark.usefixtures("ten_tasks")
def test_a_schema_that_changes_does_not_let_it_be_forgotten_that_a_source_id_was_unknown(run, emulator):
    rows = [*versioned(2, *map(task, range(3)), task(None)), schema_of("tasks", "name", "details")]
    done = run([TASKS, *rows, *versioned(2, *map(task, range(4, 10))), activate(2)], streams=MIRROR)
    assert done.of("tasks")["rejected"] == 1
    assert len(names(emulator)) == 10
    assert "no source id that can be told" in done.errors


@pytest.mark.usefixtures("ten_tasks")
@pytest.mark.parametrize("other", [1, None])
@pytest.mark.parametrize("first", [False, True])
def test_where_records_of_several_versions_arrive_none_is_absent(run, emulator, other, first):
    """A batch holds records of both, as where a stream map gives two tables one name."""
    odd = [task(9)] if other is None else versioned(other, task(9))
    rows = versioned(2, *map(task, range(8)))
    streams = {"tasks": {"load_method": "overwrite", "max_delete_fraction": 1}}
    done = run([TASKS, *((odd + rows) if first else (rows + odd)), activate(2)], streams=streams)
    assert done.code == 0
    assert len(names(emulator)) == 10
    assert "Not all records of stream tasks are of one version" in done.errors


@pytest.mark.usefixtures("ten_tasks")
def test_a_promise_and_a_proof_of_completeness_go_together(run, emulator):
    streams = {"tasks": {"load_method": "overwrite", "complete": "end_of_input"}}
    done = run([TASKS, *versioned(2, *map(task, range(9))), activate(2)], streams=streams)
    assert done.code == 0
    assert names(emulator) == [f"T{n}" for n in range(9)]


@pytest.mark.usefixtures("ten_tasks")
def test_what_limit_cut_off_is_not_absent(run, emulator):
    streams = {"tasks": {"load_method": "overwrite", "complete": "end_of_input"}}
    assert run([TASKS, *map(task, range(10))], streams=streams, limit=9).code == 0
    assert len(names(emulator)) == 10


def test_a_record_that_goes_needs_nothing_but_its_source_id(run, emulator):
    run([TASKS, task(1)])
    record = '{"id": 1, "name": NaN, "_sdc_deleted_at": "2026-01-01T00:00:00Z"}'
    odd = f'{{"type": "RECORD", "stream": "tasks", "record": {record}}}'
    assert run([TASKS, odd], streams={"tasks": {"hard_delete": True}}).code == 0
    assert names(emulator) == []


def test_a_record_that_json_cannot_carry_is_superseded_by_the_one_that_it_can(run, emulator):
    odd = '{"type": "RECORD", "stream": "tasks", "record": {"id": 1, "name": NaN}}'
    assert run([TASKS, odd]).code == 1
    done = run([TASKS, task(1)])
    assert done.code == 0
    assert names(emulator) == ["T1"]


@pytest.mark.usefixtures("ten_tasks")
def test_a_table_read_in_two_runs_is_complete_when_its_version_is(run, emulator):
    run([TASKS, *versioned(2, *map(task, range(5)))], streams=MIRROR)
    run([TASKS, *versioned(2, *map(task, range(5, 9))), activate(2)], streams=MIRROR)
    assert names(emulator) == [f"T{n}" for n in range(9)]


@pytest.mark.usefixtures("ten_tasks")
def test_a_deleted_record_is_kept_in_the_history(run, tmp_path):
    run([TASKS, gone(1)], streams=HARD)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as ledger:
        (kept,) = ledger.execute("SELECT record FROM history WHERE record IS NOT NULL").fetchone()
    ledger.close()
    assert json.loads(kept)["name"] == "T1"


@pytest.mark.usefixtures("ten_tasks")
def test_a_record_that_is_gone_already_counts_as_deleted(run, emulator):
    for found in emulator.copper.records("tasks"):
        if found["name"] == "T1":
            emulator.copper.delete("tasks", found["id"])
    assert run([TASKS, gone(1)], streams=HARD).of("tasks") == {"input": 1, "deleted": 1}


def people_mirror(run, *numbers, **more):
    """Mirror people whose e-mail is that of their number's tens: 1 and 11 are one person of the CRM."""
    schema = schema_of("people", "name", "email")
    records = [record_of("people", id=n, name=f"P{n % 10}", email=f"p{n % 10}@x.org") for n in numbers]
    mirror = {"load_method": "overwrite", "complete": "end_of_input", "max_delete_fraction": 1, **more}
    return run([schema, *records], streams={"people": mirror})


def test_an_absent_record_for_which_another_live_one_stands_stays(run, emulator):
    people_mirror(run, 1, 11, 2)
    assert emulator.copper.count("people") == 2
    done = people_mirror(run, 1, 2)
    assert done.report["removed"] == {"people": 0}
    assert emulator.copper.count("people") == 2
    assert people_mirror(run, 2).report["removed"]["people"] >= 1
    assert emulator.copper.count("people") == 1


@pytest.mark.parametrize(("matched_too", "left"), [(False, 2), (True, 1)])
def test_an_absent_record_that_was_only_matched_stays_unless_that_is_wanted(run, emulator, matched_too, left):
    emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "p1@x.org", "category": "work"}]})
    people_mirror(run, 1, 2)
    people_mirror(run, 2, delete_matched=matched_too)
    assert emulator.copper.count("people") == left


@pytest.mark.usefixtures("ten_tasks")
def test_an_absent_record_is_kept_whole_in_the_history_before_it_is_deleted(run, tmp_path):
    run([TASKS, *versioned(2, *map(task, range(9))), activate(2)], streams=MIRROR)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as ledger:
        events = ledger.execute(
            "SELECT action, reason, record FROM history WHERE source_id = '9' ORDER BY id DESC LIMIT 2"
        ).fetchall()
    ledger.close()
    assert [action for action, _, _ in events] == ["deleted", "deleting"]
    assert events[0][1] == "absent from the source"
    assert json.loads(events[1][2])["name"] == "T9"


def test_a_delete_that_the_crm_refuses_leaves_the_record_and_says_so(run, emulator):
    people_mirror(run, 1, 2)
    emulator.script("DELETE /people/{id}", ["error:status=422"])
    done = people_mirror(run, 2)
    assert "stays" in done.errors
    assert emulator.copper.count("people") == 2
    people_mirror(run, 2)
    assert emulator.copper.count("people") == 1


@pytest.mark.parametrize("size", [1, 1000])
def test_the_brake_counts_all_deletes_of_a_run_whatever_the_batches(run, emulator, size):
    run([TASKS, *map(task, range(10))])
    streams = {"tasks": {"hard_delete": True, "max_deletes": 3}}
    done = run([TASKS, *map(gone, range(4))], streams=streams, batch_size_rows=size)
    assert done.code == 3
    assert len(names(emulator)) == 10
