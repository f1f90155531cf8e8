"""The SDK's own tests of a tap, on the sync log of some runs."""

from __future__ import annotations

import atexit
import io
import tempfile
from pathlib import Path

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from crm_emulator import Emulator
from target_crm.sync_log.tap import SyncLog
from target_crm.target import TargetCrm
from tests.target_crm.messages import as_lines, record_of, schema_of

_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)
_url = f"sqlite:///{Path(_folder.name) / 'ledger.sqlite'}"


@pytest.fixture(scope="module", autouse=True)
def _runs():
    people = schema_of("people", "name", "email", "company")
    records = [record_of("people", id=number, name=f"P{number}", email=f"p{number}@x.org") for number in range(9)]
    with Emulator(empty=True) as emulator:
        copper = emulator.copper
        config = {
            "crm": "copper",
            "base_url": copper.base_url,
            "api_key": copper.api_key,
            "user_email": copper.user_email,
            "ledger_url": _url,
            "index_lag_seconds": 0,
            "keep_values_days": 9,
        }
        given = [people, *records, record_of("people", id=99, nickname="N")]
        assert TargetCrm(config=config).run(io.BytesIO(as_lines(given))) == 1


TestSyncLog = get_tap_test_class(
    SyncLog,
    config={"ledger_url": _url},
    suite_config=SuiteConfig(max_records_limit=100),
    parse_env_config=False,
)
