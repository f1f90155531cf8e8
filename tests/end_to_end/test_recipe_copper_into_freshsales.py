"""docs/recipes/copper-into-freshsales.md does what it says."""

from __future__ import annotations

import json

from crm_emulator import Emulator
from tests.recipes import follow

SIZES = {"freshsales": {"contacts": 0, "sales_accounts": 0, "deals": 0}}


def test_companies_people_and_opportunities_move_once_each_to_the_other_and_stay_together(tmp_path):
    with Emulator(seed=5, empty=True, companies=30, people=120, opportunities=60, sizes=SIZES) as emulator:
        copper, freshsales = emulator.copper, emulator.freshsales
        steps = follow("copper-into-freshsales.md", tmp_path, emulator)
        assert [each.code for each in steps] == [0] * 3, steps[-1].errors
        companies = {each["id"]: each["name"] for each in copper.records("companies")}
        accounts = {each["id"]: each["name"] for each in freshsales.records("sales_accounts")}
        assert sorted(accounts.values()) == sorted(set(companies.values()))
        contacts = freshsales.records("contacts")
        assert len(contacts) == copper.count("people") == 120
        belongs = {
            email["value"]: [accounts[each["id"]] for each in contact["sales_accounts"]]
            for contact in contacts
            for email in contact["emails"]
        }
        assert belongs == {
            email["email"]: [companies[person["company_id"]]] if person["company_id"] else []
            for person in copper.records("people")
            for email in person["emails"]
        }
        deals = {each["custom_field"]["cf_external_ref"]: each for each in freshsales.records("deals")}
        opportunities = {str(each["id"]): each for each in copper.records("opportunities")}
        assert deals.keys() == opportunities.keys()
        for ref, deal in deals.items():
            was = opportunities[ref]
            assert float(deal["amount"]) == float(was["monetary_value"] or 0)
            assert accounts.get(deal["sales_account_id"]) == companies.get(was["company_id"])
            assert len(deal["contact_ids"]) == (was["primary_contact_id"] is not None)
        again = json.loads((tmp_path / "report.json").read_text())
        assert sum(each["created"] + each["updated"] for each in again["streams"].values()) == 0
