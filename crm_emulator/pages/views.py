"""The contents of the pages, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from crm_emulator.messages import Record, decode, is_whole
from crm_emulator.query import Condition, Query
from crm_emulator.vendor import UnknownObjectError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.crms import EmulatedCrms
    from crm_emulator.vendor import Vendor

PAGE_SIZE = 50
_MOST_ROWS = 200
_MOST_COLUMNS = 5
_LATEST = 253_402_300_799  # the last second of the year 9999
_TITLES = {
    "copper": "Copper",
    "freshsales": "Freshsales Suite",
    "freshsales_classic": "Freshsales Classic",
    "apptivo": "Apptivo",
    "anything": "Any endpoint",
}
# The attributes that tell people most about a record, in this order.
_INFORMATIVE = (
    "name", "display_name", "fullName", "customerName", "opportunityName", "caseSummary", "title", "method", "path",
    "collection", "email", "description", "status", "amount", "monetary_value", "companyName", "company_name", "label",
    "body", "details", "email_domain", "date_modified", "updated_at", "lastUpdateDate", "activity_date", "emailId",
)  # fmt: skip

# The text as a whole is looked through first, since taking it apart costs more; names of attributes are no hit.
_HOLDS_TEXT = (
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
        main_objects: How many records each object has, without those that are mere settings.
        meters: The rates of its quota, and how much of each is used.
        has_rates: Whether the vendor publishes any rates.
        has_reference: Whether there is a reference of its API: a vendor's, which it imitates.
    """

    name: str
    title: str
    base_url: str
    configuration: str
    objects: dict[str, int]
    main_objects: dict[str, int]
    meters: tuple[Meter, ...]
    has_rates: bool
    has_reference: bool


@dataclass(frozen=True)
class Switch:
    """A switch, its value, what it does, and the words that it can be, as far as the description tells them."""

    name: str
    value: Any
    description: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordFilter:
    """Filter of a page of records."""

    text: str = ""
    number: int = 1
    deleted: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> RecordFilter:
        """Read the filter from the query of a page's address."""
        number = query.get("page", "")
        return cls(query.get("q", "").strip(), max(1, int(number)) if is_whole(number) else 1, "deleted" in query)


@dataclass(frozen=True)
class Page:
    """A page of records.

    Attributes:
        rows: The id and the cells of each row.
        more: Whether another page follows.
    """

    name: str
    filter: RecordFilter
    columns: list[str]
    rows: list[tuple[int, list[str]]]
    first: int
    more: bool


@dataclass(frozen=True)
class LogFilter:
    """Filter of the request log; empty means any."""

    crm: str = ""
    method: str = ""
    status: str = ""
    last: int = _MOST_ROWS

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> LogFilter:
        """Read the filter from the query of a page's address."""
        last = query.get("last", "")
        kept = min(int(last), _MOST_ROWS) if is_whole(last) and int(last) else _MOST_ROWS
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
    """Return the CRMs' titles, by name."""
    return {vendor.account_name: title(vendor) for vendor in emulator.vendors}


def other_accounts(emulator: EmulatedCrms, crm_name: str) -> list[tuple[int, str]]:
    """Return the number and the page of each account at a CRM; none where there is one account alone."""
    pages = []
    for each in emulator.accounts if len(emulator.accounts) > 1 else ():
        vendor = next((vendor for vendor in each.vendors if vendor.name == crm_name), each.copper)
        pages.append((each.number, f"/crm/{vendor.account_name}"))
    return pages


def crms(emulator: EmulatedCrms) -> list[Crm]:
    """Return all CRMs."""
    return [crm(emulator, vendor) for vendor in emulator.vendors]


def crm(emulator: EmulatedCrms, vendor: Vendor) -> Crm:
    """Return one CRM."""
    now = emulator.clock.now()
    with vendor.store.lock:
        rates = vendor.quota.rates
        meters = [
            Meter(rate.limit, rate.limit - vendor.quota.left(index, now), rate.seconds, rate.routes)
            for index, rate in enumerate(rates)
        ]
        counts = vendor.counts()
    main_objects = {name: count for name, count in counts.items() if name in vendor.sizes or not vendor.sizes}
    return Crm(
        vendor.account_name,
        title(vendor),
        vendor.base_url,
        vendor.configuration(),
        counts,
        main_objects,
        tuple(meters),
        bool(vendor.rates),
        vendor.name != "anything",
    )


def switches(vendor: Vendor) -> list[Switch]:
    """Return a CRM's switches."""
    descriptions = vendor.described_switches()
    return [
        Switch(name, value, descriptions.get(name, ""), vendor.words_for(name))
        for name, value in asdict(vendor.switches).items()
    ]


def records(vendor: Vendor, name: str, record_filter: RecordFilter) -> Page:
    """Return a page of an object's records, those that hold a text if one is given; raises UnknownObjectError."""
    table = vendor.table(name)
    conditions: tuple[Condition, ...] = ()
    if record_filter.text:
        pattern = record_filter.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions = (Condition(_HOLDS_TEXT, (f"%{pattern}%", f"%{pattern}%", record_filter.text)),)
    query = Query(table, conditions, hidden=None if record_filter.deleted else (0,))
    first = (record_filter.number - 1) * PAGE_SIZE
    with vendor.store.lock:
        found = [decode(text) for text in vendor.store.page(query, PAGE_SIZE + 1, first)]
    shown = found[:PAGE_SIZE]
    columns = _columns(shown)
    rows = [
        (record["id"], [_cell(column, record.get(column)) for column in columns]) for record in shown if "id" in record
    ]
    return Page(name, record_filter, columns, rows, first + 1, len(found) > PAGE_SIZE)


def _columns(found: list[Record]) -> list[str]:
    held = {name for record in found for name, value in record.items() if value not in (None, "", [], {})}
    return [name for name in _INFORMATIVE if name in held][:_MOST_COLUMNS]


def _cell(column: str, value: Any) -> str:
    if (
        "date" in column and isinstance(value, int) and 0 <= value <= _LATEST
    ):  # Copper's instants, which nobody can read
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    text = "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - a line's length


def record(vendor: Vendor, name: str, text: str) -> tuple[int, str]:
    """Return a record's id and its JSON, formatted; also of a deleted one. Raises UnknownObjectError."""
    found = vendor.store.get(vendor.table(name), int(text), hidden=True) if is_whole(text) else None
    if found is None:
        raise UnknownObjectError(f"{title(vendor)} has no {name} {text}.")
    return int(text), msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def title(vendor: Vendor) -> str:
    """Return a CRM's title."""
    known = _TITLES.get(vendor.name, vendor.name)
    return known if vendor.customer == 1 else f"{known} {vendor.customer}"


def log(emulator: EmulatedCrms, log_filter: LogFilter) -> list[Row]:
    """Return the log's rows, newest first."""
    found = [
        each
        for each in emulator.requests
        if log_filter.crm in {"", each.vendor}
        and log_filter.method in {"", each.method}
        and (not log_filter.status or str(each.status).startswith(log_filter.status))
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
        for each in reversed(found[-log_filter.last :])
    ]


def pretty(body: bytes) -> str:
    """Format a body for reading."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except msgspec.DecodeError:
        return body.decode("utf-8", "replace")
