"""The catch-all endpoint of an emulator, and a client that adds nothing of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from crm_emulator import Clock, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_emulator.anything.vendor import Anything


class Api:
    def __init__(self, vendor: Anything) -> None:
        self.vendor = vendor

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return requests.request(method, self.vendor.base_url + path, json=body, timeout=120, **more)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(empty=True, clock=Clock(frozen_at=1_767_225_600.0)) as running:
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Api:
    return Api(emulator.anything)
