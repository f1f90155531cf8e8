"""The CRM's own id of a record as a match key, under the vendor's name and as id; and deletes by a match key."""

from __future__ import annotations

import pytest

from crm_api.apptivo.objects import APPTIVO_OBJECTS
from tests.target_crm.messages import record_of, schema_of

OWN = pytest.mark.only(lambda case: case.vendor != "anything" and case.finds)


def id_of(contract, number=1):
    """The CRM's id of a record that somebody else wrote."""
    contract.case.insert(contract.vendor, number)
    return contract.vendor.records(contract.case.stream)[-1]["id"]


def messages(contract, **record):
    """A record of a stream whose source calls its own id ``key``."""
    stream = contract.case.stream
    return [schema_of(stream, *record, keys=("key",)), record_of(stream, **record)]


def names_of_ids(contract):
    declared = APPTIVO_OBJECTS.get(contract.case.stream) if contract.case.vendor == "apptivo" else None
    return ["id"] if declared is None else ["id", declared.id]


@OWN
@pytest.mark.daily(one_of=2)
def test_a_record_is_updated_by_the_crms_own_id(contract, run):
    own = id_of(contract)
    for number, name in enumerate(names_of_ids(contract)):
        record = {**contract.case.make(1), **contract.case.change, "key": number} | {name: own}
        if name != "id":
            record["id"] = 999_999  # the source's own
        done = run(messages(contract, **record), streams=contract.stream_settings(match_on=[name]))
        assert contract.of(done) in ({"input": 1, "updated": 1}, {"input": 1, "unchanged": 1}), done.errors
        assert contract.names == contract.called(1)
        assert contract.case.shows_change(contract.vendor, 1)
        assert f"left out {name}" not in done.errors


@pytest.mark.only(lambda case: case.vendor != "anything" and case.finds and case.deletes)
@pytest.mark.daily(one_of=2)
def test_a_record_is_deleted_by_the_crms_own_id(contract, run):
    for name in names_of_ids(contract):
        own = id_of(contract)
        streams = contract.stream_settings(load_method="delete", match_on=[name])
        done = run(messages(contract, **{"key": 1, name: own}), streams=streams)
        assert contract.of(done) == {"input": 1, "deleted": 1}, done.errors
        assert contract.names == []


@pytest.mark.only(lambda case: case.finds and case.deletes)
def test_a_record_is_deleted_by_the_default_match_key(contract, run):
    contract.case.insert(contract.vendor, 1)
    contract.case.insert(contract.vendor, 2)
    done = run(contract.made(1), streams=contract.stream_settings(load_method="delete"))
    assert contract.of(done) == {"input": 1, "deleted": 1}, done.errors
    assert contract.names == contract.called(2)
