"""A proposal works as it stands: target-crm takes it, writes every row of the export, and each of them once."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.proposals.exports import EXPORTS, file_of, messages_of, rows_of, stream_of


@pytest.fixture
def proposed(settings, tmp_path):
    """The settings that are proposed for an export and this test's account, as the command prints them."""
    config = tmp_path / "account.json"
    config.write_text(json.dumps(settings))

    def proposed(*arguments):
        done = CliRunner().invoke(main, ["map", "--config", str(config), "--format", "json", *map(str, arguments)])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return proposed


@pytest.mark.parametrize("export", EXPORTS)
def test_every_row_is_written_once_as_it_is_proposed(export, proposed, run, writes):
    proposal = proposed(file_of(export))
    first = run(messages_of(export), **proposal)
    assert first.code == 0, first.errors
    rows = {"input": len(rows_of(export))}
    assert first.of(stream_of(export)) == {**rows, "created": len(rows_of(export))}
    written = len(writes())
    again = run(messages_of(export), **proposal)
    assert again.of(stream_of(export)) == {**rows, "unchanged": len(rows_of(export))}
    assert len(writes()) == written


def test_nothing_that_has_a_home_is_complained_of(proposed, run):
    export = "google-contacts"
    done = run(messages_of(export), **proposed(file_of(export)))
    assert "no such attribute" not in done.errors


def test_what_was_written_is_what_the_export_holds(proposed, run, emulator):
    export = "google-contacts"
    assert run(messages_of(export), **proposed(file_of(export))).code == 0
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
