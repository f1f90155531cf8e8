"""The target reads each value of a record in a recorded shape as the kind of its attribute says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest

from crm_api.apptivo.objects import APPTIVO_OBJECTS
from crm_api.apptivo.records import returned
from crm_api.crm_objects import Kind
from crm_api.freshsales.values import shaped
from crm_emulator import Emulator
from target_crm.crms import connected
from tests.crm_emulator.recorded.shapes import shapes

SETTINGS = {"custom_field_definitions", "users", "account", "pipelines", "customer_sources", "loss_reasons"}
SHAPES = [
    pytest.param(crm, shape, id=f"{crm} {shape.name}")
    for crm in ("copper", "freshsales", "apptivo")
    for shape in shapes(crm)
    if shape.object and shape.object not in SETTINGS
]
READ_AS: Mapping[Kind, type | tuple[type, ...]] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.NUMBER: (int, float),
    Kind.BOOLEAN: bool,
    Kind.MOMENT: datetime,
    Kind.DAY: date,
    Kind.ID: int,
    Kind.NAME_ID: (int, str),
    Kind.TEXTS: list,
    Kind.ITEMS: list,
    Kind.STRUCTURE: dict,
    Kind.IDENTIFIER: dict,
    Kind.IDS: list,
}


@pytest.fixture(scope="module")
def emulator():
    with Emulator(empty=True) as running:
        yield running


@pytest.fixture
def connect(emulator):
    """Return the CRM of that name, as the target has it."""

    def connect(crm):
        vendor = getattr(emulator, crm)
        account = {
            name: getattr(vendor, name) for name in ("api_key", "user_email", "access_key") if hasattr(vendor, name)
        }
        config = {"crm": crm, "base_url": vendor.base_url, "date_order": "mdy", "requests_per_minute": 0, **account}
        return connected(config, lambda _: None, lambda: 0.0)

    return connect


def as_read(crm, shape, body):
    if crm == "apptivo":
        return returned(APPTIVO_OBJECTS[shape.object], body)
    return shaped(body) if crm == "freshsales" else body


@pytest.mark.parametrize(("crm", "shape"), SHAPES)
def test_each_value_is_read_as_the_kind_of_its_attribute_says(connect, crm, shape):
    account = connect(crm)
    crm_object = account.objects[shape.object]
    read = 0
    for body in shape.bodies():
        record = as_read(crm, shape, body)
        assert isinstance(account.custom_values(record), dict)
        for attribute in crm_object.attributes:
            value = record.get(attribute.name)
            if not (attribute.creatable or attribute.updatable) or attribute.kind not in READ_AS or value is None:
                continue
            got: Any = account.decode(attribute, value)
            assert isinstance(got, READ_AS[attribute.kind]), (attribute.name, value, got)
            assert attribute.kind is not Kind.ITEMS or all(attribute.item in each for each in got), attribute.name
            read += 1
    assert read
