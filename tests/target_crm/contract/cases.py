"""Every CRM as the contract sees it: how it is reached, one record, and how to look at what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One kind of record of one CRM.

    Attributes:
        name: ``copper leads``.
        vendor: The emulator's attribute.
        settings: Given the emulated vendor, what leads to it: ``crm``, ``base_url``, credentials, ``streams``.
        secrets: Given the emulated vendor, what no output may show.
        stream: The stream.
        make: A record by number; its ``id`` is the source id, and its match value differs from the others'.
        change: What a changed record has otherwise.
        bad: A record by number that the CRM itself refuses.
        insert: Put the CRM's own form of record number n there, as if a person had.
        names: What is there: one name for each copy, ``name_of(n)`` for record n.
        name_of: How the CRM's copy of record n is called.
        shows_change: Whether record n is there as ``change`` left it.
        creates: Shell patterns over ``METHOD /template`` of the requests that create.
        writes: Shell patterns over ``METHOD /template`` of all requests that write; the others only read.
        prepare: What has to be there beforehand.
        deletes: Whether records can be deleted.
        ambiguous: Whether the CRM can hold two records that match.
        finds: Whether records that others wrote are looked for.
    """

    name: str
    vendor: str
    settings: Callable[[Any], Record]
    secrets: Callable[[Any], Sequence[str]]
    stream: str
    make: Callable[[int], Record]
    change: Record
    bad: Callable[[int], Record]
    insert: Callable[[Any, int], Any]
    names: Callable[[Any], list[str]]
    name_of: Callable[[int], str]
    shows_change: Callable[[Any, int], bool]
    creates: tuple[str, ...]
    writes: tuple[str, ...]
    prepare: Callable[[Any], Any] = field(default=lambda _: None)
    deletes: bool = True
    ambiguous: bool = True
    finds: bool = True

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def _copper(vendor):
    return {
        "crm": "copper",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "user_email": vendor.user_email,
        "bulk_requests_per_second": 0,
        "date_order": "mdy",
    }


def _copper_case(stream, *, make, insert, change, bad, creates=(), **more):
    return Case(
        name=f"copper {stream}",
        vendor="copper",
        settings=_copper,
        secrets=lambda vendor: [vendor.api_key],
        stream=stream,
        make=make,
        change=change,
        bad=bad,
        insert=lambda vendor, n: vendor.insert(stream, insert(n)),
        names=lambda vendor: sorted(record["name"] for record in vendor.records(stream)),
        name_of=lambda n: make(n)["name"],
        shows_change=lambda vendor, n: any(
            record["name"] == make(n)["name"] and all(record[name] == value for name, value in change.items())
            for record in vendor.records(stream)
        ),
        creates=creates or (f"POST /{stream}", f"POST /{stream}/bulk_create"),
        writes=("PUT *", "DELETE *", f"POST /{stream}", "POST /*bulk*", "POST */related"),
        **more,
    )


def _apptivo(stream, style, match_on):
    def settings(vendor):
        return {
            "crm": "apptivo",
            "streams": {stream: {"match_on": match_on} if match_on else {}},
            "base_url": vendor.base_url,
            "api_key": vendor.api_key,
            "access_key": vendor.access_key,
            "wire_style": style,
        }

    return settings


def _apptivo_case(stream, style, *, title, make, insert, change, bad, shows, match_on=None):
    own = f"/app/dao/v6/{stream}"
    return Case(
        name=f"apptivo {stream} {style}",
        vendor="apptivo",
        settings=_apptivo(stream, style, match_on),
        secrets=lambda vendor: [vendor.api_key, vendor.access_key],
        stream=stream,
        make=make,
        change=change,
        bad=bad,
        insert=lambda vendor, n: vendor.insert(stream, insert(n)),
        names=lambda vendor: sorted(record[title] for record in vendor.records(stream)),
        name_of=lambda n: insert(n)[title],
        shows_change=lambda vendor, n: any(
            record[title] == insert(n)[title] and shows(record) for record in vendor.records(stream)
        ),
        creates=(f"POST {own}[?]a=save",) if style == "form" else (f"POST {own}",),
        writes=("PUT *", "DELETE *", "POST *[?]a=save", "POST *[?]a=update", "POST *[?]a=delete", f"POST {own}"),
    )


def _apptivo_lead(n):
    return {
        "firstName": "Ann",
        "lastName": f"Lead {n}",
        "emailAddresses": [{"emailAddress": f"lead{n}@example.org", "id": "cont_email_input"}],
    }


