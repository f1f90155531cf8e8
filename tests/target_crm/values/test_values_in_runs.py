"""Values in whole runs: what is written, told and kept."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import record_of, schema_of, state_of

TASKS = schema_of("tasks", "name", "details", "junk", "due_date")
PEOPLE = schema_of("people", "name", "email", "phone", "tags")
NAN = '{"type":"RECORD","stream":"tasks","record":{"id":1,"name":"T","%s":%s}}'


def test_one_impossible_type_costs_a_sentence_and_no_record(run, emulator):
    strange = schema_of("tasks", "name", due={"type": "date-time"})
    done = run(
        [PEOPLE, record_of("people", id=1, name="Ann"), strange, record_of("tasks", id=1, name="T"), state_of(1)]
    )
    assert (done.code, done.states) == (0, [{"position": 1}])
    assert emulator.copper.count("tasks") == emulator.copper.count("people") == 1
    assert done.errors.count("properties.due.type") == 1


@pytest.mark.parametrize(
    "properties", [{"name": True}, {"name": "string"}, {"name": None}, {"name": ["null", "string"]}]
)
def test_a_property_that_is_no_schema_stops_nothing(run, properties):
    done = run([schema_of("tasks", **properties), record_of("tasks", id=1, name="T"), state_of(1)])
    assert (done.code, done.of("tasks")) == (0, {"input": 1, "created": 1})


@pytest.mark.parametrize("odd", ["NaN", "-Infinity", '"\\ud800"', "[NaN]"])
def test_what_json_forbids_costs_nothing_where_it_is_not_sent(run, odd):
    for streams in ({}, {"tasks": {"exclude": ["junk"]}}):
        done = run([TASKS, NAN % ("junk", odd), state_of(1)], streams=streams)
        assert (done.code, done.of("tasks")["input"]) == (0, 1)
        assert "rejected" not in done.of("tasks")
        assert ("left out junk of 1 record" in done.errors) == (not streams)


def test_nan_in_a_mark_of_deletion_deletes_nothing(run, emulator):
    streams = {"tasks": {"hard_delete": True, "delete_when": "junk"}}
    run([TASKS, record_of("tasks", id=1, name="T")])
    for name in ("junk", "_sdc_deleted_at"):
        assert run([TASKS, NAN % (name, "NaN")], streams=streams).code == 0
    assert run([TASKS, record_of("tasks", id=1, name="T", junk="false")], streams=streams).code == 0
    assert emulator.copper.count("tasks") == 1


def test_excluding_the_attribute_writes_what_was_rejected_for_it(run):
    assert run([TASKS, NAN % ("details", "NaN")]).code == 1
    done = run([TASKS], streams={"tasks": {"exclude": ["details"]}})
    assert (done.code, done.of("tasks")) == (0, {"input": 1, "created": 1})


def test_the_reject_file_is_json_and_exact_and_is_rejected_until_it_is_mended(run, tmp_path):
    path = tmp_path / "rejected.singer"
    line = NAN % ("details", "[1234567890123456789.123456789,-Infinity]")
    for _ in range(2):
        run([TASKS, line], rejected_path=str(path))
        line = path.read_text().splitlines()[1]
        assert "1234567890123456789.123456789" in line
        message = json.loads(line, parse_constant=pytest.fail, parse_float=Decimal)
        assert message["record"]["details"][1] is None
        assert message["rejected"]["not_json"] == [{"at": ["details", 1], "value": "-Infinity"}]
        assert message["rejected"]["kind"] == "not_json"
    message["record"]["details"] = "mended"
    done = run([TASKS, json.dumps(message, default=float)])
    assert (done.code, done.of("tasks")) == (0, {"input": 1, "created": 1})


def test_rejected_show_is_json_whatever_arrived(run, settings, tmp_path):
    run([TASKS, NAN % ("details", '["\\ud83d", NaN, 1234567890123456789.123456789]')])
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    shown = CliRunner().invoke(main, ["rejected", "--config", str(config), "show", "1"])
    if shown.exit_code == 2:
        shown = CliRunner().invoke(main, ["rejected", "show", "--config", str(config), "1"])
    assert shown.exit_code == 0, shown.output
    json.loads(shown.output, parse_constant=pytest.fail)
    assert "1234567890123456789.123456789" in shown.output


@pytest.mark.parametrize("log_values", [False, True])
def test_the_value_is_kept_with_the_reason_and_told_only_where_asked(run, tmp_path, log_values):
    path = tmp_path / "rejected.singer"
    done = run(
        [TASKS, record_of("tasks", id=1, name="T", due_date="some-odd-day")],
        rejected_path=str(path),
        log_values=log_values,
    )
    assert ("some-odd-day" in done.errors) == log_values
    assert ("some-odd-day" in json.dumps(done.report)) == log_values
    assert "due_date" in done.errors
    assert "some-odd-day" in json.loads(path.read_text().splitlines()[1])["rejected"]["reason"]


def test_a_bulk_of_two_is_written_whatever_their_categories(run, emulator):
    people = [
        record_of("people", id=1, name="A", email=[{"email": "a@x.org", "category": "Home"}]),
        record_of("people", id=2, name="B", email="mailto:b@x.org", phone=15550101.0, tags="vip, fair"),
    ]
    assert run([PEOPLE, *people]).of("people") == {"input": 2, "created": 2}
    first, second = sorted(emulator.copper.records("people"), key=lambda each: each["name"])
    assert first["emails"] == [{"email": "a@x.org", "category": "personal"}]
    assert second["emails"][0]["email"] == "b@x.org"
    assert second["phone_numbers"][0]["number"] == "15550101"
    assert sorted(second["tags"]) == ["fair", "vip"]


def test_dates_excel_is_a_setting_of_the_stream(run, emulator):
    record = record_of("tasks", id=1, name="T", due_date=45657.5)
    assert run([TASKS, record]).of("tasks") == {"input": 1, "rejected": 1}
    assert run([TASKS, record], streams={"tasks": {"dates": "excel"}}).code == 0
    (task,) = emulator.copper.records("tasks")
    assert task["due_date"] == 1735646400
