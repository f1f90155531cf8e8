"""Requests to a declared endpoint: the record whole, in the form and to the place that the settings say."""

from __future__ import annotations

import json

import pytest

from tests.target_crm.messages import record_of, schema_of

ONE = {"id": 1, "name": "Ann", "amount": 1.10, "tags": ["a", "b"], "address": {"city": "Ulm"}, "fax": None}


def bodies(api, method="POST"):
    return [request["body"] for request in api.received(method)]


def test_the_record_is_sent_whole_as_it_came(send, api):
    done = send([ONE], {"path": "/people"})
    assert done.code == 0, done.errors
    assert done.of("links") == {"input": 1, "created": 1}
    assert json.loads(api.received("POST", "/people")[0]["text"]) == ONE


def test_a_number_keeps_its_digits(send, api):
    send([{"id": 1, "amount": 0.1, "large": 2**62}], {"path": "/people"})
    assert '"amount":0.1,"large":4611686018427387904' in api.received("POST")[0]["text"]


def test_what_has_not_changed_costs_nothing_and_what_has_is_sent_once_more(send, api):
    endpoint = {"path": "/people"}
    send([{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}], endpoint)
    done = send([{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}], endpoint)
    assert done.of("links") == {"input": 2, "updated": 1, "unchanged": 1}
    *first, last = (body["name"] for body in bodies(api))
    assert (sorted(first), last) == (["Ann", "Bob"], "Bo")


def test_chosen_fields_stand_in_a_property_beside_constants(send, api):
    send([ONE], {"path": "/people", "attributes": ["name", "fax"], "property": "person", "extra": {"source": "crm"}})
    assert bodies(api) == [{"source": "crm", "person": {"name": "Ann", "fax": None}}]


def test_excluded_fields_are_sent_nowhere_and_nulls_only_as_the_settings_say(send, api):
    streams = {"links": {"endpoint": {"path": "/p"}, "exclude": ["address", "tags"], "null_values": "leave_out"}}
    send([ONE], streams=streams)
    assert bodies(api) == [{"id": 1, "name": "Ann", "amount": 1.1}]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
def test_every_method_can_be_declared(send, api, method):
    api.insert("records", {"collection": "/people", "body": {}})
    done = send([{"id": 1, "name": "Ann"}], {"path": "/people/1", "method": method, "query": {"n": "{name}"}})
    assert done.code == 0, done.errors
    (request,) = api.received(method)
    assert (request["path"], request["query"]) == ("/people/1", {"n": "Ann"})
    assert bool(request["text"]) is (method not in {"DELETE", "GET"})


def test_a_form_carries_nested_values_as_json(send, api):
    send([ONE], {"path": "/people", "format": "form", "property": "data", "extra": {"a": "save"}})
    (body,) = bodies(api)
    assert body["a"] == "save"
    assert json.loads(body["data"]) == ONE


def test_xml_has_the_names_that_are_declared_and_its_answer_tells_the_id(send, api):
    api.answer("POST /people", format="xml", body='<done><person key="{id}"/></done>')
    endpoint = {
        "path": "/people",
        "format": "xml",
        "xml": {"root": "person", "item": "tag", "attributes": ["id"]},
        "answer": {"id": "$.done.person.'@key'"},
    }
    done = send([{"id": 5, "name": "A & <B>", "tags": ["x", "y"]}], endpoint)
    assert done.code == 0, done.errors
    assert bodies(api) == [{"person": {"@id": "5", "name": "A & <B>", "tags": {"tag": ["x", "y"]}}}]


def test_fields_in_path_query_and_headers_are_encoded_for_their_place(send, api):
    endpoint = {"path": "/of/{who}/x", "query": {"q": "{who}", "n": 3}, "headers": {"X-Who": "is {id}"}}
    done = send([{"id": 7, "who": "a/b?c#d &é"}, {"id": 8, "who": "../../etc"}], endpoint)
    assert done.code == 0, done.errors
    second, first = sorted(api.received("POST"), key=lambda request: request["query"]["q"])
    assert first["query"] == {"q": "a/b?c#d &é", "n": "3"}
    assert first["headers"]["x-who"] == "is 7"
    assert first["path"] == "/of/a%2Fb%3Fc%23d &é/x"
    assert second["path"] == "/of/..%2F..%2Fetc/x"


@pytest.mark.parametrize("value", [None, "", "..", "."])
def test_a_record_without_what_the_address_needs_is_rejected_alone(send, api, value):
    done = send([{"id": 1, "who": value}, {"id": 2, "who": "x"}], {"path": "/of/{who}"})
    assert done.code == 1
    assert done.of("links") == {"input": 2, "created": 1, "rejected": 1}
    assert [request["path"] for request in api.received()] == ["/of/x"]


