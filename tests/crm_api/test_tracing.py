"""The debug log tells of every request, of what records hold only when asked, and never of a secret."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from crm_api.copper.session import CopperSettings, connect
from crm_api.errors import InvalidError
from crm_api.transport.network import Network
from crm_api.transport.request import Request
from crm_emulator.emulator import Emulator


@pytest.mark.parametrize("log_values", [False, True])
def test_the_debug_log_shows_requests_and_values_only_when_asked(
    emulator: Emulator, settings: Callable[..., CopperSettings], caplog: pytest.LogCaptureFixture, *, log_values: bool
) -> None:
    session = connect(settings(emulator, network=Network(log_values=log_values)))
    with caplog.at_level(logging.DEBUG, logger="crm_api.session"):
        session.exchange(Request("POST", "/people", body={"name": f"Ann {emulator.copper.api_key}"}))
        with pytest.raises(InvalidError):
            session.exchange(Request("POST", "/people", body={"title": "Boss"}))
    said = caplog.text
    assert "POST /people: 200, " in said
    assert "POST /people: 422, " in said
    assert ("Ann ***" in said) is log_values
    assert ("Boss" in said) is log_values
    assert emulator.copper.api_key not in said


def test_a_log_that_is_not_for_debugging_says_nothing_of_requests(
    emulator: Emulator, settings: Callable[..., CopperSettings], caplog: pytest.LogCaptureFixture
) -> None:
    session = connect(settings(emulator, network=Network(log_values=True)))
    with caplog.at_level(logging.INFO):
        session.exchange(Request("POST", "/people", body={"name": "Ann"}))
    assert "Ann" not in caplog.text
