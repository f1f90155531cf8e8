"""Texts that databases refuse cost one record at most, and SQLite and PostgreSQL behave the same."""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_crm.cli.main import main
from target_crm.ledger import tables
from target_crm.ledger.copying import copy_rows
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.queries import LedgerQueries
from target_crm.ledger.sole_writer import Epochs
from target_crm.ledger.store import Store, open_engine
from target_crm.ledger.tables import MOST_BYTES, key_of
from target_crm.ledger.values import Entry, Intent, Link, OnMatch, OnRecord, Scope, Source
from tests.target_crm.messages import record_of, schema_of, state_of

TEXT = {"type": ["string", "null"]}
PEOPLE = schema_of("people", "email", "company", "title", name=TEXT)
COMPANIES = schema_of("companies", "name")
STREAMS = {"people": {"references": {"company_id": {"stream": "companies", "source_id": "company"}}}}
LONG = 9_000
ODD = {
    "nul": "a\0b",
    "only nul": "\0",
    "long": "x" * LONG,
    "long by bytes": "ü" * (MOST_BYTES // 2 + 1),
    "long and odd": "ü\0" * LONG,
    "our escape": "␀0000",
    "digested": key_of("x" * LONG),
    "marks": "'\"\\%_\n\t\u2028\ufeff\U0001f600",
}


@pytest.fixture
def run(run, ledger_url):
    def run_on_it(messages, **config):
        return run(messages, **{"ledger_url": ledger_url, "streams": STREAMS, "max_rejected": 100, **config})

    return run_on_it


def test_source_ids_of_any_text_are_written_once_and_known_again(run, emulator):
    people = [
        record_of("people", id=text, name=name, email=f"p{number}@x.org")
        for number, (name, text) in enumerate(ODD.items())
    ]
    done = run([PEOPLE, *people, state_of(1)])
    assert done.of("people") == {"input": len(ODD), "created": len(ODD)}
    assert done.code == 0
    assert [state["position"] for state in done.states] == [1]
    assert run([PEOPLE, *people]).of("people") == {"input": len(ODD), "unchanged": len(ODD)}
    for each in people:
        each["record"]["title"] = "Boss"
    assert run([PEOPLE, *people]).of("people") == {"input": len(ODD), "updated": len(ODD)}
    assert emulator.copper.count("people") == len(ODD)


def test_references_to_odd_source_ids_wait_and_are_written(run, emulator):
    people = [
        record_of("people", id=number, name=f"P{number}", email=f"p{number}@x.org", company=text)
        for number, text in enumerate(ODD.values())
    ]
    later = [record_of("people", id=f"l{each['record']['id']}", **_without_id(each)) for each in people]
    assert run([PEOPLE, *people]).of("people") == {"input": len(ODD), "waiting": len(ODD)}
    linked = {"people": STREAMS["people"] | {"missing_reference": "link_later"}}
    done = run([PEOPLE, *later], streams=linked, source_name="other")
    assert done.of("people") == {"input": len(ODD), "created": len(ODD)}
    companies = [record_of("companies", id=text, name=f"Company {number}") for number, text in enumerate(ODD.values())]
    done = run([COMPANIES, *companies])
    assert done.of("people") == {"input": len(ODD), "updated": len(ODD)}  # found by their e-mails
    done = run([COMPANIES, *companies], streams=linked, source_name="other")
    assert done.of("companies")["input"] == len(ODD)
    named = {each["name"]: each["company_name"] for each in emulator.copper.records("people")}
    assert named == {f"P{number}": f"Company {number}" for number in range(len(ODD))}


def _without_id(message):
    return {name: value for name, value in message["record"].items() if name != "id"}


@pytest.mark.parametrize("attribute", ["name", "title", "email"])
def test_odd_values_cost_no_other_record_and_not_the_run(run, attribute):
    people = [
        record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org", attribute: text})
        for number, text in enumerate(ODD.values())
    ]
    good = record_of("people", id="good", name="Good", email="good@x.org")
    done = run([PEOPLE, *people, good, state_of(1)])
    outcomes = done.of("people")
    assert outcomes["input"] == len(ODD) + 1
    assert outcomes["created"] >= 1
    assert done.report["closed"]
    assert done.code == 0
    assert [state["position"] for state in done.states] == [1]
    again = run([PEOPLE, *people, good, state_of(2)])
    assert again.of("people").get("created", 0) == 0
    assert again.of("people")["unchanged"] >= 1


@pytest.mark.parametrize("name", [*ODD, "200 umlauts"])
@pytest.mark.daily(one_of=3)
def test_a_stream_may_have_any_name(run, name):
    stream = ODD.get(name, "ü" * 200)
    schema, record = schema_of(stream, "email", name=TEXT), record_of(stream, id=1, name="P", email="p@x.org")
    held = record_of(stream, id=2, name=None, email="q@x.org")
    done = run([schema, record, held], default_object="people", streams=None)
    assert done.of(stream) == {"input": 2, "created": 1, "rejected": 1}
    held["record"]["name"] = "Q"
    done = run([schema, record, held], default_object="people", streams=None)
    assert done.of(stream) == {"input": 3, "created": 1, "unchanged": 1, "superseded": 1}
    assert done.report["pending"] == 0


def test_the_operator_finds_and_forgets_odd_source_ids(run, settings, ledger_url, tmp_path):
    run([PEOPLE, *(record_of("people", id=text, name="P", email=f"{key}@x.org") for key, text in _as_arguments())])
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**settings, "ledger_url": ledger_url}))

    def operate(*words):
        return CliRunner().invoke(main, ["ledger", *words, "--config", str(file)])

    for _, text in _as_arguments():
        (known,) = json.loads(operate("explain", "--source-id", text).stdout)
        assert known["record"]
        (same,) = json.loads(operate("explain", "--source-id", known["source_id"]).stdout)
        assert same == known
        assert operate("forget", "--stream", "people", text).output == "1 forgotten\n"


