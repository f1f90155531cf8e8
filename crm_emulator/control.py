"""The control API under /_emulator: what the fixture can do, over HTTP with JSON."""

from __future__ import annotations

import re
import sqlite3
from asyncio import wrap_future
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from crm_emulator.access import Access
from crm_emulator.checked_values import require_kind, require_object, require_within, shown
from crm_emulator.clock import require_dates
from crm_emulator.faults import Fault
from crm_emulator.messages import Answer, MalformedBodyError, RefusalError, Request, is_whole, json_answer
from crm_emulator.quota import Rate
from crm_emulator.routing import Route, Router
from crm_emulator.vendor import UnknownObjectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_emulator.crms import EmulatedCrms
    from crm_emulator.outbox import Outbox
    from crm_emulator.vendor import Vendor

PREFIX = "/_emulator"
_FIRE = "/{vendor}/webhooks/fire"
_LARGEST = 1_000_000_000  # of a switch that is a number
_STATUSES = (200, 599)
_MOST_ID = (1 << 63) - 1
_LOAD = f"{PREFIX}/load"  # which takes a file
_QUERIES = {  # the names in a query that a route knows; of any other route none
    ("GET", "/requests"): ("last", "method", "route", "vendor"),
    ("GET", "/dump"): ("account",),
    ("POST", "/load"): ("account",),
}
_FILE_TYPES = {"", "application/octet-stream", "application/vnd.sqlite3", "application/x-sqlite3"}


class ControlError(ValueError):
    """A control request that cannot be carried out."""


