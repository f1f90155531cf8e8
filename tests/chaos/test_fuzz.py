"""Whatever comes in: one sentence or closed books; never a traceback, a copy, or STATE that is no JSON."""

from __future__ import annotations

import io
import json
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm_emulator import Emulator
from target_crm.target import TargetCrm

ODD_TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["\x00", "\u202e", "é", "ß", "𝄞", "null", "NaN", "../../etc", "%2e%2e", "a\r\nX-Header: 1", " ", ""]
    ),
)
ODD_NUMBER = st.one_of(
    st.integers(), st.sampled_from([2**31, 2**63, 2**64, 10**30, -1, 0]), st.floats(allow_nan=True, allow_infinity=True)
)
ODD = st.recursive(
    st.none() | st.booleans() | ODD_NUMBER | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["id", "name", "email", "emails", "tags", "address", "street", "custom_fields", "company_id", "assignee_id", "cf_x",
     "phone_numbers", "_sdc_deleted_at", "date_created"]
)  # fmt: skip
RECORD = st.fixed_dictionaries({"id": st.integers(0, 9) | ODD}, optional={}).flatmap(
    lambda base: st.dictionaries(NAMES | ODD_TEXT, ODD, max_size=5).map(lambda more: {**more, **base})
)
SCHEMA = {"type": "SCHEMA", "stream": "people", "schema": {"type": "object", "properties": {"id": {}, "name": {}}},
          "key_properties": ["id"]}  # fmt: skip
LINE = st.one_of(
    RECORD.map(lambda record: json.dumps({"type": "RECORD", "stream": "people", "record": record})),
    RECORD.map(lambda record: json.dumps({"type": "RECORD", "stream": "people", "record": record}, ensure_ascii=False)),
    st.integers(0, 5).map(lambda n: json.dumps({"type": "STATE", "value": {"n": n}})),
    ODD.map(lambda value: json.dumps({"type": "STATE", "value": value})),
    st.just(json.dumps(SCHEMA)),
    st.just(json.dumps(SCHEMA | {"schema": {"type": "object", "properties": {"id": {"type": "integer"}}}})),
    ODD.map(
        lambda value: json.dumps({"type": "SCHEMA", "stream": "people", "schema": value, "key_properties": ["id"]})
    ),
    ODD.map(json.dumps),
    st.text(max_size=20),
    st.just('{"type": "RECORD", "stream": "people", "record": {"id": 1, "id": 2, "name": "twice"}}'),
    st.just('{"type": "RECORD", "stream": "people", "record": {"id": 1, "name": "\\ud800"}}'),
    st.just('{"type": "RECORD", "stream": "people", "record": {"id": 1, "name": ' + "[" * 3000 + "]" * 3000 + "}}"),
    st.sampled_from(
        [
            "",
            "   ",
            '{"type": "UNKNOWN", "stream": "people"}',
            '{"type": "RECORD", "stream": "never declared", "record": {"id": 1}}',
            '{"type": "RECORD", "stream": "people", "record": {"id": 1, "na',
            '{"type": "BATCH", "stream": "people", "encoding": {"format": "jsonl"}, "manifest": ["file:///nowhere"]}',
            '{"type": "RECORD", "stream": "people", "record": {"id": NaN, "name": -Infinity}}',
            '{"type": "RECORD", "stream": "people", "record": {"id": 1, "monetary_value": 1e999}}',
            '{"type": "RECORD", "stream": "people", "record": {"id": 1, "id": 2}, "record": {"id": 3, "name": "x"}}',
        ]
    ),
    st.sampled_from([1, -1, None, "1", [1]]).map(
        lambda version: json.dumps({"type": "ACTIVATE_VERSION", "stream": "people", "version": version})
    ),
)


@pytest.fixture(scope="module")
def account():
    with Emulator(empty=True) as emulator:
        yield emulator


@pytest.fixture
def _signals():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def check(account, folder, capsys, lines):
    copper = account.copper
    for found in copper.records("people"):
        copper.delete("people", found["id"])
    (folder / "ledger.sqlite").unlink(missing_ok=True)
    config = {
        "crm": "copper",
        "base_url": copper.base_url,
        "api_key": copper.api_key,
        "user_email": copper.user_email,
        "ledger_url": f"sqlite:///{folder / 'ledger.sqlite'}",
        "report_path": str(folder / "report.json"),
        "rejected_path": str(folder / "rejected.singer"),
        "requests_per_minute": 0,
        "bulk_requests_per_second": 0,
        "index_lag_seconds": 0,
        "max_rejected": 10**6,
        "date_order": "mdy",
    }
    text = "\n".join([json.dumps(SCHEMA), *lines]).encode("utf-8", "surrogatepass")
    counts = []
    for _ in range(2):
        capsys.readouterr()
        code = TargetCrm(config=dict(config)).run(io.BytesIO(text))
        said = capsys.readouterr()
        assert code in {0, 1, 2}
        assert "Traceback" not in said.err
        for line in said.out.splitlines():
            json.loads(line)
        assert json.loads((folder / "report.json").read_text())["closed"]
        counts.append(copper.count("people"))
    assert counts[0] == counts[1], "the same input again made copies"
    for line in (folder / "rejected.singer").read_bytes().splitlines():
        with suppress(RecursionError):  # Python's own limit: what is nested too deeply is kept as it came
            json.loads(line)


@pytest.mark.usefixtures("_signals")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(lines=st.lists(LINE, max_size=8))
@example(lines=['{"type": "RECORD", "stream": "people", "record": {"id": 1, "name": "' + "x" * 10_000_000 + '"}}'])
def test_any_input_ends_in_order(account, tmp_path, capsys, lines):
    check(account, Path(tmp_path), capsys, lines)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("_signals")
@settings(max_examples=2000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(lines=st.lists(LINE, max_size=12))
def test_any_long_input_ends_in_order(account, tmp_path, capsys, lines):
    check(account, Path(tmp_path), capsys, lines)