def _as_arguments():
    """The odd texts that a command line can hold, with a letter each."""
    return zip(
        "abcdefgh", [text for name, text in ODD.items() if "\0" not in text and name != "digested"], strict=False
    )


OLD = Path(__file__).parent / "ledgers" / "0.1.0" / "copper"


@pytest.fixture
def old_ledger(ledger_url):
    """A ledger of version 2 that holds long and odd source ids, as far as its database could hold them."""
    if ledger_url.startswith("sqlite"):
        with closing(sqlite3.connect(ledger_url.removeprefix("sqlite:///"))) as connection:
            connection.executescript((OLD / "sqlite.sql").read_text())
        return ledger_url, list(ODD.values())
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute((OLD / "postgresql.sql").read_text())
    return ledger_url, [text[:1000] for text in ODD.values() if "\0" not in text]


def _put(url, scope_id, texts):
    engine = open_engine(url)
    rows = [
        {"scope": scope_id, "id": text, "crm": str(number + 1000), "stream": text, "on": f"on {text}"}
        for number, text in enumerate(texts)
    ]
    with engine.begin() as connection:
        for statement in (
            """INSERT INTO records (scope_id, source_id, crm_id, origin, written_at, run_id)
            VALUES (:scope, :id, :crm, 'created', 1, 'r')""",
            """INSERT INTO links (scope_id, source_id, attribute, stream, on_source_id, reason, at)
            VALUES (:scope, :id, 'a', :stream, :on, '', 1)""",
            "INSERT INTO waits (scope_id, source_id, stream, on_source_id) VALUES (:scope, :id, 'companies', :on)",
            "INSERT INTO seen (scope_id, version, source_id) VALUES (:scope, '9', :id)",
        ):
            connection.execute(sa.text(statement), rows)
        named = sa.text("INSERT INTO scopes (id, object_id, source_name, stream) VALUES (:id, 1, 'default', :stream)")
        connection.execute(named, [{"id": 500 + number, "stream": text} for number, text in enumerate(texts)])
    engine.dispose()


@pytest.mark.parametrize("copied", [False, True])
def test_long_and_odd_keys_of_an_older_ledger_are_found_again(old_ledger, copied, tmp_path):
    url, texts = old_ledger
    _put(url, 1, texts)
    if copied:
        copy_rows(url, f"sqlite:///{tmp_path / 'copy.sqlite'}")
        url = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    store = Store(url, "run")
    ledger, scope = Ledger(store), Scope(object_id=1, id=1)
    known = ledger.known(scope, [key_of(text) for text in texts])
    assert [known[key_of(text)].crm_id for text in texts] == [number + 1000 for number in range(len(texts))]
    source = _source_of(store)
    streams = {each.stream: each.scope.id for each in LedgerQueries(store).accounts()}
    for number, text in enumerate(texts):
        assert streams[text] == 500 + number
        (unlinked,) = ledger.links.written(source, text, [key_of(f"on {text}")])
        assert unlinked.source_id == key_of(text)
    absent = {each[0] for each in ledger.arrivals.absent(scope, "9", matched_too=True)}
    assert absent.isdisjoint(key_of(text) for text in texts)
    store.close()


