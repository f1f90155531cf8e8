"""The page about a warehouse segment, followed to the letter."""

from __future__ import annotations

from crm_emulator import Emulator
from tests.recipes import follow


def test_segments_land_in_custom_fields_as_their_page_says(tmp_path):
    with Emulator(empty=True) as emulator:
        copper = emulator.copper
        fields = {field["name"]: field for field in copper.records("custom_field_definitions")}
        segment, score = fields["Segment"], fields["Lead Score"]
        for name in ("ann@acme", "bo@acme", "cy@byte"):
            mail = {"email": f"{name}.example", "category": "work"}
            copper.insert("people", {"name": name, "title": "As it was", "emails": [mail]})

        def shown(number):
            held = {
                f["custom_field_definition_id"]: f["value"] for f in copper.records("people")[number]["custom_fields"]
            }
            labels = {option["id"]: option["name"] for option in segment["options"]}
            return labels.get(held[segment["id"]]), held[score["id"]]

        check, *runs = follow("segment-into-copper.md", tmp_path, emulator)
        assert check.code == 0, check.errors + check.output
        first, listed, second = runs
        assert first.code == 0, first.errors
        assert "Small Business, Mid-Market, Großkunde" in listed.output
        assert second.code == 0, second.errors
        assert [shown(number) for number in range(3)] == [("Großkunde", 91), ("Mid-Market", 71), (None, None)]
        assert {person["title"] for person in copper.records("people")} == {"As it was"}
        assert [len(person["emails"]) for person in copper.records("people")] == [1, 1, 1]
        assert copper.count("people") == 3
        writes = [request for request in emulator.requests if request.method == "PUT" or "bulk" in request.route]
        assert len(writes) == 2, [request.route for request in writes]
