"""An emulated Copper account of its own for each test, and a plain client for it."""

import pytest
import requests

from crm_emulator import Clock, Emulator

NOW = 1_770_000_000


class Client:
    """Client that asks as any integration would: three headers, JSON."""

    def __init__(self, emulator):
        self.copper = emulator.copper
        self.session = requests.Session()
        self.session.headers.update(
            {
                "X-PW-AccessToken": self.copper.api_key,
                "X-PW-Application": "developer_api",
                "X-PW-UserEmail": self.copper.user_email,
            }
        )

    def send(self, method, path, body=None, **options):
        return self.session.request(method, self.copper.base_url + path, json=body, timeout=120, **options)

    def ok(self, method, path, body=None):
        """Return the answer to a request that must succeed."""
        answer = self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method, path, body=None, status=422):
        """Return the message of a request that must be refused."""
        answer = self.send(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json().get("message")

    def search(self, object_name, **parameters):
        return self.ok("POST", f"/{object_name}/search", parameters)

    def ids(self, object_name, **parameters):
        return [record["id"] for record in self.search(object_name, **parameters)]

    def total(self, object_name, **parameters):
        return int(self.send("POST", f"/{object_name}/search", parameters).headers["X-PW-TOTAL"])


@pytest.fixture
def emulator():
    """Start an emulator without records but the settings lists, with its clock standing still."""
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as emulator:
        yield emulator


@pytest.fixture
def copper(emulator):
    client = Client(emulator)
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def seeded_emulator():
    """Start a seeded emulator, for tests that only read."""
    with Emulator(
        seed=11, people=450, companies=120, leads=150, opportunities=130, tasks=60, projects=40, activities=300
    ) as emulator:
        yield emulator


@pytest.fixture
def seeded(seeded_emulator):
    client = Client(seeded_emulator)
    yield client
    client.session.close()
