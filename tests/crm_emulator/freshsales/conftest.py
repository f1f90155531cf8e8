"""An emulated Freshsales account, and a client that signs in as the reference says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from crm_emulator import Clock, Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm_emulator.freshsales.vendor import Freshsales

NOW = 1_767_225_600.0  # 2026-01-01, when the newest seeded record was made


class Api:
    """Client of one account, as its owner."""

    def __init__(self, vendor: Freshsales) -> None:
        self.vendor = vendor
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token token={vendor.api_key}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        url = path if path.startswith("http") else self.vendor.base_url + path
        return self.session.request(method, url, json=body, timeout=120, **more)

    def get(self, path: str) -> Any:
        """Return the JSON of a GET that must succeed."""
        answer = self("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, plural: str, singular: str, **attributes: Any) -> Any:
        """Create a record through the API."""
        answer = self("POST", f"/{plural}", {singular: attributes})
        assert answer.status_code == 201, answer.text
        return answer.json()[singular]

    def contact(self, **attributes: Any) -> Any:
        return self.made("contacts", "contact", **attributes)

    def messages(self, method: str, path: str, body: Any = None, status: int = 400) -> Any:
        """Return the messages of a refused call."""
        answer = self(method, path, body)
        assert answer.status_code == status, answer.text
        error = answer.json()["errors"]
        assert error["code"] == status
        return error["message"]

    def view(self, plural: str, name: str, query: str = "") -> Any:
        """Return a page of a view, found by its name as clients do."""
        views = {each["name"]: each["id"] for each in self.get(f"/{plural}/filters")["filters"]}
        return self.get(f"/{plural}/view/{views[name]}{query}")


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as running:
        yield running


@pytest.fixture
def suite(emulator: Emulator) -> Api:
    return Api(emulator.freshsales)


@pytest.fixture
def classic(emulator: Emulator) -> Api:
    return Api(emulator.freshsales_classic)


@pytest.fixture(scope="module")
def suite_afresh() -> Iterator[Callable[[], Api]]:
    """One emulator whose account is emptied at each call, for tests that try many orders of events."""
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as running:

        def afresh() -> Api:
            running.reset()
            return Api(running.freshsales)

        yield afresh
