"""An emulated Apptivo firm, and a client that calls it in the vendor's own way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from crm_emulator import Clock, Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_emulator.apptivo.vendor import Apptivo

NOW = 1_767_225_600.0

# object: (data parameter, id parameter, wrapper)
OBJECTS = {
    "customers": ("customerData", "customerId", "customer"),
    "contacts": ("contactData", "contactId", "contact"),
    "leads": ("leadData", "leadId", "lead"),
    "opportunities": ("opportunityData", "opportunityId", "opportunity"),
    "cases": ("caseData", "caseId", "csCase"),
}


class Api:
    """Client of one firm."""

    def __init__(self, vendor: Apptivo) -> None:
        self.vendor = vendor
        self.keys = {"apiKey": vendor.api_key, "accessKey": vendor.access_key}

    def __call__(self, object_name: str, action: str, **values: Any) -> Any:
        """Return the JSON of a call: the action in the URL, the rest in the form, lists and objects as JSON."""
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
        url = object_name if object_name.startswith("http") else f"{self.vendor.base_url}/{object_name}"
        answer = requests.post(url, params={"a": action}, data={**form, **self.keys}, timeout=120)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def save(self, object_name: str, record: Any, **flags: Any) -> Any:
        """Save a record, and return it out of its wrapper."""
        data_name, _, wrapper = OBJECTS[object_name]
        answer = self(object_name, "save", **{data_name: record}, **flags)
        assert wrapper in answer, answer
        return answer[wrapper]

    def update(self, object_name: str, record_id: int, record: Any, names: list[str], **flags: Any) -> Any:
        """Update a record, and return the answer."""
        data_name, id_name, wrapper = OBJECTS[object_name]
        list_name = "attributeName" if object_name in {"customers", "cases"} else "attributeNames"
        answer = self(object_name, "update", **{data_name: record, id_name: record_id, list_name: names}, **flags)
        return answer.get(wrapper, answer)

    def rest(self, method: str, path: str, body: Any = None, **parameters: Any) -> requests.Response:
        """Make a call in the JSON style, with the keys in the URL."""
        url = f"{self.vendor.base_url}/{path}"
        return requests.request(method, url, params={**self.keys, **parameters}, json=body, timeout=120)

    def reason(self, answer: Any) -> str:
        """Return the reason why a call failed."""
        assert answer["status"] == "FAILURE", answer
        return str(answer["reason"])


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(empty=True, clock=Clock(frozen_at=NOW)) as running:
        yield running


@pytest.fixture
def firm(emulator: Emulator) -> Api:
    return Api(emulator.apptivo)
