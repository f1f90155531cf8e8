"""OpenTelemetry of real runs: a collector decodes what both plugins send, and their ends do not depend on it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from tests.collector import attributes, collector
from tests.commands import ENTRY_POINTS, Command, run_command

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TOKEN = "a-token-of-the-collector"
SCHEMA = {
    "type": "SCHEMA",
    "stream": "contacts",
    "schema": {"type": "object", "properties": {"id": {}, "name": {}, "email": {}}},
    "key_properties": ["id"],
}
PEOPLE = [{"id": number, "name": f"Zelda {number}", "email": f"zelda{number}@example.org"} for number in range(3)]


@pytest.fixture
def start(tmp_path, copper_account, small_emulator):
    """Run a plugin with variables of the environment; for the target with three people and one without a name."""

    def start(name, main=None, given=None, **variables):
        config = {**copper_account(small_emulator), "requests_per_minute": 0, **(given or {})}
        lines = ""
        if name == "target-crm":
            config |= {
                "crm": "copper",
                "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
                "streams": {"contacts": {"object": "people"}},
            }
            records = [*PEOPLE, {"id": 9, "email": "nameless@example.org"}]
            messages = [SCHEMA, *({"type": "RECORD", "stream": "contacts", "record": each} for each in records)]
            lines = "".join(f"{json.dumps(each)}\n" for each in messages)
        (tmp_path / "config.json").write_text(json.dumps(config))
        command = Command(name, "--config", tmp_path / "config.json", "--run-id", "nightly", env=variables, main=main)
        _, errors = command.communicate(lines.encode())
        return command.wait(), errors.decode()

    return start


def test_a_run_of_target_crm_is_counted_and_traced(start, small_emulator):
    small_emulator.script("POST /people/bulk_create", ["error:status=429,retry_after=0", "ok"])
    with collector() as running:
        code, errors = start(
            "target-crm",
            OTEL_EXPORTER_OTLP_ENDPOINT=running.url,
            OTEL_EXPORTER_OTLP_HEADERS=f"api-key={TOKEN}",
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
            TRACEPARENT=f"00-{TRACE}-{PARENT}-01",
        )
    assert code == 1
    assert running.headers[0]["api-key"] == TOKEN
    assert TOKEN not in errors
    assert running.sum("singer_crm.records", stream="contacts", outcome="created") == 3
    assert running.sum("singer_crm.records.rejected", kind="missing_required") == 1
    assert running.sum("singer_crm.records.held", state="rejected") == 1
    assert running.sum("singer_crm.requests", crm="copper", source_name="default") == 5
    assert running.sum("http.client.request.duration", **{"http.response.status_code": 429}) == 1
    assert running.sum("singer_crm.requests.turned_away", crm="copper") == 1
    assert running.sum("singer_crm.requests.repeated") == 1
    assert running.points("singer_crm.quota.wait")
    assert running.sum("singer_crm.run.exit_code") == 1
    assert running.sum("singer_crm.run.duration", exit_code="1") == 1
    assert {facts.get("account") for facts, _ in running.points("singer_crm.requests")} == {"193851"}

    (run,) = [span for span in running.spans if span.name == "target-crm run"]
    (batch,) = [span for span in running.spans if span.name == "batch contacts"]
    assert (run.trace_id.hex(), run.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(run)["run_id"] == "nightly"
    assert batch.parent_span_id == run.span_id
    assert attributes(batch) == {"stream": "contacts", "records": 4}
    creates = [span for span in running.spans if span.name == "POST /people/bulk_create"]
    assert {span.parent_span_id for span in creates} == {batch.span_id}
    assert [attributes(span).get("http.request.resend_count") for span in creates] == [None, 1]
    assert running.resources[0]["service.name"] == "target-crm"


def test_a_run_of_tap_copper_is_counted_and_traced_by_stream(start):
    with collector() as running:
        code, _ = start("tap-copper", OTEL_EXPORTER_OTLP_ENDPOINT=running.url, OTEL_SERVICE_NAME="nightly-copper")
    assert code == 0
    read = running.sum("singer_crm.records", stream="people", outcome="emitted")
    (people,) = [span for span in running.spans if span.name == "stream people"]
    assert read == attributes(people)["records"] >= 5
    asked = [span for span in running.spans if span.name == "POST /people/search"]
    assert running.sum("singer_crm.requests") == sum(span.name[:4] in {"GET ", "POST"} for span in running.spans)
    (run,) = [span for span in running.spans if span.name == "tap-copper run"]
    assert {span.parent_span_id for span in asked} <= {people.span_id, run.span_id}
    assert running.resources[0]["service.name"] == "nightly-copper"


def test_neither_values_nor_secrets_nor_ids_leave_with_it(start, small_emulator):
    with collector() as running:
        start("target-crm", OTEL_EXPORTER_OTLP_ENDPOINT=running.url)
        start("tap-copper", OTEL_EXPORTER_OTLP_ENDPOINT=running.url)
    values = [part for each in PEOPLE for part in (each["name"], each["email"])]
    for kept_back in (*values, small_emulator.copper.api_key, small_emulator.copper.user_email):
        assert kept_back.encode() not in running.raw


@pytest.mark.parametrize("name", ["target-crm", "tap-copper"])
def test_a_wrong_setting_is_an_exit_code_for_the_collector_too(start, name):
    with collector() as running:
        code, _ = start(name, given={"bogus": 1}, OTEL_EXPORTER_OTLP_ENDPOINT=running.url)
    assert code == 2
    assert running.sum("singer_crm.run.exit_code") == 2


def warnings_in(errors):
    return [line for line in errors.splitlines() if "| WARNING" in line and "collector" in line]


@pytest.mark.parametrize("name", ["target-crm", "tap-copper"])
def test_a_collector_that_is_down_costs_one_warning(start, name):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://operator:{TOKEN}@127.0.0.1:{closed.getsockname()[1]}"
        code, errors = start(name, OTEL_EXPORTER_OTLP_ENDPOINT=url)
    assert code == (1 if name == "target-crm" else 0)
    (warning,) = warnings_in(errors)
    assert "Connection refused" in warning
    assert TOKEN not in errors


def test_a_collector_that_refuses_costs_one_warning(start):
    with collector() as running:
        running.status = 401
        code, errors = start(
            "target-crm", OTEL_EXPORTER_OTLP_ENDPOINT=running.url, OTEL_EXPORTER_OTLP_HEADERS=f"api-key={TOKEN}"
        )
    assert code == 1
    (warning,) = warnings_in(errors)
    assert "Unauthorized" in warning
    assert TOKEN not in errors


@pytest.mark.long
def test_a_collector_that_never_answers_is_waited_for_a_few_seconds(start):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        code, errors = start("target-crm", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert code == 1
    (warning,) = warnings_in(errors)
    assert "no answer in 3 seconds" in warning


def without_the_extra():
    for name in [each for each in sys.modules if each.partition(".")[0] == "opentelemetry"]:
        del sys.modules[name]
    sys.modules.pop("crm_api.watching.otlp", None)
    sys.modules["opentelemetry"] = None
    ENTRY_POINTS["target-crm"].load()()


def test_without_the_extra_one_sentence_says_what_to_install(start):
    code, errors = start("target-crm", main=without_the_extra, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")
    assert code == 1
    assert errors.count("pip install 'singer-crm[otel]'") == 1


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_SERVICE_NAME": "target"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
    ],
)
def test_nothing_is_said_or_imported_where_nobody_asks(start, variables):
    code, errors = start("target-crm", main=without_the_extra, **variables)
    assert code == 1
    assert "OpenTelemetry" not in errors


def test_help_and_an_import_of_the_plugins_import_nothing_of_it():
    program = (
        "import sys, target_crm.target, tap_copper.tap, target_crm.cli.main;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = run_command("target-crm", "--help")
    assert done.returncode == 0
    bare = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert bare.stdout == "[]\n"
