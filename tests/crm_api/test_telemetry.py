"""Telemetry of requests: its figures, the paths that it shows, and the variables that turn it on."""

from __future__ import annotations

import pytest

from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from crm_api.watching.asked_for import asked_for
from crm_api.watching.telemetry import SentRequest, Signal, Telemetry
from crm_api.watching.url_templates import url_template
from crm_emulator.emulator import Emulator

COLLECTOR = "http://collector:4318"
BOTH = {Signal.TRACES, Signal.METRICS}


class Told(Telemetry):
    is_on = True

    def __init__(self) -> None:
        self.requests: list[SentRequest] = []

    def sent(self, sent: SentRequest) -> None:
        self.requests.append(sent)


def test_waits_and_repetitions_are_told(session: CrmSession, emulator: Emulator) -> None:
    told = Told()
    session.watch(told)
    emulator.script("GET /account", ["error:status=429,retry_after=30", "error:status=503", "ok"])
    session.exchange(Request("GET", "/account"))
    first, second, third = told.requests
    assert [each.status for each in told.requests] == [429, 503, 200]
    assert [each.number for each in told.requests] == [1, 2, 3]
    assert [each.is_turned_away for each in told.requests] == [True, False, False]
    assert (first.error, bool(second.error), third.error) == ("BusyError", True, "")
    assert first.waited_seconds == 0
    assert second.waited_seconds >= 30


@pytest.mark.parametrize(
    ("path", "declared", "shown"),
    [
        ("/people/123456", None, "/people/{id}"),
        ("/people/12/related", None, "/people/{id}/related"),
        ("/people/fetch_by_email?email=ann@example.org", None, "/people/fetch_by_email"),
        ("/contacts/view/4001?page=2", None, "/contacts/view/{id}"),
        ("/jobs/5f0c2a9e-77aa-4a3c", None, "/jobs/{id}"),
        ("/tags/ann%40example.org", None, "/tags/{id}"),
        ("/v6/contacts", None, "/v6/contacts"),
        ("", None, ""),
        ("/tags/VIP/people", "/tags/{tag}/people", "/tags/{tag}/people"),
        ("/x", "https://api.example.com/2024-10/customers/{id}.json?key={key}", "/2024-10/customers/{id}.json"),
        ("/x", "/services/T0000/B0000/qWertyuiop1234567", "/services/{id}/{id}/{id}"),
        ("/x", "/people({id})/{field.name}", "{id}"),
    ],
)
def test_a_path_is_shown_without_what_may_be_data(path: str, declared: str | None, shown: str) -> None:
    found = url_template(Request("GET", path, template=declared))
    assert found == shown or (shown == "{id}" and found.startswith("/{id}"))


@pytest.mark.parametrize(
    ("variables", "signals", "named"),
    [
        ({}, set(), ""),
        ({"OTEL_SERVICE_NAME": "x"}, set(), ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR}, BOTH, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR, "OTEL_SDK_DISABLED": "True"}, set(), ""),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": COLLECTOR}, {Signal.TRACES}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR, "OTEL_TRACES_EXPORTER": "none"}, {Signal.METRICS}, ""),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, {Signal.METRICS}, ""),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, set(), "OTEL_METRICS_EXPORTER"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            set(),
            "OTEL_EXPORTER_OTLP_PROTOCOL is grpc",
        ),
    ],
)
def test_variables_of_the_standard_turn_it_on(variables: dict[str, str], signals: set[Signal], named: str) -> None:
    found, flaw = asked_for(variables)
    assert found == signals
    assert flaw.startswith(named)
    assert bool(flaw) == bool(named)
