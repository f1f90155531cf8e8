"""The page about taking a run back, followed to the letter."""

from __future__ import annotations

from crm_emulator import Emulator
from tests.recipes import follow


def test_a_wrong_run_is_taken_back_as_its_page_says(tmp_path):
    with Emulator(empty=True) as emulator:
        went = follow("take-a-run-back.md", tmp_path, emulator)
        assert [each.code for each in went] == [0] * len(went), went[-1].errors
        first, wrong, mended, looked, undone, again = went
        assert "keep_values_days costs one more request for 200 records" in first.output
        assert 'title: "Dept. 100" -> "CEO"' in looked.errors
        assert "left: people 2" in looked.output
        assert "changed in the CRM since" in undone.output
        assert "3 records went back" in undone.output
        people = {each["name"]: each["title"] for each in emulator.copper.records("people")}
        assert people == {"Ann Smith": "CEO", "Bo Li": "Lead Engineer", "Cy Roe": "Buyer"}
        writes = [request for request in emulator.requests if request.method in {"PUT", "DELETE"}]
        assert len(writes) == 2, "Bo's own, and the delete: the rest is a bulk"
        assert "unchanged" in again.errors
        assert (wrong.output, mended.output) == ("", "")
