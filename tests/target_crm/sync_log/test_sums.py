"""The sums of the sync log are those of the summaries, whenever it is read."""

from __future__ import annotations

import json
import random

import pytest

from target_crm.ledger.runs import KeptRuns
from target_crm.ledger.store import Store
from target_crm.report.run_reports import iso_time
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.sync_log.reading import as_a_target_keeps_it, read_log, sums_of_outcomes, sums_of_report

COMPANIES = schema_of("companies", "name")
PEOPLE = schema_of("people", "name", "email", "title", "company", "nickname", "_sdc_deleted_at")
TASKS = schema_of("tasks", "name")
STREAMS = {
    "people": {
        "hard_delete": True,
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    },
    "followers": {
        "object": "people",
        "missing_reference": "link_later",
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    },
    "tasks": {"load_method": "overwrite", "complete": "end_of_input", "max_delete_fraction_7_days": 1},
}
FOLLOWERS = schema_of("followers", "name", "email", "company")
EVERY = {"created", "updated", "deleted", "skipped", "waiting", "rejected", "removed", "linked"}


def person(number, stream="people", **more):
    return record_of(stream, **{"id": number, "name": f"P{number}", "email": f"{stream}{number}@x.org"} | more)


def company(letter):
    return record_of("companies", id=letter, name=f"Company {letter}")


def tasks(*numbers):
    return [TASKS, *(record_of("tasks", id=number, name=f"T{number}") for number in numbers)]


NIGHTS = (
    [
        *(PEOPLE, person(1), person(2), person(3, name=None), person(4, company="A"), person(5, company="A")),
        *(FOLLOWERS, person(1, "followers", company="A"), *tasks(1, 2, 3)),
    ],
    [
        *(COMPANIES, company("A"), PEOPLE, person(1, title="CEO"), person(2, _sdc_deleted_at="2026-01-01")),
        *(person(3, name=None), person(6, company="B"), person(9, _sdc_deleted_at="2026-01-01"), *tasks(1, 3)),
    ],
    [
        *(PEOPLE, person(3), person(6, company="B"), person(7, name=None), person(7, name=None), person(7)),
        *(COMPANIES, company("B"), PEOPLE, person(1, title="CTO"), person(1, title="CFO"), *tasks(1, 3)),
    ],
    [PEOPLE, person(1, title="CFO"), person(8, name=None, nickname="N"), *tasks(1, 3)],
    [PEOPLE, person(8, name=None), person(10, nickname="N"), *tasks(1, 3)],
)


@pytest.fixture
def config(settings, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    return file


@pytest.fixture
def began(settings):
    """When each run began, the first one first."""

    def began():
        store = Store(settings["ledger_url"], "test")
        try:
            return [iso_time(each.began_at) for each in KeptRuns(store).newest(100)][::-1]
        finally:
            store.close()

    return began


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger(request, settings):
    if request.param == "postgresql":
        settings["ledger_url"] = request.getfixturevalue("postgres")
    return settings["ledger_url"]


def sums_of(reports, began):
    return {key: count for report, at in zip(reports, began, strict=True) for key, count in of(report, at)}


def of(report, at):
    return sums_of_report(report, at).items()


@pytest.mark.usefixtures("any_ledger")
def test_the_sums_by_run_and_stream_and_outcome_are_those_of_the_reports(run, settings, tmp_path, began):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings))
    reports = [run(night, streams=STREAMS).report for night in NIGHTS]
    log = read_log(config)
    sums = sums_of_outcomes(log.records("outcomes"))
    assert sums == sums_of(reports, began())
    assert {outcome for _, _, _, outcome in sums} == EVERY
    runs = log.records("runs")
    assert [each["run_id"] for each in runs] == [report["run_id"] for report in reports]
    for told, report in zip(runs, reports, strict=True):
        for stream in told["streams"]:
            counts = report["streams"].get(stream["stream"], {})
            assert {name: stream[name] for name in counts} == counts
            assert sum(stream[name] for name in counts) == 2 * stream["input"]  # which is among them, and their sum
        assert told["unchanged"] == sum(counts["unchanged"] for counts in report["streams"].values())
    assert [(each["source_id"], each["state"]) for each in log.records("rejected")] == [("8", "rejected")]


def test_what_is_read_night_by_night_is_what_is_read_at_once(run, config, began):
    logs, reports, state = [], [], None
    for night in NIGHTS:
        reports.append(run(night, streams=STREAMS).report)
        logs.append(read_log(config, state=state))
        state = logs[-1].state
    once, by_night = read_log(config), as_a_target_keeps_it(*logs)
    assert (
        sums_of_outcomes(by_night["outcomes"])
        == sums_of_outcomes(once.records("outcomes"))
        == sums_of(reports, began())
    )
    for stream in ("runs", "outcomes", "changes"):
        assert sum(len(log.records(stream)) for log in logs) == len(once.records(stream))
        assert by_night[stream] == once.records(stream)
    nothing = read_log(config, state=state)
    assert [nothing.records(stream) for stream in ("runs", "outcomes", "changes")] == [[], [], []]
    assert nothing.state == state


