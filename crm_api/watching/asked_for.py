"""The telemetry that the environment asks for: ``OTEL_…`` variables, and nothing else, turn it on."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from crm_api.watching.telemetry import OFF, Signal, Telemetry

EXTRA = "otel"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "http/protobuf"


def open_telemetry(plugin: str, run_id: str | None, logger: logging.Logger, **facts: str) -> Telemetry:
    """Begin the telemetry of a run, if variables of the environment ask for any. However that fails, the run goes on.

    Args:
        plugin: Name of the command.
        run_id: Names the run; None: it has no name.
        logger: Gets one warning if it cannot work.
        facts: What tells the run from others, by name.
    """
    signals, flaw = asked_for(os.environ)
    if flaw:
        logger.warning("%s", flaw)
    if not signals:
        return OFF
    try:
        from crm_api.watching.otlp import OtlpTelemetry  # noqa: PLC0415 - an optional dependency, and slow to import
    except ImportError:
        advice = f"Install it with pip install 'singer-crm[{EXTRA}]', or set OTEL_SDK_DISABLED=true"
        logger.warning("OTEL_ variables ask for telemetry, but OpenTelemetry is not installed. %s", advice)
        return OFF
    try:
        return OtlpTelemetry(plugin, run_id, signals, logger, facts)
    except Exception as error:  # noqa: BLE001 - whatever a variable holds, the run goes on
        logger.warning("No telemetry: the OTEL_ variables cannot be used: %s", type(error).__name__)
        return OFF


@contextmanager
def telling_early_end(
    plugin: str, run_id: str | None, logger: logging.Logger, code_of: Callable[[Exception], int]
) -> Iterator[None]:
    """Tell of a run that ends within the block, before it has begun.

    Args:
        plugin: Name of the command.
        run_id: Names the run; None: it has no name.
        logger: Gets one warning if telemetry cannot work.
        code_of: Returns the exit code of an error.
    """
    try:
        yield
    except Exception as error:
        open_telemetry(plugin, run_id, logger).finish(code_of(error))
        raise


def asked_for(environ: Mapping[str, str]) -> tuple[frozenset[Signal], str]:
    """Return the telemetry that variables of the environment ask for, and what cannot be had of it, in a sentence."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return frozenset(), ""
    wanted: set[Signal] = set()
    flaw = ""
    for signal in Signal:
        variable = f"OTEL_{signal}_EXPORTER"
        exporters = {name.strip().lower() for name in environ.get(variable, "").split(",")} - {""}
        endpoint = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or environ.get(ENDPOINT)
        if others := exporters - {"otlp", "none"}:
            flaw = flaw or f"{variable} names {', '.join(sorted(others))}: only otlp and none are known here"
        if "otlp" not in exporters and (exporters or not endpoint):
            continue
        own = f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL"
        named = own if environ.get(own) else "OTEL_EXPORTER_OTLP_PROTOCOL"
        if (protocol := environ.get(named) or PROTOCOL) != PROTOCOL:
            flaw = flaw or (
                f"{named} is {protocol}, and only {PROTOCOL} is spoken here. Set it so, with the collector's port for "
                "HTTP (4318 as a rule)"
            )
            continue
        wanted.add(signal)
    return frozenset(wanted), flaw