class Control:
    """The control API of one emulator. Its requests are neither logged nor counted, and no fault strikes them."""

    def __init__(self, crms: EmulatedCrms, access: Access) -> None:
        self._crms = crms
        self._access = access
        self._router = Router(self.routes())

    def routes(self) -> tuple[Route, ...]:
        """Return all routes; their source is this project's own documentation."""
        return (
            _route("GET", "/status", self._status),
            _route("GET", "/requests", self._requests),
            _route("DELETE", "/requests", self._forget_requests),
            _route("GET", "/faults", self._faults),
            _route("POST", "/faults", self._add_fault),
            _route("DELETE", "/faults", self._clear_faults),
            _route("POST", "/scripts", self._add_script),
            _route("GET", "/clock", self._clock),
            _route("POST", "/clock", self._set_clock),
            _route("PUT", "/strictness", self._set_strictness),
            _route("POST", "/reset", self._reset),
            Route("GET", "/dump", self._dump, ""),
            _route("POST", "/load", self._load),
            _route("GET", "/{vendor}/switches", self._switches),
            _route("PUT", "/{vendor}/switches", self._set_switches),
            _route("PUT", "/{vendor}/quota", self._set_quota),
            _route("POST", "/{vendor}/authorize", self._authorize),
            _route("POST", "/{vendor}/revoke", self._revoke),
            _route("GET", "/{vendor}/webhooks", self._notifications),
            _route("DELETE", "/{vendor}/webhooks", self._forget_notifications),
            _route("POST", _FIRE, self._notifications),
            _route("GET", "/{vendor}/records/{object}", self._records),
            _route("POST", "/{vendor}/records/{object}", self._insert),
            _route("GET", "/{vendor}/records/{object}/{id}", self._record),
            _route("PUT", "/{vendor}/records/{object}/{id}", self._change),
            _route("DELETE", "/{vendor}/records/{object}/{id}", self._delete),
        )

    def _hint(self, request: Request) -> dict[str, Any]:
        if _is_control(request):
            return {}
        return {"base_urls": list(dict.fromkeys(vendor.base_url for vendor in self._crms.vendors))}

    async def answer(self, request: Request) -> Answer:
        """Answer one request of somebody who may ask."""
        refusal = self._access.refusal(request)
        if refusal is not None:
            return json_answer(refusal.status, {"error": refusal.said})
        if request.body and not _is_taken(request):
            return json_answer(415, {"error": "the control API takes Content-Type: application/json only"})
        found = self._router.find(request.method, request.path.removeprefix(PREFIX)) if _is_control(request) else None
        if found is None:
            return json_answer(404, {"error": f"nothing at {request.method} {request.path}", **self._hint(request)})
        route, parameters = found
        routed = replace(request, route=route.path, parameters=parameters)
        return await self._carried_out(route, routed)

    async def _carried_out(self, route: Route, request: Request) -> Answer:
        """Carry a request out; one that cannot be is answered with a sentence, and never fails later ones."""
        try:
            require_object("the query", dict(request.query), _QUERIES.get((route.method, route.path), ()))
            if route.path == _FIRE:
                await wrap_future(self._outbox(request).fire())
            return route.endpoint(request)
        except KeyError as missing:
            said = f"the body lacks {missing}"
        except MalformedBodyError as error:
            said = f"the body is not JSON: {error}"
        except (OverflowError, sqlite3.Error) as error:
            said = f"the record cannot be kept: {error}"
        except (RefusalError, UnknownObjectError, ValueError, TypeError) as error:
            said = str(error)
        return json_answer(400, {"error": said})

    def _status(self, _request: Request) -> Any:
        crms = self._crms
        journal = crms.journal
        return {
            "url": crms.url,
            "now": crms.clock.now(),
            "seed": crms.seed_number,
            "requests": journal.total,
            "in_flight": journal.in_flight,
            "high_water": journal.high_water,
            "counts": [
                {"vendor": vendor, "method": method, "route": route, "status": status, "count": count}
                for (vendor, method, route, status), count in sorted(journal.counts.items())
            ],
            "vendors": {vendor.account_name: self._vendor_status(vendor) for vendor in crms.vendors},
        }

    def _vendor_status(self, vendor: Vendor) -> dict[str, Any]:
        return {
            "base_url": vendor.base_url,
            "records": vendor.counts(),
            "quota": [asdict(rate) for rate in vendor.quota.rates],
            "quota_share": vendor.quota.share(self._crms.clock.now()),
            "switches": asdict(vendor.switches),
        }

    def _requests(self, request: Request) -> Any:
        wanted = {name: request.query.get(name, "") for name in ("method", "route", "vendor")}
        if wanted["vendor"]:
            self._named(wanted["vendor"])
        last = _whole("last", request.query.get("last", "100"))
        found = list(self._crms.journal.matching(**wanted))
        return [logged.as_record() for logged in found[max(0, len(found) - last) :]]

    def _forget_requests(self, _request: Request) -> Any:
        self._crms.journal.clear()
        return {}

    def _faults(self, _request: Request) -> Any:
        plan = self._crms.faults
        return {"faults": [asdict(fault) for fault in plan.faults], "scripts": plan.scripted}

    def _add_fault(self, request: Request) -> Any:
        self._crms.trouble(Fault.read(request.json()))
        return self._faults(request)

    def _clear_faults(self, request: Request) -> Any:
        self._crms.no_trouble()
        return self._faults(request)

    def _add_script(self, request: Request) -> Any:
        names = ("route", "steps", "vendor")
        sent = require_object("a script", request.json(), names, names[:2])
        if not isinstance(sent["steps"], list):
            raise ControlError(f"a script's steps must be a list, not {shown(sent['steps'])}")
        self._crms.script(sent["route"], sent["steps"], sent.get("vendor", "*"))
        return self._faults(request)

    def _clock(self, _request: Request) -> Any:
        clock = self._crms.clock
        return {
            "now": clock.now(),
            "skew_seconds": clock.skew_seconds,
            "date_header_skew_seconds": clock.date_header_skew_seconds,
        }

    def _set_clock(self, request: Request) -> Any:
        clock = self._crms.clock
        held = {name: getattr(clock, name) for name in ("skew_seconds", "date_header_skew_seconds")}
        sent = {"advance": 0, **held, **require_object("the clock", request.json(), ("advance", *held))}
        for name, value in sent.items():
            require_kind(name, value, float)
        advance, skew, of_header = sent["advance"], sent["skew_seconds"], sent["date_header_skew_seconds"]
        then = clock.now() + advance + skew - clock.skew_seconds
        require_dates(then, then + of_header)
        clock.skew_seconds, clock.date_header_skew_seconds = skew, of_header
        clock.advance(advance)
        return self._clock(request)

    def _set_strictness(self, request: Request) -> Any:
        self._crms.set_strictness(request.json())
        return {vendor.account_name: asdict(vendor.switches) for vendor in self._crms.vendors}

    def _reset(self, request: Request) -> Any:
        sent = require_object("a reset", request.json(), ("seed", "sizes"))
        self._crms.reset(sent.get("seed"), sent.get("sizes"))
        return self._status(request)

    def _dump(self, request: Request) -> Answer:
        return Answer(200, self._crms.dump(_customer(request)), "application/vnd.sqlite3")

    def _load(self, request: Request) -> Any:
        self._crms.load(request.body, _customer(request))
        return self._status(request)

    # One vendor

    def _authorize(self, request: Request) -> Any:
        sent = require_object("an authorization", request.json(), ("redirect_uri",), ("redirect_uri",))
        require_kind("redirect_uri", sent["redirect_uri"], str)
        return {"code": self._vendor(request).authorize(sent["redirect_uri"])}

    def _revoke(self, request: Request) -> Any:
        self._vendor(request).revoke()
        return {}

    def _outbox(self, request: Request) -> Outbox:
        vendor = self._vendor(request)
        if vendor.outbox is None:
            raise ControlError(f"{vendor.account_name} sends nothing by itself")
        return vendor.outbox

    def _notifications(self, request: Request) -> Any:
        return [each.as_record() for each in self._outbox(request).notifications]

    def _forget_notifications(self, request: Request) -> Any:
        self._outbox(request).clear()
        return []

    def _vendor(self, request: Request) -> Vendor:
        return self._named(request.parameters["vendor"])

    def _named(self, name: str) -> Vendor:
        for vendor in self._crms.vendors:
            if vendor.account_name == name:
                return vendor
        names = ", ".join(vendor.account_name for vendor in self._crms.vendors)
        raise ControlError(f"there is no vendor {name!r}; there are {names}")

    def _switches(self, request: Request) -> Any:
        return asdict(self._vendor(request).switches)

    def _set_switches(self, request: Request) -> Any:
        vendor = self._vendor(request)
        set_switches(vendor, _object(request))
        return asdict(vendor.switches)

    def _set_quota(self, request: Request) -> Any:
        vendor = self._vendor(request)
        sent = request.json()
        vendor.use_quota(None if sent == "vendor" else Rate.read(sent))
        return [asdict(rate) for rate in vendor.quota.rates]

    def _records(self, request: Request) -> Any:
        return self._vendor(request).records(request.parameters["object"])

    def _insert(self, request: Request) -> Any:
        return self._vendor(request).insert(request.parameters["object"], _record_sent(request))

    def _record(self, request: Request) -> Any:
        return self._vendor(request).get(request.parameters["object"], _whole("an id", request.parameters["id"]))

    def _change(self, request: Request) -> Any:
        record_id = _whole("an id", request.parameters["id"])
        return self._vendor(request).change(request.parameters["object"], record_id, _record_sent(request))

    def _delete(self, request: Request) -> Any:
        self._vendor(request).delete(request.parameters["object"], _whole("an id", request.parameters["id"]))
        return {}


