"""Kinds of records of Freshsales, Suite and Classic."""

from __future__ import annotations

from tests.target_crm.contract.cases.case import Case


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


FRESHSALES = [
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