def test_an_outcome_that_is_taken_back_later_in_its_run_is_told_anew(run, config, began):
    seen = []

    class Slow:
        """An input in whose middle the log is read: a record waits then that is written at the end."""

        def __iter__(self):
            for number, message in enumerate(
                (PEOPLE, person(4, company="A"), person(5, name=None), COMPANIES, company("A"))
            ):
                if number == 3:
                    seen.append(read_log(config))
                yield json.dumps(message).encode() + b"\n"

    done = run([], file=Slow(), streams=STREAMS, batch_size_rows=1)
    assert done.of("people") == {"input": 2, "created": 1, "rejected": 1}
    (before,) = seen
    assert {each["outcome"] for each in before.records("outcomes")} == {"waiting", "rejected"}
    (open_run,) = before.records("runs")
    assert (open_run["ended_at"], open_run["exit_code"]) == (None, None)
    after = read_log(config, state=before.state)
    kept = as_a_target_keeps_it(before, after)
    (ended,) = kept["runs"]
    assert ended["exit_code"] == 1
    sums = sums_of_outcomes(kept["outcomes"])
    (key,) = [each for each in sums if each[3] == "retried"]
    assert sums.pop(key) == 1
    assert sums == sums_of([done.report], began())


def test_the_runs_that_carry_out_a_plan_add_up_as_well(run, apply, config, began, tmp_path):
    path, given = tmp_path / "plan.jsonl", [PEOPLE, *map(person, range(6)), *tasks(1, 2, 3)]
    gone = [person(number, _sdc_deleted_at="2026-01-01") for number in (3, 4)]
    reports = [run([*given, FOLLOWERS, person(1, "followers", company="A")], streams=STREAMS).report]
    planned = [PEOPLE, person(0, title="B"), person(1, title="B"), person(2, title="B", company="B"), *gone]
    run([*planned, *tasks(1), COMPANIES, company("A")], streams=STREAMS, dry_run=True, plan_path=str(path))
    between = [PEOPLE, person(1, title="C"), person(4, title="C"), person(5, company="B")]
    reports += [run(between, streams=STREAMS).report, apply(path, streams=STREAMS).report]
    reports += [apply(path, streams=STREAMS).report]
    assert reports[-2]["removed"] == {"companies": 0, "people": 0, "tasks": 2}
    assert reports[-2]["reject_kinds"] == {"people": {"plan_outdated": 2}}
    assert sums_of_outcomes(read_log(config).records("outcomes")) == sums_of(reports, began())


def test_runs_of_one_name_are_told_apart(run, config, began, monkeypatch):
    monkeypatch.setenv("SINGER_CRM_RUN_ID", "nightly")
    reports = [run([PEOPLE, person(1, title=title), person(2, name=None)]).report for title in "ABB"]
    log = read_log(config)
    assert sums_of_outcomes(log.records("outcomes")) == sums_of(reports, began())
    assert {each["run_id"] for each in log.records("runs")} == {"nightly"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_so_are_the_sums_of_random_nights(run, config, began, seed):
    dice, logs, reports, state = random.Random(seed), [], [], None
    for _ in range(8):
        messages = [PEOPLE]
        for _ in range(dice.randrange(40)):
            number = dice.randrange(12)
            more = dice.choice(
                [{}, {"title": dice.choice("AB")}, {"name": None}, {"company": dice.choice("ABC")}]
                + [{"_sdc_deleted_at": "2026-01-01"}] * (dice.random() < 0.3)
            )
            choices = [[PEOPLE, person(number, **more)], [COMPANIES, company(dice.choice("ABC"))]]
            messages += dice.choices(choices, [5, 1])[0]
        messages += tasks(*dice.sample(range(6), dice.randrange(6)))
        chosen = {"batch_size_rows": dice.choice([1, 3, 100]), "retry_rejected": dice.random() < 0.7}
        chosen |= {"limit": dice.choice([None, 10])}
        reports.append(run(messages, streams=STREAMS, **chosen).report)
        if dice.random() < 0.5:
            logs.append(read_log(config, state=state))
            state = logs[-1].state
    logs.append(read_log(config, state=state))
    kept = as_a_target_keeps_it(*logs)
    sums = {key: count for key, count in sums_of_outcomes(kept["outcomes"]).items() if key[3] != "retried"}
    assert sums == sums_of(reports, began())
