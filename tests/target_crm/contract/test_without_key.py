"""Streams without key properties, in every CRM: known again by source_id, by the only match key, or not at all."""

from __future__ import annotations

import pytest

from target_crm.engine.incoming import fingerprint, record_hash
from target_crm.ledger.store import open_engine
from tests.target_crm.messages import record_of, schema_of

NO_SINGLE_KEY = {"apptivo customers rest", "http with keys"}
"""The cases with two match keys, or with none."""


def keyless(contract, *records):
    """Messages of a stream without key properties, and records without the source's own id."""
    records = [{name: value for name, value in each.items() if name != "id"} for each in records]
    names = list(dict.fromkeys(name for record in records for name in record))
    stream = contract.case.stream
    return [schema_of(stream, *names, keys=()), *(record_of(stream, **record) for record in records)]


def made(contract, *numbers):
    return keyless(contract, *map(contract.case.make, numbers))


@pytest.mark.only(lambda case: case.name not in NO_SINGLE_KEY)
@pytest.mark.daily(one_of=2)
def test_a_record_that_changes_is_known_again_by_its_only_match_key(contract, run):
    done = run(made(contract, 1, 2))
    assert contract.of(done) == {"input": 2, "created": 2}, done.errors
    done = run(keyless(contract, {**contract.case.make(1), **contract.case.change}, contract.case.make(2)))
    assert contract.of(done) == {"input": 2, "updated": 1, "unchanged": 1}, done.errors
    assert contract.names == contract.called(1, 2)
    assert contract.case.shows_change(contract.vendor, 1)
    assert not done.report["shared_matches"]


@pytest.mark.only(lambda case: case.name in NO_SINGLE_KEY)
@pytest.mark.parametrize("method", ["upsert", "overwrite"])
def test_where_no_single_match_key_stands_in_the_run_stops_at_the_schema(contract, run, method):
    done = run(made(contract, 1)[:1], streams=contract.stream_settings(load_method=method, match_on=None))
    assert done.code == 2
    assert f"Stream '{contract.case.stream}' has no key properties" in done.errors
    assert "source_id" in done.errors
    assert contract.writes == []


@pytest.mark.parametrize(
    "own", [{"source_id": "*"}, {"load_method": "append-only"}], ids=["whole records", "append-only"]
)
@pytest.mark.daily(one_of=3)
def test_whole_records_are_written_once_whatever_settings_change(contract, run, own):
    done = run(made(contract, 1, 2), streams=contract.stream_settings(**own))
    assert contract.of(done) == {"input": 2, "created": 2}, done.errors
    before = contract.writes
    for more in ({}, {"exclude": ["nothing"]}):
        done = run(made(contract, 2, 1), streams=contract.stream_settings(**own, **more))
        assert contract.of(done) == {"input": 2, "unchanged": 2}, done.errors
    assert contract.writes == before
    assert contract.names == contract.called(1, 2)


FIRST_DEFAULTS = {
    "no_match_key": "create",
    "missing_reference": "wait",
    "when_gone": "match_again",
    "hard_delete": False,
    "delete_matched": False,
    "forget": False,
    "max_deletes": 100,
    "max_delete_fraction": 0.2,
    "unknown_attributes": "leave_out",
    "unknown_names": "reject",
}
"""As version 0.1.0 filled them in for a stream that had settings."""


@pytest.mark.parametrize("own", [{}, {"source_id": "*"}, {"load_method": "append-only"}], ids=str)
@pytest.mark.parametrize("had_settings", [False, True])
@pytest.mark.daily(one_of=4)
def test_a_ledger_of_whole_records_of_the_first_version_goes_on(contract, run, settings, own, had_settings):
    if not own and contract.case.name in NO_SINGLE_KEY:
        own = {"source_id": [next(name for name in contract.case.make(1) if name != "id")]}
    streams = contract.stream_settings(**own)
    for number in (1, 2):
        run(made(contract, number), streams=streams)
        keep_as_the_first_version_did(contract, settings["ledger_url"], own, number, had_settings=had_settings)
    before = contract.writes
    done = run(made(contract, 1, 2), streams=streams)
    assert contract.of(done) == {"input": 2, "unchanged": 2}, done.errors
    assert contract.writes == before
    assert not done.report["shared_matches"]


def keep_as_the_first_version_did(contract, url, own, number, *, had_settings):
    """Give the record that was written last the source id that version 0.1.0 made of it, and of the settings."""
    stream = contract.case.stream
    given = dict(contract.stream_settings()[stream])
    if "load_method" in own:
        given |= own
    if given or had_settings:
        given = FIRST_DEFAULTS | given
    name = f"endpoint:{stream}" if "endpoints" in given else stream
    digest = fingerprint("0.1.0", name, own.get("load_method", "upsert"), given)
    (message,) = made(contract, number)[1:]
    with open_engine(url).begin() as connection:
        connection.exec_driver_sql(
            "UPDATE records SET source_id = ? WHERE written_at = (SELECT max(written_at) FROM records)",
            (f"#{record_hash(message['record'], digest).hex()}",),
        )


@pytest.mark.parametrize(
    "own", [{}, {"source_id": "*"}, {"load_method": "append-only"}], ids=["match key", "whole records", "append-only"]
)
@pytest.mark.daily(one_of=5)
def test_a_stream_that_gets_a_key_later_knows_its_records_by_it(contract, run, own):
    if not own and contract.case.name in NO_SINGLE_KEY:
        own = {"source_id": "*"}
    assert contract.of(run(made(contract, 1, 2), streams=contract.stream_settings(**own))) == {"input": 2, "created": 2}
    strict = contract.stream_settings(**({"shared_match": "reject"} if contract.case.finds else {}))
    done = run(contract.made(1, 2), streams=strict)
    assert not contract.of(done).keys() & {"created", "rejected"}, done.errors
    assert not done.report["shared_matches"]
    changed = {**contract.case.make(1), **contract.case.change}
    done = run(contract.messages(changed, contract.case.make(2)), streams=strict)
    assert contract.of(done) == {"input": 2, "updated": 1, "unchanged": 1}, done.errors
    assert not done.report["shared_matches"]
    assert contract.names == contract.called(1, 2)
    assert contract.case.shows_change(contract.vendor, 1)
