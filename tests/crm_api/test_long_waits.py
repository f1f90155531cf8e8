"""No wait is without end: what a CRM asks for has a ceiling, is told, and can be ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crm_api.copper.session import CopperSettings, connect
from crm_api.errors import BusyError
from crm_api.transport.network import Network
from crm_api.transport.quota import LOOK_AT_PAUSE_MILLISECONDS, Quota
from crm_api.transport.quota_stores import open_store
from crm_api.transport.request import Request
from crm_api.transport.turns import Pause
from crm_emulator.emulator import Emulator
from target_crm.cli.main import main

GET = Request("GET", "/account")
FAR = "Fri, 31 Dec 9999 23:59:59 GMT"


class Naps:
    """Waits at once, and remembers how long it was to wait."""

    def __init__(self) -> None:
        self.seconds = 1_790_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def naps() -> Naps:
    return Naps()


def answering(monkeypatch: pytest.MonkeyPatch, status: int, **headers: str) -> None:
    """Let the next answer of the CRM have a status and headers of the test's own."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - patched here alone

    send = HTTPAdapter.send
    left = [1]

    def answer(*arguments: Any, **more: Any) -> Any:
        got = send(*arguments, **more)
        if left:
            left.pop()
            got.status_code = status
            got.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return got

    monkeypatch.setattr(HTTPAdapter, "send", answer)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", ["999999999", "3601", "99999999999", "60000000", FAR])
def test_a_wait_beyond_the_ceiling_ends_the_request_at_once_and_holds_nobody(
    emulator: Emulator,
    settings: Callable[..., CopperSettings],
    monkeypatch: pytest.MonkeyPatch,
    naps: Naps,
    status: int,
    asked: str,
) -> None:
    session = connect(settings(emulator), clock=naps.clock, sleep=naps.sleep)
    answering(monkeypatch, status, retry_after=asked)
    with pytest.raises(BusyError, match=r"asks to wait [\d,]+ seconds.*max_wait_seconds \(3,600\)"):
        session.exchange(GET)
    assert not naps.slept
    session.exchange(GET)
    assert not naps.slept


@pytest.mark.parametrize("asked", ["-1", "soon", "1e9", "nan", "Mon, 01 Jan 99999999999999 00:00:00 GMT", "0x10", ""])
def test_a_wait_that_nobody_can_read_is_a_short_one(
    emulator: Emulator,
    settings: Callable[..., CopperSettings],
    monkeypatch: pytest.MonkeyPatch,
    naps: Naps,
    asked: str,
) -> None:
    session = connect(settings(emulator), clock=naps.clock, sleep=naps.sleep)
    answering(monkeypatch, 429, retry_after=asked)
    session.exchange(GET)
    assert sum(naps.slept) == pytest.approx(5, abs=0.01)


def test_other_headers_about_rates_hold_nobody(
    emulator: Emulator, settings: Callable[..., CopperSettings], monkeypatch: pytest.MonkeyPatch, naps: Naps
) -> None:
    session = connect(settings(emulator), clock=naps.clock, sleep=naps.sleep)
    answering(monkeypatch, 429, X_RateLimit_Reset="99999999999", X_RateLimit_Remaining="-7", retry_after="2")
    session.exchange(GET)
    assert sum(naps.slept) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_of_a_minute_and_more_is_told_with_its_reason(
    emulator: Emulator,
    settings: Callable[..., CopperSettings],
    monkeypatch: pytest.MonkeyPatch,
    naps: Naps,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    session = connect(settings(emulator), clock=naps.clock, sleep=naps.sleep)
    answering(monkeypatch, status, retry_after="900")
    with caplog.at_level(logging.WARNING):
        session.exchange(GET)
    (told,) = caplog.messages
    assert "900 seconds" in told
    assert "GET /account" in told
    assert sum(naps.slept) == pytest.approx(900)


def test_waits_that_nobody_asked_for_end_at_the_ceiling_as_well(
    emulator: Emulator, settings: Callable[..., CopperSettings], naps: Naps
) -> None:
    session = connect(settings(emulator, network=Network(max_wait_seconds=3.0)), clock=naps.clock, sleep=naps.sleep)
    emulator.script(
        "GET /account", ["error:status=429", "error:status=503", "error:status=503", "error:status=503", "ok"]
    )
    session.exchange(GET)
    assert max(naps.slept) <= 3


@pytest.fixture(params=["sqlite", "postgres", "redis_server"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/quota.sqlite"
    found: str = request.getfixturevalue(request.param)
    return found


def test_a_shared_pause_is_no_longer_than_the_ceiling_tells_who_was_asked_and_can_be_ended(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever put it there: another version, or a program with another ceiling."""
    config = {
        "crm": "copper",
        "base_url": "http://127.0.0.1:9/v1",
        "api_key": tmp_path.name + "key-of-this-test",
        "user_email": "a@x.org",
        "quota_url": url,
    }
    for settings in (config, {name: value for name, value in config.items() if name != "crm"}):
        open_it = partial(open_store, url, base_url="http://127.0.0.1:9/v1", credential=config["api_key"])
        store = open_it()
        with store.locked():
            store.set_pause(Pause(store.now() + 10**12, "the CRM turned POST /people away (process 7 on elsewhere)"))
        store.close()
        healthy = Quota(store=open_it())
        with caplog.at_level(logging.WARNING):
            waits = healthy.try_take()
        assert waits == LOOK_AT_PAUSE_MILLISECONDS / 1000
        assert "3600 seconds" in caplog.messages[-1]
        assert "process 7 on elsewhere" in caplog.messages[-1]
        assert "singer-crm quota clear" in caplog.messages[-1]
        file = tmp_path / "config.json"
        file.write_text(json.dumps(settings))
        shown = CliRunner().invoke(main, ["quota", "show", "--config", str(file)])
        assert "process 7 on elsewhere" in shown.output
        cleared = CliRunner().invoke(main, ["quota", "clear", "--config", str(file)])
        assert (cleared.exit_code, cleared.output.splitlines()[-1]) == (0, "The pause is ended")
        assert not isinstance(healthy.try_take(), float)
        again = CliRunner().invoke(main, ["quota", "clear", "--config", str(file)])
        assert again.output == "There is no pause\n"
        healthy.close()


def test_a_quota_that_is_not_shared_has_no_pause_to_end(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"crm": "copper", "api_key": "a-key-of-this-test", "user_email": "a@x.org"}))
    done = CliRunner().invoke(main, ["quota", "show", "--config", str(file)])
    assert done.exit_code == 2
    assert "quota_url is not set" in done.output
