"""Forms read into faults and switches, with the values that the control API takes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from crm_emulator.checked_values import require_object
from crm_emulator.control import ControlError
from crm_emulator.faults import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from crm_emulator.messages import Request
    from crm_emulator.vendor import Vendor

FORM = "application/x-www-form-urlencoded"

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


def fields_sent(request: Request, known: Collection[str], needed: Collection[str] = ()) -> dict[str, str]:
    """Return the fields of a form by name. What is not one of this page's forms sets nothing: raises ValueError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise ControlError(f"this takes a form of this page, {FORM}")
    sent = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if not sent:
        raise ControlError("the form is empty")
    return require_object("the form", sent, known, needed)


def choice(request: Request, name: str, words: Collection[str]) -> str:
    """Return the value of the only field of a form, which is one of some words; raises ValueError."""
    value = fields_sent(request, (name,), (name,))[name]
    if value not in words:
        raise ControlError(f"{name} must be one of {', '.join(words)}, not {value!r}")
    return value


def trouble_sent(request: Request) -> dict[str, str]:
    """Return the fields of the form that makes trouble; raises ValueError."""
    return fields_sent(request, [each.name for each in fields(Fault)], ("kind",))


def switches_sent(vendor: Vendor, request: Request) -> dict[str, str]:
    """Return the fields of the form of a vendor's switches; raises ValueError."""
    return fields_sent(request, [each.name for each in fields(vendor.switches)])


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
