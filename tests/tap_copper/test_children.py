from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from crm_api.copper.session import connect
from crm_api.copper.settings import copper_settings
from crm_api.transport.request import Request
from crm_emulator import Emulator
from tests.tap_copper.running import run, run_program, selecting, settings_of

FILES_HANG_ON = {  # 3.8 of the reference on Copper's API
    "leads": "lead",
    "people": "person",
    "opportunities": "opportunity",
    "companies": "company",
    "projects": "project",
}


def test_streams_that_cost_a_request_per_record_are_not_selected_by_default(account: Emulator) -> None:
    output = run(account)
    assert output.records("people")
    assert not output.records("related_items")
    assert not output.records("files")


def test_related_items_come_from_both_ends(account: Emulator) -> None:
    keys = {
        (each["parent_type"], each["parent_id"], each["type"], each["id"])
        for each in run(account, "related_items").records("related_items")
    }
    assert keys
    assert {(kind, number, parent, of) for parent, of, kind, number in keys} == keys


def test_files_of_every_kind_of_record_name_the_record_they_hang_on(emulator: Emulator) -> None:
    attached = set()
    with connect(copper_settings(settings_of(emulator))) as session:
        for stream, kind in FILES_HANG_ON.items():
            record = emulator.copper.insert(stream, {"name": "Ann Lee"})
            upload = {"file_name": f"{kind}.pdf", "key": "temp_uploads/1"}
            session.exchange(Request("POST", f"/{stream}/{record['id']}/files", body=upload))
            attached.add((kind, record["id"], f"{kind}.pdf"))
    files = run(emulator, "files").records("files")
    assert {(file["parent_type"], file["parent_id"], file["file_name"]) for file in files} == attached


def test_a_parent_that_is_deleted_meanwhile_is_passed_over(emulator: Emulator) -> None:
    people = [emulator.copper.insert("people", {"name": f"Person {number}"})["id"] for number in range(3)]
    emulator.script("GET /people/{id}/related", ["ok", "error:status=404", "ok"])
    output = run(emulator, "related_items")
    assert output.error is None
    assert len(people) == emulator.journal.count(method="GET", route="/people/{id}/related")


def test_a_declared_stream_reads_an_endpoint_of_its_own(emulator: Emulator) -> None:
    declared = {"name": "my_types", "path": "/activity_types", "records_at": "user", "keys": ["id"]}
    output = run(emulator, extra_streams=[declared])
    expected = [each["id"] for each in emulator.copper.records("user_activity_types")]
    assert sorted(output.ids("my_types")) == sorted(expected)
    assert output.schema("my_types")["key_properties"] == ["id"]


def test_a_declared_stream_walks_the_records_of_its_parent(account: Emulator) -> None:
    declared = {
        "name": "people_activities",
        "method": "POST",
        "path": "/people/{id}/activities",
        "body": {},
        "paged": True,
        "parent": "people",
        "parent_fields": ["id", "name"],
        "keys": ["parent_id", "id"],
        "properties": {"details": {"type": ["string", "null"]}},
    }
    found = run(account, extra_streams=[declared]).records("people_activities")
    expected = {
        (each["parent"]["id"], each["id"])
        for each in account.copper.records("activities")
        if each["parent"]["type"] == "person"
    }
    assert {(each["parent_id"], each["id"]) for each in found} >= expected
    assert all(each["parent_name"] for each in found)


