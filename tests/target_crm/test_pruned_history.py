"""The history is kept for its days, and no value of a record that is forgotten is kept anywhere."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.ledger import tables
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.store import Store
from target_crm.ledger.values import Entry, Intent, Source
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email", "title")
DAY = 86_400.0


def people(*numbers, **more):
    return [record_of("people", id=number, name=f"P{number}", email=f"p{number}@x.org", **more) for number in numbers]


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger(request, settings):
    if request.param == "postgresql":
        settings["ledger_url"] = request.getfixturevalue("postgres")
    return settings["ledger_url"]


def test_the_history_is_kept_for_its_days_and_intents_for_ever(any_ledger):
    moment = [0.0]
    store = Store(any_ledger, "run", clock=lambda: moment[0])
    ledger = Ledger(store)
    scope = ledger.scope(Source("copper", "1", "s"), "tasks", "tasks")
    ledger.intend(scope, [Intent("open", "create", {"name": "T"}, {}, b"h", "d")])
    for day in (0, 1, 400, 401):
        moment[0] = day * DAY
        ledger.settle(scope, [Entry(str(day), day, "created", "created", b"h", "d")])
    ledger.prune_history(0)
    assert _history(store) == ["0", "1", "400", "401"]
    moment[0] = 401.5 * DAY
    ledger.prune_history(400)
    assert _history(store) == ["400", "401"]
    assert set(ledger.intents(scope)) == {"open"}
    assert set(ledger.known(scope, ["0", "1", "400", "401"])) == {"0", "1", "400", "401"}
    store.close()


def _history(store):
    return [row.source_id for row in store.rows(sa.select(tables.history.c.source_id).order_by(tables.history.c.id))]


def test_a_run_prunes_the_history(run, settings):
    run([PEOPLE, *people(1)])
    store = Store(settings["ledger_url"], "test")
    with store.write() as connection:
        connection.execute(tables.history.update().values(at=store.now() - 2 * DAY))
    run([PEOPLE, *people(1)], history_days=3)
    assert _history(store) == ["1"]
    run([PEOPLE, *people(1)], history_days=1, dry_run=True)
    assert _history(store) == ["1"]
    run([PEOPLE, *people(1)], history_days=1)
    assert _history(store) == []
    store.close()


def test_forgetting_erases_values_everywhere(run, settings, tmp_path):
    run([PEOPLE, *people(1), *people(2)], keep_values_days=30)
    run([PEOPLE, *people(1, title="Secret"), *people(2, title="Kept")], keep_values_days=30)
    store = Store(settings["ledger_url"], "test")
    with store.write() as connection:
        connection.execute(
            tables.attribute_digests.insert(),
            [{"scope_id": 1, "source_id": source_id, "attribute": "title", "sent": b"12345678"} for source_id in "12"],
        )
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    done = CliRunner().invoke(main, ["ledger", "forget", "--stream", "people", "1", "--config", str(config)])
    assert done.output == "1 forgotten\n"
    assert {row.source_id for row in store.rows(sa.select(tables.attribute_digests.c.source_id))} == {"2"}
    of_values = sa.select(tables.history.c.source_id).join_from(tables.kept_values, tables.history)
    assert {row.source_id for row in store.rows(of_values)} == {"2"}
    changes = store.rows(sa.select(tables.history.c.source_id, tables.history.c.changes, tables.history.c["keys"]))
    assert all(row.changes is None and row[2] == "[]" for row in changes if row.source_id == "1")
    assert any("Kept" in (row.changes or "") for row in changes if row.source_id == "2")
    assert {row.crm_id for row in store.rows(sa.select(tables.fresh_keys.c.crm_id))} == {
        row.crm_id for row in store.rows(sa.select(tables.records.c.crm_id))
    }
    store.close()
