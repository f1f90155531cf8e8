"""Sessions with Copper's emulator, and a server that answers as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crm_api.copper.crm import Copper
from crm_api.copper.session import CopperSettings, connect
from crm_api.transport.session import CrmSession
from crm_emulator.emulator import Emulator
from tests.crm_api.hostile_server import HostileServer, hostile_server

SECRET = "32-characters-that-nobody-may-see"


class Naps(list[float]):
    """Waits that are noted down and not waited; the clock moves on by them alone."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)

    def clock(self) -> float:
        return 1000.0 + sum(self)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(empty=True) as running:
        yield running


@pytest.fixture
def settings() -> Callable[..., CopperSettings]:
    """Settings for an emulator, without quota."""

    def make(emulator: Emulator, **changed: Any) -> CopperSettings:
        given: dict[str, Any] = {
            "api_key": emulator.copper.api_key,
            "user_email": emulator.copper.user_email,
            "base_url": emulator.copper.base_url,
            "requests_per_minute": 0,
            "bulk_requests_per_second": 0,
        }
        return CopperSettings(**(given | changed))

    return make


@pytest.fixture
def session(emulator: Emulator, settings: Callable[..., CopperSettings], naps: Naps) -> Iterator[CrmSession]:
    with connect(settings(emulator), clock=naps.clock, sleep=naps) as connected:
        yield connected


@pytest.fixture
def copper(session: CrmSession) -> Copper:
    return Copper(session)


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    """A server that answers as a test says."""
    with hostile_server() as running:
        yield running
