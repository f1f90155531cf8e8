"""The SDK's own suite for targets, against the emulator: odd names, odd schemas, broken input."""

from __future__ import annotations

import gc
import signal

import pytest
from singer_sdk.testing import get_target_test_class

from crm_emulator import Emulator
from target_crm.target import TargetCrm

CONFIG = {
    "crm": "copper",
    "default_object": "people",
    "requests_per_minute": 0,
    "bulk_requests_per_second": 0,
    "max_rejected": "100%",
    "streams": {
        stream: {"source_id": "*"}  # they have no key
        for stream in ("test_no_pk", "test_object_schema_with_properties", "test_object_schema_no_properties")
    },
}


@pytest.fixture(scope="class", autouse=True)
def account(tmp_path_factory):
    with Emulator(empty=True) as emulator:
        copper = emulator.copper
        CONFIG.update(base_url=copper.base_url, api_key=copper.api_key, user_email=copper.user_email)
        CONFIG["ledger_url"] = f"sqlite:///{tmp_path_factory.mktemp('suite') / 'ledger.sqlite'}"
        yield


@pytest.fixture(autouse=True)
def _end_of_run():
    """The suite drops targets that failed in mid-run as they are; a process would end, and free their locks."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    gc.collect()


_Suite = get_target_test_class(TargetCrm, config=CONFIG)


class TestTargetCrm(_Suite):
    """Every input of the suite is taken or refused as the SDK demands."""
