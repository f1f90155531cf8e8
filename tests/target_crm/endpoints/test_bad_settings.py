"""Whatever is wrong with a declared endpoint and can be known at start-up is one clear sentence then."""

from __future__ import annotations

import pytest

from crm_api.errors import SettingError

OK = {"path": "/people"}
WITH_ID = {"path": "/people", "answer": {"id": "$.id"}}


def endpoint(**given):
    return {"links": {"endpoint": {**OK, **given}}}


def endpoints(**calls):
    return {"links": {"endpoints": calls}}


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ({"links": {"endpoint": {"method": "POST"}}}, "streams.links.endpoint.path is missing"),
        (
            endpoint(method="PSOT"),
            "endpoint.method must be one of POST, PUT, PATCH, DELETE, GET, not 'PSOT': the nearest",
        ),
        (endpoint(format="xlm"), "endpoint.format must be one of json, xml, form, not 'xlm': the nearest one is 'xml'"),
        (endpoint(path="/people/{id"), "has a brace that belongs to no {field}"),
        (endpoint(path="/people?x={id}"), "holds a query. Put it under query"),
        (endpoint(path="/a/../b"), "must not contain . or .. segments"),
        (endpoint(path="/a b"), "holds characters that cannot stand in a URL"),
        (endpoint(path="https://{id}.example.org/x"), "must name its host"),
        (endpoint(path="http://example.org/x"), "is plain http to example.org"),
        (endpoint(path="https://u:p@example.org/x"), "must not hold credentials"),
        (endpoint(path="/people/{nmae}"), "the create endpoint needs {nmae}, and the stream has no such field"),
        (endpoint(path="/people/{nmae}"), "the nearest one is 'name'"),
        (endpoint(attributes=["phone"]), "needs {phone}, and the stream has no such field"),
        (endpoint(attributes=["name.first"]), "needs {name.first}, and the stream has no such field"),
        (
            endpoint(path="/people/{crm_id}"),
            "streams.links.endpoint must not name {crm_id}: a record has none before it is created",
        ),
        (endpoint(headers={"X Y": "1"}), "endpoint.headers: 'X Y' is not a valid header name"),
        (endpoint(headers={"X": "a\nb"}), "endpoint.headers.X holds characters that are not valid in an HTTP header"),
        (endpoint(idempotency_header="X:"), "endpoint.idempotency_header: 'X:' is not a valid header name"),
        (endpoint(format="xml", xml={"root": "1st"}), "endpoint.xml: '1st' is not a valid XML name"),
        (endpoint(xml={"root": "a"}), "endpoint.xml has no effect, since format is not xml"),
        (endpoint(answer={"id": "$.a["}), "endpoint.answer.id: '$.a[' is not a JSONPath expression"),
        (endpoint(answer={"items": "$.a"}), "answer.items has no effect without batch"),
        (
            endpoint(batch={}, answer={"id": "$.id"}),
            "endpoint.answer.items is missing: with batch, answer.id is looked for in each item",
        ),
        (endpoint(batch={"extra": {"a": 1}}), "batch.extra needs property"),
        (
            endpoint(batch={"code": "nowhere:f"}),
            "cannot be imported: ModuleNotFoundError: No module named 'nowhere'. Install its package, or name its",
        ),
        (
            endpoint(batch={"code": "json:nothing"}),
            "streams.links.endpoint.batch.code: 'json:nothing' cannot be imported: AttributeError",
        ),
        (endpoint(batch={"code": "json:__name__"}), "'json:__name__' is not a function"),
        (endpoint(batch={"code": "json"}), "batch.code must be package.module:function"),
        (endpoint(batch={"code": "json:dumps", "property": "x"}), "code makes the whole body"),
        (endpoint(format="form", batch={}), "endpoint.batch.property is missing: in a form"),
        (endpoint(method="GET", property="x"), "endpoint.property has no effect: GET sends no body"),
        (endpoint(success=[99]), "endpoint.success must be a list of HTTP statuses"),
        ({"links": {"endpoint": OK, "endpoints": {"create": OK}}}, "streams.links has both endpoint and endpoints"),
        ({"links": {"endpoint": OK, "object": "people"}}, "streams.links.object has no effect with an endpoint"),
        ({"links": {"endpoint": OK, "dates": "excel"}}, "streams.links.dates has no effect with an endpoint"),
        ({"links": {"endpoint": OK, "custom_fields": {"A": "b"}}}, "custom_fields has no effect with an endpoint"),
        ({"links": {"endpoint": OK, "match_on": ["name"]}}, "match_on needs endpoints.find"),
        ({"links": {"endpoint": OK, "compare_with": "crm"}}, "streams.links.compare_with must be source"),
        ({"links": {"endpoint": OK, "hard_delete": True}}, "endpoints.delete is missing: hard_delete needs it"),
        (
            {"links": {"endpoint": OK, "load_method": "match"}},
            "endpoints.find is missing: load_method match needs it",
        ),
        (endpoints(update=OK), "endpoints.create is missing: load_method upsert needs it"),
        (
            endpoints(create=OK, update={"path": "/p/{crm_id}"}),
            "endpoints.update needs {crm_id}, which no answer gives. Set endpoints.create",
        ),
        (endpoints(create=WITH_ID, find={"path": "/p"}), "endpoints.find.answer.id is missing"),
        (endpoints(create=WITH_ID, find=WITH_ID), "endpoints.find names no {field}"),
        (
            endpoints(create=WITH_ID, delete={"path": "/p", "batch": {}}),
            "endpoints.delete.batch has no effect: delete sends one record at a time",
        ),
        ({"other": {}}, "Stream 'links' has no endpoint"),
    ],
)
def test_what_cannot_work_stops_the_run_in_one_sentence(send, api, streams, said):
    done = send([{"id": 1, "name": "Ann"}], streams=streams)
    assert done.code == 2, done.errors
    assert said in " ".join(done.errors.split())
    assert api.received() == []


