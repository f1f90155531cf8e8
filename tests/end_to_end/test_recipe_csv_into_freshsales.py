"""docs/recipes/csv-leads-into-freshsales.md does what it says."""

from __future__ import annotations

from crm_emulator import Emulator
from tests.recipes import follow


def test_csv_leads_become_contacts_once_with_names_resolved_and_the_mended_ones_after_them(tmp_path):
    with Emulator(empty=True) as emulator:
        steps = follow("csv-leads-into-freshsales.md", tmp_path, emulator)
        assert [each.code for each in steps] == [0] * 5, steps[-1].errors
        check, rehearsal, first, listed, second = steps
        assert "leads" in check.output
        assert "matched by emails" in check.output
        assert "leads L-1: create:" in rehearsal.errors
        assert "Emails is invalid" in listed.output
        assert "matches none of the CRM's contact statuses. Contact statuses: New, Contacted" in listed.output
        vendor = emulator.freshsales
        contacts = {each["email"]: each for each in vendor.records("contacts")}
        assert len(contacts) == vendor.count("contacts") == 4
        ann = contacts["ann.smith@acme.example"]
        owners = {each["email"]: each["id"] for each in vendor.records("owners")}
        stages = {each["id"]: each["name"] for each in vendor.records("lifecycle_stages")}
        assert (ann["first_name"], ann["last_name"], ann["mobile_number"]) == ("Ann", "Smith", "+1 555 0100")
        assert ann["owner_id"] == owners["ada@emulator.example"]
        assert {stages[each["lifecycle_stage_id"]] for each in contacts.values()} == {"Lead"}
        assert sorted(ann["tags"]) == ["fair", "spring"]
        assert ann["custom_field"]["cf_loyalty_tier"] == "Gold"
        accounts = {each["id"]: each["name"] for each in vendor.records("sales_accounts")}
        assert sorted(accounts.values()) == ["Acme", "Byte"]
        assert accounts[ann["sales_accounts"][0]["id"]] == "Acme"
        assert "held by an earlier run and tried again" in second.errors
        assert "created" in first.errors
