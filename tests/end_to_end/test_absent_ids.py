"""Freshsales' answers show no owner: what a person chose there stays, in a real pipe, and it is said."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.target_crm.messages import as_lines, record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "owner", "city")
COUNT = 12


@pytest.fixture
def vendor(new_emulator):
    return new_emulator.freshsales


def test_an_owner_whom_a_person_chose_outlives_a_run_that_fills_empty_fields(launched, vendor, tmp_path):
    config, report = tmp_path / "config.json", tmp_path / "report.json"
    settings = {
        "crm": "freshsales",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "streams": {"contacts": {"fields": {"owner_id": "fill_empty"}}},
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(report),
        "requests_per_hour": 0,
        "requests_per_minute": 0,
        "index_lag_seconds": 0,
    }
    config.write_text(json.dumps(settings))
    ada, grace, alan = [each["email"] for each in vendor.records("owners")][:3]

    def sent(owner, city):
        rows = [
            record_of("contacts", id=n, last_name=f"N{n}", email=f"p{n}@x.org", owner=owner, city=city)
            for n in range(COUNT)
        ]
        done = subprocess.run(
            [launched["target-crm"], "--config", config],
            input=as_lines([CONTACTS, *rows]),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stderr.decode(), json.loads(report.read_text())

    sent(ada, "Graz")
    chosen = next(each["id"] for each in vendor.records("owners") if each["email"] == grace)
    for each in vendor.records("contacts"):
        vendor.change("contacts", each["id"], {"owner_id": chosen})
    errors, reported = sent(alan, "Linz")
    assert {(each["owner_id"], each["city"]) for each in vendor.records("contacts")} == {(chosen, "Linz")}
    assert reported["fields_unknown"] == {"contacts": {"owner_id": COUNT}}
    assert "Stream contacts: owner_id left alone: the CRM's answers do not show what is there" in errors
