"""Settings in the forms in which Meltano, the environment and a file for both plugins give them: the real commands."""

from __future__ import annotations

import json

import pytest

from crm_api.environment import texts_read, whole
from crm_api.errors import SettingError
from crm_api.settings import TAP_SETTINGS, TARGET_SETTINGS
from tap_copper.tap import TapCopper
from target_crm.settings import SETTINGS
from target_crm.target import TargetCrm
from tests.commands import run_command
from tests.target_crm.messages import as_lines, record_of, schema_of

CONTACTS = [schema_of("contacts", "name", "email"), record_of("contacts", id=1, name="Ann", email="ann@x.org")]
STREAMS = {
    "an object": {"contacts": {"object": "people", "match_on": ["email"]}},
    "a list": [{"name": "contacts", "object": "people", "match_on": ["email"]}],
    "dotted names": {"contacts.object": "people", "contacts.match_on": ["email"]},
}


def send(tmp_path, settings, messages=CONTACTS, env=None, config="config.json"):
    """Run target-crm on messages; its settings stand in a file, or in the environment where ``config`` is ENV."""
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return run_command("target-crm", "--config", config, given=as_lines(messages).decode(), env=env or {}, cwd=tmp_path)


def variables(settings, prefix="TARGET_CRM_"):
    spelled = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    return {f"{prefix}{name.upper()}": value for name, value in spelled.items()}


@pytest.mark.parametrize(
    ("place", "form"),
    [
        *((place, form) for place in ("a file, as text", "the environment") for form in STREAMS),
        *(("a file", form) for form in ("an object", "a list")),  # a name with a dot is a stream's own there
    ],
)
def test_streams_are_understood_in_every_form(settings, emulator, tmp_path, form, place):
    streams = STREAMS[form]
    if place == "the environment":
        done = send(tmp_path, {}, env=variables(settings | {"streams": streams}), config="ENV")
    else:
        done = send(tmp_path, settings | {"streams": streams if place == "a file" else json.dumps(streams)})
    assert done.returncode == 0, done.stderr
    assert emulator.copper.count("people") == 1


def test_dotted_names_are_understood_by_the_operators_tool(settings, emulator, tmp_path):
    env = variables(settings | {"streams": STREAMS["dotted names"]})
    assert send(tmp_path, {}, env=env, config="ENV").returncode == 0
    done = run_command("singer-crm", "check", "--config=ENV", env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert emulator.copper.count("people") == 1


def test_a_part_of_a_setting_in_a_variable_of_its_own_is_not_lost_in_silence(settings, tmp_path):
    env = variables(settings) | {"TARGET_CRM_STREAMS_CONTACTS_OBJECT": "people"}
    done = send(tmp_path, {}, env=env, config="ENV")
    assert done.returncode == 2
    assert "TARGET_CRM_STREAMS_CONTACTS_OBJECT" in done.stderr
    assert "TARGET_CRM_STREAMS" in done.stderr


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("DRY_RUNN", "true", "TARGET_CRM_DRY_RUNN: the nearest one is TARGET_CRM_DRY_RUN"),
        ("STREAMS", '{"contacts.objekt": "people"}', "'streams.contacts.objekt': the nearest one is 'object'"),
    ],
)
def test_a_misspelt_setting_in_the_environment_stops_the_run_with_the_nearest_name(
    settings, emulator, tmp_path, variable, text, said
):
    env = variables(settings | {"default_object": "people"})
    done = send(tmp_path, {}, env=env | {f"TARGET_CRM_{variable}": text}, config="ENV")
    assert done.returncode == 2
    assert said in done.stderr
    others = {"TARGET_CRM_TWO_DRY_RUN": "true", "TARGET_CRM__DIALECT": "x", "TARGET_CRM_HOME": "/"}
    assert send(tmp_path, {}, env=env | others, config="ENV").returncode == 0
    assert emulator.copper.count("people") == 1


