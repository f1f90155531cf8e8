"""The file that metrics_path names: the figures of the last run as OpenMetrics text, for node_exporter and the like.

Prometheus' older text format reads it as well. It holds counts, no values of records, and everybody may read it, since
a collector runs as a user of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_api.errors import Retry, SettingError
from target_crm.files import FileError, replace_file
from target_crm.report.outcomes import Outcome

SETTING = "metrics_path"
READABLE = 0o644
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Metric:
    """A metric and its samples.

    Attributes:
        name: Its name.
        meaning: What it counts or measures, for people.
        unit: Its unit, which the name ends with; empty for a count.
        samples: Labels and value of each sample.
    """

    name: str
    meaning: str
    unit: str = ""
    samples: list[tuple[Labels, float]] = field(default_factory=list)


def check_metrics_path(path: str | None) -> None:
    """Check that the file can be written, before anything is sent.

    Args:
        path: The file; None: none is wanted.

    Raises:
        SettingError: Its folder is missing or takes no file.
    """
    if path is None:
        return
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        why = "its folder takes no file" if folder.is_dir() else "its folder is missing"
        raise SettingError(f"{SETTING} cannot be written: {why}: {path}")


def write_metrics(path: str | None, report: Mapping[str, Any], facts: Mapping[str, str], now: float) -> None:
    """Write the figures of a run in place of those of the run before.

    Args:
        path: The file; None: none is wanted.
        report: The report of the run, as ``report_path`` gets it.
        facts: What tells the run from others: crm, source_name, account.
        now: Unix seconds.

    Raises:
        FileError: It cannot be written.
    """
    if path is None:
        return
    try:
        replace_file(Path(path), [metrics_text(report, facts, Path(path).stem, now).encode()], READABLE)
    except OSError as error:
        raise FileError(SETTING, path, error.strerror or str(error)) from error


def metrics_text(report: Mapping[str, Any], facts: Mapping[str, str], pipeline: str, now: float) -> str:
    """Return the figures of a run as OpenMetrics text.

    Args:
        report: The report of the run.
        facts: What tells the run from others.
        pipeline: Label of every sample, so that two files of a folder have none in common.
        now: Unix seconds.
    """
    lines = [line for metric in _metrics(report, facts, now) for line in _lines(metric, pipeline)]
    return "".join(f"{line}\n" for line in [*lines, "# EOF"])


def _metrics(report: Mapping[str, Any], facts: Mapping[str, str], now: float) -> Iterator[_Metric]:
    traffic = report.get("requests", {})
    yield _Metric("singer_crm_run_info", "Whose run it was.", samples=[(tuple(facts.items()), 1)])
    yield _single("singer_crm_run_exit_code", "Exit code of the last run.", report["exit_code"])
    yield _single("singer_crm_run_end_timestamp_seconds", "When the last run ended.", round(now), "seconds")
    yield _single("singer_crm_run_duration_seconds", "For how long it ran.", report.get("seconds", 0), "seconds")
    yield _Metric(
        "singer_crm_run_retry",
        "Whether it helps to run the same again.",
        samples=[((("retry", str(each)),), int(report["retry"] == each)) for each in Retry],
    )
    after = report.get("retry_after_seconds") or 0
    yield _single("singer_crm_run_retry_after_seconds", "How long to wait before that.", after, "seconds")
    yield _single("singer_crm_run_closed", "Whether every record has its outcome.", int(report["closed"]))
    yield _Metric(
        "singer_crm_records",
        "Records of the last run by stream and outcome.",
        samples=[
            ((("stream", stream), ("outcome", str(outcome))), counts[outcome])
            for stream, counts in report["streams"].items()
            for outcome in Outcome
        ],
    )
    yield _Metric(
        "singer_crm_records_rejected",
        "Records that the last run rejected by stream and kind.",
        samples=[
            ((("stream", stream), ("kind", kind)), count)
            for stream, kinds in report.get("reject_kinds", {}).items()
            for kind, count in kinds.items()
        ],
    )
    held = {"rejected": report.get("pending", 0), "waiting": report.get("waiting", 0)}
    yield _Metric(
        "singer_crm_records_held",
        "Records that are kept and not written, of earlier runs too.",
        samples=[((("state", state),), count) for state, count in held.items()],
    )
    yield _single("singer_crm_requests", "Requests of the last run.", traffic.get("requests", 0))
    yield _single("singer_crm_requests_repeated", "Repetitions among them.", traffic.get("repeated", 0))
    yield _single("singer_crm_requests_turned_away", "Answers 429 among them.", traffic.get("turned_away", 0))


def _single(name: str, meaning: str, value: float, unit: str = "") -> _Metric:
    return _Metric(name, meaning, unit, [((), value)])


def _lines(metric: _Metric, pipeline: str) -> Iterator[str]:
    if not metric.samples:
        return
    yield f"# TYPE {metric.name} gauge"
    if metric.unit:
        yield f"# UNIT {metric.name} {metric.unit}"
    yield f"# HELP {metric.name} {metric.meaning}"
    for labels, value in metric.samples:
        spelt = ",".join(f'{name}="{_escaped(text)}"' for name, text in (("pipeline", pipeline), *labels))
        yield f"{metric.name}{{{spelt}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