def _apptivo_leads(style):
    return _apptivo_case(
        "leads",
        style,
        title="lastName",
        make=lambda n: {
            "id": n,
            "first_name": "Ann",
            "last_name": f"Lead {n}",
            "email": f"lead{n}@example.org",
            "lead_status": "Contacted",
            "assignee": "grace@emulator.example",
        },
        insert=_apptivo_lead,
        change={"job_title": "Director", "lead_status": "Qualified"},
        bad=lambda n: {"id": n, "last_name": f"Lead {n}", "account_id": 999_999},
        shows=lambda record: record["jobTitle"] == "Director" and record["leadStatusMeaning"] == "Qualified",
    )


_APPTIVO = [
    _apptivo_leads("form"),
    _apptivo_leads("rest"),
    _apptivo_case(
        "customers",
        "rest",
        title="customerName",
        make=lambda n: {"id": n, "name": f"Customer {n}", "email": f"c{n}@example.org", "city": "Ulm"},
        insert=lambda n: {"customerName": f"Customer {n}"},
        change={"city": "Bonn", "phone": "+49 228 1"},
        bad=lambda n: {"id": n, "name": f"Customer {n}", "parent_customer_id": 999_999},
        shows=lambda record: record["addresses"][0]["city"] == "Bonn" and len(record["phoneNumbers"]) == 1,
    ),
    _apptivo_case(
        "contacts",
        "form",
        title="lastName",
        make=lambda n: {"id": n, "last_name": f"Contact {n}", "email": f"c{n}@example.org", "is_primary": True},
        insert=lambda n: {"lastName": f"Contact {n}", "emailAddresses": [{"emailAddress": f"c{n}@example.org"}]},
        change={"job_title": "Director", "cf_loyalty_tier": "Gold"},
        bad=lambda n: {"id": n, "last_name": f"Contact {n}", "account_id": 999_999},
        shows=lambda record: any(each["customAttributeValue"] == "Gold" for each in record["customAttributes"]),
    ),
    _apptivo_case(
        "opportunities",
        "rest",
        title="opportunityName",
        make=lambda n: {"id": n, "name": f"Deal {n}", "stage": "Proposal", "close_date": "2026-05-31"},
        insert=lambda n: {"opportunityName": f"Deal {n}"},
        change={"amount": 12.5, "close_date": "2026-06-30"},
        bad=lambda n: {"id": n, "name": f"Deal {n}", "opportunity_contact_id": 999_999},
        shows=lambda record: (record["amount"], record["closeDate"]) == (12.5, "06/30/2026"),
        match_on=["name"],
    ),
    _apptivo_case(
        "cases",
        "form",
        title="caseNumber",
        make=lambda n: {"id": n, "case_number": f"T-{n}", "subject": "It broke", "priority": "Normal"},
        insert=lambda n: {"caseNumber": f"T-{n}", "caseSummary": "It broke"},
        change={"description": "Again", "priority": "High"},
        bad=lambda n: {"id": n, "subject": "It broke", "case_contact_id": 999_999},
        shows=lambda record: (record["description"], record["casePriority"]) == ("Again", "High"),
    ),
]


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


CASES = [
    _http_case("found", _http_streams()),
    _http_case("in batches", _http_streams(batch={"size": 4, "property": "records"})),
    _http_case(
        "with keys",
        _http_streams(find=False, create={"idempotency_header": "Idempotency-Key"}),
        finds=False,
    ),
    _copper_case(
        "leads",
        make=lambda n: {"id": n, "name": f"Lead {n}", "email": f"lead{n}@example.org"},
        insert=lambda n: {"name": f"Lead {n}", "email": {"email": f"lead{n}@example.org", "category": "work"}},
        change={"title": "Director"},
        bad=lambda n: {"id": n, "name": f"Lead {n}", "assignee_id": 999_999_999},
    ),
    _copper_case(
        "people",
        make=lambda n: {"id": n, "name": f"Person {n}", "email": f"person{n}@example.org"},
        insert=lambda n: {"name": f"Person {n}", "emails": [{"email": f"person{n}@example.org", "category": "work"}]},
        change={"title": "Director"},
        bad=lambda n: {"id": n, "name": f"Person {n}", "assignee_id": 999_999_999},
        ambiguous=False,
    ),
    *_APPTIVO,
]


def _freshsales(vendor):
    return {
        "crm": "freshsales",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "requests_per_hour": 0,
    }


