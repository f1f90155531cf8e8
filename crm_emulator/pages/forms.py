"""Forms read into faults and switches, with the values that the control API takes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from crm_emulator.control import ControlError
from crm_emulator.faults import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.vendor import Vendor

KINDS = {
    Kind.LATENCY: "Latency: answers take longer",
    Kind.ERROR: "Error, and nothing is done (429 comes with the CRM's own body)",
    Kind.ERROR_AFTER: "Error after the write, which was carried out",
    Kind.RESET: "Connection reset before anything is done",
    Kind.LOST: "Answer lost after the write",
    Kind.CUT: "Answer cut in the middle",
    Kind.SLOW: "Body arrives slowly",
    Kind.MALFORMED: "Broken JSON",
    Kind.REFUSE: "Connections refused for a while",
    Kind.EDIT: "A record is edited before each request",
    Kind.ADD: "A record is added before each request",
    Kind.DELETE: "A record is deleted before each request",
}
"""The kinds of trouble in the words of the page."""

_NUMBERS: Mapping[str, type[int | float]] = {
    "rate": float,
    "every": int,
    "times": int,
    "status": int,
    "retry_after": float,
    "seconds": float,
    "jitter_seconds": float,
    "records": int,
}


def filled(sent: Mapping[str, str]) -> dict[str, str]:
    """Fill in the form's fields that were not sent with their first values."""
    first = {each.name: each.default for each in fields(Fault) if each.name != "kind"}
    standard = {
        name: "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in first.items()
    }
    return {"kind": str(Kind.LATENCY), **standard, **{name: sent[name] for name in ("kind", *first) if name in sent}}


def fault(sent: Mapping[str, str]) -> Fault:
    """Return the fault that a form describes; an empty field is as if it were not there. Raises ValueError."""
    values: dict[str, Any] = {"kind": sent["kind"]}
    for name in ("route", "vendor", *_NUMBERS):
        text = sent.get(name, "").strip()
        if not text:
            continue
        try:
            values[name] = _NUMBERS[name](text) if name in _NUMBERS else text
        except ValueError:
            raise ValueError(f"{name.replace('_', ' ')} must be a number, not {text!r}") from None
    return Fault(**values)


def switches(vendor: Vendor, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a vendor's switches in a form (an unticked box sends nothing); raises ControlError."""
    values: dict[str, Any] = {}
    for each in fields(vendor.switches):
        now = getattr(vendor.switches, each.name)
        if isinstance(now, bool):
            values[each.name] = each.name in sent
        elif each.name in sent:
            try:
                values[each.name] = type(now)(sent[each.name])
            except ValueError:
                raise ControlError(f"{each.name} must be a number, not {sent[each.name]!r}") from None
    return values
