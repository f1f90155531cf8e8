"""singer-crm map finds a home for the columns that users of CRMs really have.

After a change that is meant, write the expected proposals anew: ``singer-crm map --crm copper exports/x.csv``.
"""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.proposals.exports import EXPORTS, FOLDER, file_of, stream_of

HOMES = yaml.safe_load((FOLDER / "homes.yaml").read_text())
EXPECTED = sorted((FOLDER / "expected").glob("*/*.yaml"))


def mapped(crm, export, *options):
    done = CliRunner().invoke(main, ["map", "--crm", crm, *options, str(file_of(export))])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("file", EXPECTED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_proposal_is_as_it_was_looked_over(file):
    assert mapped(file.parent.name, file.stem) == file.read_text()


def test_each_export_has_an_expected_proposal_for_copper():
    assert sorted(file.stem for file in EXPECTED if file.parent.name == "copper") == EXPORTS


def placed(text, stream):
    """The attribute that each column gives, by what the proposal's notes say."""
    settings = yaml.safe_load(text)
    found = {}
    for line in text.splitlines():
        if line.startswith("  #   "):
            column, _, place = line.removeprefix("  #   ").rpartition(": ")
            found[column] = place.partition(" (")[0].partition(",")[0]
    notes = {line.split(":")[0].strip(): line.rpartition("  # ")[2].partition(",")[0] for line in text.splitlines()}
    for name, expression in settings.get("stream_maps", {}).get(stream, {}).items():
        for column in expression.split("record.get('")[1:]:
            found[column.partition("')")[0]] = notes[name]
    for attribute, rule in settings["streams"][stream].get("references", {}).items():
        for column in rule.get("match", {}).values():
            found[column] = attribute
    return found


@pytest.mark.parametrize("export", EXPORTS)
def test_nine_of_ten_columns_find_their_home_and_none_a_wrong_one(export):
    homes = HOMES[export]
    found = placed(mapped("copper", export), stream_of(export))
    wrong = {column: place for column, place in found.items() if homes.get(column) != place}
    assert not wrong
    assert len(found) >= 0.9 * len(homes), sorted(homes.keys() - found.keys())


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("crm", ["copper", "freshsales", "apptivo"])
def test_yaml_and_json_are_the_same_settings(crm, export):
    assert yaml.safe_load(mapped(crm, export)) == json.loads(mapped(crm, export, "--format", "json"))
