from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_emulator import Emulator
from tap_copper.conformance import UnfitColumn
from tap_copper.records import Shape, iso_date, moment, seconds_of
from tests.tap_copper.running import run


@given(st.integers(0, 253_402_300_799))
def test_a_moment_is_rfc_3339_in_utc_and_reads_back(seconds: int) -> None:
    assert moment(seconds) == datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    assert seconds_of(moment(seconds)) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(-1, "1969-12-31T23:59:59Z"), (10**18, str(10**18))])
def test_a_moment_beyond_the_ordinary_breaks_nothing(seconds: int, text: str) -> None:
    assert moment(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01T05:00:00.123+05:30", "2026-01-01T05:00:00.123+05:30"),
        ("1754516347", "2025-08-06T21:39:07Z"),
        (1754516347.0, "2025-08-06T21:39:07Z"),
        (-62_135_596_800, "0001-01-01T00:00:00Z"),
        (576_000_000_000, None),
        (1_754_516_347_000, None),
        (10**400, None),
        ("0000-01-01T00:00:00Z", None),
        ("20224-01-01T00:00:00Z", None),
        ("soon", None),
        (True, None),
        ([1], None),
    ],
)
def test_whatever_stands_for_a_moment_becomes_one_or_null_and_is_counted(value: Any, text: str | None) -> None:
    column = {"type": ["string", "null"], "format": "date-time"}
    shape = Shape({"at": column, "none": column, "absent": column})
    record: dict[str, Any] = {"id": 7, "at": value, "none": None}
    shape.apply([record])
    assert record == {"id": 7, "at": text, "none": None}
    assert shape.unfit == ({} if text else {"at": UnfitColumn(first_id=7, values=1)})


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("1/23/2017", "mdy", "2017-01-23"),
        ("23/1/2017", "dmy", "2017-01-23"),
        ("01/02/2017", "dmy", "2017-02-01"),
        ("23/1/2017", "mdy", None),
        ("soon", "mdy", None),
        (None, "mdy", None),
    ],
)
def test_a_date_is_read_in_the_accounts_order(text: str | None, order: str, expected: str | None) -> None:
    assert iso_date(text, order) == expected


def test_close_date_also_comes_in_iso_where_the_order_is_known(emulator: Emulator) -> None:
    emulator.copper.insert("opportunities", {"name": "Big", "close_date": "2/1/2026"})
    plain = run(emulator, "opportunities").records("opportunities")[0]
    assert "close_date_iso" not in plain
    output = run(emulator, "opportunities", date_order="mdy")
    record = output.records("opportunities")[0]
    assert (record["close_date"], record["close_date_iso"]) == (plain["close_date"], "2026-02-01")
    assert output.schema("opportunities")["schema"]["properties"]["close_date_iso"]["format"] == "date"


def test_ids_beyond_32_bits_and_money_stay_numbers(emulator: Emulator) -> None:
    emulator.copper.insert("opportunities", {"name": "Big", "monetary_value": 1234.5})
    person = emulator.copper.insert("people", {"name": "Ann Lee"})
    emulator.copper.insert(
        "activities",
        {"parent": {"type": "person", "id": person["id"]}, "type": {"category": "user", "id": 0}, "details": "x"},
    )
    assert run(emulator, "opportunities").records("opportunities")[0]["monetary_value"] == 1234.5
    assert run(emulator, "activities_search").ids("activities_search")[0] > 2**31