@pytest.mark.parametrize(
    "path", ["/hook?token=t0k3n", "https://hooks.example.org/t0k3n/{", "https://a.example/t0k3n x"]
)
def test_what_a_refused_address_may_hold_of_a_key_is_not_shown(send, path):
    done = send([{"id": 1}], streams=endpoint(path=path))
    assert done.code == 2
    assert "streams.links.endpoint.path: " in done.errors
    assert "t0k3n" not in done.errors


def test_a_field_that_is_no_xml_name_is_said_at_the_schema(send):
    done = send([{"id": 1, "1st name": "Ann"}], {"path": "/people", "format": "xml"})
    assert done.code == 2
    assert "the field '1st name' is not a valid XML name. Rename it with a stream map" in done.errors


def test_a_nested_name_that_is_no_xml_name_rejects_its_record(send):
    records = [{"id": 1, "more": {"a b": 1}}, {"id": 2, "more": {"a": 1}}]
    done = send(records, {"path": "/people", "format": "xml"})
    assert done.of("links") == {"input": 2, "created": 1, "rejected": 1}
    assert "'a b' is not a valid XML name" in done.errors


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"base_url": None}, "base_url is missing"),
        ({"auth": "bearer"}, "auth_value is missing: auth bearer needs auth_value"),
        ({"auth": "header", "auth_value": "x"}, "auth_name is missing"),
        ({"auth": "header", "auth_name": "X Y", "auth_value": "x"}, "auth_name: 'X Y' is not a valid header name"),
        (
            {"auth_value": "x"},
            "auth_value is not used with auth none: remove it, or set auth to header or query or basic or bearer",
        ),
        ({"auth": "bearer", "auth_value": "a\nb"}, "auth_value holds characters that are not valid in an HTTP header"),
        ({"auth": "oauth", "client_id": "x"}, "client_secret is missing"),
        ({"api_key": "x"}, "api_key belongs to another crm"),
        ({"base_url": "http://example.org"}, "base_url is plain http to example.org"),
    ],
)
def test_a_sign_in_that_cannot_work_stops_the_run(send, api, settings_, said):
    done = send([{"id": 1}], OK, **settings_)
    assert done.code == 2
    assert said in done.errors
    assert api.received() == []


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        (endpoint(metod="POST"), "'streams.links.endpoint.metod': the nearest one is 'method'"),
        (endpoint(batch={"sise": 3}), "'streams.links.endpoint.batch.sise': the nearest one is 'size'"),
        (endpoints(create=OK, updat=OK), "'streams.links.endpoints.updat': the nearest one is 'update'"),
    ],
)
def test_a_misspelt_part_is_named_with_the_nearest_one(send, streams, said):
    with pytest.raises(SettingError, match=said):
        send([{"id": 1}], streams=streams)
