"""Planning, for any order of events: nothing is dropped, doubled, or written before its own earlier version."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from target_crm.engine.decisions import (
    Candidates,
    Create,
    Ready,
    Reject,
    Skip,
    Update,
    decide,
    is_unchanged,
    latest,
    match_values,
    one_round,
)
from target_crm.engine.incoming import IncomingRecord
from target_crm.ledger.values import Known
from target_crm.load_method import LoadMethod
from target_crm.mapping.values import Mapped, MatchKey, MatchPart, Rejection

IDS = st.sampled_from("abcdef")
FLAW = Rejection("schema", "broken")


@st.composite
def arrivals(draw):
    number = draw(st.integers(0, 40))
    return [
        IncomingRecord(
            source_id := draw(IDS),
            source_id,
            {"n": n},
            bytes([n]),
            b"",
            held_at=draw(st.none() | st.floats(0, 10)),
            flaw=draw(st.none() | st.just(FLAW)),
        )
        for n in range(number)
    ]


def mapped_with(*values):
    return Mapped({}, tuple(MatchKey((MatchPart("emails", (value,)),)) for value in values))


READY = st.builds(
    lambda source_id, values, crm_id: Ready(
        IncomingRecord(source_id, source_id, {}, b"", b""), mapped_with(*sorted(values)), crm_id
    ),
    st.integers(0, 10**6).map(str),
    st.sets(st.sampled_from("vwxyz"), max_size=2),
    st.none() | st.integers(1, 5),
)
CANDIDATES = st.builds(
    lambda ids: Candidates(MatchKey((MatchPart("emails", ("v",)),)) if ids else None, dict.fromkeys(ids)),
    st.sets(st.integers(1, 5), max_size=2),
)


@given(arrivals())
def test_every_arrival_is_kept_or_superseded_exactly_once(batch):
    chosen = latest(batch)
    assert Counter(map(id, [*chosen.kept, *chosen.superseded])) == Counter(map(id, batch))


@given(arrivals())
def test_of_each_source_id_at_most_one_sound_version_is_kept_the_last_of_the_input(batch):
    kept = [arrival for arrival in latest(batch).kept if arrival.flaw is None]
    assert len({arrival.source_id for arrival in kept}) == len(kept)
    for arrival in kept:
        sound = [each for each in batch if each.source_id == arrival.source_id and each.flaw is None]
        fresh = [each for each in sound if each.held_at is None]
        assert arrival is (fresh or sound)[-1] or arrival.held_at is None


@given(arrivals())
def test_a_flawed_version_never_keeps_a_sound_one_from_being_written(batch):
    fresh = [arrival for arrival in batch if arrival.held_at is None]
    sound_ids = {arrival.source_id for arrival in fresh if arrival.flaw is None}
    assert sound_ids <= {arrival.source_id for arrival in latest(fresh).kept if arrival.flaw is None}


@given(READY, CANDIDATES, st.sampled_from(LoadMethod), st.booleans())
def test_whatever_is_decided_keeps_what_the_load_method_promises(ready, candidates, method, create_without_key):
    action = decide(ready, candidates, method, create_without_key=create_without_key)
    if ready.crm_id is not None:
        assert isinstance(action, Update)
        assert action.crm_id == ready.crm_id
    elif method in {LoadMethod.UPDATE, LoadMethod.MATCH}:
        assert not isinstance(action, Create)
    elif method is LoadMethod.APPEND_ONLY:
        assert isinstance(action, Create)
    if isinstance(action, Create) and method is not LoadMethod.APPEND_ONLY:
        assert not candidates.found
    if ready.crm_id is None and len(candidates.found) > 1 and ready.mapped.keys:
        assert isinstance(action, Reject) or method is LoadMethod.APPEND_ONLY


@given(st.lists(st.tuples(READY, CANDIDATES), max_size=20))
def test_rounds_end_with_every_record_acted_on_once_and_no_two_writes_in_conflict(batch):
    by_id = {ready.incoming.source_id: (ready, candidates) for ready, candidates in batch}
    waiting = [ready for ready, _ in by_id.values()]
    acted = []
    while waiting:
        actions = [
            decide(each, by_id[each.incoming.source_id][1], LoadMethod.UPSERT, create_without_key=True)
            for each in waiting
        ]
        now, later = one_round(actions, LoadMethod.UPSERT)
        assert now, "a round without an action never ends"
        writes = [action for action in now if isinstance(action, Create | Update)]
        changed = [action.crm_id for action in writes if isinstance(action, Update)]
        assert len(changed) == len(set(changed)), "two writes of one CRM record at once"
        created = [
            value for action in writes if isinstance(action, Create) for value in match_values(action.ready.mapped)
        ]
        assert len(created) == len(set(created)), "two new CRM records with one match value at once"
        acted += [action.ready.incoming.source_id for action in now]
        waiting = later
    assert Counter(acted) == Counter(by_id.keys())


@given(st.lists(st.tuples(IDS, st.integers(0, 99)), max_size=20))
def test_appended_versions_of_one_record_are_written_in_their_order(versions):
    waiting = [
        Ready(IncomingRecord(f"{source_id}#{n}", source_id, {}, b"", b""), mapped_with())
        for n, (source_id, _) in enumerate(versions)
    ]
    order = {each.incoming.source_id: n for n, each in enumerate(waiting)}
    written = []
    while waiting:
        actions = [decide(each, Candidates(), LoadMethod.APPEND_ONLY, create_without_key=True) for each in waiting]
        now, waiting = one_round(actions, LoadMethod.APPEND_ONLY)
        ids = [action.ready.incoming.order_id for action in now]
        assert len(ids) == len(set(ids)), "two versions of one record at once"
        written += [action.ready.incoming for action in now]
    for source_id in {arrival.order_id for arrival in written}:
        mine = [order[arrival.source_id] for arrival in written if arrival.order_id == source_id]
        assert mine == sorted(mine)


@given(st.binary(max_size=2), st.binary(max_size=2), st.none() | st.integers())
def test_only_what_the_crm_has_as_it_arrived_is_unchanged(arrived, written, crm_id):
    known = Known(crm_id, "created", written, "digest", 0.0)
    arrival = IncomingRecord("a", "a", {}, arrived, b"")
    assert is_unchanged(arrival, known) == (crm_id is not None and arrived == written)
    assert not is_unchanged(arrival, None)


def test_skips_and_rejections_never_wait():
    ready = Ready(IncomingRecord("a", "a", {}, b"", b""), mapped_with("v"))
    now, later = one_round([Skip(ready, "x"), Reject(ready, "k", "r")], LoadMethod.UPSERT)
    assert len(now) == 2
    assert later == []