def test_a_line_break_cannot_make_a_header(send, api):
    done = send([{"id": 1, "who": "x\r\nX-Evil: 1"}], {"path": "/p", "headers": {"X-Who": "{who}"}})
    assert done.of("links") == {"input": 1, "rejected": 1}
    assert api.received() == []


def test_batches_hold_a_list_under_a_property(send, api):
    endpoint = {
        "path": "/people",
        "batch": {"size": 2, "property": "records", "extra": {"source": "meltano"}},
        "answer": {"items": "$.results", "id": "$.id", "error": "$.error"},
    }
    done = send([{"id": n, "name": f"P{n}"} for n in range(5)], endpoint)
    assert done.of("links") == {"input": 5, "created": 5}
    assert sorted(len(body["records"]) for body in bodies(api)) == [1, 2, 2]
    assert {body["source"] for body in bodies(api)} == {"meltano"}


def test_each_record_of_a_batch_has_its_own_outcome_inside_a_success(send, api):
    api.answer("POST /people", items="records", fails={"name": ["Bad"]}, error="no such name", item={"id": "{id}"})
    endpoint = {
        "path": "/people",
        "batch": {"property": "records"},
        "answer": {"items": "$.results", "id": "$.id", "error": "$.error"},
    }
    done = send([{"id": 1, "name": "A"}, {"id": 2, "name": "Bad"}, {"id": 3, "name": "C"}], endpoint)
    assert done.code == 1
    assert done.of("links") == {"input": 3, "created": 2, "rejected": 1}
    assert "no such name" in done.errors


def test_the_reject_file_shows_what_was_sent_and_nothing_that_was_not(send, api, tmp_path):
    api.answer("POST /people", fails={"name": ["Bad"]}, error="no such name", item={"id": "{id}"})
    path = tmp_path / "rejected.singer"
    send([{"id": 2, "name": "Bad"}], {"path": "/people", "answer": {"error": "$.error"}}, rejected_path=str(path))
    held = json.loads(path.read_text().splitlines()[-1])
    assert held["rejected"]["sent"]["payload"] == {"id": 2, "name": "Bad"}


def test_an_item_that_tells_nothing_leaves_its_own_record_in_doubt(send, api, tmp_path):
    api.answer("POST /people", items="records", fails={"name": ["P1"]}, failed_item={"note": "queued"})
    path = tmp_path / "rejected.singer"
    endpoint = {"path": "/people", "batch": {"property": "records"}, "answer": {"items": "$.results", "id": "$.id"}}
    records = [{"id": n, "name": f"P{n}"} for n in range(3)]
    done = send(records, endpoint, rejected_path=str(path))
    assert done.of("links") == {"input": 3, "created": 2, "rejected": 1}
    held = json.loads(path.read_text().splitlines()[-1])
    assert (held["record"]["id"], held["rejected"]["kind"]) == (1, "in_doubt")
    assert held["rejected"]["reason"].startswith("It was sent, the answer (HTTP 200) does not tell what became of it")
    assert held["rejected"]["sent"]["answer"] == '{"note":"queued"}'


def test_a_record_that_cannot_be_put_into_a_request_is_no_refusal_of_the_api(send):
    done = send([{"id": 1, "who": None}], {"path": "/of/{who}"})
    assert done.report["reasons"]["links"] == {"rejected: invalid_value": 1}


def test_a_batch_that_is_refused_whole_is_taken_apart_until_the_bad_record_stands_alone(send, api):
    endpoint = {"path": "/people", "batch": {"size": 8, "property": "rows"}}
    rows = [{"id": n, "name": f"P{n}"} for n in range(8)]
    api.answer("POST /people", fails={"rows": [rows, rows[4:], rows[4:6], rows[5:6]]}, error="P5 is no name")
    done = send(rows, endpoint)
    assert done.of("links") == {"input": 8, "created": 7, "rejected": 1}
    assert "P5 is no name" in done.errors


def test_records_of_different_places_never_share_a_batch(send, api):
    endpoint = {"path": "/of/{who}/links", "batch": {"property": "records"}}
    send([{"id": n, "who": "ab"[n % 2]} for n in range(6)], endpoint)
    assert sorted((request["path"], len(request["body"]["records"])) for request in api.received()) == [
        ("/of/a/links", 3),
        ("/of/b/links", 3),
    ]


