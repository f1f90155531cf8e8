"""An OpenTelemetry collector for tests: takes OTLP over HTTP and decodes it, as anybody who reads the specification."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TYPES = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}


class Collector:
    """A collector that runs, and all that it has received.

    Attributes:
        url: The address for OTEL_EXPORTER_OTLP_ENDPOINT.
        status: The status of every answer.
        raw: The bytes of all requests, unpacked.
        headers: The headers of all requests.
    """

    def __init__(self, url):
        self.url = url
        self.status = 200
        self.raw = b""
        self.headers = []
        self._received = {path: [] for path in TYPES}

    def take(self, path, headers, body):
        body = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        self.headers.append({name.lower(): value for name, value in headers.items()})
        self.raw += body
        self._received[path].append(TYPES[path].FromString(body))

    @property
    def spans(self):
        return [
            span
            for request in self._received["/v1/traces"]
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resources(self):
        """The attributes of what sent something, each as a dict."""
        requests = self._received["/v1/traces"]
        return [attributes(each.resource) for request in requests for each in request.resource_spans]

    def points(self, name):
        """The last figures of a metric: pairs of attributes and value, a histogram's being its count."""
        found = {}
        for request in self._received["/v1/metrics"]:
            for resource in request.resource_metrics:
                for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                    if metric.name == name:
                        for point in getattr(metric, metric.WhichOneof("data")).data_points:
                            found[tuple(sorted(attributes(point).items()))] = value_of(point)
        return [(dict(key), value) for key, value in found.items()]

    def sum(self, name, **labels):
        """The sum of a metric over all points whose attributes hold these."""
        return sum(value for found, value in self.points(name) if labels.items() <= found.items())


def attributes(holder):
    """The attributes of a span, a point or a resource as a dict; names without the beginning ``singer_crm.``."""
    return {
        each.key.removeprefix("singer_crm."): getattr(each.value, each.value.WhichOneof("value"))
        for each in holder.attributes
    }


def value_of(point):
    if hasattr(point, "count"):
        return point.count
    return getattr(point, point.WhichOneof("value"))


@contextmanager
def collector() -> Iterator[Collector]:
    """Serve a collector for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if running.status == 200:
                running.take(self.path, self.headers, body)
            self.send_response(running.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield running
        server.shutdown()
        serving.join()
