"""A proposal works as it stands: target-crm takes it, writes every row of the export, and each of them once."""

from __future__ import annotations

import pytest

from tests.target_crm.proposals.exports import EXPORTS, file_of, messages_of
from tests.target_crm.proposals.written import check_export, proposal_for


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.daily(one_of=3)
def test_every_row_is_written_once_as_it_is_proposed(export, settings, tmp_path, run):
    check_export(export, settings, tmp_path, run)


def test_nothing_that_has_a_home_is_complained_of(settings, tmp_path, run):
    export = "google-contacts"
    done = run(messages_of(export), **proposal_for(settings, tmp_path, file_of(export)))
    assert "left out" not in done.errors


def test_what_was_written_is_what_the_export_holds(settings, tmp_path, run, emulator):
    export = "google-contacts"
    assert run(messages_of(export), **proposal_for(settings, tmp_path, file_of(export))).code == 0
    ann = next(each for each in emulator.copper.records("people") if each["first_name"] == "Ann")
    assert ann["prefix"] == "Dr."
    assert ann["title"] == "Buyer"
    assert {(each["email"], each["category"]) for each in ann["emails"]} == {
        ("ann@northwind.example", "work"),
        ("ann@home.example", "personal"),
    }
    assert {(each["number"], each["category"]) for each in ann["phone_numbers"]} == {
        ("+1 555 0100", "mobile"),
        ("+1 555 0101", "work"),
    }
    assert ann["address"]["street"] == "1 Main St, Floor 2"
    assert ann["address"]["city"] == "Springfield"
