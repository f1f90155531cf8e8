"""What the pages show, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from crm_emulator.descriptions import described_switches
from crm_emulator.messages import Record, decode
from crm_emulator.query import Condition, Query
from crm_emulator.vendor import UnknownObjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.crms import EmulatedCrms
    from crm_emulator.vendor import Vendor

PAGE_SIZE = 50
_MOST_ROWS = 200
_MOST_COLUMNS = 5
_TITLES = {
    "copper": "Copper",
    "freshsales": "Freshsales Suite",
    "freshsales_classic": "Freshsales Classic",
    "apptivo": "Apptivo",
    "anything": "Any endpoint",
}
# What tells people most about a record, in this order.
_TELLING = (
    "name", "display_name", "fullName", "customerName", "opportunityName", "caseSummary", "title", "method", "path",
    "collection", "email", "description", "status", "amount", "monetary_value", "companyName", "company_name", "label",
    "body", "details", "email_domain", "date_modified", "updated_at", "lastUpdateDate", "activity_date", "emailId",
)  # fmt: skip

# The text as a whole is looked through first, since taking it apart costs more; names of attributes are no hit.
_HOLDS = (
    "(body LIKE ? ESCAPE '\\' AND EXISTS (SELECT 1 FROM json_tree(body) AS t WHERE t.atom LIKE ? ESCAPE '\\')) "
    "OR CAST(id AS TEXT) = ?"
)


@dataclass(frozen=True)
class Meter:
    """One rate of a quota and how much of it is used."""

    limit: int
    used: int
    seconds: float
    routes: str


@dataclass(frozen=True)
class Crm:
    """One CRM, as pages name it.

    Attributes:
        objects: How many records each object has.
        chief: The same of the objects that are not mere settings.
        meters: Its quota.
        has_rates: Whether the vendor publishes any.
    """

    name: str
    title: str
    base_url: str
    configuration: str
    objects: dict[str, int]
    chief: dict[str, int]
    meters: tuple[Meter, ...]
    has_rates: bool


@dataclass(frozen=True)
class Switch:
    """A switch, its value, and what it does."""

    name: str
    value: Any
    means: str


@dataclass(frozen=True)
class Wanted:
    """What a page of records is asked for."""

    text: str = ""
    number: int = 1
    deleted: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """From the address."""
        number = query.get("page", "")
        return cls(query.get("q", "").strip(), max(1, int(number)) if number.isdigit() else 1, "deleted" in query)


@dataclass(frozen=True)
class Page:
    """A page of records.

    Attributes:
        rows: Id and cells of each.
        more: Whether another page follows.
    """

    name: str
    wanted: Wanted
    columns: list[str]
    rows: list[tuple[int, list[str]]]
    first: int
    more: bool


@dataclass(frozen=True)
class Asked:
    """What of the request log is asked for; empty means any."""

    crm: str = ""
    method: str = ""
    status: str = ""
    last: int = _MOST_ROWS

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """From the address."""
        last = query.get("last", "")
        kept = min(int(last), _MOST_ROWS) if last.isdigit() and int(last) else _MOST_ROWS
        return cls(query.get("crm", ""), query.get("method", ""), query.get("status", ""), kept)


@dataclass(frozen=True)
class Row:
    """A line of the request log."""

    number: int
    at: str
    crm: str
    method: str
    path: str
    route: str
    status: str
    seconds: str
    share: str
    fault: str
    went_well: bool


def names(emulator: EmulatedCrms) -> dict[str, str]:
    """The CRMs' titles, by name."""
    return {vendor.name: _TITLES.get(vendor.name, vendor.name) for vendor in emulator.vendors}


def crms(emulator: EmulatedCrms) -> list[Crm]:
    """All CRMs."""
    return [crm(emulator, vendor) for vendor in emulator.vendors]


def crm(emulator: EmulatedCrms, vendor: Vendor) -> Crm:
    """One CRM."""
    now = emulator.clock.now()
    with emulator.store.lock:
        rates = vendor.quota.rates
        meters = [
            Meter(rate.limit, rate.limit - vendor.quota.left(place, now), rate.seconds, rate.routes)
            for place, rate in enumerate(rates)
        ]
        counts = {name: vendor.count(name) for name in vendor.tables}
    title = names(emulator)[vendor.name]
    chief = {name: count for name, count in counts.items() if name in vendor.sizes or not vendor.sizes}
    return Crm(
        vendor.name, title, vendor.base_url, vendor.configuration(), counts, chief, tuple(meters), bool(vendor.rates)
    )


def switches(vendor: Vendor) -> list[Switch]:
    """A CRM's switches."""
    means = described_switches(vendor)
    return [Switch(name, value, means.get(name, "")) for name, value in asdict(vendor.switches).items()]


def records(vendor: Vendor, name: str, wanted: Wanted) -> Page:
    """A page of an object's records, those that hold a text if one is given; raises UnknownObjectError."""
    table = vendor.table(name)
    conditions: tuple[Condition, ...] = ()
    if wanted.text:
        pattern = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions = (Condition(_HOLDS, (f"%{pattern}%", f"%{pattern}%", wanted.text)),)
    query = Query(table, conditions, hidden=None if wanted.deleted else (0,))
    first = (wanted.number - 1) * PAGE_SIZE
    with vendor.store.lock:
        found = [decode(text) for text in vendor.store.page(query, PAGE_SIZE + 1, first)]
    shown = found[:PAGE_SIZE]
    columns = _columns(shown)
    rows = [(record["id"], [_cell(record.get(column)) for column in columns]) for record in shown if "id" in record]
    return Page(name, wanted, columns, rows, first + 1, len(found) > PAGE_SIZE)


def _columns(found: list[Record]) -> list[str]:
    held = {name for record in found for name, value in record.items() if value not in (None, "", [], {})}
    return [name for name in _TELLING if name in held][:_MOST_COLUMNS]


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - a line's length


def record(vendor: Vendor, name: str, text: str) -> tuple[int, str]:
    """A record's id and its JSON, readable; a deleted one too. Raises UnknownObjectError."""
    found = vendor.store.get(vendor.table(name), int(text), hidden=True) if text.isdigit() else None
    if found is None:
        raise UnknownObjectError(f"{names_of(vendor)} has no {name} {text}.")
    return int(text), msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def names_of(vendor: Vendor) -> str:
    """A CRM's title."""
    return _TITLES.get(vendor.name, vendor.name)


def log(emulator: EmulatedCrms, asked: Asked) -> list[Row]:
    """The newest requests first."""
    found = [
        each
        for each in emulator.requests
        if asked.crm in {"", each.vendor}
        and asked.method in {"", each.method}
        and (not asked.status or str(each.status).startswith(asked.status))
    ]
    titles = names(emulator)
    return [
        Row(
            number=each.number,
            at=datetime.fromtimestamp(each.at, UTC).strftime("%H:%M:%S"),
            crm=titles.get(each.vendor, each.vendor),
            method=each.method,
            path=each.path + (f"?{each.query}" if each.query else ""),
            route=each.route,
            status="under way" if each.status is None else "dropped" if each.status == 0 else str(each.status),
            seconds="" if each.status is None else f"{each.seconds:.3f}",
            share=f"{each.quota_share:.0%}",
            fault=each.fault,
            went_well=each.status is not None and 200 <= each.status < 400,  # noqa: PLR2004 - 2xx and 3xx
        )
        for each in reversed(found[-asked.last :])
    ]


def pretty(body: bytes) -> str:
    """A body for reading."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except msgspec.DecodeError:
        return body.decode("utf-8", "replace")
