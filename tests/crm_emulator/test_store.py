"""The store against a dictionary, under any order of writes, rollbacks and looks."""

import sqlite3

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from crm_emulator.database import ForeignStateError
from crm_emulator.query import Condition, Query, Range
from crm_emulator.store import Store
from crm_emulator.tables import Column, Table

TABLE = Table(
    "test_things",
    (Column("stamp", "stamp", "INTEGER", stored=True), Column("name", "inner.name"), Column("first", "list.0.name")),
    keys=lambda record: [("tag", tag) for tag in record["tags"]],
    first_id=10,
)
LAG = 10

records = st.fixed_dictionaries(
    {
        "id": st.integers(1, 6),
        "stamp": st.none() | st.integers(0, 5),
        "inner": st.none() | st.fixed_dictionaries({"name": st.sampled_from(["a", "B", "ü"])}),
        "list": st.just([]) | st.just([{"name": "x"}]),
        "tags": st.lists(st.sampled_from(["p", "q"]), unique=True),
    }
)


def opened(path=None):
    store = Store(path)
    store.define(TABLE)
    store.seal()
    store.create(TABLE)
    return store


class StoreAgainstDictionary(RuleBasedStateMachine):
    """The store beside a dictionary: records that were put are found in every way, now and in a lagging index."""

    def __init__(self):
        super().__init__()
        self.store = opened()
        self.now = 0
        self.store.lag.now = lambda: self.now
        self.store.lag.seconds["test"] = lambda: LAG
        self.expected = {}
        self.past = [(0, {})]

    def remember(self):
        self.past.append((self.now, dict(self.expected)))

    @rule(record=records, hidden=st.integers(0, 1))
    def put(self, record, hidden):
        self.store.put(TABLE, record, hidden=hidden)
        self.expected[record["id"]] = (record, hidden)
        self.remember()

    @rule(record_id=st.integers(1, 6))
    def remove(self, record_id):
        self.store.remove(TABLE, record_id)
        self.expected.pop(record_id, None)
        self.remember()

    @rule(record=records)
    def roll_back(self, record):
        with self.store.transaction() as transaction:
            self.store.put(TABLE, record)
            self.store.remove(TABLE, 1)
            self.store.index(TABLE, "name")
            transaction.roll_back()

    @rule(record=records)
    def fail(self, record):
        def put_and_fail():
            with self.store.transaction(), self.store.savepoint():
                self.store.put(TABLE, record)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            put_and_fail()

    @rule(seconds=st.integers(1, LAG))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def dump_and_load(self):
        self.store.restore(self.store.dump())

    @rule(column=st.sampled_from(["stamp", "name", "first"]))
    def sort(self, column):
        found = self.store.ids(Query(TABLE, sort=column))
        assert sorted(found) == sorted(self.visible(self.expected))

    def visible(self, state):
        return {key: record for key, (record, hidden) in state.items() if not hidden}

    def check(self, state):
        visible = self.visible(state)
        assert {record["id"]: record for record in self.store.records(Query(TABLE))} == visible
        for low, high in ((None, None), (2, None), (None, 3), (1, 4)):
            span = Range("stamp", low, high)
            expected = [
                key
                for key, record in visible.items()
                if (low is None and high is None)
                or (
                    record["stamp"] is not None
                    and (low is None or record["stamp"] >= low)
                    and (high is None or record["stamp"] <= high)
                )
            ]
            query = Query(TABLE, () if low is None and high is None else (span,), sort="stamp")
            assert sorted(self.store.ids(query)) == sorted(expected)
            assert self.store.count(query) == len(expected)
        named = [key for key, record in visible.items() if record["inner"] and record["inner"]["name"] in "bB"]
        assert sorted(self.store.ids(Query(TABLE, (Condition("name = 'b'"),)))) == sorted(named)

    @invariant()
    def the_present_is_seen(self):
        self.check(self.expected)
        for tag in ("p", "q"):
            holders = sorted(key for key, (record, _) in self.expected.items() if tag in record["tags"])
            assert self.store.holders(TABLE, "tag", tag) == holders
            count = sum(tag in record["tags"] for record, hidden in self.expected.values() if not hidden)
            assert dict(self.store.key_counts(TABLE, "tag")).get(tag, 0) == count
        for key in range(1, 7):
            record, _ = self.expected.get(key, (None, 0))
            assert self.store.get(TABLE, key, hidden=True) == record

    @invariant()
    def a_lagging_index_sees_the_past(self):
        then = [state for at, state in self.past if at <= self.now - LAG] or [{}]
        with self.store.lag.as_searched("test"):
            self.check(then[-1])
        assert not self.store.lag.reverted

    def teardown(self):
        self.store.close()


