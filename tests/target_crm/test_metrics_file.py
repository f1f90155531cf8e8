"""The figures of a run as OpenMetrics text, read by Prometheus' own two parsers."""

from __future__ import annotations

import json
import stat

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from target_crm.report.outcomes import Outcome
from tests.commands import run_command
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "email", name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"Zelda {number}", "email": f"z{number}@x.org"} | more)


@pytest.fixture
def metrics(tmp_path):
    return tmp_path / "crm-contacts.prom"


def read(file, parse=openmetrics):
    """The value of each sample by its name and its labels but that of the pipeline."""
    samples = {}
    for family in parse(file.read_text()):
        for sample in family.samples:
            assert sample.labels["pipeline"] == "crm-contacts"
            assert sample.timestamp is None  # node_exporter refuses files that have any
            labels = tuple(sorted((name, text) for name, text in sample.labels.items() if name != "pipeline"))
            samples[sample.name, labels] = sample.value
    return samples


def test_both_parsers_of_prometheus_read_what_the_report_says(run, metrics):
    report = run([PEOPLE, *map(person, range(3)), person(3, name=None), person(1)], metrics_path=str(metrics)).report
    samples = read(metrics)
    assert samples == read(metrics, prometheus)
    for outcome in Outcome:
        labels = (("outcome", str(outcome)), ("stream", "people"))
        assert samples["singer_crm_records", labels] == report["streams"]["people"][str(outcome)]
    rejected = (("kind", "missing_required"), ("stream", "people"))
    assert samples["singer_crm_records_rejected", rejected] == 1
    assert samples["singer_crm_requests", ()] == report["requests"]["requests"]
    assert samples["singer_crm_run_exit_code", ()] == report["exit_code"] == 1
    assert samples["singer_crm_records_held", (("state", "rejected"),)] == 1
    (whose,) = [dict(labels) for name, labels in samples if name == "singer_crm_run_info"]
    assert (whose["crm"], whose["account"]) == ("copper", "193851")


def test_it_holds_no_values_is_replaced_whole_and_can_be_read_by_others(run, metrics):
    metrics.write_text("of the run before")
    run([PEOPLE, person(1)], metrics_path=str(metrics))
    assert "Zelda" not in metrics.read_text()
    assert metrics.read_text().endswith("# EOF\n")
    assert stat.S_IMODE(metrics.stat().st_mode) == 0o644
    assert {each.name for each in metrics.parent.iterdir() if "crm-contacts" in each.name} == {metrics.name}


def test_a_dry_run_leaves_the_figures_of_the_last_real_run(run, metrics):
    run([PEOPLE, person(1)], metrics_path=str(metrics))
    before = metrics.read_text()
    run([PEOPLE, person(2)], metrics_path=str(metrics), dry_run=True)
    assert metrics.read_text() == before


@pytest.mark.parametrize("changed", [{"api_key": "0" * 32}, {"bogus": 1}])
def test_a_run_that_does_not_begin_leaves_its_exit_code(settings, metrics, changed):
    config = metrics.with_name("config.json")
    config.write_text(json.dumps({**settings, "metrics_path": str(metrics), **changed}))
    messages = "".join(f"{json.dumps(each) if isinstance(each, dict) else each}\n" for each in (PEOPLE, person(1)))
    assert run_command("target-crm", "--config", config, given=messages).returncode == 2
    samples = read(metrics)
    assert samples["singer_crm_run_exit_code", ()] == 2
    assert samples["singer_crm_run_retry", (("retry", "no"),)] == 1


def test_names_of_streams_of_any_text_are_escaped(run, metrics):
    stream = 'a "quoted\\ name'
    schema = json.dumps(
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": {"id": {}, "name": {}}}, "key_properties": ["id"]}
    )
    record = json.dumps({"type": "RECORD", "stream": stream, "record": {"id": 1, "name": "Ann"}})
    run([schema, record], metrics_path=str(metrics), default_object="people")
    assert any(("stream", stream) in labels for _, labels in read(metrics))
    assert read(metrics) == read(metrics, prometheus)


def test_a_folder_that_is_missing_stops_the_run_before_it_begins(run, emulator, tmp_path):
    done = run([PEOPLE, person(1)], metrics_path=str(tmp_path / "no" / "such.prom"))
    assert done.code == 2
    assert "metrics_path cannot be written" in done.errors
    assert emulator.copper.count("people") == 0
