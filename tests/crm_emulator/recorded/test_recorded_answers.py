"""The emulator answers in the shapes that real accounts were recorded to answer in, key by key."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from crm_emulator import Emulator
from tests.crm_emulator.recorded.shapes import Shape, custom_values, shapes

ASKED = [
    pytest.param(crm, shape, id=f"{crm} {shape.name}")
    for crm in ("copper", "freshsales", "apptivo")
    for shape in shapes(crm)
    if shape.ask
]


@pytest.fixture(scope="module")
def emulator():
    with Emulator(seed=3, people=200, companies=80, leads=80, opportunities=120, tasks=60, activities=200) as running:
        yield running


def asked(emulator: Emulator, crm: str, shape: Any) -> requests.Response:
    vendor = getattr(emulator, crm)
    if crm == "apptivo":
        form = {"apiKey": vendor.api_key, "accessKey": vendor.access_key, "numRecords": "200"}
        return requests.post(f"{vendor.base_url}/{shape.ask}", data=form, timeout=120)
    headers = {"Authorization": f"Token token={vendor.api_key}"}
    if crm == "copper":
        headers = {
            "X-PW-AccessToken": vendor.api_key,
            "X-PW-Application": "developer_api",
            "X-PW-UserEmail": vendor.user_email,
        }
    known = _known(vendor) if crm == "freshsales" else {}
    method, _, path = shape.ask.partition(" ")
    body = {"page_size": 200} if path.endswith("/search") and shape.body is None else shape.body
    url = vendor.base_url + path.format(**known)
    return requests.request(method, url, json=_filled(body, known), headers=headers, timeout=120)


def _known(vendor: Any) -> dict[str, int]:
    """Return the id of a record of each object, and of the view of all contacts."""
    names = ("contacts", "sales_accounts", "deals", "appointments")
    headers = {"Authorization": f"Token token={vendor.api_key}"}
    views = requests.get(f"{vendor.base_url}/contacts/filters", headers=headers, timeout=120).json()["filters"]
    view = next(each["id"] for each in views if each["name"] == "All Contacts")
    return {"contacts view": view, **{name: vendor.records(name)[-1]["id"] for name in names}}


def _filled(body: Any, known: dict[str, int]) -> Any:
    if isinstance(body, dict):
        return {name: _filled(each, known) for name, each in body.items()}
    return body.format(**known) if isinstance(body, str) else body


@pytest.mark.parametrize(("crm", "shape"), ASKED)
def test_the_emulator_answers_in_the_recorded_shape(emulator, crm, shape):
    answer = asked(emulator, crm, shape)
    assert answer.status_code == shape.status, answer.text
    value = answer.json()[shape.at] if shape.at else answer.json()
    bodies = value if isinstance(value, list) else [value]
    assert bodies
    assert sorted({difference for body in bodies for difference in shape.differences(body)}) == []
    assert list(shape.unseen(bodies)) == []
    assert not set(shape.lacking) & {key for body in bodies for key in body}


def test_the_values_of_custom_fields_are_of_the_recorded_kinds(emulator):
    shape = custom_values()
    data_types = {each["id"]: each["data_type"] for each in emulator.copper.records("custom_field_definitions")}
    held = [
        (data_types[field["custom_field_definition_id"]], field["value"])
        for name in ("people", "companies", "leads", "opportunities", "tasks")
        for record in emulator.copper.records(name)
        for field in record["custom_fields"]
    ]
    for data_type, kinds in shape.keys.items():
        of_type = Shape(data_type, shape.recorded, {data_type: kinds})
        bodies = [{data_type: value} for each, value in held if each == data_type]
        assert bodies
        assert [each for body in bodies for each in of_type.differences(body)] == []
        assert list(of_type.unseen(bodies)) == []


@pytest.mark.parametrize("crm", ["copper", "freshsales", "apptivo"])
def test_a_shape_says_who_recorded_it_and_its_bodies_are_of_it(crm):
    for shape in shapes(crm):
        assert shape.recorded
        bodies = shape.bodies()
        assert [difference for body in bodies for difference in shape.differences(body)] == []
        assert list(shape.unseen(bodies)) == []
