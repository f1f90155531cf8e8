"""The SDK's own tests of a tap, against the emulator."""

from __future__ import annotations

import atexit

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from crm_emulator import Emulator
from tap_copper.tap import TapCopper
from tests.tap_copper.running import settings_of

# Copper leaves out what a record does not have, such as is_deleted of an activity that is there.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records:UserWarning"),
    pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning"),
]

# The suite reads the streams' names and attributes when it is imported, so the emulator must stand by then.
_emulator = Emulator(seed=5, people=250, companies=20, leads=20, opportunities=20, projects=10, tasks=20, activities=40)
_emulator.start()
atexit.register(_emulator.stop)

TestTapCopper = get_tap_test_class(
    TapCopper,
    config=settings_of(_emulator),
    suite_config=SuiteConfig(max_records_limit=300, ignore_no_records_for_streams=["files", "webhooks"]),
    parse_env_config=False,
)
