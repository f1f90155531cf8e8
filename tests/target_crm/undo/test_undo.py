"""A run that is taken back leaves every field as it was, and everything that people did since."""

from __future__ import annotations

import json

from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.ledger.runs import KeptRun
from target_crm.ledger.values import Source
from target_crm.report.run_reports import run_reports
from tests.target_crm.messages import schema_of
from tests.target_crm.undo.records import STREAMS, company, of, person


def test_updates_go_back(write, undo, emulator):
    write(person(title="CEO", tags=["a"]), person(2, title="CTO"))
    taken = write(person(title="Boss", tags=["b"]), person(2, title="Head", details="New"))
    done = undo(taken)
    assert done.code == 0, done.output
    people = of(emulator)
    assert (people["P1"]["title"], people["P1"]["tags"]) == ("CEO", ["a"])
    assert (people["P2"]["title"], people["P2"]["details"]) == ("CTO", None)
    assert done.report["streams"]["people"]["updated"] == 2
    assert done.report["undo_of"] == taken
    (report, *_) = run_reports([KeptRun("", 0, Source("", "", ""), 1, 0, done.report, 1)])
    assert (report["kind"], report["undo_of"], report["plan"]) == ("undo", taken, None)


def test_what_was_created_is_deleted(write, undo, emulator):
    taken = write(company(), person(company=1))
    done = undo(taken)
    assert done.code == 0, done.output
    assert of(emulator) == of(emulator, "companies") == {}


def test_the_same_values_are_not_sent_again_until_the_source_changes_them(write, undo, emulator, writes):
    write(person(title="CEO"))
    taken = write(person(title="Boss"), person(2), company())
    assert undo(taken).code == 0
    before = len(writes())
    write(person(title="Boss"), person(2), company())
    assert len(writes()) == before
    write(person(title="Boss", details="New"), person(2, details="New"), company())
    people = of(emulator)
    assert (people["P1"]["title"], people["P1"]["details"]) == ("CEO", "New")
    assert people["P2"]["details"] == "New"


def test_with_again_the_next_run_sends_them(write, undo, emulator):
    write(person(title="CEO"))
    taken = write(person(title="Boss"), person(2), company())
    assert undo(taken, "--again").code == 0
    assert of(emulator)["P1"]["title"] == "CEO"
    write(person(title="Boss"), person(2), company())
    assert of(emulator)["P1"]["title"] == "Boss"
    assert "P2" in of(emulator)
    assert "C1" in of(emulator, "companies")


def test_what_people_changed_since_is_left(write, undo, emulator):
    write(person(title="CEO", details="Old"))
    taken = write(person(title="Boss", details="New"), person(2, title="CTO"))
    people = of(emulator)
    emulator.copper.change("people", people["P1"]["id"], {"title": "typed"})
    emulator.copper.change("people", people["P2"]["id"], {"details": "typed"})
    done = undo(taken)
    people = of(emulator)
    assert done.code == 0
    assert (people["P1"]["title"], people["P1"]["details"]) == ("typed", "Old")
    assert people["P2"]["details"] == "typed"
    assert len(done.left) == 2


def test_deleted_records_are_made_again_and_links_follow(write, undo, emulator):
    streams = {**STREAMS, "companies": {"hard_delete": True}}
    schema = schema_of("companies", "name", "city", "_sdc_deleted_at")
    write(company(city="Bern"), person(company=1), streams=streams)
    old = of(emulator, "companies")["C1"]["id"]
    taken = write(schema, company(_sdc_deleted_at="2026-01-01"), streams=streams)
    assert of(emulator, "companies") == {}
    done = undo(taken, streams=streams)
    assert done.code == 0, done.output
    made = of(emulator, "companies")["C1"]
    assert made["id"] != old
    assert made["address"]["city"] == "Bern"
    assert of(emulator)["P1"]["company_id"] == made["id"]
    write(schema, company(_sdc_deleted_at="2026-01-01"), person(company=1), streams=streams)
    assert of(emulator, "companies")["C1"]["id"] == made["id"]


def test_an_undo_can_be_undone(write, undo, emulator):
    write(person(title="CEO"))
    taken = write(person(title="Boss"), company(), person(2, company=1))
    undone = undo(taken)
    assert undone.code == 0
    again = undo(undone.run_id)
    assert again.code == 0, again.output
    people = of(emulator)
    assert people["P1"]["title"] == "Boss"
    assert people["P2"]["company_id"] == of(emulator, "companies")["C1"]["id"]


def test_runs_are_taken_back_one_after_the_other(write, undo, people):
    first = write(person(title="A", details="A"))
    second = write(person(title="B", details="B"), person(2))
    third = write(person(title="C", details="B"), person(2, title="C"))
    assert undo(third).left == []
    again = undo(second)
    assert (again.code, again.left) == (0, [])
    assert {name: (each["title"], each["details"]) for name, each in people().items()} == {"P1": ("A", "A")}
    last = undo(first)
    assert (last.code, last.left) == (0, [])
    assert people() == {}