@pytest.mark.parametrize("is_filtered", [False, True])
def test_what_hangs_on_filtered_records_activates_nothing(account: Emulator, *, is_filtered: bool) -> None:
    declared = {"name": "own", "path": "/people/{id}/related", "parent": "people", "keys": ["parent_id", "type", "id"]}
    catalog = selecting("related_items", "files")
    root = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog["streams"].append({"tap_stream_id": "own", "metadata": root})
    filters = {"people": {"tags": ["vip"]}} if is_filtered else {}
    output = run(account, catalog=catalog, extra_streams=[declared], search_filters=filters)
    assert output.error is None
    assert output.records("related_items")
    closed = {each["stream"] for each in output.messages if each["type"] == "ACTIVATE_VERSION"}
    assert closed == (set() if is_filtered else {"related_items", "files", "own"})


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"name": "deleted_records", "path": "/x", "keys": ["id"]}, "is already the name of a stream"),
        ({"name": "people", "path": "/x", "keys": ["id"]}, "'people' is already the name of a stream"),
        ({"name": "x", "path": "/x", "keys": ["id"], "parent": "peoples"}, "cannot be 'peoples': the nearest one is"),
        ({"name": "x", "path": "/x/{size}", "keys": ["id"], "parent": "people"}, "needs 'size', a field of people"),
        ({"name": "x", "path": "/account", "keys": ["id"], "records_at": "name"}, "holds no records; check records_at"),
        ({"name": "x", "path": "/x", "kees": ["id"]}, "extra_streams.0.kees"),
        ({"name": "x", "path": "/x/{id}", "keys": ["id"]}, "the path of x needs 'id', so x needs a parent"),
        ({"name": "x", "path": "/x/{id.y}", "keys": ["id"], "parent": "people"}, "whole names of fields in its braces"),
        (
            {"name": "x", "path": "/account", "keys": ["uid"]},
            "lacks 'uid', which is one of its keys and must be",
        ),
        (
            {"name": "x", "path": "/account", "keys": ["id"], "properties": {"a": {"type": "shoe"}}},
            "the schema of property 'a' of x is not a JSON schema",
        ),
        ({"name": "x", "path": "/nowhere", "keys": ["id"]}, "GET /nowhere (HTTP 404)"),
    ],
)
def test_a_declaration_that_does_not_fit_is_a_sentence(
    account: Emulator, declared: dict[str, object], sentence: str
) -> None:
    assert sentence in str(run(account, extra_streams=[declared]).error)


def test_the_connection_test_asks_of_one_record_of_a_parent_alone(account: Emulator, tmp_path: Path) -> None:
    path = "/people/{id}/activities"
    declared = {"name": "own", "method": "POST", "path": path, "parent": "people", "keys": ["parent_id", "id"]}
    account.journal.clear()
    output = run_program(tmp_path, settings_of(account, extra_streams=[declared]), "--test")
    assert output.status == 0, output.said
    assert account.journal.count(route=path) == 1


def test_a_declared_stream_that_cannot_be_read_lets_the_others_run(account: Emulator) -> None:
    wrong = {"name": "wrong", "path": "/account", "keys": ["uid"]}
    right = {"name": "right", "path": "/account", "keys": ["id"]}
    output = run(account, extra_streams=[wrong, right])
    assert output.error is not None
    assert len(output.records("right")) == 1
    assert len(output.records("people")) == 250


WORDS = ["query", "parameters"]


@pytest.mark.parametrize("word", WORDS)
def test_the_parameters_of_a_url_are_called_query_and_relative_dates_become_seconds(
    account: Emulator, tmp_path: Path, word: str
) -> None:
    given = {"since": "-30d", "kind": "a-30d"}
    query = {"name": "types", "path": "/activity_types", "records_at": "user", "keys": ["id"], word: given}
    body = {"minimum_modified_date": "-1h", "name": "-30 d"}
    search = {"name": "found", "path": "/people/search", "method": "POST", "keys": ["id"], "body": body}
    output = run_program(tmp_path, settings_of(account, extra_streams=[query, search]), "--test")
    assert output.status == 0, output.said
    *_, asked = (each for each in account.requests if each.path.endswith("/activity_types") and each.query)
    found = dict(parse_qsl(asked.query))
    now = account.clock.now()
    assert abs(int(found["since"]) - (now - 30 * 86_400)) < 3_600
    assert found["kind"] == "a-30d"
    searches = [each.json for each in account.requests if each.path.endswith("/people/search")]
    *_, posted = (each for each in searches if "name" in each)
    assert abs(posted["minimum_modified_date"] - (now - 3_600)) < 3_600
    assert posted["name"] == "-30 d"
    assert ("extra_streams.0.parameters is called query now" in output.said) == (word == "parameters")


def test_the_old_word_beside_the_new_one_is_refused(account: Emulator) -> None:
    declared = {"name": "x", "path": "/x", "keys": ["id"], "query": {"a": 1}, "parameters": {"a": 1}}
    assert "has both query and parameters" in str(run(account, extra_streams=[declared]).error)


def test_start_and_end_may_be_relative_as_well(emulator: Emulator, tmp_path: Path) -> None:
    old = emulator.copper.insert("people", {"name": "Old", "date_modified": emulator.clock.seconds() - 40 * 86_400})
    new = emulator.copper.insert("people", {"name": "New", "date_modified": emulator.clock.seconds() - 20 * 86_400})
    assert run(emulator, "people", start_date="-30d").ids("people") == [new["id"]]
    assert run(emulator, "people", end_date="-30d").ids("people") == [old["id"]]
    output = run_program(tmp_path, settings_of(emulator, start_date="-999999w"))
    assert output.status == 2
    assert "lies before or after all dates" in output.said
