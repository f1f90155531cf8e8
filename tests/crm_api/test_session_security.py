"""Credentials go to the CRM alone, over TLS, and show up nowhere."""

from __future__ import annotations

import logging
import pickle
import socketserver
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError

from crm_api.copper.crm import Copper
from crm_api.copper.objects import PEOPLE
from crm_api.copper.session import CopperSettings, connect
from crm_api.errors import CrmError, GoneError, InDoubtError, RedirectError, SettingError, UnreachableError
from crm_api.transport.network import Network, checked_base_url
from crm_api.transport.redaction import Redactor, guard_logging
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from crm_emulator.emulator import Emulator

SECRET = "k3y-that-nobody/may+see"


class Wire:
    """A server that notes every request as it came, and answers with given bytes."""

    def __init__(self, answer: bytes) -> None:
        self.requests: list[bytes] = []
        wire = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                request = b""
                while not request.endswith(b"\r\n\r\n") and (line := self.rfile.readline()):
                    request += line
                wire.requests.append(request)
                self.wfile.write(answer)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    opened: list[Wire] = []

    def make(status: str = "200 OK", headers: str = "", body: str = "{}") -> Wire:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n{body}"
        opened.append(Wire(head.encode("latin-1")))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def session_to(url: str, **network: Any) -> CrmSession:
    settings = CopperSettings(
        api_key=SECRET, user_email="ann@example.com", base_url=url, requests_per_minute=0, network=Network(**network)
    )
    return connect(settings, sleep=lambda _: None)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.copper.com/v1",
        "https://api.copper.com:8443/",
        "http://127.0.0.1:80/x",
        "http://localhost",
        "http://[::1]:5",
    ],
)
def test_a_base_url_over_tls_or_to_this_machine_is_taken(url: str) -> None:
    assert checked_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api.copper.com/v1", "Use https: plain http is allowed to this machine only"),
        ("http://127.0.0.1.example.com", "Use https"),
        ("http://localhost.example.com", "Use https"),
        ("http://0.0.0.0", "Use https"),
        ("ftp://api.copper.com", "must be a URL"),
        ("api.copper.com", "must be a URL"),
        ("https://", "must be a URL"),
        ("https://[half", "must be a URL"),
        ("https://host:port", "must be a URL"),
        ("https://host/a b", "must be a URL"),
        ("https://host/\r\nX: y", "must be a URL"),
        ("https://ann:secret@host", "must not hold credentials"),
        ("ann:secret@host", "not .host."),
        ("https://host/v1?key=x", "must not hold a query"),
        ("", "must be a URL"),
    ],
)
def test_any_other_base_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        checked_base_url(url)


@pytest.mark.parametrize("location", ["https://evil.example/x", "http://[half", "\xff\xfe", "", "x" * 9000])
def test_a_redirect_is_not_looked_at(wire: Callable[..., Wire], location: str) -> None:
    elsewhere = wire()
    there = wire("307 Temporary Redirect", f"Location: {location or elsewhere.url}\r\n")
    session = session_to(there.url)
    with pytest.raises(RedirectError):
        session.exchange(Request("GET", "/account"))
    with pytest.raises(InDoubtError):
        session.exchange(Request("POST", "/people", body={}))
    assert len(there.requests) == 2
    assert elsewhere.requests == []


