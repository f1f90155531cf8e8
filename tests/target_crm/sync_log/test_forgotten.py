"""A record that is forgotten leaves no value in the reports of runs, nor in the sync log; the sums stay."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import open_engine
from tests.commands import run_command
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.sync_log.reading import read_log, sums_of_outcomes

PEOPLE = schema_of("people", "name", "email", "title", "company", "assignee_id")
STREAMS = {
    "people": {
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
        "shared_match": "last",
    }
}


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


def everything(url):
    """Return all that the ledger holds, as text."""
    engine = open_engine(url)
    with engine.connect() as connection:
        rows = {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in tables.metadata.sorted_tables
            if table.name not in {"objects", "scopes"}
        }
    engine.dispose()
    return rows


@pytest.mark.parametrize("chosen", [("secret-id", "shared-id"), ("--all",)])
def test_what_is_forgotten_is_in_no_report_and_no_line(run, settings, tmp_path, ledger_url, chosen):
    settings["ledger_url"] = ledger_url
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    given = [
        person("secret-id", assignee_id="Hush Hush"),
        person("secret-id", title="Secret Title", company="Z"),
        person(2, email="secret@x.org"),
        person("shared-id", email="secret@x.org", title="Secret Title"),
        person(3, company="Z"),
    ]
    for messages in (given[:1], given, [person(5)]):
        run([PEOPLE, *messages], streams=STREAMS, keep_values_days=9, log_values=True, batch_size_rows=1)
    held = str(everything(ledger_url))
    assert all(each in held for each in ("Hush Hush", "Secret Title"))
    before = sums_of_outcomes(read_log(config).records("outcomes"))
    forget = run_command("singer-crm", "ledger", "forget", "--stream", "people", *chosen, "--config", config)
    assert forget.returncode == 0, forget.stderr
    held = everything(ledger_url)
    assert "Secret Title" not in str(held)
    assert "Hush" not in str(held)
    reports = [row[-2] for row in held["ledger_runs"]]
    assert len(reports) == 3
    assert not any("secret-id" in report or "shared-id" in report for report in reports)
    log = read_log(config)
    assert "Secret Title" not in json.dumps(log.messages)
    assert "Hush" not in json.dumps(log.messages)
    assert sums_of_outcomes(log.records("outcomes")) == before
