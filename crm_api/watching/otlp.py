"""Telemetry over OTLP: metrics and a trace of a run by OpenTelemetry's SDK. Needs the extra ``otel``.

The SDK reads its own variables (``OTEL_…``). It sends in threads of its own; nothing that it raises, logs or waits for
reaches the run, but for one warning, and for a few seconds at the end.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import unquote, urlsplit

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Counter, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NoOpTracerProvider, Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from typing_extensions import override

from crm_api.transport.network import secrets_in
from crm_api.transport.redaction import Redactor
from crm_api.watching.telemetry import Figure, Level, Note, Result, SentRequest, Signal, Telemetry
from crm_api.watching.url_templates import url_template

SCOPE = "singer-crm"
LIBRARY = "opentelemetry"
FLUSH_SECONDS = 3.0  # for which a run that has ended waits for a collector that does not answer
REASON_CHARACTERS = 200
_NOT_TAKEN = "The collector does not take the telemetry of this run, which goes on without: %s"
_REASON = re.compile(r"Errno -?\d+\] ([\w ]+)|code: \d+, reason: ([\w ]+)|(timed out)")
"""The reason in a line of the library's log: a system's error, or an answer."""
NANOSECONDS = 1_000_000_000
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
RUN_SECONDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 150.0, 300.0, 600.0, 1800.0, 3600.0, 10_800.0, 43_200.0)


class OtlpTelemetry(Telemetry):
    """Metrics and a trace of one run.

    Args:
        plugin: Name of the command.
        run_id: Names the run; None: it has no name.
        signals: What is sent.
        logger: Gets one warning if the collector does not take it.
        facts: What tells the run from others, by name: attributes of every metric.
    """

    is_on = True

    def __init__(
        self,
        plugin: str,
        run_id: str | None,
        signals: Collection[Signal],
        logger: logging.Logger,
        facts: Mapping[str, str],
    ) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._facts: dict[str, Any] = dict(facts)
        self._early: list[Callable[[], None]] | None = []
        """Measurements that were made before it was known whose they are; None since."""
        self._totals: dict[tuple[Any, ...], int] = {}
        self._server: dict[str, Any] = {}
        self._redact: Callable[[str], str] = str
        self._thread = threading.local()
        self._listener = _Listener(logger)
        resource = _resource(plugin)
        tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        if Signal.TRACES in signals:
            tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        readers = [PeriodicExportingMetricReader(OTLPMetricExporter())] if Signal.METRICS in signals else []
        meters = MeterProvider(readers, resource, shutdown_on_exit=False)
        self._providers = [
            *([(Signal.TRACES, tracers)] if Signal.TRACES in signals else []),
            *([(Signal.METRICS, meters)] if Signal.METRICS in signals else []),
        ]
        self._tracer = (tracers if Signal.TRACES in signals else NoOpTracerProvider()).get_tracer(SCOPE)
        self._meter = (meters if Signal.METRICS in signals else NoOpMeterProvider()).get_meter(SCOPE)
        self._make_instruments()
        named = {"singer_crm.run_id": run_id} if run_id else {}
        self._run = self._tracer.start_span(f"{plugin} run", _parent(), attributes={**_spelt(facts), **named})
        self._current = self._run

    def _make_instruments(self) -> None:
        make = self._meter
        self._requests = make.create_counter("singer_crm.requests", "{request}", "Requests to the CRM")
        self._repeated = make.create_counter("singer_crm.requests.repeated", "{request}", "Requests sent again")
        self._turned_away = make.create_counter("singer_crm.requests.turned_away", "{request}", "Answered with 429")
        self._waited = make.create_counter("singer_crm.quota.wait", "s", "Waits for a turn of the quota")
        self._request_seconds = make.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of requests to the CRM",
            explicit_bucket_boundaries_advisory=REQUEST_SECONDS,
        )
        self._run_seconds = make.create_histogram(
            "singer_crm.run.duration", "s", "Duration of runs", explicit_bucket_boundaries_advisory=RUN_SECONDS
        )
        self._exit_code = make.create_gauge("singer_crm.run.exit_code", "1", "Exit code of the last run")
        self._ended_at = make.create_gauge("singer_crm.run.end_time", "s", "When the last run ended (Unix seconds)")
        self._counters = {figure: make.create_counter(figure, "{record}", "Records") for figure in Figure}
        self._gauges = {level: make.create_gauge(level, "{record}", "Records that are kept") for level in Level}

    @override
    def reach(self, base_url: str, redact: Callable[[str], str]) -> None:
        parts = urlsplit(base_url)
        self._server = {"server.address": redact(parts.hostname or "")}
        if parts.port is not None:
            self._server["server.port"] = parts.port
        self._redact = redact

    @override
    def know(self, **facts: str) -> None:
        with self._lock:
            self._facts |= facts
            early, self._early = self._early or [], None
        self._run.set_attributes(_spelt(facts))
        for measure in early:
            measure()

    def _add(self, counter: Counter, amount: float, **labels: Any) -> None:
        self._measured(lambda: counter.add(amount, {**_spelt(self._facts), **labels}))

    def _measured(self, measure: Callable[[], None]) -> None:
        with self._lock:
            if self._early is not None:
                self._early.append(measure)
                return
        measure()

    @override
    def sent(self, sent: SentRequest) -> None:
        template = self._redact(url_template(sent.request))
        about: dict[str, Any] = {**self._server, "http.request.method": sent.request.method}
        if sent.status is not None:
            about["http.response.status_code"] = sent.status
        if sent.error:
            about["error.type"] = str(sent.status) if sent.status is not None else sent.error
        self._add(self._requests, 1, **about)
        if sent.number > 1:
            self._add(self._repeated, 1)
        if sent.is_turned_away:
            self._add(self._turned_away, 1)
        if sent.waited_seconds > 0:
            self._add(self._waited, sent.waited_seconds)
        self._measured(
            lambda: self._request_seconds.record(
                sent.seconds, {**_spelt(self._facts), **about, "url.template": template}
            )
        )
        ended = time.time_ns()
        span = self._tracer.start_span(
            f"{sent.request.method} {template}",
            set_span_in_context(getattr(self._thread, "parent", self._current)),
            SpanKind.CLIENT,
            {
                **about,
                "url.template": template,
                "singer_crm.quota.wait": round(sent.waited_seconds, 3),
                **({"http.request.resend_count": sent.number - 1} if sent.number > 1 else {}),
            },
            start_time=ended - int(sent.seconds * NANOSECONDS),
        )
        if sent.error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)

    @override
    @contextmanager
    def part(self, name: str, **facts: str | int) -> Iterator[Note]:
        spelt = f"{name} {facts['stream']}" if "stream" in facts else name
        span = self._tracer.start_span(spelt, set_span_in_context(self._run), attributes=_spelt(facts))
        before, self._current = self._current, span
        try:
            yield lambda figure, value: span.set_attribute(f"singer_crm.{figure}", value)
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            self._current = before
            span.end()

    @override
    def apart(self, do: Callable[[], Result]) -> Callable[[], Result]:
        def done() -> Result:
            self._thread.parent = self._run
            try:
                return do()
            finally:
                del self._thread.parent

        return done

    @override
    def total(self, figure: Figure, total: int, **labels: str) -> None:
        key = (figure, *sorted(labels.items()))
        if more := total - self._totals.get(key, 0):
            self._totals[key] = total
            self._add(self._counters[figure], more, **labels)

    @override
    def level(self, level: Level, value: int, **labels: str) -> None:
        gauge = self._gauges[level]
        self._measured(lambda: gauge.set(value, {**_spelt(self._facts), **labels}))

    @override
    def finish(self, code: int) -> None:
        with suppress(Exception):  # the run ends as it would
            self.know()
            facts = _spelt(self._facts)
            self._run_seconds.record(time.monotonic() - self._began, {**facts, "exit_code": str(code)})
            self._exit_code.set(code, facts)
            self._ended_at.set(round(time.time()), facts)
            self._run.set_attribute("singer_crm.exit_code", code)
            if code:
                _fail(self._run, f"exit code {code}")
            self._run.end()
            self._listener.wait_for({signal for signal, _ in self._providers})
            for signal, provider in self._providers:
                threading.Thread(
                    target=self._shut_down, args=(signal, provider), name=f"otel-{signal}", daemon=True
                ).start()
            self._listener.wait(FLUSH_SECONDS)
        self._listener.close()

    def _shut_down(self, signal: Signal, provider: TracerProvider | MeterProvider) -> None:
        with suppress(Exception):
            provider.shutdown()
        self._listener.done(signal)


class _Listener(logging.Handler):
    """Hears what the library logs: the first of it becomes the one warning, and what fails is not waited for."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logging.WARNING)
        self._logger = logger
        self._redact = Redactor(_secrets())
        self._said = False
        self._waited_for: set[Signal] = set()
        self._changed = threading.Condition()
        library = logging.getLogger(LIBRARY)
        library.propagate = False
        library.addHandler(self)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        signal = Signal.METRICS if "metric" in record.name else Signal.TRACES
        self.done(signal)
        if self._said:
            return
        self._said = True
        said = _REASON.search(record.getMessage())
        reason = record.getMessage() if said is None else next(filter(None, said.groups()))
        self._logger.warning(_NOT_TAKEN, self._redact.cut(" ".join(reason.split()), REASON_CHARACTERS))

    def wait_for(self, signals: set[Signal]) -> None:
        """Wait from now on for what is sent last."""
        with self._changed:
            self._waited_for = set(signals)

    def done(self, signal: Signal) -> None:
        """Note that nothing more of a kind is to be waited for."""
        with self._changed:
            self._waited_for.discard(signal)
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until everything was sent, or cannot be sent, but no longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waited_for, seconds)
            late, self._said = bool(self._waited_for) and not self._said, True
        if late:
            self._logger.warning(_NOT_TAKEN, f"no answer in {seconds:.0f} seconds")

    @override
    def close(self) -> None:
        logging.getLogger(LIBRARY).removeHandler(self)
        super().close()


