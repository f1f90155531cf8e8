"""docs/recipes/csv-leads-into-apptivo.md and customers-gone-from-the-source.md do what they say."""

from __future__ import annotations

from crm_emulator import Emulator
from tests.recipes import follow


def test_csv_leads_land_in_apptivo_once_with_names_resolved_and_the_mended_ones_after_them(tmp_path):
    with Emulator(empty=True) as emulator:
        firm = emulator.apptivo
        held = {"firstName": "Bo", "lastName": "Li", "emailAddresses": [{"emailAddress": "bo@acme.example"}]}
        firm.insert("leads", held)
        check, rehearsal, first, listed, second = follow("csv-leads-into-apptivo.md", tmp_path, emulator)
        assert [each.code for each in (check, rehearsal, first, listed, second)] == [0] * 5, listed.errors
        assert "Apptivo firm 15479" in check.output
        assert "leads V-1: create:" in rehearsal.errors
        assert "V-3" in listed.output
        assert "lastName is missing" in " ".join(listed.output.split())
        leads = {lead["emailAddresses"][0]["emailAddress"]: lead for lead in firm.records("leads")}
        assert len(leads) == firm.count("leads") == 4
        ann = leads["ann.smith@acme.example"]
        assert (ann["firstName"], ann["lastName"], ann["companyName"]) == ("Ann", "Smith", "Acme")
        assert (ann["leadStatusMeaning"], ann["leadSourceMeaning"], ann["leadRankMeaning"]) == (
            "New",
            "Trade Show",
            "High",
        )
        assert ann["assigneeObjectRefName"] == "Ada Lovelace"
        assert ann["addresses"][0]["countryName"] == "United States"
        assert [each["numberValue"] for each in ann["customAttributes"]] == [42]
        assert leads["bo@acme.example"]["addresses"][0]["city"] == "Ulm"
        assert leads["cy@byte.example"]["leadStatusMeaning"] == "Qualified"
        assert leads["nobody@acme.example"]["lastName"] == "Body"
        assert "held by an earlier run and tried again" in second.errors
        said = "".join(each.output + each.errors for each in (check, rehearsal, first, listed, second))
        assert firm.api_key not in said
        assert firm.access_key not in said


def test_customers_that_left_the_source_are_deleted_and_a_broken_export_deletes_nothing(tmp_path):
    with Emulator(empty=True) as emulator:
        firm = emulator.apptivo
        firm.insert("customers", {"customerName": "Entered by hand"})
        first, rehearsal, second, braked = follow("customers-gone-from-the-source.md", tmp_path, emulator)
        assert [each.code for each in (first, rehearsal, second, braked)] == [0] * 4, braked.errors
        assert "delete" in rehearsal.errors
        assert "deleted" in second.output
        assert "exit code 3" in braked.output
        names = sorted(each["customerName"] for each in firm.records("customers"))
        left = ["Acme", "Byte", "Delta", "Echo", "Fox", "Golf", "Hotel", "India", "Juliet", "Kilo", "Lima"]
        assert names == sorted([*left, "Entered by hand"])
        deletes = [request for request in emulator.requests if request.route.endswith("?a=delete")]
        assert len(deletes) == 1