def test_a_later_run_that_was_taken_back_and_brought_back_stays(write, undo, people):
    write(person(title="A"))
    taken = write(person(title="B"))
    later = undo(undo(write(person(title="C"))).run_id)
    assert people()["P1"]["title"] == "C"
    done = undo(taken)
    assert done.left == [
        f"people 1 (CRM record {people()['P1']['id']}): title: run {later.run_id} has written it since"
    ]
    assert people()["P1"]["title"] == "C"


def test_an_undo_that_is_repeated_does_nothing_more(write, undo, writes):
    write(person(title="CEO"))
    taken = write(person(title="Boss"), person(2))
    assert undo(taken).code == 0
    before = len(writes())
    again = undo(taken)
    assert again.code == 0, again.output
    assert again.left == []
    assert len(writes()) == before


def test_a_run_that_wrote_nothing_is_said_to_have_written_nothing(write, undo, writes):
    write(person())
    taken = write(person())
    before = len(writes())
    done = undo(taken)
    assert (done.code, len(writes())) == (0, before)
    assert f"Run {taken} wrote nothing, so that there is nothing to take back." in done.output


def test_a_dry_run_sends_nothing(write, undo, writes):
    write(person(title="CEO"))
    taken = write(person(title="Boss"), person(2))
    before = len(writes())
    done = undo(taken, "--dry-run")
    assert done.code == 0, done.output
    assert len(writes()) == before
    assert 'title: "Boss" -> "CEO"' in done.output


def applied(settings, tmp_path, plan, *options):
    file = tmp_path / "apply.json"
    file.write_text(json.dumps(settings | {"keep_values_days": 30, "streams": STREAMS}))
    return CliRunner().invoke(main, ["apply", str(plan), "--config", str(file), *options])


def test_a_plan_of_an_undo_is_carried_out_where_it_is_still_true(write, undo, emulator, writes, settings, tmp_path):
    write(person(title="CEO"), person(2, title="CTO"))
    taken = write(person(title="Boss"), person(2, title="Head"), company(), person(3, company=1))
    before, plan = len(writes()), tmp_path / "undo.plan"
    made = undo(taken, "--plan", str(plan), streams=STREAMS)
    assert made.code == 0, made.output
    assert len(writes()) == before
    shown = CliRunner().invoke(main, ["plan", "show", str(plan)])
    assert shown.exit_code == 0, shown.output
    assert "CEO" in shown.output
    emulator.copper.change("people", of(emulator)["P2"]["id"], {"details": "typed"})
    done = applied(settings, tmp_path, plan)
    assert done.exit_code == 1, done.output
    people = of(emulator)
    assert {name: each["title"] for name, each in people.items()} == {"P1": "CEO", "P2": "Head"}
    assert of(emulator, "companies") == {}
    before = len(writes())
    again = applied(settings, tmp_path, plan)
    assert again.exit_code == 1, again.output
    assert len(writes()) == before


def test_lines_of_a_plan_of_an_undo_may_be_removed_and_a_done_one_is_refused(write, undo, emulator, settings, tmp_path):
    write(person(title="CEO"), person(2, title="CTO"))
    taken = write(person(title="Boss"), person(2, title="Head"))
    plan = tmp_path / "undo.plan"
    assert undo(taken, "--plan", str(plan), streams=STREAMS).code == 0
    lines = plan.read_text().splitlines(keepends=True)
    plan.write_text("".join(line for line in lines if '"source_id":"2"' not in line))
    assert applied(settings, tmp_path, plan).exit_code == 0
    assert {name: each["title"] for name, each in of(emulator).items()} == {"P1": "CEO", "P2": "Head"}
    again = applied(settings, tmp_path, plan)
    assert again.exit_code == 2, again.output


def test_an_undo_bears_a_name_of_its_own(write, undo, monkeypatch, emulator):
    write(person(title="CEO"))
    taken = write(person(title="Boss"))
    monkeypatch.setenv("SINGER_CRM_RUN_ID", taken)
    done = undo(taken)
    assert done.code == 2
    assert "--run-id" in done.output
    assert undo(taken, "--run-id", "taken-back").run_id == "taken-back"
    assert of(emulator)["P1"]["title"] == "CEO"


def test_taking_back_costs_as_many_requests_as_bulks_allow(write, undo, emulator):
    write(*(person(n, title="CEO") for n in range(60)))
    taken = write(*(person(n, title="Boss") for n in range(60)))
    before = len(emulator.requests)
    assert undo(taken, index_lag_seconds=0).code == 0
    sent = [request.route for request in emulator.requests[before:]]
    assert sent.count("/people/bulk_update") == 6
    assert len(sent) == 6 + 4, "whose account it is (2), its custom fields, and one read of all"
