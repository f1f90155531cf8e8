"""Requests that the catch-all keeps, and its answers where no rule says otherwise."""

import pytest
import requests


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
def test_every_request_is_written_down(http, method):
    http(method, "/a/b?x=1&y=%C3%BC", {"name": "Ada"} if method != "GET" else None, headers={"X-Source": "meltano"})
    (seen,) = http.vendor.received()
    assert (seen["method"], seen["path"], seen["query"]) == (method, "/a/b", {"x": "1", "y": "ü"})
    assert seen["headers"]["x-source"] == "meltano"
    assert seen["body"] == ({"name": "Ada"} if method != "GET" else None)
    assert seen["format"] == ("json" if method != "GET" else "")


def test_other_methods_are_not_allowed(http):
    assert http("OPTIONS", "/a").status_code == 405


def test_xml_is_understood_with_attributes_lists_and_text(http):
    xml = '<order id="7"><line>a</line><line n="2">b</line><note/></order>'
    http("POST", "/orders", data=xml.encode(), headers={"Content-Type": "application/xml"})
    (seen,) = http.vendor.received()
    assert seen["format"] == "xml"
    assert seen["body"] == {"order": {"@id": "7", "line": ["a", {"@n": "2", "#text": "b"}], "note": None}}
    assert seen["text"] == xml


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/json", "{"),
        ("application/xml", "<a>"),
        ("application/xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(http, kind, text):
    answer = http("POST", "/a", data=text.encode(), headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert http.vendor.count("records") == 0


def test_a_form_is_understood_and_repeated_fields_are_lists(http):
    http("POST", "/a", data=[("name", "Ada"), ("tag", "x"), ("tag", "y")])
    assert http.vendor.received()[0]["body"] == {"name": "Ada", "tag": ["x", "y"]}


def test_credentials_are_not_kept(http):
    http.vendor.switches.auth_name = "X-Api-Key"
    headers = {"Authorization": "Bearer secret", "X-Api-Key": "secret"}
    http("POST", "/a?X-Api-Key=secret", {}, headers=headers)
    assert "secret" not in str(http.vendor.received())


def test_records_lie_at_addresses(http):
    made = http("POST", "/invoices", {"no": "A-1"})
    assert (made.status_code, made.json()) == (201, {"no": "A-1", "id": 1})
    assert http("GET", "/invoices/1").json() == {"no": "A-1", "id": 1}
    assert http("PATCH", "/invoices/1", {"paid": True}).json() == {"no": "A-1", "paid": True, "id": 1}
    assert http("PUT", "/invoices/1", {"no": "A-2"}).json() == {"no": "A-2", "id": 1}
    assert http("DELETE", "/invoices/1").json() == {"id": 1, "deleted": True}
    assert [http(method, "/invoices/1", {}).status_code for method in ("GET", "PATCH", "DELETE")] == [404, 404, 404]


def test_a_put_may_make_the_record_under_a_key_of_the_clients(http):
    assert http("PUT", "/customers/EXT-7", {"name": "Acme"}).status_code == 201
    assert http("PUT", "/customers/EXT-7", {"name": "Acme 2"}).status_code == 200
    assert http("GET", "/customers").json() == {"data": [{"name": "Acme 2", "id": "EXT-7"}], "total": 1}
    http.vendor.switches.put_creates = False
    assert http("PUT", "/customers/EXT-8", {}).status_code == 404


def test_records_are_found_by_their_values(http):
    for name, city in (("a", "Graz"), ("b", "Wien"), ("c", "Graz")):
        http("POST", "/people", {"name": name, "address": {"city": city}})
    found = http("GET", "/people?address.city=Graz").json()
    assert ([each["name"] for each in found["data"]], found["total"]) == (["a", "c"], 2)
    assert http("GET", "/nobody").json() == {"data": [], "total": 0}


def test_a_batch_is_answered_item_by_item(http):
    sent = {"source": "meltano", "records": [{"n": 1}, {"n": 2}]}
    assert http("POST", "/people", sent).json() == {"results": [{"id": 1}, {"id": 2}]}
    assert http("POST", "/people", [{"n": 3}]).json() == {"results": [{"id": 3}]}
    assert [each["body"] for each in http.vendor.records("records")] == [{"n": 1}, {"n": 2}, {"n": 3}]
    http.vendor.switches.batch_property = "rows"
    assert http("POST", "/people", sent).json()["source"] == "meltano"


def test_a_record_without_what_is_required_is_refused(http):
    http.vendor.switches.required = "email name"
    answer = http("POST", "/people", {"name": "x"})
    assert (answer.status_code, answer.json()) == (422, {"error": "email is missing"})
    batch = http("POST", "/people", [{"name": "x", "email": "a@b.example"}, {"name": "y"}])
    assert batch.json() == {"results": [{"id": 1}, {"error": "email is missing"}]}


def test_a_repeated_idempotency_key_is_done_once_and_answered_again(http):
    headers = {"Idempotency-Key": "k1"}
    first = http("POST", "/people", {"name": "x"}, headers=headers)
    again = http("POST", "/people", {"name": "x"}, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert http.vendor.count("records") == 1
    other = http("POST", "/people", {"name": "y"}, headers=headers)
    assert other.status_code == 422
    http.vendor.switches.idempotency_header = ""
    http("POST", "/people", {"name": "x"}, headers=headers)
    assert http.vendor.count("records") == 2


def test_a_refused_call_does_not_use_up_its_idempotency_key(http):
    http.vendor.switches.required = "email"
    headers = {"Idempotency-Key": "k1"}
    assert http("POST", "/people", {"name": "x"}, headers=headers).status_code == 422
    http.vendor.switches.required = ""
    assert http("POST", "/people", {"name": "x"}, headers=headers).status_code == 201


def test_an_idempotent_create_whose_answer_was_lost_is_found_again(http, emulator):
    emulator.script("POST /people", ["lost", "ok"])
    headers = {"Idempotency-Key": "k1"}
    with pytest.raises(requests.ConnectionError):
        http("POST", "/people", {"name": "x"}, headers=headers)
    assert http("POST", "/people", {"name": "x"}, headers=headers).json() == {"name": "x", "id": 1}
    assert http.vendor.count("records") == 1


def test_ids_in_a_path_are_one_route(http, emulator):
    for place in (1, 2):
        http("POST", "/invoices", {})
        http("DELETE", f"/invoices/{place}")
    assert emulator.journal.count("DELETE", "/invoices/{id}", 200) == 2


@pytest.mark.parametrize(("kind", "left"), [("add", 2), ("edit", 1), ("delete", 0)])
def test_records_are_disturbed_while_they_are_read(http, emulator, kind, left):
    http("POST", "/people", {"name": "x"})
    emulator.trouble(f"{kind}:route=GET /people,times=1")
    found = http("GET", "/people").json()
    assert found["total"] == left
    assert (kind != "edit") or "edited" in found["data"][0]
