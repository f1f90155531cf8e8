"""The page of first pipes, followed to the letter."""

from __future__ import annotations

import re

from crm_emulator import Emulator
from tests.recipes import follow


def test_first_pipes_lead_both_ways_as_their_page_says(tmp_path):
    with Emulator(people=100, companies=40, leads=5, opportunities=5, projects=5, tasks=5, activities=10) as emulator:
        copper = emulator.copper
        people, companies = copper.count("people"), copper.count("companies")
        typed = follow("first-pipes.md", tmp_path, emulator)
        assert typed[-1].code == 0, typed[-1].errors
        read, again, dry, first, listed, second = typed
        assert re.search(rf"{people} people-", read.output)
        assert re.search(rf"{companies} companies-", read.output)
        assert "stream_finished stream=people records=1\n" in again.errors
        assert 'contacts 1: create: name: "Alice Whitman"' in dry.errors
        assert "and the quota lets them all through" in dry.errors
        assert re.search(r"companies +3 +2 ", first.errors)
        assert re.search(r"contacts +3 +2 ", first.errors)
        assert "Mary Jackson" in listed.output
        assert re.search(r"contacts +4 +1 +0 +2 ", second.errors)
        assert copper.count("people") == people + 3
        assert copper.count("companies") == companies + 2
