"""Errors of any form: they cost time that grows with their length alone, and end in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.apptivo.config import config_of
from crm_api.apptivo.session import ApptivoDialect
from crm_api.copper.oauth import Client
from crm_api.copper.session import CopperDialect
from crm_api.errors import BusyError, CrmError, InDoubtError, InvalidError
from crm_api.freshsales.jobs import read_report
from crm_api.freshsales.session import FreshsalesDialect
from crm_api.http.session import HttpDialect, HttpSettings
from crm_api.http.session import connect as connect_http
from crm_api.transport.answer import Answer, Dialect
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from tests.crm_api.hostile_server import HostileServer, whole
from tests.crm_api.hostile_sessions import CREATE, GET, KEY, MIB, SESSIONS, every_session


def nested(depth: int, name: str = "error", inmost: str = '"no"') -> bytes:
    return (f'{{"{name}":' * depth + inmost + "}" * depth).encode()


COSTLY = {
    "nested errors": nested(90),
    "nested errors without words": nested(90, inmost="{}"),
    "nested names": nested(90, "x"),
    "nested too deeply": nested(5000),
    "lists": b"[" * 900 + b"]" * 900,
    "open lists": b"[" * 100_000,
    "open lists in an error": b'{"error":' + b"[" * 900,
    "lists in a message": b'{"message":' + b"[" * 900 + b"]" * 900 + b"}",
    "elements": b"<a>" * 600 + b"</a>" * 600,
    "open elements": b"<a>" * 100_000,
    "brackets": b"<" * MIB,
    "titles": b"<title>" * 100_000,
    "open titles": b"<title " * 100_000,
    "elements beside each other": b"<r>" + b"<a/>" * 100_000 + b"</r>",
    "spaces": b'"status"' + b" " * MIB,
    "slashes": b'"' + b"\\" * MIB,
    "entities": b"&#" * MIB,
    "percents": b"%25" * MIB,
    "a long number": b"1" * MIB,
}


@pytest.mark.parametrize("name", COSTLY)
@pytest.mark.parametrize("dialect", [Dialect, CopperDialect, FreshsalesDialect, ApptivoDialect, HttpDialect])
def test_an_error_costs_time_that_grows_with_its_length_alone(dialect: type[Dialect], name: str) -> None:
    failure = dialect().failure(Answer(422, {}, COSTLY[name]))
    assert failure is not None
    assert isinstance(failure.said, str)


@pytest.mark.parametrize("name", COSTLY)
@every_session
def test_a_costly_error_is_one_sentence(server: HostileServer, connect: Callable[..., CrmSession], name: str) -> None:
    server.answer(whole(COSTLY[name], "422 No"))
    with connect(server.url) as session, pytest.raises(InvalidError) as caught:
        session.exchange(CREATE)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("dialect", [FreshsalesDialect, HttpDialect])
def test_the_words_of_nested_errors_are_found(dialect: type[Dialect]) -> None:
    failure = dialect().failure(Answer(422, {}, nested(22, "error", '"name is taken"')))
    assert failure is not None
    assert failure.said == "name is taken"


@every_session
def test_a_success_that_is_nested_too_deeply_is_no_answer(
    server: HostileServer, connect: Callable[..., CrmSession]
) -> None:
    server.answer(whole(nested(101)))
    with connect(server.url) as session:
        with pytest.raises(InDoubtError, match="nested more than 100 deep"):
            session.exchange(CREATE)
        with pytest.raises(BusyError, match="nested more than 100 deep"):
            session.exchange(GET)
        server.answer(whole(nested(100)))
        assert session.exchange(GET).value


@pytest.mark.parametrize("name", COSTLY)
def test_a_token_endpoint_that_answers_so_gives_no_token(server: HostileServer, name: str) -> None:
    settings = HttpSettings(
        base_url=server.url, auth="oauth", token_url=server.url, client_id="id", client_secret=KEY, max_attempts=1
    )
    for status in ("200 OK", "400 No"):
        server.answer(whole(COSTLY[name], status))
        with connect_http(settings, sleep=lambda _: None) as session, pytest.raises(CrmError):
            session.exchange(GET)


@pytest.mark.parametrize("name", COSTLY)
def test_a_grant_that_is_answered_so_gives_no_token(server: HostileServer, name: str) -> None:
    for status in ("200 OK", "400 No"):
        server.answer(whole(COSTLY[name], status))
        with pytest.raises(CrmError):
            Client("id", "https://example.org", KEY).redeem("a-code-that-works-once", oauth_url=server.url)


@pytest.mark.parametrize("lives", [10**400, -1, True, "3600", None, [1]])
def test_a_token_that_says_odd_things_about_its_life_is_used(server: HostileServer, lives: Any) -> None:
    settings = HttpSettings(
        base_url=server.url, auth="oauth", token_url=server.url, client_id="id", client_secret=KEY, max_attempts=1
    )
    server.answer(whole(json.dumps({"access_token": "t0ken", "expires_in": lives}).encode()))
    with connect_http(settings, sleep=lambda _: None) as session:
        assert session.exchange(GET).value["access_token"] == "t0ken"


@pytest.mark.parametrize("name", COSTLY)
def test_a_report_of_a_job_costs_time_that_grows_with_its_length_alone(name: str) -> None:
    rows = [{"id": number, "data": {}} for number in range(3)]
    assert not read_report({"data": COSTLY[name].decode()}, rows).complete


@pytest.mark.parametrize("name", COSTLY)
def test_a_layout_of_apptivo_costs_time_that_grows_with_its_length_alone(name: str) -> None:
    assert config_of({"webLayout": COSTLY[name].decode()}).custom == ()


@pytest.mark.parametrize("layout", [{"sections": 7}, {"sections": [{"attributes": 7}]}, {"sections": {"a": 1}}, 7, []])
def test_a_layout_of_another_form_holds_no_custom_attributes(layout: Any) -> None:
    assert config_of({"webLayout": layout}).custom == ()


# Anything

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "errors", "message", "status", "result", "reason", "id", "data", "code"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
BODIES = st.one_of(
    VALUES.map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: b"\xef\xbb\xbf" + json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps(value).encode("utf-16")),
    VALUES.map(lambda value: json.dumps(value).encode()[:-1]),
    st.sampled_from(list(COSTLY.values())),
    st.binary(max_size=200),
    st.sampled_from([b'{"id":1,"id":2}', b'{"id":NaN}', b'{"id":1e999999}', b"null", b'{"status":"FAILURE"}', b"[{}]"]),
)
STATUSES = st.integers(200, 599).map(lambda code: f"{code} Word") | st.sampled_from(
    ["100 Continue", "199 X", "000 X", "600 X", "999", "-1 X", "2000 X", "", "200", "abc OK", "204 No", "304 Same"]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            "Content-Encoding: gzip",
            "Content-Encoding: br",
            "Content-Encoding: deflate, , identity",
            "Content-Type: text/html; charset=utf-16",
            "Content-Type: application/json; charset=nonsense",
            "Transfer-Encoding: chunked",
            "Content-Length: 5",
            "Content-Length: -5",
            "Content-Length: 5, 6",
            "Content-Length: \u00b2",
            "Content-Length: " + "9" * 5000,
            "Retry-After: -1",
            "Retry-After: 99999999999999999999",
            "Retry-After: Mon, 99 Foo 99999 99:99:99 +9999",
            "Date: Fri, 31 Dec 9999 23:59:59 -2359",
            "Date: 1",
            "Location: http://[",
            "Set-Cookie: a=b; expires=nonsense; domain=..",
            "Set-Cookie: " + ";" * 500,
            "X-Odd",
            ": odd",
            "X-\u00e9: \u00e9",
            "Connection: close",
            "Connection: Upgrade, HTTP2-Settings",
            "X-PW-TOTAL: many",
        ]
    ),
    max_size=4,
)


def check_ending(session: CrmSession, request: Request) -> None:
    try:
        session.exchange(request)
    except CrmError as error:
        ended = error
    else:
        return
    assert "\n" not in ended.sentence
    assert len(ended.sentence) < 1000
    assert len(ended.body) <= 4000
    assert KEY not in ended.sentence


@given(
    st.sampled_from(SESSIONS),
    st.sampled_from(["HTTP/1.1 ", "HTTP/1.0 ", "HTTP/9 ", "ICY ", ""]),
    STATUSES,
    HEADERS,
    BODIES,
    st.booleans(),
    st.sampled_from([GET, CREATE]),
)
def test_any_answer_ends_as_an_answer_or_as_an_error_of_ours(
    server: HostileServer,
    connect: Callable[..., CrmSession],
    version: str,
    status: str,
    headers: list[str],
    body: bytes,
    with_length: bool,  # noqa: FBT001 - hypothesis gives it
    request_: Request,
) -> None:
    length = [f"Content-Length: {len(body)}"] if with_length else []
    beginning = "\r\n".join([version + status, *headers, *length, "", ""]).encode("latin-1")
    server.answer(beginning + body)
    with connect(server.url) as session:
        check_ending(session, request_)
    assert server.until_done() <= len(beginning + body)