def test_an_error_inside_a_success_rejects_the_record_with_its_words(send, api):
    api.answer("POST /people", status=200, body={"ok": False, "problem": {"text": "mailbox full"}})
    done = send([{"id": 1}], {"path": "/people", "answer": {"error": "$.problem.text"}})
    assert done.of("links") == {"input": 1, "rejected": 1}
    assert "mailbox full" in done.errors


def test_the_statuses_that_mean_success_can_be_named(send, api):
    api.answer("POST /people", status=409, body={})
    assert send([{"id": 1}], {"path": "/people", "success": [201, 409]}).of("links") == {"input": 1, "created": 1}
    api.answer("POST /people", status=202, body={"message": "later"})
    done = send([{"id": 2}], {"path": "/people", "success": [201, 409]})
    assert done.of("links") == {"input": 1, "rejected": 1}
    assert "HTTP 202 is not listed in success: later" in done.errors


def test_a_success_that_is_no_json_is_one_where_no_path_leads_into_it(send, api):
    api.answer("POST /people", format="text", body="OK")
    assert send([{"id": 1}], {"path": "/people"}).of("links") == {"input": 1, "created": 1}


def test_a_default_endpoint_serves_every_stream_by_its_name(run, api):
    messages = [
        *(message for name in ("cats", "dogs") for message in (schema_of(name), record_of(name, id=1))),
        schema_of("birds"),
        record_of("birds", id=1),
    ]
    done = run(messages, endpoint={"path": "/all/{stream}"}, streams={"birds": {"endpoint": {"path": "/sky"}}})
    assert done.code == 0, done.errors
    assert sorted(request["path"] for request in api.received()) == ["/all/cats", "/all/dogs", "/sky"]


def test_a_streams_name_keeps_its_place_in_the_default_address(run, api):
    stream = "public-a/b c?{id}"
    done = run([schema_of(stream, "name"), record_of(stream, id=1, name="x")], endpoint={"path": "/all/{stream}/in"})
    assert done.code == 0, done.errors
    assert [request["path"] for request in api.received()] == ["/all/public-a%2Fb c%3F{id}/in"]


def test_ids_of_other_streams_stand_in_paths_and_bodies(run, api):
    streams = {
        "people": {"endpoint": {"path": "/people", "answer": {"id": "$.id"}}},
        "links": {
            "endpoint": {"path": "/people/{person_id}/related", "attributes": ["title", "person_id"]},
            "references": {"person_id": {"stream": "people", "source_id": "who"}},
        },
    }
    messages = [
        schema_of("links", "who", "title"),
        record_of("links", id=1, who="ann", title="T"),
        schema_of("people", "name"),
        record_of("people", id="ann", name="Ann"),
    ]
    done = run(messages, streams=streams)
    assert done.code == 0, done.errors
    assert done.of("links") == {"input": 1, "created": 1}
    person = api.records("records")[0]["id"]
    (link,) = [request for request in api.received("POST") if request["path"] != "/people"]
    assert link["path"] == f"/people/{person}/related"
    assert link["body"] == {"title": "T", "person_id": person}


JSON_API = "application/vnd.api+json"


@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
@pytest.mark.parametrize("where", ["the endpoint", "the settings"])
def test_a_content_type_in_headers_is_sent_as_it_is_given(send, api, name, where):
    headers = {name: JSON_API, "Accept": JSON_API}
    endpoint = {"path": "/p"} | ({"headers": headers} if where == "the endpoint" else {})
    more = {} if where == "the endpoint" else {"headers": headers}
    done = send([{"id": 1, "who": "ann"}], endpoint, **more)
    assert done.code == 0, done.errors
    (request,) = api.received("POST")
    assert (request["headers"]["content-type"], request["headers"]["accept"]) == (JSON_API, JSON_API)
    assert request["body"] == {"id": 1, "who": "ann"}


@pytest.mark.parametrize(
    ("form", "given", "wanted"),
    [
        ("form", JSON_API, "application/x-www-form-urlencoded"),
        ("xml", "text/xml", "text/xml"),
        ("json", JSON_API, JSON_API),
    ],
)
def test_a_form_stays_a_form_whatever_type_the_settings_give_other_bodies(send, api, form, given, wanted):
    done = send([{"id": 1}], {"path": "/p", "format": form}, headers={"Content-Type": given})
    assert done.code == 0, done.errors
    (request,) = api.received("POST")
    assert request["headers"]["content-type"] == wanted


