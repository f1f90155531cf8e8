"""Records for endpoints that the settings declare."""

from __future__ import annotations

from tests.target_crm.contract.cases.case import Case


def _http_streams(*, batch=None, find=True, create=None):
    calls = {
        "create": {"path": "/contacts", "answer": {"id": "$.id", "error": "$.error"}, **(create or {})},
        "find": {"path": "/contacts", "query": {"email": "{email}"}, "answer": {"items": "$.data", "id": "$.id"}},
        "update": {"method": "PUT", "path": "/contacts/{crm_id}"},
        "delete": {"path": "/contacts/{crm_id}"},
    }
    if batch:
        calls["create"] |= {"batch": batch, "answer": {"items": "$.results", "id": "$.id", "error": "$.error"}}
    if not find:
        del calls["find"]
    return {"contacts": {"endpoints": calls}}


def _prepare_http(vendor):
    vendor.switches.auth = "bearer"
    vendor.switches.idempotency_header = "Idempotency-Key"
    vendor.answer("POST /contacts", fails={"name": ["Bad"]}, error="no such name")


def _http_bodies(vendor):
    return [record["body"] for record in vendor.records("records")]


def _http_case(name, streams, **more):
    contact = lambda n: {"id": n, "name": f"Contact {n}", "email": f"c{n}@example.org"}  # noqa: E731 - one line
    return Case(
        name=f"http {name}",
        vendor="anything",
        settings=lambda vendor: {
            "crm": "http",
            "base_url": vendor.base_url,
            "auth": "bearer",
            "auth_value": vendor.api_key,
            "streams": streams,
        },
        secrets=lambda vendor: [vendor.api_key],
        stream="contacts",
        make=contact,
        change={"title": "Director"},
        bad=lambda n: {**contact(n), "name": "Bad"},
        insert=lambda vendor, n: vendor.insert("records", {"collection": "/contacts", "body": contact(n)}),
        names=lambda vendor: sorted(body["name"] for body in _http_bodies(vendor)),
        name_of=lambda n: contact(n)["name"],
        shows_change=lambda vendor, n: any(
            body["name"] == f"Contact {n}" and body.get("title") == "Director" for body in _http_bodies(vendor)
        ),
        creates=("POST /contacts",),
        writes=("POST *", "PUT *", "PATCH *", "DELETE *"),
        prepare=_prepare_http,
        **more,
    )


ENDPOINTS = [
    _http_case("found", _http_streams()),
    _http_case("in batches", _http_streams(batch={"size": 4, "property": "records"})),
    _http_case(
        "with keys",
        _http_streams(find=False, create={"idempotency_header": "Idempotency-Key"}),
        finds=False,
    ),
]