def _resource(plugin: str) -> Resource:
    """Describe this program; what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes first.

    The instance is the machine: with one of its own, each short run would begin new series of every metric.
    """
    own = {"service.name": plugin, "service.instance.id": socket.gethostname()}
    with suppress(PackageNotFoundError):
        own["service.version"] = version(SCOPE)
    given = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    named = {pair.partition("=")[0].strip() for pair in given.split(",")}
    if os.environ.get("OTEL_SERVICE_NAME"):
        named.add("service.name")
    return Resource.create({name: value for name, value in own.items() if name not in named})


def _parent() -> Any:
    """Return the span that started this process, which TRACEPARENT names; None if nobody says."""
    given = {name: os.environ[name.upper()] for name in ("traceparent", "tracestate") if name.upper() in os.environ}
    return TraceContextTextMapPropagator().extract(given) if given else None


def _secrets() -> Iterator[str]:
    """Yield what variables hold that nobody may see: headers of the exporters, passwords in addresses."""
    for name, value in os.environ.items():
        if name.startswith("OTEL_EXPORTER_") and name.endswith("_HEADERS"):
            yield from (unquote(each.partition("=")[2].strip()) for each in value.split(","))
        elif name.startswith("OTEL_EXPORTER_") and name.endswith("_ENDPOINT"):
            yield from secrets_in(value)


def _fail(span: Span, why: str) -> None:
    span.set_status(Status(StatusCode.ERROR, why))


def _spelt(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts by the names of their attributes."""
    return {f"singer_crm.{name}": value for name, value in facts.items()}