@pytest.mark.parametrize("place", ["a file", "the environment"])
@pytest.mark.parametrize(("allowed", "code"), [("50%", 0), ("49%", 1), ("1", 0), ("0", 1)])
def test_max_rejected_is_a_number_or_a_percentage_wherever_it_stands(settings, tmp_path, allowed, code, place):
    bad = [*CONTACTS, record_of("contacts", id=2, name="Bob", email=["no", {"text": 1}])]
    given = settings | {"max_rejected": allowed, "streams": {"contacts": {"object": "people"}}}
    done = send(tmp_path, given, bad) if place == "a file" else send(tmp_path, {}, bad, variables(given), "ENV")
    assert done.returncode == code


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"a.object": "x"}, {"a": {"object": "x"}}),
        ({"a.object": "x", "a": {"load_method": "update"}}, {"a": {"object": "x", "load_method": "update"}}),
        ({"public.users.object": "x"}, {"public.users": {"object": "x"}}),
        ({"a.endpoint.batch.size": 3}, {"a": {"endpoint": {"batch": {"size": 3}}}}),
        ({"a.endpoints.create.path": "/x"}, {"a": {"endpoints": {"create": {"path": "/x"}}}}),
        ({"a.custom_fields.No. of seats": "seats"}, {"a": {"custom_fields": {"No. of seats": "seats"}}}),
        (
            {"a.references.company_id.stream": "b", "a.references.company_id.source_id": "c"},
            {"a": {"references": {"company_id": {"stream": "b", "source_id": "c"}}}},
        ),
        ({"public.users": {"object": "x"}}, {"public.users": {"object": "x"}}),
        ({"a.b.nothing": 1}, {"a.b": {"nothing": 1}}),  # which is then told as no setting
    ],
)
def test_a_name_that_holds_the_whole_way_is_taken_apart_as_the_settings_lead(given, found):
    assert whole(given, SETTINGS["properties"]["streams"]) == found


def test_a_list_is_read_as_python_spells_it_since_meltano_does(settings, emulator, tmp_path):
    env = variables(settings) | {"TARGET_CRM_STREAMS": str(STREAMS["a list"])}
    assert send(tmp_path, {}, env=env, config="ENV").returncode == 0
    assert emulator.copper.count("people") == 1


def test_text_that_is_no_json_names_its_setting():
    with pytest.raises(SettingError, match="streams is not valid JSON"):
        texts_read({"streams": '[{"name": '}, SETTINGS)
    assert texts_read({"base_url": "[x", "streams": " [1]"}, SETTINGS) == {"base_url": "[x", "streams": [1]}


# A stream that a mapper before us drops


def test_a_stream_without_an_object_stops_the_run_with_its_first_record_and_not_before(settings, emulator, tmp_path):
    config = settings | {"streams": {"contacts": {"object": "people"}}}
    dropped = schema_of("newsletters", "title")
    done = send(
        tmp_path, config, [dropped, *CONTACTS, {"type": "ACTIVATE_VERSION", "stream": "newsletters", "version": 1}]
    )
    assert done.returncode == 0, done.stderr
    assert emulator.copper.count("people") == 1
    done = send(tmp_path, config, [dropped, *CONTACTS, record_of("newsletters", id=1, title="May")])
    assert done.returncode == 2
    assert "Stream 'newsletters' is not an object of the CRM" in done.stderr
    assert "Set streams.newsletters.object, or default_object" in done.stderr


@pytest.mark.parametrize("more", [{"streams": {"newsletters": {"object": "peple"}}}, {"default_object": "peple"}])
def test_an_object_that_is_named_and_does_not_exist_stops_the_run_at_the_schema(settings, tmp_path, more):
    done = send(tmp_path, settings | more, [schema_of("newsletters", "title")])
    assert done.returncode == 2
    assert "the CRM has no object 'peple': the nearest one is 'people'" in done.stderr


# One file for both plugins


