"""docs/recipes/csv-leads-into-copper.md does what it says."""

from __future__ import annotations

from crm_emulator import Emulator
from tests.recipes import follow


def test_csv_leads_land_once_with_names_resolved_and_the_mended_ones_after_them(tmp_path):
    with Emulator(empty=True) as emulator:
        check, rehearsal, first, listed, second = follow("csv-leads-into-copper.md", tmp_path, emulator)
        assert [each.code for each in (check, rehearsal, first, listed, second)] == [0] * 5, listed.errors
        assert "Ada Lovelace" in check.output + check.errors
        assert "leads L-1: create:" in rehearsal.errors
        assert "L-3" in listed.output
        assert "status_id matches none of the CRM's lead statuses. Lead statuses: New, Open" in listed.output
        leads = {lead["email"]["email"]: lead for lead in emulator.copper.records("leads")}
        assert len(leads) == emulator.copper.count("leads") == 4
        ann = leads["ann.smith@acme.example"]
        users = {user["email"]: user["id"] for user in emulator.copper.records("users")}
        statuses = {status["name"]: status["id"] for status in emulator.copper.records("lead_statuses")}
        assert ann["name"] == "Ann Smith"
        assert ann["assignee_id"] == users["ada@emulator.example"]
        assert ann["status_id"] == statuses["New"]
        assert sorted(ann["tags"]) == ["fair", "spring"]
        assert 42.0 in [field["value"] for field in ann["custom_fields"]]
        assert leads["cy@byte.example"]["status_id"] == statuses["Open"]
        assert leads["nobody@acme.example"]["name"] == "Noel Body"
        assert "held by an earlier run and tried again" in second.errors
