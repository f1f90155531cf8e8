"""Words for the outcome of a comparison. No value of the recording is in them."""

from __future__ import annotations

from collections.abc import Iterator

from crm_emulator.compare.comparison import Comparison, Finding
from crm_emulator.compare.kinds_of_requests import Kind
from crm_emulator.compare.recording import Recording
from crm_emulator.compare.shown_names import HIDDEN
from crm_emulator.version import VERSION


def report(comparison: Comparison, recording: Recording) -> str:
    """Return the lines for people, and for an issue."""
    asked = sum(len(kind.places) for kind in comparison.kinds)
    lines = [f"{_counted(asked, 'recorded request')} compared with crm-emulator v{VERSION}"]
    for kind in sorted(comparison.kinds, key=lambda each: (each.crm, each.route)):
        lines += _of_kind(
            kind, [each for each in comparison.findings if (each.crm, each.route) == (kind.crm, kind.route)]
        )
    lines += [
        f"passed over: {_counted(count, 'request')} {why}" for why, count in sorted(recording.passed_over.items())
    ]
    lines += [f"not compared: the body of {_counted(count, 'answer')} {why}" for why, count in _unread(recording)]
    if hidden := sum(seen.hidden_values() for kind in comparison.kinds for seen in kind.recorded.values()):
        lines.append(f"not compared: {_counted(hidden, 'value')} that somebody had hidden, as ***")
    if comparison.has_failed:
        lines.append("the emulator itself failed (500 here): please report that, too")
    if strange := _strange(comparison):
        lines.append(
            f"look through {_counted(len(strange), 'key')} that the emulator does not know before you send this: "
            "somebody chose such names (--hide-keys hides them)"
        )
    return "\n".join([*lines, _last(comparison), ""])


def _strange(comparison: Comparison) -> set[str]:
    """Return the places of keys that are shown, and that the emulator does not have there."""
    missing = [each.difference for each in comparison.findings if each.difference.is_of_missing_key]
    return {each.where for each in missing if not each.where.endswith(HIDDEN)}


def _last(comparison: Comparison) -> str:
    count, switched = len(comparison.findings), sum(bool(each.switches) for each in comparison.findings)
    unknown = sum(not kind.is_compared for kind in comparison.kinds)
    by_switch = f", {switched} of them known: the switches named make them equal" if switched else ""
    said = f"{_counted(count, 'difference')}{by_switch}" if count else "no difference"
    if not unknown:
        return said
    if unknown == len(comparison.kinds):
        return f"{said}, and no body was compared"
    return f"{said}; of {_counted(unknown, 'route')} no body was compared"


def _of_kind(kind: Kind, findings: list[Finding]) -> Iterator[str]:
    counts = [_counted(len(kind.places) + kind.further, "request")]
    counts += [_counted(kind.records, "record")] if kind.records else []
    word = "differs" if findings else "equal  " if kind.is_compared else "unknown"
    yield f"{word}  {kind.crm}: {kind.route} ({', '.join(counts)})"
    for each in findings:
        switches = " or ".join(f"--switch {name}" for name in each.switches)
        yield f"  {each.difference.where}: {each.difference.said}{f'; equal with {switches}' if switches else ''}"
    if kind.unmet:
        yield f"  nothing was found here for {_counted(kind.unmet, 'request')}, so that records were not compared"
    elif not kind.is_compared:
        yield "  the status alone was compared"
    if kind.further:
        yield f"  {_counted(kind.further, 'further request')} read, and not asked here again"


def _unread(recording: Recording) -> list[tuple[str, int]]:
    return [(why, count) for why, count in sorted(recording.unread.items()) if count]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