def test_one_file_serves_both_plugins_of_an_account(settings, tmp_path):
    both = settings | {
        "start_date": "2020-01-01T00:00:00Z",
        "search_filters": {},
        "totals": {"people": "hint"},
        "streams": {"contacts": {"object": "people"}},
        "source_name": "both",
        "max_rejected": "5%",
    }
    done = send(tmp_path, both)
    assert done.returncode == 0, done.stderr
    read = run_command("tap-copper", "--config", "config.json", "--discover", cwd=tmp_path)
    assert read.returncode == 0, read.stderr
    (tmp_path / "catalog.json").write_text(read.stdout)
    read = run_command("tap-copper", "--config", "config.json", "--catalog", "catalog.json", cwd=tmp_path)
    assert read.returncode == 0, read.stderr
    assert '"name":"Ann"' in read.stdout.replace('": "', '":"')


@pytest.mark.parametrize("plugin", ["tap-copper", "target-crm"])
@pytest.mark.parametrize(
    ("misspelt", "near"), [("start_dat", "start_date"), ("stream", "streams"), ("leger_url", "ledger_url")]
)
def test_a_misspelt_setting_of_either_stops_both_with_the_nearest_name(settings, tmp_path, plugin, misspelt, near):
    (tmp_path / "config.json").write_text(json.dumps(settings | {misspelt: {}}))
    done = run_command(plugin, "--config", "config.json", cwd=tmp_path)
    assert done.returncode == 2
    assert f"There is no setting '{misspelt}': the nearest one is '{near}'" in done.stderr


@pytest.mark.parametrize("command", [["target-crm"], ["tap-copper"], ["singer-crm", "check"]])
def test_of_several_files_the_one_that_cannot_be_read_is_named(settings, tmp_path, command):
    (tmp_path / "config.json").write_text(json.dumps(settings))
    (tmp_path / "more.yml").write_text("max_rejected: 1\n")
    done = run_command(*command, "--config", "config.json", "--config", "more.yml", cwd=tmp_path)
    assert done.returncode == 2
    assert "The configuration file more.yml is not valid JSON" in done.stderr
    assert "YAML is for meltano.yml" in done.stderr


def test_the_tap_says_how_one_file_serves_both(settings, tmp_path):
    alone = {name: value for name, value in settings.items() if name != "crm"}
    (tmp_path / "config.json").write_text(json.dumps(alone | {"ledger_url": "sqlite:///ledger.sqlite"}))
    done = run_command("tap-copper", "--config", "config.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "There is no setting 'ledger_url': target-crm has it" in done.stderr
    assert "add crm: copper" in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [("Contacts", "The settings have streams.Contacts"), ("contcats", "The nearest name under streams is 'contcats'")],
)
def test_settings_of_a_stream_that_is_spelt_otherwise_are_named(settings, tmp_path, name, said):
    done = send(tmp_path, settings | {"streams": {name: {"object": "people"}}})
    assert done.returncode == 2
    assert said in done.stderr


def test_the_usual_word_for_a_setting_of_endpoints_leads_to_ours(tmp_path):
    done = send(tmp_path, {"crm": "http", "endpoint": {"path": "/a", "parameters": {"b": "c"}}})
    assert done.returncode == 2
    assert "There is no setting 'endpoint.parameters': 'query' is meant" in done.stderr


def test_the_tap_refuses_a_file_of_another_crm(settings, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(settings | {"crm": "freshsales"}))
    done = run_command("tap-copper", "--config", "config.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "crm must be copper" in done.stderr


def test_a_setting_of_the_tap_is_none_of_another_crms(tmp_path):
    config = {"crm": "http", "base_url": "http://127.0.0.1:9", "start_date": "2020-01-01"}
    done = send(tmp_path, config)
    assert done.returncode == 2
    assert "There is no setting 'start_date': tap-copper has it, and one file serves both" in done.stderr


def test_each_plugin_knows_by_name_what_only_the_other_has():
    of_tap, of_target = (set(_settings_of(plugin)) for plugin in (TapCopper, TargetCrm))
    assert of_tap - of_target == TAP_SETTINGS
    assert of_target - of_tap == TARGET_SETTINGS


def _settings_of(plugin):
    schema = json.loads(json.dumps(plugin.config_jsonschema))
    plugin.append_builtin_config(schema)
    return schema["properties"]
