"""More than one endpoint for a stream: find, update, delete, or their absence."""

from __future__ import annotations

CREATE = {"path": "/people", "answer": {"id": "$.id"}}
FIND = {"path": "/people", "query": {"email": "{email}"}, "answer": {"items": "$.data", "id": "$.id"}}
UPDATE = {"method": "PATCH", "path": "/people/{crm_id}"}
DELETE = {"path": "/people/{crm_id}"}
ANN = {"id": "a", "name": "Ann", "email": "ann@example.org"}


def streams(**calls):
    return {"links": {"endpoints": calls}}


def test_the_id_of_the_answer_addresses_the_update(send, api):
    calls = streams(create=CREATE, update=UPDATE)
    send([ANN], streams=calls)
    done = send([{**ANN, "name": "Anna"}], streams=calls)
    assert done.of("links") == {"input": 1, "updated": 1}
    (record,) = api.records("records")
    assert api.received("PATCH")[0]["path"] == f"/people/{record['id']}"
    assert record["body"]["name"] == "Anna"


def test_a_batch_of_updates_names_each_record_by_the_endpoints_id_whatever_id_the_record_has(send, api):
    update = {"method": "PUT", "path": "/people", "batch": {"property": "records", "id_property": "id"}}
    calls = streams(create=CREATE, update=update)
    people = [{"id": 90 + number, "name": f"P{number}"} for number in range(3)]
    send(people, streams=calls)
    given = {record["body"]["name"]: record["id"] for record in api.records("records")}
    done = send([{**each, "age": 4} for each in people], streams=calls)
    assert done.of("links") == {"input": 3, "updated": 3}
    (sent,) = api.received("PUT")
    assert {each["name"]: each["id"] for each in sent["body"]["records"]} == given


def test_a_change_without_an_update_endpoint_is_rejected_and_says_so(send, api):
    calls = streams(create=CREATE)
    send([ANN], streams=calls)
    done = send([{**ANN, "name": "Anna"}], streams=calls)
    assert done.code == 1
    assert done.report["reasons"]["links"] == {"rejected: no_endpoint": 1}
    assert "the stream has no endpoints.update" in done.errors
    assert len(api.received("POST")) == 1


def test_what_is_found_and_cannot_be_updated_is_left_as_it_is(send, api):
    api.insert("records", {"collection": "/people", "body": {"name": "Old", "email": "ann@example.org"}})
    calls = streams(create=CREATE, find=FIND)
    assert send([ANN], streams=calls).of("links") == {"input": 1, "unchanged": 1}
    assert [record["body"]["name"] for record in api.records("records")] == ["Old"]


def test_what_is_found_with_every_field_needs_no_update(send, api):
    api.insert("records", {"collection": "/people", "body": ANN})
    done = send([ANN], streams=streams(create=CREATE, find=FIND, update={**UPDATE, "attributes": ["name"]}))
    assert done.code == 0
    assert len(api.received("PATCH")) <= 1


def test_a_fuzzy_find_is_compared(send, api):
    api.insert("records", {"collection": "/people", "body": {"name": "Else", "email": "joann@example.org", "q": "ann"}})
    find = {"path": "/people", "query": {"q": "{q}"}, "answer": {"items": "$.data", "id": "$.id"}}
    calls = {"links": {"endpoints": {"create": CREATE, "find": find, "update": UPDATE}, "match_on": ["email"]}}
    done = send([{**ANN, "q": "ann"}], streams=calls)
    assert done.of("links") == {"input": 1, "created": 1}


def test_a_stream_of_deletes_needs_no_ledger_where_the_record_says_where_it_is(send, api):
    kept = api.insert("records", {"collection": "/people", "place": "/people/x", "body": {}})
    api.insert("records", {"collection": "/people", "place": "/people/a", "body": {}})
    calls = {"links": {"load_method": "delete", "endpoints": {"delete": {"path": "/people/{id}"}}}}
    done = send([ANN, {**ANN, "id": "gone"}], streams=calls)
    assert done.code == 0, done.errors
    assert done.of("links") == {"input": 2, "deleted": 2}
    assert [record["id"] for record in api.records("records")] == [kept["id"]]


def test_a_stream_of_deletes_deletes_what_another_stream_wrote(send, api):
    send([ANN, {**ANN, "id": "b"}], streams={"people": {"endpoints": {"create": CREATE}}}, stream="people")
    calls = {
        "people": {"endpoints": {"create": CREATE}},
        "gone": {"load_method": "delete", "ledger_stream": "people", "endpoints": {"delete": DELETE}},
    }
    done = send([{"id": "a"}, {"id": "never"}], streams=calls, stream="gone")
    assert done.of("gone") == {"input": 2, "deleted": 1, "skipped": 1}
    assert len(api.records("records")) == 1


def test_absent_records_are_deleted_where_the_stream_mirrors_its_source(send, api):
    calls = {
        "links": {
            "load_method": "overwrite",
            "complete": "end_of_input",
            "endpoints": {"create": CREATE, "update": UPDATE, "delete": DELETE},
        }
    }
    records = [{**ANN, "id": n} for n in range(5)]
    send(records, streams=calls)
    done = send(records[:4], streams=calls)
    assert done.code == 0, done.errors
    assert len(api.records("records")) == 4


def test_every_version_is_sent_where_records_are_appended(send, api):
    for name in ("A", "B", "B"):
        send([{"id": 1, "name": name}], {"path": "/log"}, load_method="append-only")
    assert [request["body"]["name"] for request in api.received("POST")] == ["A", "B"]


def test_a_record_that_is_gone_is_created_anew(send, api):
    calls = streams(create=CREATE, update=UPDATE)
    send([ANN], streams=calls)
    api.delete("records", api.records("records")[0]["id"])
    done = send([{**ANN, "name": "Anna"}], streams=calls)
    assert done.of("links") == {"input": 1, "created": 1}
