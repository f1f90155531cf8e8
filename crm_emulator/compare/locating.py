"""Which recorded requests are for which emulated CRM, and by which route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from crm_emulator.addresses import is_loopback
from crm_emulator.compare.asking import Located
from crm_emulator.compare.recording import Exchange, Recording, UnreadableError
from crm_emulator.messages import Request
from crm_emulator.vendor import Vendor

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_REDIRECTS = 3  # the first digit of statuses
_LEAST = 200  # lower statuses answer nothing
Exact = tuple[Any, ...]
_SIGN_INS = ("/oauth", "sign_in", "login")


def located(recording: Recording, vendors: Sequence[Vendor], crm: str = "") -> list[Located]:
    """Find the place of each exchange at the emulator; those that are passed over are counted in the recording.

    Args:
        recording: The recording.
        vendors: The emulated CRMs.
        crm: The one that a debug trace is of, which names no host; empty: the one that knows most of its requests.

    Raises:
        UnreadableError: No request is for a CRM that is emulated.
    """
    vendors = [vendor for vendor in vendors if vendor.name != "anything"]
    of_trace = [vendor for vendor in vendors if vendor.name == crm]
    hostless = [each for each in recording.exchanges if not each.host]
    if hostless and not of_trace:
        of_trace = [_likeliest(hostless, vendors)]
    found = []
    seen: set[Exact] = set()
    for exchange in recording.exchanges:
        reason = _passed_over(exchange)
        place = None if reason else _placed(exchange, vendors if exchange.host else of_trace)
        if place is not None and any(word in place.route for word in _SIGN_INS):
            reason = "that sign in"
        if place is not None and not reason and _repeats(exchange, seen, writes=place.writes):
            reason = "recorded twice"
        if reason or place is None:
            recording.passed_over[reason or _elsewhere(exchange, vendors)] += 1
        else:
            found.append(place)
    if not found:
        raise UnreadableError(
            f"no request in it is for the API of a CRM that is emulated{_told(recording.passed_over)}"
        )
    return found


def _passed_over(exchange: Exchange) -> str:
    """Return why an exchange is passed over, wherever it went; empty: it is not."""
    if exchange.method in {"OPTIONS", "HEAD", "CONNECT"}:
        return f"with {exchange.method}"
    if exchange.method not in _METHODS:
        return "with an unknown method"
    if exchange.status < _LEAST:
        return "without an answer"
    if exchange.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "answered with 5xx"
    if exchange.status == HTTPStatus.NOT_MODIFIED:
        return "answered from a cache"
    return "answered with 3xx" if exchange.status // 100 == _REDIRECTS else ""


def _repeats(exchange: Exchange, seen: set[Exact], *, writes: bool) -> bool:
    """Return whether an exchange stands in the recording already: by its time, or as a write of the same answer."""
    query, body = tuple(sorted(exchange.query.items())), exchange.body or b""
    asked = (exchange.method, exchange.host, exchange.path, query, body, exchange.status, exchange.answer)
    exact: Exact = (*asked, "" if writes else exchange.began)
    if not writes and not exchange.began:
        return False
    is_seen = exact in seen
    seen.add(exact)
    return is_seen


def _placed(exchange: Exchange, vendors: Sequence[Vendor]) -> Located | None:
    """Return the place of an exchange; None where it is for the API of none of these."""
    for vendor in vendors:
        if not exchange.host:
            path = vendor.prefix + vendor.base_path + exchange.path
        elif vendor.has_host(exchange.host):
            path = vendor.root + exchange.path
        elif is_loopback(exchange.host):  # an emulator's own
            path = exchange.path
        else:
            continue
        below = vendor.below(path)
        if below is None:
            continue
        headers = {"content-type": exchange.content_type}
        found = vendor.find(Request(exchange.method, path, exchange.query, headers, exchange.body or b""), below)
        route = found[0] if found else None
        return Located(exchange, vendor.name, path, route.path if route else "", bool(route and route.writes))
    return None


def _elsewhere(exchange: Exchange, vendors: Sequence[Vendor]) -> str:
    is_known = any(vendor.has_host(exchange.host) for vendor in vendors)
    return "to other pages of the CRM than its API" if is_known else "to other hosts"


def _likeliest(exchanges: Sequence[Exchange], vendors: Sequence[Vendor]) -> Vendor:
    """Return the CRM that knows most of the requests; raises UnreadableError where two know as many."""

    def known(vendor: Vendor) -> int:
        own = [each for each in exchanges if ("a" in each.query) == (vendor.name == "apptivo")]  # its actions
        places = [_placed(each, [vendor]) for each in own]
        return sum(place is not None and bool(place.route) for place in places)

    counts = Counter({vendor.name: known(vendor) for vendor in vendors})
    (best, most), (_, second) = counts.most_common(2)
    if most == second and {name for name, count in counts.items() if count == most} != {
        "freshsales",
        "freshsales_classic",
    }:
        raise UnreadableError(f"it does not say which CRM was asked; say so with --crm {'|'.join(counts)}")
    return next(vendor for vendor in vendors if vendor.name == best)


def _told(passed_over: Counter[str]) -> str:
    counts = [f"{count:,} {reason}" for reason, count in sorted(passed_over.items())]
    return f" ({', '.join(counts)})" if counts else ""


def shown_route(place: Located, vendor: Vendor) -> str:
    """Return a route as it may be shown: only words of the emulator's own routes are, where it has none."""
    if place.route:
        return f"{place.exchange.method} {place.route}"
    words = {word for route in vendor.routes for word in route.path.partition("?")[0].split("/")}
    below = (vendor.below(place.path) or "").split("/")
    path = "/".join(word if word in words else "{...}" for word in below)
    return f"{place.exchange.method} {path or '/'}"