_FRESHSALES_CALLS = ("upsert", "bulk_upsert", "bulk_destroy")
_DUE = "2026-03-01T10:00:00+00:00"


def _freshsales_case(stream, *, make, insert, change, bad, vendor="freshsales", path=None, shown="", **more):
    path = f"/{path or stream}"

    def called(record):
        return record.get("name") or record.get("title") or record["display_name"]

    return Case(
        name=f"{vendor} {stream} {shown}".strip(),
        vendor=vendor,
        settings=_freshsales,
        secrets=lambda vendor: [vendor.api_key],
        stream=stream,
        make=make,
        change=change,
        bad=bad,
        insert=lambda vendor, n: vendor.insert(stream, insert(n) | {"created_at": "2026-01-01T00:00:00+00:00"}),
        names=lambda vendor: sorted(called(record) for record in vendor.records(stream)),
        shows_change=lambda vendor, n: any(
            called(record) == more["name_of"](n) and all(record[name] == value for name, value in change.items())
            for record in vendor.records(stream)
        ),
        creates=(f"POST {path}", f"POST {path}/upsert", f"POST {path}/bulk_upsert"),
        writes=("PUT *", "DELETE *", f"POST {path}", *(f"POST {path}/{call}" for call in _FRESHSALES_CALLS)),
        **more,
    )


def _prepare_deals(vendor):
    vendor.insert("sales_accounts", {"id": 31_003_638_274, "name": "Acme"})


def _prepare_deals_with_ids(vendor):
    vendor.switches.read_ids = "present"
    _prepare_deals(vendor)


CASES += [
    *(
        _freshsales_case(
            stream,
            vendor=vendor,
            make=lambda n: {"id": n, "last_name": f"Person {n}", "email": f"person{n}@example.org"},
            insert=lambda n: {"last_name": f"Person {n}", "emails": f"person{n}@example.org"},
            change={"job_title": "Director"},
            bad=lambda n: {"id": n, "last_name": f"Person {n}", "email": "no address"},
            name_of=lambda n: f"Person {n}",
            ambiguous=False,
        )
        for vendor, stream in (
            ("freshsales", "contacts"),
            ("freshsales_classic", "contacts"),
            ("freshsales_classic", "leads"),
        )
    ),
    _freshsales_case(
        "sales_accounts",
        make=lambda n: {"id": n, "name": f"Company {n}"},
        insert=lambda n: {"name": f"Company {n}"},
        change={"city": "Berlin"},
        bad=lambda n: {"id": n, "name": f"Company {n}", "owner_id": 999_999_999},
        name_of=lambda n: f"Company {n}",
        ambiguous=False,
    ),
    *(
        _freshsales_case(
            "deals",
            shown=shown,
            make=lambda n: {"id": n, "name": f"Deal {n}", "amount": n, "sales_account_id": 31_003_638_274},
            insert=lambda n: {"name": f"Deal {n}", "amount": n, "sales_account_id": 31_003_638_274},
            change={"probability": 42},
            bad=lambda n: {"id": n, "name": f"Deal {n}", "amount": 1, "sales_account_id": 999_999_999},
            name_of=lambda n: f"Deal {n}",
            prepare=prepare,
        )
        for shown, prepare in (("", _prepare_deals), ("with ids", _prepare_deals_with_ids))
    ),
    _freshsales_case(
        "products",
        path="cpq/products",
        make=lambda n: {"id": n, "name": f"Product {n}"},
        insert=lambda n: {"name": f"Product {n}"},
        change={"category": "Furniture"},
        bad=lambda n: {"id": n, "name": f"Product {n}", "owner_id": 999_999_999},
        name_of=lambda n: f"Product {n}",
    ),
    _freshsales_case(
        "tasks",
        make=lambda n: {
            "id": n,
            "title": f"Task {n}",
            "due_date": _DUE,
            "targetable_type": "Contact",
            "targetable_id": 31_016_358_306,
        },
        insert=lambda n: {
            "title": f"Task {n}",
            "due_date": _DUE,
            "targetable_type": "Contact",
            "targetable_id": 31_016_358_306,
        },
        change={"description": "Be nice"},
        bad=lambda n: {"id": n, "title": f"Task {n}", "due_date": _DUE, "owner_id": 999_999_999},
        name_of=lambda n: f"Task {n}",
        prepare=lambda vendor: vendor.insert("contacts", {"id": 31_016_358_306, "last_name": "About"}),
    ),
]
