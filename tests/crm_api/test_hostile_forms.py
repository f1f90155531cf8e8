"""Answers in several parts, of too many values, of another form, or that go on without anything new."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_api.apptivo.objects import APPTIVO_OBJECTS
from crm_api.apptivo.search import Lists
from crm_api.apptivo.session import ApptivoDialect, ApptivoSettings
from crm_api.apptivo.session import connect as connect_apptivo
from crm_api.copper.lists import read_custom_fields, read_names
from crm_api.copper.objects import OBJECTS
from crm_api.copper.search import Walk
from crm_api.copper.session import CopperSettings
from crm_api.copper.session import connect as connect_copper
from crm_api.endpoints.answers import value_of
from crm_api.endpoints.endpoint import Endpoint
from crm_api.errors import CrmError, InDoubtError, InvalidError, UnreachableError
from crm_api.freshsales.jobs import read_report
from crm_api.freshsales.lists import read_names as read_freshsales_names
from crm_api.freshsales.objects import OBJECTS as FRESHSALES_OBJECTS
from crm_api.freshsales.search import Searches
from crm_api.freshsales.session import FreshsalesSettings
from crm_api.freshsales.session import connect as connect_freshsales
from crm_api.freshsales.views import Views
from crm_api.http.session import HttpSettings
from crm_api.http.session import connect as connect_http
from crm_api.transport.answer import Answer
from crm_api.transport.listing import NoProgressError
from crm_api.transport.network import Network
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from tests.crm_api.hostile_server import HostileServer, head, whole

KEY = "k3y-that-nobody-may-see"
MIB = 1 << 20
GET = Request("GET", "/x")
CREATE = Request("POST", "/x", body={"name": "Ann"})


def to_http(url: str, **given: Any) -> CrmSession:
    settings = HttpSettings(base_url=url, auth="bearer", auth_value=KEY, max_attempts=1, network=Network(**given))
    return connect_http(settings, sleep=lambda _: None)


# Answers before the answer


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints", "199 What"])
def test_an_answer_before_the_answer_is_passed_over(server: HostileServer, status: str) -> None:
    server.answer(f"HTTP/1.1 {status}\r\nLink: </a>\r\n\r\n".encode() * 3 + whole(b'{"id": 7}'))
    with to_http(server.url) as session:
        assert session.exchange(CREATE).value == {"id": 7}


def test_no_answer_is_taken_for_the_answer_to_the_next_request(server: HostileServer) -> None:
    asked = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
        asked.wait()
        yield whole(b'{"id": "of the first"}')

    server.pieces = pieces
    with to_http(server.url) as session:
        with pytest.raises(InDoubtError):
            session.exchange(CREATE)
        server.pieces = lambda: [whole(b'{"id": "of the second"}')]
        asked.set()
        assert session.exchange(CREATE).value == {"id": "of the second"}


PROXIES = {
    "endless headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000),
    "an endless status line": (b"HTTP/1.1 200 ", b"x" * 65536),
    "nothing": (b"", b""),
    "no HTTP": (b"hello\r\n\r\n", b""),
    "a refusal": (head("407 No", "Content-Length: 0"), b""),
    "no TLS": (head("200 OK") + b"no TLS" * 100, b""),
}


def test_a_proxy_that_refuses_is_told_by_its_number_alone(server: HostileServer) -> None:
    server.answer(head(f"407 {KEY}", "Content-Length: 0"))
    settings = HttpSettings(base_url="https://crm.example", max_attempts=1, network=Network(proxy=server.url))
    with connect_http(settings) as session, pytest.raises(UnreachableError, match=r"the proxy answered 407\. Check"):
        session.exchange(CREATE)


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_makes_no_connection_leaves_nothing_in_doubt(server: HostileServer, name: str) -> None:
    beginning, forever = PROXIES[name]
    server.answer(beginning, forever=forever)
    settings = HttpSettings(base_url="https://crm.example", max_attempts=1, network=Network(proxy=server.url))
    with connect_http(settings, sleep=lambda _: None) as session, pytest.raises(UnreachableError):
        session.exchange(CREATE)


# Many values in few bytes

WIDE = {
    "lists": b"[" + b"[]," * 2_100_000 + b"0]",
    "objects": b"[" + b"{}," * 2_100_000 + b"0]",
    "numbers": b"[" + b"1," * 4_200_000 + b"0]",
    "names": b"[" + b'{"a":1},' * 1_400_000 + b"0]",
    "elements": b"<r>" + b"<a/>" * 1_100_000 + b"</r>",
    "attributes": b"<r>" + b'<a b="" c=""/>' * 400_000 + b"</r>",
}


@pytest.mark.parametrize("name", WIDE)
def test_an_answer_of_too_many_values_is_not_read(server: HostileServer, name: str) -> None:
    server.answer(whole(WIDE[name]))
    read: Callable[[bytes], Any] = pytest.fail
    with to_http(server.url) as session, pytest.raises(InDoubtError, match=r"more than [14],.* values.*max_answer"):
        session.exchange(Request("POST", "/x", body={}, read=read))


def test_a_large_answer_whose_texts_hold_marks_is_read(server: HostileServer) -> None:
    texts = [',:[{\\"' * 1_000_000, "\\" * 11, '"' * 5]
    server.answer(whole(json.dumps(texts).encode()))
    with to_http(server.url) as session:
        assert session.exchange(GET).value == texts
    endpoint = Endpoint("POST", "/x")
    assert value_of(endpoint, b"<r>" + b"<a>b</a>" * 1000 + b"</r>") == {"r": {"a": ["b"] * 1000}}


# Listings without progress, and of another form


def whole_json(value: Any, *headers: str) -> bytes:
    return whole(json.dumps(value).encode(), "200 OK", *headers)


def copper(url: str) -> CrmSession:
    return connect_copper(
        CopperSettings(api_key=KEY, user_email="a@b.c", base_url=url, requests_per_minute=0), sleep=lambda _: None
    )


def freshsales(url: str) -> CrmSession:
    settings = FreshsalesSettings(api_key=KEY, base_url=url, requests_per_minute=0, requests_per_hour=0)
    return connect_freshsales(settings, sleep=lambda _: None)


def apptivo(url: str) -> CrmSession:
    settings = ApptivoSettings(api_key=KEY, access_key=KEY[::-1], base_url=url, requests_per_minute=0)
    return connect_apptivo(settings, sleep=lambda _: None)


SINCE = datetime(2000, 1, 1, tzinfo=UTC)
CONTACTS = FRESHSALES_OBJECTS["contacts"]
ACCOUNTS = FRESHSALES_OBJECTS["sales_accounts"]
COPPER_PAGE = whole_json(
    [{"id": number, "name": "Ann", "email": "a@b.c", "date_created": 5} for number in range(200)],
    "X-PW-TOTAL: 99999999999",
)
FRESHSALES_PAGE = whole_json(
    {
        "filters": [{"id": 1, "name": "All Contacts"}],
        "contacts": [{"id": number, "created_at": "2020-01-01T00:00:00Z"} for number in range(100)],
        "sales_accounts": [{"id": number} for number in range(100)],
        "meta": {"total_pages": 10**18, "total": "9" * 5000},
    }
)
APPTIVO_PAGE = whole_json(
    {"data": [{"customerId": number} for number in range(250)], "countOfRecords": "9" * 5000, "status": "SUCCESS"}
)
LISTINGS: dict[str, tuple[bytes, Callable[[str], Any]]] = {
    "Copper's search": (COPPER_PAGE, lambda url: list(Walk(copper(url), OBJECTS["people"]))),
    "Copper's users": (COPPER_PAGE, lambda url: read_names(copper(url), "users")),
    "a view": (FRESHSALES_PAGE, lambda url: list(Views().scan(freshsales(url), CONTACTS))),
    "the latest of a view": (FRESHSALES_PAGE, lambda url: list(Views().since(freshsales(url), CONTACTS, SINCE))),
    "what is below a record": (
        FRESHSALES_PAGE,
        lambda url: list(Views().below(freshsales(url), CONTACTS, [(CONTACTS, 1)])),
    ),
    "a filtered search": (
        FRESHSALES_PAGE,
        lambda url: Searches(Views()).find(freshsales(url), ACCOUNTS, "name", ["1"]),
    ),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_that_brings_nothing_new_comes_to_an_end(server: HostileServer, name: str) -> None:
    page, read = LISTINGS[name]
    server.answer(page)
    with pytest.raises(NoProgressError, match="20 pages in a row"):
        read(server.url)


def test_a_listing_that_turns_in_a_circle_comes_to_an_end(server: HostileServer) -> None:
    pages = [
        whole_json({"data": [{"customerId": start + number} for number in range(250)], "countOfRecords": 10**9})
        for start in (0, 1000, 2000, 3000)
    ]

    def pieces() -> Iterator[bytes]:
        pages.append(pages.pop(0))
        yield pages[0]

    server.pieces = pieces
    with pytest.raises(NoProgressError):
        list(Lists(apptivo(server.url), APPTIVO_OBJECTS["customers"]).all())


READS: dict[str, Callable[[str], Any]] = {
    "Copper's search": lambda url: list(Walk(copper(url), OBJECTS["people"])),
    "Copper's users": lambda url: read_names(copper(url), "users"),
    "Copper's pipelines": lambda url: read_names(copper(url), "pipelines"),
    "Copper's fields": lambda url: read_custom_fields(copper(url)),
    "Freshsales' users": lambda url: read_freshsales_names(freshsales(url), "owners"),
    "Freshsales' views": lambda url: Views().all_of(freshsales(url), CONTACTS),
    "Apptivo's list": lambda url: list(Lists(apptivo(url), APPTIVO_OBJECTS["customers"]).all()),
}
ODD: list[Any] = [[1], [None], [{}], {"a": 1}, "text", {"filters": [1], "users": [[]], "data": [7]}]


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("value", ODD)
def test_an_answer_of_another_form_is_nothing_or_an_error_of_ours(server: HostileServer, name: str, value: Any) -> None:
    server.answer(whole_json(value))
    with suppress(CrmError):
        assert not READS[name](server.url)


def test_a_failure_in_a_long_success_is_a_failure() -> None:
    body = {"customer": {"id": 1, "note": "x" * (MIB + 1)}, "status": "FAILURE", "reason": "No name"}
    failure = ApptivoDialect().failure(Answer(200, {}, json.dumps(body).encode()))
    assert failure is not None
    assert (failure.kind, failure.said) == (InvalidError, "No name")
    body |= {"status": "SUCCESS"}
    assert ApptivoDialect().failure(Answer(200, {}, json.dumps(body).encode())) is None


def test_a_report_of_more_failures_than_rows_says_nothing() -> None:
    rows = [{"id": number, "data": {}} for number in range(100)]
    failures = [{"id": "x", "message": "no"}] * 200_000
    assert not read_report({"data": json.dumps({"detailed_failure_report": failures})}, rows).complete


# What an answer says beside its body


def test_the_id_of_a_request_is_masked_and_short(server: HostileServer) -> None:
    server.answer(whole(b"{}", "200 OK", f"X-Request-Id: r-{KEY}-{'x' * 5000}"))
    with to_http(server.url) as session:
        answer = session.exchange(CREATE)
    assert answer.request_id == f"r-***-{'x' * 194}"


def test_a_packing_that_holds_a_secret_is_masked(server: HostileServer) -> None:
    server.answer(whole(b"x", "200 OK", f"Content-Encoding: {'x' * 30}{KEY}"))
    with to_http(server.url) as session, pytest.raises(InDoubtError) as caught:
        session.exchange(CREATE)
    assert KEY[:8] not in caught.value.sentence


@pytest.mark.filterwarnings("error")
def test_a_cookie_is_not_even_parsed(server: HostileServer) -> None:
    server.answer(head("200 OK", "Content-Length: 2", f"Set-Cookie: a=b; expires=1 Jan {'9' * 5000} 00:00:00") + b"{}")
    with to_http(server.url) as session:
        assert session.exchange(GET).value == {}
        assert not session.cookies
