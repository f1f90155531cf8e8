"""Two source records that are one record of the CRM (a family with one address), in every CRM."""

from __future__ import annotations

import pytest

FINDS = pytest.mark.only(lambda case: case.finds and "in batches" not in case.name)


def twin(contract, number, **more):
    """Record 1 once more, from another row of the source."""
    return {**contract.case.make(1), **more, "id": number}


def shared(contract, done):
    """The source ids that are told to be one record of the CRM, and how many records are."""
    found = done.report["shared_matches"].get(contract.case.stream, {"records": 0, "examples": []})
    return found["records"], [set(each["source_ids"]) for each in found["examples"]]


@FINDS
@pytest.mark.parametrize("apart", ["one batch", "two batches", "two runs"])
@pytest.mark.daily(one_of=3)
def test_two_source_records_that_become_one_are_told_with_both_ids(contract, run, apart):
    first, second = contract.case.make(1), twin(contract, 77, **contract.case.change)
    more = {"batch_size_rows": 1} if apart == "two batches" else {}
    if apart == "two runs":
        assert contract.of(run(contract.messages(first))) == {"input": 1, "created": 1}
        done = run(contract.messages(second))
    else:
        done = run(contract.messages(first, second), **more)
    assert done.code == 0, done.errors
    assert shared(contract, done) == (1, [{"1", "77"}])
    assert "77 and 1 are one record of the CRM" in done.errors  # the warning
    assert "1 record shares a record of the CRM with another source record" in done.errors  # the summary
    assert contract.names == contract.called(1)
    assert contract.case.shows_change(contract.vendor, 1)
    done = run(contract.messages(first, second))
    assert shared(contract, done) == (0, []), "nothing was written"


@FINDS
@pytest.mark.parametrize("apart", ["one batch", "two runs"])
@pytest.mark.daily(one_of=3)
def test_the_second_one_is_rejected_where_the_settings_say_so(contract, run, apart):
    streams = contract.stream_settings(shared_match="reject")
    first, second = contract.case.make(1), twin(contract, 77, **contract.case.change)
    if apart == "two runs":
        assert contract.of(run(contract.messages(first), streams=streams)) == {"input": 1, "created": 1}
        done = run(contract.messages(second), streams=streams)
        assert contract.of(done) == {"input": 1, "rejected": 1}, done.errors
    else:
        done = run(contract.messages(first, second), streams=streams)
        assert contract.of(done) == {"input": 2, "created": 1, "rejected": 1}, done.errors
    assert done.code == 1
    assert done.report["reasons"][contract.case.stream] == {"rejected: shared_match": 1}
    (example,) = done.report["examples"]
    assert example["source_id"] == "77"
    assert "belongs to the source record 1 already" in example["sentence"]
    assert contract.names == contract.called(1)
    assert not contract.case.shows_change(contract.vendor, 1)
    done = run(contract.messages({**first, **contract.case.change}), streams=streams)
    assert contract.of(done) == {"input": 2, "updated": 1, "rejected": 1}, "the first one stays what it is"


@FINDS
@pytest.mark.daily(one_of=3)
def test_a_record_that_was_only_found_is_nobody_elses(contract, run):
    contract.case.insert(contract.vendor, 1)
    done = run(
        contract.messages({**contract.case.make(1), **contract.case.change}),
        streams=contract.stream_settings(shared_match="reject"),
    )
    assert contract.of(done) == {"input": 1, "updated": 1}, done.errors
    assert shared(contract, done) == (0, [])


@FINDS
@pytest.mark.daily(one_of=3)
def test_telling_costs_no_request(contract, run):
    contract.case.insert(contract.vendor, 1)
    before = len(contract.emulator.requests)
    run(contract.messages({**contract.case.make(1), **contract.case.change}), source_name="alone")
    alone = len(contract.emulator.requests) - before
    run(contract.messages({**contract.case.make(1), **contract.case.change}))
    before = len(contract.emulator.requests)
    done = run(contract.messages(twin(contract, 77, **contract.case.change)))
    assert shared(contract, done)[0] == 1
    assert len(contract.emulator.requests) - before <= alone