def test_netrc_and_proxies_of_the_environment_are_not_read(
    wire: Callable[..., Wire], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there, proxy = wire(), wire()
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password from-netrc\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    session_to(there.url).exchange(Request("GET", "/account"))
    assert proxy.requests == []
    assert b"Authorization" not in there.requests[0]
    assert SECRET.encode() in there.requests[0]


def test_this_machine_is_never_proxied(wire: Callable[..., Wire]) -> None:
    there, proxy = wire(), wire()
    session_to(there.url, proxy=proxy.url).exchange(Request("GET", "/account"))
    assert len(there.requests) == 1
    assert proxy.requests == []


def test_a_proxy_gets_a_tunnel_and_no_credentials(wire: Callable[..., Wire]) -> None:
    proxy = wire("502 Bad Gateway")
    session = session_to("https://api.copper.com/v1", proxy=proxy.url)
    with pytest.raises(UnreachableError):  # nothing was sent beyond the proxy
        session.exchange(Request("POST", "/people", body={}))
    assert all(request.startswith(b"CONNECT api.copper.com:443") for request in proxy.requests)
    assert all(SECRET.encode() not in request for request in proxy.requests)


def test_a_certificate_that_is_not_trusted_ends_the_run_at_once(
    naps: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_to("https://api.copper.com/v1")
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")

    def refuse(*_: Any, **__: Any) -> None:
        raise requests.exceptions.SSLError(MaxRetryError(None, "/", cause))

    monkeypatch.setattr(session, "send", refuse)
    with pytest.raises(UnreachableError, match="self-signed"):
        session.exchange(Request("POST", "/people", body={}))
    assert naps == []
    assert session.traffic.requests == 1


def test_cookies_are_not_kept(wire: Callable[..., Wire]) -> None:
    there = wire(headers="Set-Cookie: session=1; Path=/\r\n")
    session = session_to(there.url)
    for _ in range(2):
        session.exchange(Request("GET", "/account"))
    assert b"Cookie" not in there.requests[1]


def test_further_headers_never_replace_the_credentials(wire: Callable[..., Wire]) -> None:
    there = wire()
    session_to(there.url, headers={"X-PW-AccessToken": "other", "X-Team": "ops"}).exchange(Request("GET", "/account"))
    assert b"X-PW-AccessToken: " + SECRET.encode() in there.requests[0]
    assert b"X-Team: ops" in there.requests[0]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"headers": {"X-Team": "a\r\nX-Evil: b"}}, "headers: 'X-Team'"),
        ({"headers": {"X Team:": "a"}}, "headers: 'X Team:'"),
        ({"headers": {"X-Team": "日本"}}, "headers: 'X-Team'"),
        ({"user_agent": "a\nb"}, "headers: 'User-Agent'"),
        ({"proxy": "proxy.example:3128"}, "proxy must be a URL"),
        ({"proxy": "socks5://proxy.example"}, "proxy must be a URL"),
    ],
)
def test_a_setting_that_cannot_be_sent_is_refused_at_the_start(network: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        session_to("https://api.copper.com/v1", **network)


@pytest.mark.parametrize(
    "given",
    [
        {"api_key": "key\r\nX-Evil: 1", "user_email": "a@example.com"},
        {"api_key": " key", "user_email": "a@example.com"},
        {"api_key": "key", "user_email": "ä@example.com"},
        {"access_token": "token\n"},
        {"api_key": "key"},
        {"access_token": "a", "api_key": "b"},
        {},
    ],
)
def test_credentials_that_cannot_sign_are_refused_and_not_shown(given: dict[str, str]) -> None:
    with pytest.raises(SettingError) as caught:
        connect(CopperSettings(**given))
    assert "X-Evil" not in str(caught.value)
    assert len(str(caught.value)) < 120


ECHO = f'{{"success": false, "message": "{SECRET} k3y-that-nobody%2Fmay%2Bsee is wrong"}}'


@pytest.mark.parametrize("status", ["401 No", "422 No", "500 No", "302 No", "200 OK"])
def test_no_error_shows_a_secret_that_the_crm_repeats(
    wire: Callable[..., Wire], caplog: pytest.LogCaptureFixture, status: str
) -> None:
    there = wire(
        status, f"Location: https://x.example/?key={SECRET}\r\n", ECHO if status != "200 OK" else "<html>" + ECHO
    )
    session = session_to(
        there.url, proxy=f"http://ann:{SECRET}@127.0.0.1:9", headers={"Authorization": f"Bearer {SECRET}"}
    )
    with pytest.raises(CrmError) as caught, caplog.at_level(logging.DEBUG):
        session.exchange(Request("POST", "/people", body={}))
    error = caught.value
    shown = [str(error), repr(error), error.said, error.body, caplog.text, *traceback.format_exception(error)]
    shown += [repr(session), repr(session.auth), repr(session.network), repr(session.quota), repr(session.redact)]
    for text in shown:
        assert SECRET not in text
        assert "k3y-that-nobody%2Fmay%2Bsee" not in text
    if status == "422 No":
        assert "*** *** is wrong" in error.said


def test_settings_do_not_show_their_secrets() -> None:
    network = Network(headers={"Authorization": f"Bearer {SECRET}"}, proxy=f"http://ann:{SECRET}@proxy.example")
    settings = CopperSettings(api_key=SECRET, user_email="a@example.com", access_token=SECRET, network=network)
    assert SECRET not in repr(settings)
    assert {SECRET, f"Bearer {SECRET}"} <= set(settings.secrets)


def test_an_error_survives_a_process_boundary(session: CrmSession) -> None:
    with pytest.raises(GoneError) as caught:
        session.exchange(Request("GET", "/people/999"))
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(copy) == str(caught.value)
    assert copy.status == 404


@pytest.mark.parametrize("crm_id", ["..", "../users/me", "1?x=1", "1\r\nX: y", "", "\uff11"])
def test_an_id_cannot_shape_a_request(copper: Copper, emulator: Emulator, crm_id: str) -> None:
    assert copper.read(PEOPLE, [crm_id]) == {}
    with pytest.raises(GoneError):
        copper.delete(PEOPLE, crm_id)
    with pytest.raises(GoneError):
        copper.update(PEOPLE, [(crm_id, {"title": "x"})])
    assert emulator.journal.total == 0


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Path]:
    """A log file behind the root logger, with the mask on."""
    root = logging.getLogger()
    handler = logging.FileHandler(tmp_path / "log.txt")
    root.addHandler(handler)
    guard_logging(Redactor([SECRET]))
    yield tmp_path / "log.txt"
    root.removeHandler(handler)
    handler.close()
    guard_logging(Redactor())


def test_the_log_shows_no_secret_wherever_it_stands(guarded: Path) -> None:
    log = logging.getLogger("anything.at.all")
    log.warning("plain %s", SECRET)
    log.warning(SECRET)
    log.warning("wrong %d", SECRET)
    log.warning(*("too few %s %s", SECRET))
    try:
        int(SECRET)
    except ValueError:
        log.exception("caught")
    log.warning("stack", stack_info=True)
    text = guarded.read_text()
    assert SECRET not in text
    assert text.count("***") == 5
    assert "ValueError: invalid literal for int() with base 10: '***'" in text
