"""The page about approving a plan, followed to the letter."""

from __future__ import annotations

import json
import stat

from crm_emulator import Emulator
from tests.recipes import follow


def test_what_was_approved_is_written_as_its_page_says(tmp_path):
    with Emulator(empty=True) as emulator:
        first, planned, applied, then, again = follow("approve-before-writing.md", tmp_path, emulator)
        for typed in (first, planned, applied, then, again):
            assert typed.code == 0, typed.errors + typed.output
        assert "update people" in planned.output
        assert '"Buyer" -> "Head of Purchase"' in planned.output
        assert 'company_id: "companies A, new"' in planned.output
        assert stat.S_IMODE((tmp_path / "plan.jsonl").stat().st_mode) == 0o600
        summary = json.loads((tmp_path / "plan-summary.json").read_text())
        assert {word: count for word, count in summary["totals"].items() if count} == {"create": 2, "update": 2}
        assert "example" not in json.dumps(summary)
        assert "Done of the plan's 4 lines: 4. Not done: 0" in applied.errors
        titles = {each["name"]: each["title"] for each in emulator.copper.records("people")}
        assert titles == {"Ann Example": "Head of Purchase", "Bo Example": "Lead Engineer", "Cy Example": None}
        (company,) = emulator.copper.records("companies")
        assert [each["company_id"] for each in emulator.copper.records("people")] == [None, None, company["id"]]
        assert "exit code 2" in again.output
        assert "all its lines are done" in again.errors
