"""The files in plugins/, and meltano.yml, say what the plugins tell of themselves, in a form that Meltano takes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from tests.commands import run_command
from tests.machine import missing

ROOT = Path(__file__).parents[2]
FILES = {"tap-copper": "extractors", "target-crm": "loaders"}
KINDS = {"integer": "integer", "number": "decimal", "boolean": "boolean", "object": "object", "array": "array"}


def definition(name):
    return yaml.safe_load((ROOT / "plugins" / FILES[name] / f"{name}.yml").read_text())


@pytest.mark.parametrize("name", FILES)
def test_settings_kinds_and_capabilities_are_those_of_about(name):
    about = json.loads(run_command(name, "--about", "--format=json").stdout)
    given = definition(name)
    assert given["capabilities"] == about["capabilities"]
    settings = {each["name"]: each for each in given["settings"]}
    declared = about["settings"]["properties"]
    assert list(settings) == list(declared)
    for setting, schema in declared.items():
        assert settings[setting].get("sensitive", False) == bool(schema.get("secret")), setting
        kinds = schema.get("type")
        kinds = [each for each in ([kinds] if isinstance(kinds, str) else kinds or []) if each != "null"]
        if "enum" in schema:
            assert settings[setting]["kind"] == "options"
        elif len(kinds) == 1 and kinds[0] in KINDS:
            assert settings[setting]["kind"] == KINDS[kinds[0]], setting
        else:
            assert settings[setting]["kind"] in ("string", "date_iso8601"), setting


@pytest.mark.parametrize("name", FILES)
def test_every_command_is_one_that_exists(name):
    for command in definition(name)["commands"].values():
        words = command["args"].split()
        if command.get("executable") != "singer-crm":
            assert words[-1] in run_command(name, "--help").stdout
            continue
        path = words[: words.index("--config") if "--config" in words else None]
        asked = run_command("singer-crm", *path, "--help")
        assert asked.returncode == 0, asked.stderr
        assert ("--config" in asked.stdout) == ("--config" in words), path


@pytest.mark.meltano
def test_meltano_takes_them_and_our_own_project_has_the_same():
    schema = next((ROOT / ".venvs" / "meltano").glob("lib/*/site-packages/meltano/schemas/meltano.schema.json"), None)
    if schema is None:
        missing("meltano is not installed (make .venvs/meltano/ready)")
    validator = jsonschema_rs.validator_for(json.loads(schema.read_text()))
    ours = yaml.safe_load((ROOT / "meltano.yml").read_text())
    plugins = {kind: [definition(name)] for name, kind in FILES.items()}
    for name, kind in FILES.items():
        assert ours["plugins"][kind][0] == {**definition(name), "pip_url": "-e ."}
    for project in (ours, {"version": 1, "plugins": plugins}):
        # The SDK's name of a capability, which the schema of Meltano 4.4.1 lacks, and which Meltano itself passes over.
        project["plugins"]["loaders"][0]["capabilities"].remove("validate-records")
        assert [each.message for each in validator.iter_errors(project)] == []
