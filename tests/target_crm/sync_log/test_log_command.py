"""singer-crm log as a Singer source: catalog, STATE, values, secrets, and what is wrong with its arguments."""

from __future__ import annotations

import json
import signal
import threading

import pytest
import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.outcome_lines import OutcomeLines
from target_crm.ledger.runs import KeptRuns, RunLine
from target_crm.ledger.store import Store, open_engine
from target_crm.ledger.values import Entry, Source
from target_crm.ledger.waiting import LedgerRefusedError
from target_crm.sync_log.places import Places
from tests.commands import Command, run_command
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.sync_log.reading import Log, as_a_target_keeps_it, read_log

PEOPLE = schema_of("people", "name", "email", "title")


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


@pytest.fixture
def config(settings, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    return file


def test_values_are_told_where_they_are_kept_and_only_there(run, config):
    run([PEOPLE, person(1, title="A"), person(2, title='"B"')], keep_values_days=1)
    run([PEOPLE, person(1, title="C")], keep_values_days=1)
    log = read_log(config)
    of_title = [
        (each["source_id"], each["before"], each["after"])
        for each in log.records("changes")
        if each["field"] == "title"
    ]
    assert of_title == [("1", None, "A"), ("2", None, '"B"'), ("1", "A", "C")]
    assert all(each["is_kept"] for each in log.records("changes"))
    run([PEOPLE, person(1, title="D")])
    changes = read_log(config).records("changes")
    assert {each["is_kept"] for each in changes} == {False}
    assert {(each["before"], each["after"]) for each in changes} == {(None, None)}
    assert [each["field"] for each in changes if each["run_id"] == changes[-1]["run_id"]] == ["title"]


def test_no_value_stands_in_a_reason_unless_the_crm_says_it(run, config):
    run([PEOPLE, person(1, name=["Secret Name"], email="e@x.org"), person(2, email=["no", {"mail": "hush@x.org"}])])
    log = read_log(config)
    assert len(log.records("rejected")) >= 1
    assert "Secret Name" not in json.dumps(log.messages)
    assert "hush" not in json.dumps(log.messages)


def test_a_secret_that_the_ledger_holds_is_hidden(run, config, settings):
    run([PEOPLE, person(1, title="A"), person(2, name=None)], keep_values_days=1)
    engine = open_engine(settings["ledger_url"])
    key = settings["api_key"]
    with engine.begin() as connection:
        connection.execute(tables.history.update().values(reason=f"refused: {key}", changes=f'[["title", "{key}", 7]]'))
        connection.execute(tables.held.update().values(reason=f"it said {key}"))
    engine.dispose()
    log = read_log(config)
    assert log.records("outcomes")[0]["reason"]
    assert key not in json.dumps(log.messages)


def test_a_catalog_selects_streams_and_columns(run, config, tmp_path):
    run([PEOPLE, person(1), person(2, name=None)])
    done = run_command("singer-crm", "log", "--config", config, "--discover")
    catalog = json.loads(done.stdout)
    keys = {each["tap_stream_id"]: each["key_properties"] for each in catalog["streams"]}
    assert keys == {
        "runs": ["ledger", "run_id", "began_at"],
        "outcomes": ["ledger", "run_id", "line", "number"],
        "changes": ["ledger", "run_id", "line", "field"],
        "rejected": ["ledger", "scope", "source_id"],
    }
    for each in catalog["streams"]:
        for entry in each["metadata"]:
            if entry["breadcrumb"] == []:
                entry["metadata"]["selected"] = each["tap_stream_id"] == "outcomes"
            if entry["breadcrumb"] == ["properties", "reason"]:
                entry["metadata"]["selected"] = False
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    log = read_log(config, "--catalog", tmp_path / "catalog.json")
    assert {each["stream"] for each in log.messages if each["type"] == "RECORD"} == {"outcomes"}
    assert [each["outcome"] for each in log.records("outcomes")] == ["rejected", "created"]
    assert all("reason" not in each for each in log.records("outcomes"))


def test_what_is_held_no_more_can_be_dropped_by_version(run, config):
    run([PEOPLE, person(1, name=None)])
    log = read_log(config, "--activate-version")
    (at,) = [place for place, each in enumerate(log.messages) if each["type"] == "ACTIVATE_VERSION"]
    (record,) = [each for each in log.messages if each.get("stream") == "rejected" and each["type"] == "RECORD"]
    assert log.messages[at] == {"type": "ACTIVATE_VERSION", "stream": "rejected", "version": record["version"]}
    assert log.messages.index(record) < at
    assert all(each["type"] != "ACTIVATE_VERSION" for each in read_log(config).messages)


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--state", "}{", "does not hold JSON"),
        ("--state", "[]", "must hold a JSON object"),
        ("--state", '{"type": "STATE", "value": {}}', "the value of the last STATE message"),
        ("--state", '{"bookmarks": {"runs": 7}}', "the value of the last STATE message"),
        ("--state", '{"bookmarks": {"runs": {"replication_key_value": "x"}}}', "must be a whole number, not 'x'"),
        ("--catalog", "{}", "as --discover prints it"),
        ("--catalog", '{"streams": [{"tap_stream_id": 7}]}', "as --discover prints it"),
        ("--catalog", '{"streams": [{"tap_stream_id": "people"}]}', "no stream 'people'. There are "),
    ],
)
def test_a_file_that_cannot_be_meant_is_named_in_a_sentence(run, config, tmp_path, option, text, said):
    run([PEOPLE, person(1)])
    (tmp_path / "given.json").write_text(text)
    done = run_command("singer-crm", "log", "--config", config, option, tmp_path / "given.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.startswith(option)
    assert len(done.stderr.splitlines()) == 1


def test_without_a_ledger_a_catalog_comes_and_a_log_does_not(config):
    done = run_command("singer-crm", "log", "--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no ledger at" in done.stderr
    assert json.loads(run_command("singer-crm", "log", "--config", config, "--discover").stdout)["streams"]


def test_a_state_of_another_ledger_is_warned_of_and_all_is_read(run, config, tmp_path, settings):
    run([PEOPLE, person(1)])
    state = read_log(config).state
    settings["ledger_url"] = f"sqlite:///{tmp_path / 'other.sqlite'}"
    config.write_text(json.dumps(settings))
    run([PEOPLE, person(2), person(3)])
    assert len(read_log(config, state=state).records("outcomes")) == 2
    (tmp_path / "state.json").write_text(json.dumps(state))
    done = run_command("singer-crm", "log", "--config", config, "--state", tmp_path / "state.json")
    assert "Stream outcomes is read from its beginning: the STATE is of another ledger" in done.stderr


def test_a_history_that_was_pruned_to_nothing_and_began_anew_loses_no_line(run, config, settings):
    run([PEOPLE, *map(person, range(5))])
    state = read_log(config).state
    store = Store(settings["ledger_url"], "test")
    with store.write() as connection:
        connection.execute(tables.history.delete())
    state["bookmarks"]["outcomes"]["at"] = "2001-01-01T00:00:00+00:00"
    run([PEOPLE, *(person(number, title="T") for number in range(7))])
    assert store.rows(sa.select(sa.func.min(tables.history.c.id)))[0][0] == 1
    store.close()
    assert len(read_log(config, state=state).records("outcomes")) == 7


def test_a_signal_ends_it_between_two_records_and_nothing_is_lost(config, settings):
    store = Store(settings["ledger_url"], "many")
    ledger = Ledger(store)
    scope = ledger.scope(Source("copper", "1", "s"), "people", "people")
    ledger.settle(scope, [Entry(f"c{number}", number, "created", "created", b"h", "d") for number in range(1500)])
    lines = OutcomeLines(store, lambda *_: scope)
    lines.note_object("people", "people")
    lines.ended("people", [f"s{number}" for number in range(1500)], "skipped", "only matched")
    lines.flush()
    store.close()
    process = Command("singer-crm", "log", "--config", config)
    first = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate()
    assert (process.wait(), errors) == (143, b"")
    before = Log([json.loads(line) for line in [*first, *rest.splitlines()]])
    after = read_log(config, state=before.state)
    told = as_a_target_keeps_it(before.check(), after)["outcomes"]
    assert {each["source_id"] for each in told} == {f"{kind}{number}" for kind in "cs" for number in range(1500)}


def test_an_account_can_be_named(run, config, settings):
    run([PEOPLE, person(1)])
    store = Store(settings["ledger_url"], "theirs")
    ledger = Ledger(store)
    scope = ledger.scope(Source("copper", "other", "s"), "people", "people")
    ledger.settle(scope, [Entry("7", 7, "created", "created", b"h", "d")])
    store.close()
    assert {each["account"] for each in read_log(config).records("outcomes")} == {"193851", "other"}
    config.write_text(json.dumps(settings | {"account_name": "other"}))
    log = read_log(config)
    assert [each["source_id"] for each in log.records("outcomes")] == ["7"]
    assert log.records("runs") == []


def test_lines_that_are_committed_out_of_turn_are_not_lost(postgres, tmp_path, settings):
    """In PostgreSQL a line with a lower number can be committed after one with a higher number was read."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings | {"ledger_url": postgres}))
    store, other = Store(postgres, "slow"), Store(postgres, "quick")
    scope = Ledger(store).scope(Source("copper", "1", "s"), "people", "people")
    begun, logs = threading.Event(), []
    with store.write() as connection:
        row = {"scope_id": scope.id, "run_id": "slow", "at": store.now(), "fields": "[]", "keys": "[]"}
        connection.execute(tables.history.insert(), [row | {"source_id": "slow", "action": "created"}])
        Ledger(other).settle(scope, [Entry("quick", 7, "created", "created", b"h", "d")])

        def read():
            begun.set()
            logs.append(read_log(config))

        reader = threading.Thread(target=read)
        reader.start()
        begun.wait()
        asks = sa.text(
            "SELECT pg_sleep(0.02) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND query LIKE '%virtualtransaction FROM pg_locks%' LIMIT 1"
        )
        while not other.rows(asks):  # the reader looks whether what is not committed yet has ended
            pass
    reader.join()
    state = logs[0].state
    logs.append(read_log(config, state=state))
    assert [each["source_id"] for log in logs for each in log.records("outcomes")] == ["slow", "quick"]
    store.close()
    other.close()


def test_a_user_that_may_only_read_is_enough(run, postgres, tmp_path, settings):
    run([PEOPLE, person(1)], ledger_url=postgres)
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings | {"ledger_url": postgres.replace("tester@", "reader@")}))
    store = Store(postgres, "test")
    with store.write() as connection:
        for statement in ("CREATE ROLE reader LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"):
            connection.exec_driver_sql(statement)
    try:
        first = read_log(config)
        assert [each["source_id"] for each in first.records("outcomes")] == ["1"]
        assert read_log(config, state=first.state).records("outcomes") == []
        assert run_command("singer-crm", "runs", "--config", config).returncode == 0
    finally:
        with store.write() as connection:
            for statement in ("DROP OWNED BY reader", "DROP ROLE reader"):
                connection.exec_driver_sql(statement)
        store.close()


def test_a_standby_server_is_refused_in_a_sentence(monkeypatch, postgres):
    monkeypatch.setattr("target_crm.sync_log.open_writers._IS_STANDBY", sa.text("SELECT true"))
    store = Store(postgres, "test")
    with pytest.raises(LedgerRefusedError, match="names a standby server of PostgreSQL"):
        Places(store).ends  # noqa: B018 - which asks for them
    store.close()


def test_runs_that_begin_at_once_take_numbers_of_their_own(postgres):
    stores = [Store(postgres, f"run {number}") for number in range(4)]
    lines = [RunLine(store, Source("copper", "1", "s"), 1.0 + n) for n, store in enumerate(stores)]

    def begin_and_end(line):
        line.begin()
        line.end(0, {})

    threads = [threading.Thread(target=begin_and_end, args=[line]) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.number for each in KeptRuns(stores[0]).newest()}) == len(stores)
    for store in stores:
        store.close()