StoreAgainstDictionary.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
test_the_store_behaves_like_a_dictionary = StoreAgainstDictionary.TestCase


def thing(record_id, stamp=0):
    return {"id": record_id, "stamp": stamp, "inner": None, "list": [], "tags": []}


def test_ids_begin_at_the_first_and_never_repeat():
    store = opened()
    assert [store.next_id(TABLE) for _ in range(2)] == [10, 11]
    store.reserve_ids(TABLE, 20)
    assert store.next_id(TABLE) == 21
    store.load(TABLE, [(thing(40), 0)])
    assert store.next_id(TABLE) == 41
    store.clear()
    assert store.next_id(TABLE) == 10
    store.close()


def test_pages_hold_the_texts_in_order_from_an_offset():
    store = opened()
    store.load(TABLE, ((thing(number, stamp=-number), 0) for number in range(1, 11)))
    query = Query(TABLE, sort="stamp")
    assert store.ids(query, 3, 2) == [8, 7, 6]
    assert [text.startswith(b'{"id":') for text in store.page(query, 3, 2)] == [True] * 3
    store.close()


def test_a_page_by_key_is_answered_from_an_index():
    store = opened()
    store.load(TABLE, ((thing(number, stamp=number), 0) for number in range(1, 100)))
    query = Query(TABLE, (Range("stamp", low=5),), sort="stamp", tie="tie")
    store.ids(query, 1)
    sql, arguments = query.ids_sql()
    plan = " ".join(row[3] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {sql}", (*arguments, 1, 0)))
    assert "USING COVERING INDEX" in plan
    assert "TEMP B-TREE" not in plan
    store.close()


def test_a_file_keeps_the_state(tmp_path):
    path = str(tmp_path / "state.sqlite")
    store = opened(path)
    store.put(TABLE, thing(3))
    store.close()
    again = opened(path)
    assert again.get(TABLE, 3) == thing(3)
    again.close()


def test_the_dump_of_a_file_is_restored_into_memory_and_back(tmp_path):
    first, second = opened(str(tmp_path / "state.sqlite")), opened()
    first.put(TABLE, thing(3))
    second.restore(first.dump())
    assert second.get(TABLE, 3) == thing(3)
    second.put(TABLE, thing(4))
    first.restore(second.dump())
    assert first.get(TABLE, 4) == thing(4)
    first.close()
    second.close()


def test_a_file_of_another_shape_is_refused(tmp_path):
    path = tmp_path / "state.sqlite"
    opened(str(path)).close()
    other = Store(str(path))
    other.define(Table("test_others"))
    with pytest.raises(ForeignStateError, match="another version"):
        other.seal()
    other.close()


@pytest.mark.parametrize("state", [b"", b"not a database at all", b"SQLite format 3\0" + b"\0" * 200])
def test_what_is_no_dump_is_refused_and_nothing_is_lost(state):
    store = opened()
    store.put(TABLE, thing(3))
    with pytest.raises(ForeignStateError):
        store.restore(state)
    assert store.get(TABLE, 3) == thing(3)
    store.close()


def test_a_dump_is_a_sqlite_file(tmp_path):
    store = opened()
    store.put(TABLE, thing(3))
    path = tmp_path / "dump.sqlite"
    path.write_bytes(store.dump())
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM test_things").fetchone() == (1,)
    connection.close()
