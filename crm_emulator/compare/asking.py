"""An emulator in this process that is asked what a recording asked, without a socket."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from crm_emulator.application import Application, Delivery
from crm_emulator.clock import Clock
from crm_emulator.compare.bodies import json_of, records_in
from crm_emulator.compare.ids import StandIns
from crm_emulator.compare.kinds import is_hidden
from crm_emulator.compare.recording import Exchange
from crm_emulator.copper.sign_in import APPLICATION
from crm_emulator.crms import EmulatedCrms
from crm_emulator.messages import Answer, Request, encode
from crm_emulator.vendor import Vendor

# So many that each kind of value that the emulator knows is shown.
_SEED = 3
Sizes = Mapping[str, Mapping[str, int]]
SIZES: Sizes = {
    "copper": {"people": 180, "companies": 80, "leads": 80, "opportunities": 120, "tasks": 60, "activities": 180},
}
# And of each object one record with nothing in it but what it needs.
_BARE: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "copper": {
        name: {"name": "Bare"} for name in ("people", "companies", "projects", "tasks", "leads", "opportunities")
    },
    "freshsales": {
        "contacts": {"last_name": "Bare"},
        "sales_accounts": {"name": "Bare"},
        "deals": {"name": "Bare", "amount": 1},
    },
    "apptivo": {
        "contacts": {"lastName": "Bare"},
        "customers": {"customerName": "Bare"},
        "leads": {"lastName": "Bare"},
        "opportunities": {"opportunityName": "Bare"},
        "cases": {"caseSummary": "Bare"},
    },
}
_PAGES: Mapping[str, int] = {"page_size": 200, "per_page": 100, "numRecords": 200}
_SORTS = ("sort", "sort_by", "sort_direction", "sort_type", "sortColumn")
_KEPT = frozenset((*_SORTS, "include", "full_result", "filter_rule", "a", "objectId"))
_NOW = float(int(time.time()))  # for all emulators of a comparison, so that equal questions have equal answers
_KEYS = ("apiKey", "accessKey")  # of Apptivo, which are parameters
_OTHER_KEYS = ("sessionKey", "userName")
FURTHER = 25  # records of an object that are read beside the recorded ones
_UNAUTHORIZED, _NOT_FOUND, _TOO_MANY, _WRONG = 401, 404, 429, 400


@dataclass(frozen=True, slots=True)
class Located:
    """A recorded exchange with its place at the emulator.

    Attributes:
        exchange: The exchange.
        crm: The name of the emulated CRM.
        path: The path at the emulator.
        route: The template of its route; empty: there is none.
        writes: Whether the route writes.
    """

    exchange: Exchange
    crm: str
    path: str
    route: str
    writes: bool = False

    @property
    def scope(self) -> str:
        """The object that its route is about, as far as the path names it."""
        named = [each for each in self.route.partition("?")[0].split("/") if each and not each.startswith("{")]
        return named[-1] if "/dao/" in self.route and named else named[0] if named else ""


class Asker:
    """An emulator of its own, with some records, whose switches somebody has set.

    Args:
        prepare: Sets the switches, before there are records.
        state: A dump of the records of another; empty: they are made.
        sizes: How many records there are of each object, by CRM.
    """

    def __init__(
        self,
        prepare: Callable[[EmulatedCrms], None],
        state: bytes = b"",
        sizes: Mapping[str, Mapping[str, int]] = SIZES,
    ) -> None:
        self.crms = EmulatedCrms(
            seed=_SEED,
            sizes=sizes,
            empty=False,
            host="",
            port=0,
            database=None,
            accounts=1,
            quota=False,
            clock=Clock(_NOW),
            switches=None,
        )
        prepare(self.crms)
        for vendor in self.crms.vendors:
            if vendor.outbox is not None:
                vendor.outbox.close()  # a recorded webhook must not be sent to its real receiver
        self._has_bare = set(self.crms.sizes) if state else set()
        if state:  # which holds the records of all that will be asked
            self.crms.load(state)
        self.crms.fill()
        logging.getLogger("crm_emulator.application").disabled = True  # it would show paths, which hold ids
        self._application = Application(self.crms, _nothing, _SEED)
        self._vendors = {vendor.name: vendor for vendor in self.crms.vendors}
        self._stand_ins = {name: StandIns(vendor) for name, vendor in self._vendors.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.crms.close()
        logging.getLogger("crm_emulator.application").disabled = False

    @property
    def has_failed(self) -> bool:
        """Whether an endpoint of the emulator itself failed."""
        return bool(self._application.bugs)

    def state(self, names: Iterable[str]) -> bytes:
        """Return the records of these CRMs."""
        for name in names:
            self._make_ready(self._vendors[name])
        return self.crms.store.dump()

    def _make_ready(self, vendor: Vendor) -> None:
        vendor.ensure_ready()
        if vendor.name not in self._has_bare:
            self._has_bare.add(vendor.name)
            with _default_switches(vendor):  # others may ask for more than the barest record has
                for name, attributes in _BARE.get(vendor.name.removesuffix("_classic"), {}).items():
                    vendor.insert(name, dict(attributes))

    def ask(self, located: Located) -> Answer:
        """Ask what was asked, with ids that are known here; where nothing is found and something was, ask for more."""
        exchange = located.exchange
        vendor, stand_ins = self._vendors[located.crm], self._stand_ins[located.crm]
        if exchange.status == _TOO_MANY:
            return vendor.over_quota(None, None)
        answer = self._carry_out(vendor, self._request(located))
        was_found = records_in(exchange.answer or b"", is_cut=exchange.is_cut)
        if located.route and not located.writes and exchange.status < _WRONG:
            answer = self._with_something(located, answer, was_found=bool(was_found))
        if exchange.answer and exchange.status < _WRONG:
            recorded = json_of(exchange.answer, is_cut=exchange.is_cut)
            stand_ins.learn(recorded, json_of(answer.body), located.scope)
        return answer

    def _with_something(self, located: Located, answer: Answer, *, was_found: bool) -> Answer:
        """Ask with texts that are known here, then without filters, until something is found where something was."""
        vendor = self._vendors[located.crm]
        for change in ({"with_texts": True}, {"is_wide": True}):
            if answer.status != _NOT_FOUND and (not was_found or records_in(answer.body)):
                break
            other = self._carry_out(vendor, self._request(located, **change))
            if other.status < _WRONG:
                answer = other
        return answer

    def ask_further(self, located: Located, most: int = FURTHER) -> list[Answer]:
        """Read further records as an exchange did, so that more is known of what the emulator shows there."""
        vendor = self._vendors[located.crm]
        objects = [each for each in located.route.split("/") if each in vendor.tables]
        if located.route.endswith("/{id}") and objects:
            prefix = located.path.rpartition("/")[0]
            request = self._request(located, is_wide=True)
            ids = [record["id"] for record in vendor.records(objects[-1])[:most]]
            return [self._carry_out(vendor, replace(request, path=f"{prefix}/{each}")) for each in ids]
        return [self._carry_out(vendor, self._request(located, is_wide=True))]

    def _carry_out(self, vendor: Vendor, request: Request) -> Answer:
        self._make_ready(vendor)
        steps = self._application.deliver(request, "")
        try:
            steps.send(None)
        except StopIteration as end:
            delivery: Delivery = end.value
            return delivery.answer or Answer(0)
        raise RuntimeError("the emulator waits, which only a fault makes it do")

    def _request(self, located: Located, *, with_texts: bool = False, is_wide: bool = False) -> Request:
        """Return the request as the emulator is asked it, with its own keys, ids and, if asked for, texts."""
        exchange, stand_ins = located.exchange, self._stand_ins[located.crm]

        def put_in(value: Any) -> Any:
            changed = stand_ins.put_in(value, located.scope, with_texts=with_texts)
            return _widened(changed) if is_wide and isinstance(changed, dict) else changed

        query = put_in(exchange.query)
        if is_wide and located.crm.startswith("freshsales"):
            query.setdefault("per_page", str(_PAGES["per_page"]))
        if with_texts and "q" in query:  # Freshsales' lookup and search
            query["q"] = stand_ins.text(query.get("f", "name"), located.scope) or query["q"]
        body = exchange.body or b""
        value = json_of(body)
        if isinstance(value, dict | list):
            body = _encoded(put_in(value), body)
        elif _is_form(exchange):
            form = put_in(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
            body = urlencode({name: each for name, each in form.items() if name not in {*_KEYS, *_OTHER_KEYS}}).encode()
        headers, signed = self._signed(located, query)
        if body:
            headers["content-type"] = exchange.content_type
        path = self._path(located)
        return Request(exchange.method, path, {name: str(each) for name, each in signed.items()}, headers, body)

    def _signed(self, located: Located, query: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """Return headers and query with the emulator's own keys; without any where the real account refused them."""
        vendor: Any = self._vendors[located.crm]
        if located.exchange.status == _UNAUTHORIZED:
            return {}, query
        if located.crm == "copper":
            return {
                "x-pw-accesstoken": vendor.api_key,
                "x-pw-application": APPLICATION,
                "x-pw-useremail": vendor.user_email,
            }, query
        if located.crm == "apptivo":
            own = {"apiKey": vendor.api_key, "accessKey": vendor.access_key}
            left = {name: each for name, each in query.items() if name not in _OTHER_KEYS}
            return {}, {**left, **own}
        return {"authorization": f"Token token={vendor.api_key}"}, query

    def _path(self, located: Located) -> str:
        """Return the path with ids that are known here."""
        stand_ins = self._stand_ins[located.crm]
        segments = located.path.split("/")
        template = located.route.partition("?")[0].split("/")
        first = len(segments) - len(template)
        for place, part in enumerate(template):
            value = segments[first + place] if first + place >= 0 else ""
            if not part.startswith("{") or not (value.isdigit() or is_hidden(value)):
                continue
            before = [each for each in reversed(template[:place]) if each and not each.startswith("{")]
            scope = before[0] if before else ""
            objects = [f"{scope}s", *before]
            ours = stand_ins.known_record(value, scope, objects if part != "{view_id}" else [])
            if ours is None and located.exchange.status < _WRONG:
                ours = self._view(located) if part == "{view_id}" else stand_ins.record_id(objects)
            if ours is not None:
                stand_ins.remember(value, ours, scope)
                segments[first + place] = ours
        return "/".join(segments)

    def _view(self, located: Located) -> str | None:
        """Return the id of some view of the object that a view is asked of."""
        path = f"{located.path.partition('/view/')[0]}/filters"
        headers, query = self._signed(located, {})
        answer = self._carry_out(self._vendors[located.crm], Request("GET", path, query, headers))
        views = json_of(answer.body)
        return str(views["filters"][0]["id"]) if isinstance(views, dict) and views.get("filters") else None


@contextmanager
def _default_switches(vendor: Vendor) -> Iterator[None]:
    """Set all switches of a CRM to their defaults for a block."""
    kept = asdict(vendor.switches)
    for name, value in asdict(type(vendor.switches)()).items():
        setattr(vendor.switches, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(vendor.switches, name, value)


def _encoded(value: Any, body: bytes) -> bytes:
    try:
        return encode(value)
    except (ValueError, OverflowError):  # half a surrogate, or a number that no computer counts with
        return body


def _is_form(exchange: Exchange) -> bool:
    return exchange.content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def _widened(value: dict[str, Any]) -> dict[str, Any]:
    """Return a search's parameters without its filters, with the largest page."""
    kept = {name: each for name, each in value.items() if name in _KEPT or name in _KEYS}
    pages = {
        name: str(size) if isinstance(value[name], str) else size for name, size in _PAGES.items() if name in value
    }
    return {**kept, **pages}


async def _nothing(_request: Request) -> Answer:
    return Answer(_NOT_FOUND)
