"""Attributes that are not sent are named once, not once for each record."""

from __future__ import annotations

from tests.target_crm.messages import record_of, schema_of


def test_what_is_left_out_for_one_reason_is_one_warning_a_run(run):
    people = schema_of("people", "name", "email", "company_name", "date_created", "interaction_count", "shoe_size")
    records = [
        record_of(
            "people",
            id=number,
            name=f"P{number}",
            email=f"p{number}@x.org",
            company_name="Acme",
            date_created="2020-01-01",
            interaction_count=1,
            shoe_size=40,
        )
        for number in range(30)
    ]
    done = run([people, *records], batch_size_rows=10)
    assert done.of("people")["created"] == 30
    assert done.errors.count("left out") == 2
    (read_only,) = [line for line in done.errors.splitlines() if "left out" in line and "company_name" in line]
    assert "company_name, date_created, interaction_count" in read_only
    assert "the CRM does not let it be written" in read_only
    assert "left out shoe_size: people have no such attribute" in done.errors
