"""Plans applied: the lines that are carried out, those that are left alone, and the files that are refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.plans.plan_file import PlanFileError, read_plan
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email", "title", "company", "_sdc_deleted_at")
COMPANIES = schema_of("companies", "name", "contact")
STREAMS = {
    "people": {
        "hard_delete": True,
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    },
}
LINKED = {
    **STREAMS,
    "companies": {
        "match_on": ["name"],
        "missing_reference": "link_later",
        "references": {"primary_contact_id": {"stream": "people", "source_id": "contact"}},
    },
}


def person(n, **more):
    return record_of("people", **{"id": n, "name": f"P{n}", "email": f"p{n}@x.org", "title": "A", **more})


def company(n, **more):
    return record_of("companies", **{"id": n, "name": f"C{n}", **more})


@pytest.fixture
def settings(settings):
    return settings | {"streams": STREAMS}


def without(path, *source_ids):
    """Remove the lines of source ids from a plan."""
    lines = path.read_text().splitlines(keepends=True)
    chosen = [line for line in lines if json.loads(line).get("source_id") not in source_ids]
    path.write_text("".join(chosen))


def kinds_of(done):
    return done.report["reject_kinds"]


def test_the_plan_is_applied_and_not_what_came_since(run, plan, apply, people, ledger_url):
    run([PEOPLE, person(1)], streams=STREAMS, ledger_url=ledger_url)
    path = plan(PEOPLE, person(1, title="B"), person(2), ledger_url=ledger_url)
    done = apply(path, streams=STREAMS, ledger_url=ledger_url)
    assert done.code == 0
    assert people()["P1"]["title"] == "B"
    assert done.output == "", "no STATE passes"
    assert "Done of the plan's 2 lines: 2. Not done: 0" in done.errors
    assert f"Written as run {done.report['run_id']} into Emulated Copper." in done.errors
    assert "To take that back" not in done.errors, "no values were kept"


def test_an_apply_that_kept_values_says_how_it_is_taken_back(plan, apply, ledger_url):
    more = {"streams": STREAMS, "ledger_url": ledger_url, "keep_values_days": 30}
    done = apply(plan(PEOPLE, person(1), **more), **more)
    assert f"To take that back: singer-crm undo {done.report['run_id']} --config" in done.errors


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        ({"title": "typed"}, {"P1": "typed"}),
        ({"details": "typed"}, {"P1": "A"}),
        ({"tags": ["vip"]}, {"P1": "A"}),
    ],
)
def test_an_edit_of_any_field_stops_that_record_alone(run, plan, apply, people, emulator, edit, left):
    run([PEOPLE, person(1), person(2)], streams=STREAMS)
    path = plan(PEOPLE, person(1, title="B"), person(2, title="B"))
    emulator.copper.change("people", people()["P1"]["id"], edit)
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "updated": 1, "rejected": 1}
    assert kinds_of(done) == {"people": {"plan_outdated": 1}}
    assert done.code == 1
    assert {name: each["title"] for name, each in people().items()} == {"P2": "B", **left}


def test_a_matched_record_that_was_edited_is_left_alone(plan, apply, people, emulator):
    crm_id = emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "p1@x.org", "category": "work"}]})
    path = plan(PEOPLE, person(1), person(2))
    emulator.copper.change("people", getattr(crm_id, "id", None) or people()["Theirs"]["id"], {"title": "typed"})
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "created": 1, "rejected": 1}
    assert people()["Theirs"]["title"] == "typed"


def test_a_record_that_somebody_made_meanwhile_is_not_made_again(plan, apply, people, emulator):
    path = plan(PEOPLE, person(1), person(2))
    emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "p1@x.org", "category": "work"}]})
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "created": 1, "rejected": 1}
    assert "The plan says create, and now it is update" in done.errors
    assert people().keys() == {"Theirs", "P2"}


def test_a_record_that_another_run_has_written_is_left_alone(run, plan, apply, people):
    run([PEOPLE, person(1), person(2)], streams=STREAMS)
    path = plan(PEOPLE, person(1, title="B"), person(2, title="B"))
    run([PEOPLE, person(1, title="C")], streams=STREAMS)
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "updated": 1, "rejected": 1}
    assert "Another run has written it since the plan was made" in done.errors
    assert people()["P1"]["title"] == "C"


def test_a_record_that_is_to_be_deleted_and_was_edited_stays(run, plan, apply, people, emulator):
    run([PEOPLE, person(1), person(2)], streams=STREAMS)
    gone = [person(n, _sdc_deleted_at="2026-01-01") for n in (1, 2)]
    path = plan(PEOPLE, *gone)
    emulator.copper.change("people", people()["P1"]["id"], {"title": "typed"})
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "deleted": 1, "rejected": 1}
    assert people().keys() == {"P1"}


def test_a_line_whose_parents_line_was_removed_waits(run, plan, apply, people, emulator):
    path = plan(COMPANIES, PEOPLE, company(4), person(1, company=4), person(2))
    without(path, "4")
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "created": 1, "waiting": 1}
    assert people().keys() == {"P2"}
    done = run([COMPANIES, company(4)], streams=STREAMS)
    assert people()["P1"]["company_id"] == emulator.copper.records("companies")[0]["id"]


def test_a_line_whose_parent_was_rejected_waits_also_where_links_may_come_later(plan, apply, emulator):
    later = {"people": {**STREAMS["people"], "missing_reference": "link_later"}, "companies": {"match_on": ["name"]}}
    path = plan(COMPANIES, PEOPLE, company(4), person(1, company=4), streams=later)
    emulator.copper.insert("companies", {"name": "C4"})
    done = apply(path, streams=later)
    assert done.of("companies") == {"input": 1, "rejected": 1}
    assert done.of("people") == {"input": 1, "waiting": 1}


def test_links_are_lines_of_their_own_and_one_that_was_removed_is_not_made(plan, apply, people, emulator):
    path = plan(COMPANIES, PEOPLE, company(4, contact=1), person(1), streams=LINKED, batch_size_rows=1)
    assert [(line.stream, line.action) for line in read_plan(path).lines] == [
        ("companies", "create"),
        ("people", "create"),
        ("companies", "link"),
    ]
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"action":"link"' not in line))
    apply(path, streams=LINKED)
    (made,) = emulator.copper.records("companies")
    assert made["primary_contact_id"] is None
    path.write_text("".join(lines))
    apply(path, streams=LINKED)
    (made,) = emulator.copper.records("companies")
    assert made["primary_contact_id"] == people()["P1"]["id"]


def test_a_repeat_does_what_is_left_and_a_plan_that_is_done_is_refused(plan, apply, people, writes):
    path = plan(PEOPLE, person(1), person(2))
    whole = path.read_bytes()
    without(path, "2")
    assert apply(path, streams=STREAMS).of("people") == {"input": 1, "created": 1}
    path.write_bytes(whole)
    assert apply(path, streams=STREAMS).of("people") == {"input": 1, "created": 1}
    before = writes()
    done = apply(path, streams=STREAMS)
    assert (done.code, writes()) == (2, before)
    assert "all its lines are done" in done.errors
    assert people().keys() == {"P1", "P2"}


def test_records_without_a_key_are_made_once(plan, apply, emulator):
    streams = {"news": {"object": "tasks", "load_method": "append-only"}}
    path = plan(schema_of("news", "name", keys=()), *(record_of("news", name="N") for _ in range(3)), streams=streams)
    planned = len([line for line in read_plan(path).lines if line.action == "create"])
    assert apply(path, streams=streams).code == 0
    assert apply(path, streams=streams).code == 2
    assert len(emulator.copper.records("tasks")) == planned


def test_conflicts_for_review_are_shown_and_carried_out_by_nobody(run, plan, apply, people, emulator):
    streams = {"people": {**STREAMS["people"], "conflicts": "review"}}
    run([PEOPLE, person(1), person(2)], streams=streams)
    emulator.copper.change("people", people()["P1"]["id"], {"title": "typed"})
    path = plan(PEOPLE, person(1, title="B"), person(2, title="B"), streams=streams)
    lines = {line.source_id: line for line in read_plan(path).lines}
    assert (lines["1"].action, lines["2"].action) == ("reject", "update")
    assert lines["1"].conflicts[0]["current"] == "typed"
    assert apply(path, streams=streams).of("people") == {"input": 1, "updated": 1}
    assert people()["P1"]["title"] == "typed"


def test_brakes_hold_deletes_of_a_plan(run, plan, apply, people):
    run([PEOPLE, *map(person, range(4))], streams=STREAMS)
    path = plan(PEOPLE, *(person(n, _sdc_deleted_at="2026-01-01") for n in range(4)))
    braked = {"people": {**STREAMS["people"], "max_deletes": 2}}
    with pytest.raises(PlanFileError, match="other settings"):
        apply(path, streams=braked)
    assert len(people()) == 4
    path = plan(PEOPLE, *(person(n, _sdc_deleted_at="2026-01-01") for n in range(4)), streams=braked)
    assert {line.action for line in read_plan(path).lines} == {"reject"}


def test_absent_records_are_deleted_by_lines_of_their_own(run, plan, apply, people):
    streams = {"people": {"load_method": "overwrite", "complete": "end_of_input"}}
    run([PEOPLE, *map(person, range(4))], streams=streams)
    path = plan(PEOPLE, person(0), person(1, title="B"), streams=streams)
    without(path, "3")
    done = apply(path, streams=streams)
    assert people().keys() == {"P0", "P1", "P3"}
    assert done.report["removed"] == {"people": 1}
    assert run([PEOPLE, person(0), person(1, title="B")], streams=streams).report["removed"] == {"people": 1}


def test_a_plan_is_for_its_own_settings_account_source_and_ledger(run, plan, apply, tmp_path, writes):
    path = plan(PEOPLE, person(1))
    before = writes()
    with pytest.raises(PlanFileError, match="was made with other settings"):
        apply(path, streams={"people": {}})
    with pytest.raises(PlanFileError, match="was made with other settings"):
        apply(path, streams=STREAMS, keep_values_days=3)
    run([PEOPLE], streams=STREAMS)
    path = plan(PEOPLE, person(1))
    done = apply(path, streams=STREAMS, ledger_url=f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert done.code == 2
    assert "was made with another ledger" in done.errors
    assert writes() == before
    done = apply(path, streams=STREAMS, rejected_path=str(tmp_path / "r"), requests_per_minute=600, max_attempts=1)
    assert done.code == 0


def test_a_plan_made_before_there_was_a_ledger_fits_none_in_which_others_wrote(
    run, plan, apply, ledger_url, writes, settings, tmp_path
):
    def operate(*words):
        return CliRunner().invoke(main, [*words, "--config", str(file)])

    file = tmp_path / "operator.json"
    file.write_text(json.dumps(settings | {"ledger_url": ledger_url}))
    own = {"streams": STREAMS, "ledger_url": ledger_url}
    path = plan(PEOPLE, person(1), ledger_url=ledger_url).rename(tmp_path / "first.jsonl")
    another = plan(PEOPLE, person(2), ledger_url=ledger_url)
    assert read_plan(path).header.ledger is None
    run([PEOPLE], **own)
    assert apply(path, **own).code == 0, "a ledger in which nothing was written is as none"
    before = writes()
    done = apply(another, **own)
    assert done.code == 2
    assert "was made before there was a ledger, and others have written with the one that is there now" in done.errors
    assert "all its lines are done" in apply(path, **own).errors, "its own ledger knows it"
    listed = operate("runs", "--output", "json")
    newest, first, *_ = json.loads(listed.stdout)
    assert newest["kind"] == first["kind"] == "apply"
    assert newest["plan"] == first["plan"] == read_plan(path).sha256
    assert "all its lines are done" in newest["ended"]
    assert newest["plan"][:12] in operate("runs").stdout
    assert writes() == before


def test_the_settings_of_a_dry_run_write_nothing_when_a_plan_is_applied(run, plan, apply, writes):
    path = plan(PEOPLE, person(1))
    before = writes()
    done = apply(path, streams=STREAMS, dry_run=True, plan_path=str(path))
    assert done.code == 0
    assert writes() == before
    assert read_plan(path).lines, "nor is the plan overwritten"
    done = run([PEOPLE, person(1)], streams=STREAMS, plan_path=str(path))
    assert done.code == 2
    assert "set dry_run to true as well, or remove plan_path" in done.errors
    assert writes() == before


def test_planning_costs_what_the_dry_run_costs_and_applying_few_requests(run, plan, apply, emulator):
    applied_to(run, plan, apply, emulator, known=1_000)


@pytest.mark.long
def test_it_is_as_cheap_for_ten_thousand(run, plan, apply, emulator):
    applied_to(run, plan, apply, emulator, known=10_000)


def applied_to(run, plan, apply, emulator, *, known):
    run([PEOPLE, *map(person, range(known))])
    messages = [PEOPLE, *(person(n, title="B" if n % (known // 100) == 0 else "A") for n in range(known))]
    since = len(emulator.requests)
    run(messages, dry_run=True)
    dry = len(emulator.requests) - since
    since = len(emulator.requests)
    path = plan(*messages)
    assert len(emulator.requests) - since <= dry
    since = len(emulator.requests)
    assert apply(path).of("people") == {"input": 100, "updated": 100}
    assert len(emulator.requests) - since <= 13


def test_a_file_that_is_no_plan_is_not_overwritten(run, tmp_path, writes):
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    refused = {
        file: "plan_path names a file that is not a plan",
        tmp_path: "plan_path names a file that is not a plan",
        tmp_path / "none" / "plan": "plan_path cannot be written: No such file or directory",
        f"{tmp_path}/{'long' * 100}": "plan_path cannot be written: File name too long",
        f"{tmp_path}/zero\0": "plan_path cannot be written: embedded null byte",
    }
    for path, said in refused.items():
        done = run([PEOPLE, person(1)], dry_run=True, plan_path=str(path))
        assert done.code == 2
        assert said in done.errors
        assert "A bug" not in done.errors
    for other in ("rejected_path", "report_path", "responses_path"):
        done = run([PEOPLE, person(1)], dry_run=True, plan_path=str(tmp_path / "one"), **{other: str(tmp_path / "one")})
        assert (done.code, f"plan_path and {other} name the same file" in done.errors) == (2, True)
    assert (file.read_text(), writes()) == ("mine", [])


def test_a_link_goes_on_leading_to_the_plan(run, plan, tmp_path):
    path, link = plan(PEOPLE, person(1)), tmp_path / "link"
    link.symlink_to(path)
    run([PEOPLE, person(2)], dry_run=True, plan_path=str(link))
    assert link.is_symlink()
    assert [line.source_id for line in read_plan(path).lines] == ["2"]
    assert path.stat().st_mode & 0o777 == 0o600
    run([PEOPLE, "}{"], dry_run=True, plan_path=str(link))
    assert not path.exists(), "what is not the newest plan must not pass for it"


def test_a_dry_run_that_fails_leaves_no_plan_of_an_earlier_one(run, plan, emulator):
    path = plan(PEOPLE, person(1))
    emulator.trouble("error:status=500")
    run([PEOPLE, person(1)], dry_run=True, plan_path=str(path), streams=STREAMS)
    assert not path.exists()


@pytest.mark.parametrize("when_gone", ["match_again", "recreate"])
def test_a_record_that_the_crm_had_lost_is_made_again_as_planned(run, plan, apply, people, emulator, writes, when_gone):
    streams = {"people": {**STREAMS["people"], "when_gone": when_gone}}
    run([PEOPLE, person(1), person(2)], streams=streams)
    emulator.copper.delete("people", people()["P1"]["id"])
    path = plan(PEOPLE, person(1, title="B"), person(2, title="B"), streams=streams)
    assert [(line.source_id, line.action) for line in read_plan(path).lines] == [("1", "create"), ("2", "update")]
    before = len(writes())
    done = apply(path, streams=streams)
    assert done.of("people") == {"input": 2, "created": 1, "updated": 1}
    assert len(writes()) == before + 2, "nothing is sent to the record that is gone"
    assert {each["title"] for each in people().values()} == {"B"}


def test_a_record_that_the_crm_lost_after_the_plan_is_not_made_again(run, plan, apply, people, emulator):
    run([PEOPLE, person(1), person(2)], streams=STREAMS)
    path = plan(PEOPLE, person(1, title="B"), person(2, title="B"))
    emulator.copper.delete("people", people()["P1"]["id"])
    done = apply(path, streams=STREAMS)
    assert done.of("people") == {"input": 2, "updated": 1, "rejected": 1}
    assert "any more" in done.errors
    assert people().keys() == {"P2"}