def _source_of(store):
    query = sa.select(tables.objects.c.crm, tables.objects.c.account, tables.scopes.c.source_name)
    ((crm, account, name),) = store.rows(query.join_from(tables.objects, tables.scopes).where(tables.scopes.c.id == 1))
    return Source(crm, account, name)


def test_an_object_that_a_run_takes_keeps_its_whole_name(ledger_url):
    store = Store(ledger_url, "run")
    source = Source("http", key_of("a" * LONG), "x")
    Epochs(store, source, "me").take(ODD["long and odd"])
    Ledger(store).scope(source, "people", ODD["long and odd"])
    (account,) = LedgerQueries(store).accounts()
    assert (account.account, account.object) == (source.account, ODD["long and odd"])
    assert len(store.rows(sa.select(tables.objects.c.id))) == 1
    store.close()


# Any text

ANY_TEXT = st.one_of(
    st.text(st.characters(codec=None), max_size=30),
    st.text(st.sampled_from("\0\ud800\udfff␀0a…#\u202e"), max_size=8),
    st.builds(lambda part, times: part * times, st.text(min_size=1, max_size=5), st.integers(100, LONG)),
    st.sampled_from(list(ODD.values())),
).filter(lambda text: not re.search("[\ud800-\udbff][\udc00-\udfff]", text))
"""Whatever reads JSON makes one character of two halves that stand side by side: no text of a source holds such."""
STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=150)
numbers = itertools.count()


@given(st.sets(ANY_TEXT, max_size=8))
def test_keys_can_be_stored_and_are_as_many_as_texts(texts):
    keys = {key_of(text) for text in texts}
    assert len(keys) == len(texts)
    assert all("\0" not in key and len(key.encode()) <= MOST_BYTES for key in keys)  # encode() refuses surrogates


@given(STORABLE)
def test_a_short_text_without_oddities_is_its_own_key(text):
    assert "…#" in text or "␀" in text or key_of(text) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4, unique=True))
def test_whatever_goes_into_a_ledger_comes_out_of_it(ledger_url, texts):
    store = Store(ledger_url, "run")
    ledger = Ledger(store)
    source = Source("http", key_of(f"a{next(numbers)}{texts[0]}"), key_of(texts[-1]))
    scope = ledger.scope(source, texts[0], texts[-1])
    assert ledger.scope(source, texts[0], texts[-1]) == scope
    ids = {key_of(text): text for text in texts}
    links = [Link("other_id", OnRecord(key_of(texts[0]), next(iter(ids))), texts[0]), Link("m_id", OnMatch('["a",[]]'))]
    intents = {
        key: Intent(
            key, "create", {"name": text.encode("utf-8", "replace").decode()}, {"email": ["e"]}, b"h", "d", links=links
        )
        for key, text in ids.items()
    }
    ledger.intend(scope, intents.values())
    found = ledger.intents(scope)
    assert {key: dict(intent.payload) for key, intent in found.items()} == {
        key: dict(intent.payload) for key, intent in intents.items()
    }
    entries = [
        Entry(key, text, "created", "created", b"h", "d", (), {"email": [text]}, links, text, text)
        for key, text in ids.items()
    ]
    ledger.settle(scope, entries)
    assert {key: known.crm_id for key, known in ledger.known(scope, ids).items()} == ids
    assert ledger.fresh_keys.found(scope, "email", texts, 0.0) == {text: {text} for text in texts}
    unlinked = ledger.links.written(source, texts[0], [next(iter(ids))])
    assert {(each.stream, each.object, each.source_id) for each in unlinked} == {
        (texts[0], texts[-1], key) for key in ids
    }
    assert {link.reason for each in unlinked for link in each.links} == {texts[0], ""}
    ledger.claims.forget_match_values(scope, texts[0])
    assert ledger.fresh_keys.found(scope, "email", [texts[0]], 0.0) == {}
    store.close()
