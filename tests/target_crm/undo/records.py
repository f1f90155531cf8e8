"""Records that the tests of undo write, and how they go into Copper."""

from __future__ import annotations

from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "email", "title", "details", "tags", "company", "gone", name={"type": ["string", "null"]})
COMPANIES = schema_of("companies", "name", "city", "contact")
TO_COMPANY = {"company_id": {"stream": "companies", "source_id": "company"}}
STREAMS = {"people": {"references": TO_COMPANY, "hard_delete": True, "delete_when": "gone"}}


def person(number=1, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


def company(number=1, **more):
    return record_of("companies", **{"id": number, "name": f"C{number}"} | more)


def of(emulator, name="people"):
    """The records of an object that are in Copper, by name."""
    return {record["name"]: record for record in emulator.copper.records(name)}