def set_switches(vendor: Vendor, values: dict[str, Any]) -> None:
    """Set some of a vendor's switches; raises ControlError for an unknown one, and for a value that it cannot have."""
    first = asdict(type(vendor.switches)())
    for name, value in values.items():
        if name not in first:
            raise ControlError(f"{vendor.account_name} has no switch {name!r}; it has {', '.join(sorted(first))}")
        _check_switch(vendor, name, value, first[name])
    for name, value in values.items():
        setattr(vendor.switches, name, type(first[name])(value))


def _check_switch(vendor: Vendor, name: str, value: Any, first: Any) -> None:
    """Raise ControlError for a value that a switch, whose first value is given, cannot have."""
    what, kind = f"the switch {name}", type(first)
    try:
        require_kind(what, value, kind)
        if kind in (int, float):
            require_within(what, value, *(_STATUSES if name.endswith("_status") else (0, _LARGEST)))
    except ValueError as error:
        raise ControlError(str(error)) from None
    words = vendor.words_for(name)
    if words and value not in words:
        raise ControlError(f"{what} must be one of {', '.join(words)}, not {shown(value)}")
    pattern = getattr(vendor.switches, "patterns", {}).get(name)
    if pattern and not re.fullmatch(pattern, value):
        raise ControlError(f"{what} must be written like {first}, not {shown(value)}")


def _object(request: Request) -> dict[str, Any]:
    sent = request.json()
    if not isinstance(sent, dict):
        raise ControlError(f"the body must be an object, not {shown(sent)}")
    return sent


def _record_sent(request: Request) -> dict[str, Any]:
    """Return a record that was sent, whose id, if it has one, can be kept; raises ValueError."""
    sent = _object(request)
    if "id" in sent:
        require_kind("the id", sent["id"], int)
        require_within("the id", sent["id"], 1, _MOST_ID)
    return sent


def _whole(what: str, text: str) -> int:
    """Read a whole number from an address; raises ControlError."""
    if not is_whole(text):
        raise ControlError(f"{what} must be a whole number of at most 18 digits, 0 or more, not {text!r}")
    return int(text)


def _customer(request: Request) -> int:
    return _whole("account", request.query.get("account", "1"))


def _route(method: str, path: str, action: Callable[[Request], Any]) -> Route:
    return Route(method, path, lambda request: json_answer(200, action(request)), "")


def _is_control(request: Request) -> bool:
    return f"{request.path}/".startswith(f"{PREFIX}/")


def _is_taken(request: Request) -> bool:
    """Whether a body has the type that its place takes. A page elsewhere can send some types unasked, but not JSON."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return given == "application/json" or (request.path == _LOAD and given in _FILE_TYPES)
