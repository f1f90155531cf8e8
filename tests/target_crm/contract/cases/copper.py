"""Kinds of records of Copper."""

from __future__ import annotations

from tests.target_crm.contract.cases.case import Case


def _copper(vendor):
    return {
        "crm": "copper",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "user_email": vendor.user_email,
        "bulk_requests_per_second": 0,
        "date_order": "mdy",
    }


def copper_case(stream, *, make, insert, change, bad, creates=(), **more):
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


COPPER = [
    copper_case(
        "leads",
        make=lambda n: {"id": n, "name": f"Lead {n}", "email": f"lead{n}@example.org"},
        insert=lambda n: {"name": f"Lead {n}", "email": {"email": f"lead{n}@example.org", "category": "work"}},
        change={"title": "Director"},
        bad=lambda n: {"id": n, "name": f"Lead {n}", "assignee_id": 999_999_999},
    ),
    copper_case(
        "people",
        make=lambda n: {"id": n, "name": f"Person {n}", "email": f"person{n}@example.org"},
        insert=lambda n: {"name": f"Person {n}", "emails": [{"email": f"person{n}@example.org", "category": "work"}]},
        change={"title": "Director"},
        bad=lambda n: {"id": n, "name": f"Person {n}", "assignee_id": 999_999_999},
        ambiguous=False,
    ),
]
