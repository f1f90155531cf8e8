"""The three CRMs, on one emulator, and records that are mapped for them."""

from __future__ import annotations

import time

import pytest

from crm_emulator import Emulator
from target_crm.crms import connected
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.settings import SETTINGS

DEFAULTS = {name: each["default"] for name, each in SETTINGS["properties"].items() if "default" in each}


@pytest.fixture(scope="package")
def crms():
    with Emulator(people=5) as emulator:
        copper, freshsales, apptivo = emulator.copper, emulator.freshsales, emulator.apptivo
        common = {**DEFAULTS, "requests_per_minute": 0, "requests_per_hour": 0, "date_order": "mdy"}
        given = {
            "copper": {"api_key": copper.api_key, "user_email": copper.user_email, "base_url": copper.base_url},
            "freshsales": {"api_key": freshsales.api_key, "base_url": freshsales.base_url},
            "apptivo": {
                "api_key": apptivo.api_key,
                "access_key": apptivo.access_key,
                "base_url": apptivo.base_url,
            },
        }
        made = {
            name: connected({**common, **config, "crm": name}, time.sleep, time.monotonic)
            for name, config in given.items()
        }
        yield made


@pytest.fixture
def mapper_of(crms):
    """Make a mapper of one object of a CRM."""
    return lambda crm, object_name: Mapper(crms[crm], crms[crm].objects[object_name], MappingSettings())


@pytest.fixture
def mapped(crms):
    """Map a record of one attribute, and return what is sent, or the rejection."""

    def mapped(crm, object_name, attribute, value, **settings):
        mapper = Mapper(crms[crm], crms[crm].objects[object_name], MappingSettings(**settings))
        return mapper.map({getattr(attribute, "name", attribute): value})

    return mapped


@pytest.fixture
def sent(mapped, crms):
    """Map a record of one attribute that must be taken, and return its value, decoded."""

    def sent(crm, object_name, attribute, value, **settings):
        result = mapped(crm, object_name, attribute, value, **settings)
        payload = getattr(result, "payload", None)
        assert payload is not None, result
        return crms[crm].decode(attribute, payload[attribute.name])

    return sent