def test_an_endpoint_elsewhere_gets_neither_credentials_nor_the_settings_headers(send, settings, api):
    from crm_emulator import Emulator  # noqa: PLC0415 - a second one, for this test alone

    settings |= {"auth": "bearer", "auth_value": api.api_key, "headers": {"X-Gateway": "gateway-secret-012345"}}
    with Emulator(empty=True) as other:
        there = f"{other.anything.base_url}/hooks/{{id}}"
        done = send([{"id": 1}], {"path": there, "headers": {"X-Own": "yes"}})
        assert done.code == 0, done.errors
        (request,) = other.anything.received()
    assert request["path"] == "/hooks/1"
    assert request["headers"]["x-own"] == "yes"
    assert not {"authorization", "x-gateway"} & set(request["headers"])


def test_the_same_origin_given_whole_is_signed(send, settings, api, emulator):
    settings |= {"auth": "bearer", "auth_value": api.api_key}
    api.switches.auth = "bearer"
    done = send([{"id": 1}], {"path": f"{emulator.url}/http/whole"})
    assert done.code == 0, done.errors
    assert [request["path"] for request in api.received()] == ["/whole"]


def test_a_copper_account_takes_objects_and_endpoints_side_by_side(run, emulator):
    copper = emulator.copper
    streams = {
        "people": {},
        "links": {
            "endpoint": {"path": "/people/{person_id}/related", "attributes": ["resource"]},
            "references": {"person_id": {"stream": "people", "source_id": "who"}},
        },
    }
    company = copper.insert("companies", {"name": "C"})
    messages = [
        schema_of("people", "name"),
        record_of("people", id=1, name="Ann"),
        schema_of("links", "who", "resource"),
        record_of("links", id=1, who=1, resource={"id": company["id"], "type": "company"}),
    ]
    done = run(
        messages,
        crm="copper",
        base_url=copper.base_url,
        api_key=copper.api_key,
        user_email=copper.user_email,
        streams=streams,
    )
    assert done.code == 0, done.errors
    assert copper.records("people")[0]["company_id"] == company["id"]
    assert run(messages, dry_run=True, crm="copper", base_url=copper.base_url, api_key=copper.api_key,
               user_email=copper.user_email, streams=streams).of("links") == {"input": 1, "unchanged": 1}  # fmt: skip


def test_a_dry_run_shows_the_requests_and_sends_none(send, api, settings):
    settings |= {"auth": "header", "auth_name": "X-Key", "auth_value": "secret-value-012345"}
    endpoint = {
        "path": "/of/{who}",
        "query": {"n": 1},
        "headers": {"X-App": "token-abcdef-0123456"},
        "idempotency_header": "Idempotency-Key",
        "batch": {"property": "records"},
    }
    done = send([{"id": 1, "who": "a b"}, {"id": 2, "who": "a b"}], endpoint, dry_run=True)
    assert done.code == 0, done.errors
    assert api.received() == []
    assert "POST /of/a%20b?n=1 X-App: *** Idempotency-Key: " in done.errors
    assert '{"records":[{"id":1,"who":"a b"},{"id":2,"who":"a b"}]}' in done.errors
    assert "secret-value" not in done.errors


def test_what_looks_like_a_credential_in_an_endpoint_is_masked(send, api, emulator):
    word = "Xq8ZkP0aB7tR2mN5vL1c"
    given = {
        "path": f"{emulator.url}/http/services/{word}",
        "query": {"token": "tok-0123456789ab", "kind": "an ordinary text"},
        "headers": {"Authorization": "Bearer bear-0123456789ab"},
    }
    api.answer("POST /services/*", status=422, body={"message": f"no {word}"})
    for dry_run in (True, False):
        done = send([{"id": 1}], given, dry_run=dry_run)
        for secret in (word, "tok-0123456789ab", "bear-0123456789ab"):
            assert secret not in done.errors
    assert "an+ordinary+text" in send([{"id": 2}], given, dry_run=True).errors


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"X-Api-Key": "s3cr3t"}},
        {"headers": {"Authorization": "Bearer s3cr3t"}},
        {"query": {"access_token": "s3cr3t"}},
        {"extra": {"login": {"password": "s3cr3t"}}},
        {"batch": {"property": "records", "extra": {"ApiKey": "s3cr3t"}}},
    ],
)
def test_what_is_called_a_credential_is_masked_however_short(send, given):
    shown = send([{"id": 1}], {"path": "/people", **given}, dry_run=True)
    assert "***" in shown.errors
    assert "s3cr3t" not in shown.errors
    ordinary = {"path": "/people", "query": {"keyword": "shoes", "author": "ann1"}}
    assert "keyword=shoes&author=ann1" in send([{"id": 1}], ordinary, dry_run=True).errors
