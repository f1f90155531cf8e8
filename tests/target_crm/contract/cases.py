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
        writes: Likewise of all that write; whatever else is sent only reads.
        prepare: What has to be there beforehand.
        deletes: Whether records can be deleted.
        ambiguous: Whether the CRM can hold two records that match.
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


CASES = [
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
]
