"""``singer-crm sync``: accounts are carried out by workers, each for itself, and STATE follows what was written."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.commands import PATIENCE_SECONDS
from tests.target_crm.accounts.conftest import children_of

NAMES = [f"P{each:03}" for each in range(1, 31)]


def test_a_sync_writes_everything_and_the_next_one_begins_at_its_state(fleet):
    code, lines = fleet.sync("a1")
    assert (code, lines["a1"]["outcomes"], lines["a1"]["state_moved"]) == (0, {"created": 30}, True)
    assert (fleet.names(1), fleet.state("a1")) == (NAMES, 30)
    fleet.feed(1, 32)
    code, lines = fleet.sync("a1", "--run-id", "of-a-scheduler")
    assert (code, lines["a1"]["outcomes"], lines["a1"]["run_id"]) == (0, {"created": 2}, "of-a-scheduler")
    assert (len(fleet.names(1)), fleet.state("a1")) == (32, 32)


def test_tap_copper_runs_inside_the_worker_and_an_account_with_nothing_to_do_takes_few_requests(fleet):
    source = fleet.copper(2)
    for name in ("Ann", "Ben"):
        source.insert("people", {"name": name, "emails": [{"email": f"{name}@b.example", "category": "work"}]})
    fleet.environment["SOURCE"] = source.api_key
    config = {"base_url": source.base_url, "api_key": "${SOURCE}", "user_email": source.user_email}
    select = ["people", "companies", "tasks"]
    fleet.entries["a1"]["tap"] = {"name": "tap-copper", "select": select, "config": config}
    fleet.entries["a1"]["target"]["streams"] = {"people": {"exclude": ["contact_type_id"]}}
    code, lines = fleet.sync("a1")
    assert (code, lines["a1"]["outcomes"]) == (0, {"created": 2}), lines
    assert fleet.names(1) == ["Ann", "Ben"]
    assert set(json.loads(fleet.run("get", "a1", command=("accounts", "state"))[1])["bookmarks"]) >= set(select)
    fleet.sync("a1")
    code, lines = fleet.sync("a1")
    assert (code, set(lines["a1"]["outcomes"]) <= {"unchanged"}) == (0, True), lines
    assert sum(lines["a1"]["requests"].values()) <= 6, lines


@pytest.mark.parametrize("creates", [2, *(pytest.param(each, marks=pytest.mark.long) for each in (1, 3))])
def test_a_worker_that_is_killed_costs_its_account_exit_4_and_nothing_is_lost_or_doubled(fleet, creates):
    started = None
    killed = fleet.kill_at(1, creates, lambda: children_of(started.pid)[0])
    started = fleet.start("--all", "--output", "json")
    output, _ = started.communicate()
    lines = {line["account"]: line for line in map(json.loads, output.decode().splitlines())}
    assert killed.is_set()
    assert (started.wait(), lines["a1"]["exit_code"], lines["a1"]["retry"]) == (4, 4, "later")
    assert "SIGKILL" in lines["a1"]["ended"]
    for other in ("a2", "a3"):
        assert (lines[other]["exit_code"], lines[other]["outcomes"]) == (0, {"created": 30})
    position = fleet.state("a1") or 0
    assert set(NAMES[:position]) <= set(fleet.names(1))  # STATE is never ahead
    code, _ = fleet.sync("a1")
    assert (code, fleet.names(1), fleet.state("a1")) == (0, NAMES, 30)


@pytest.mark.parametrize(
    "creates", [2, pytest.param(1, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
def test_no_worker_and_no_tap_outlives_its_parent(fleet, creates):
    fleet.entries["a1"]["tap"]["command"] = [
        "sh",
        "-c",
        'sh feed.sh feed-1.jsonl "$@"; while :; do sleep 60; done',
        "tap",
    ]
    started, below = None, []

    def parent():
        (worker,) = children_of(started.pid)
        below.extend([worker, *children_of(worker)])
        return started.pid

    killed = fleet.kill_at(1, creates, parent)
    started = fleet.start("a1")
    started.communicate()
    assert (killed.wait(PATIENCE_SECONDS), started.wait()) == (True, -signal.SIGKILL)
    for each in below:
        while Path(f"/proc/{each}").exists() and "(zombie)" not in Path(f"/proc/{each}/status").read_text():
            os.sched_yield()
    fleet.entries["a1"]["tap"]["command"] = ["sh", "feed.sh", "feed-1.jsonl"]
    assert set(NAMES[: fleet.state("a1") or 0]) <= set(fleet.names(1))
    code, _ = fleet.sync("a1")
    assert (code, fleet.names(1)) == (0, NAMES)
    assert list(Path(tempfile.gettempdir()).glob(f"singer-crm-tap-{below[0]}-*")) == []  # the tap's settings


def test_what_ends_one_account_touches_no_other(fleet):
    fleet.entries["a1"]["tap"]["command"] = ["sh", "-c", "kill -KILL $PPID"]  # of the worker itself
    fleet.entries["bad"] = {"tap": {"command": ["true"]}, "target": {"api_key": "${NOT_SET}", "account_name": "b"}}
    fleet.entries["idle"] = {"enabled": False, "tap": {"command": ["false"]}}
    fleet.entries["fails"] = {
        "tap": {"command": ["sh", "-c", "echo the source is closed >&2; exit 3"]},
        "target": {"api_key": "${KEY_2}", "user_email": "x@example.org", "account_name": "fails"},
    }
    fleet.entries["wrong"] = {
        "tap": {"command": ["true"]},
        "target": {"api_key": "${KEY_2}", "account_name": "wrong", "dry_rum": True},
    }
    code, lines = fleet.sync("--all", "--workers", "2")
    codes = {name: line["exit_code"] for name, line in lines.items()}
    assert (code, codes) == (4, {"bad": 2, "a1": 4, "a2": 0, "a3": 0, "fails": 1, "wrong": 2})
    assert "NOT_SET is not set" in lines["bad"]["ended"]
    assert "the nearest one is 'dry_run'" in lines["wrong"]["ended"]
    assert "sh ended with exit code 3: the source is closed" in lines["fails"]["ended"]
    assert (fleet.names(2), fleet.names(3)) == (NAMES, NAMES)


def test_an_account_at_which_another_run_is_costs_no_exit_code_among_others(fleet):
    fleet.entries["a1"]["tap"]["command"] = ["sh", "-c", 'sh feed.sh feed-1.jsonl "$@"; exec sleep 600', "tap"]
    writes = fleet.at_creates(1, 1)
    holding = fleet.start("a1")
    assert writes.wait(PATIENCE_SECONDS)
    code, lines = fleet.sync("--all")
    assert (code, lines["a1"]["exit_code"], lines["a1"]["retry"]) == (0, 5, "later")
    holding.send_signal(signal.SIGTERM)
    output, _ = holding.communicate()
    assert holding.wait() == 143
    assert "exit 143" in output.decode()
    fleet.entries["a1"]["tap"]["command"] = ["sh", "feed.sh", "feed-1.jsonl"]
    assert fleet.sync("a1")[0] == 0
    assert fleet.names(1) == NAMES


def test_nothing_is_deleted_as_absent_where_the_tap_failed(fleet):
    mirrors = {"load_method": "overwrite", "complete": "end_of_input", "max_delete_fraction": 1}
    fleet.entries["a1"]["target"]["streams"] = {"people": mirrors}
    assert fleet.sync("a1")[0] == 0
    fleet.entries["a1"]["tap"]["command"] = ["sh", "-c", "head -n 5 feed-1.jsonl; exit 1"]
    code, lines = fleet.sync("a1")
    assert (code, lines["a1"]["tap"]["exit_code"], fleet.names(1)) == (1, 1, NAMES)


def test_a_backfill_never_moves_the_state_of_the_schedule(fleet):
    fleet.sync("a1")
    code, lines = fleet.sync("a1", "--full-refresh")
    assert (code, lines["a1"]["outcomes"], lines["a1"]["state_moved"]) == (0, {"unchanged": 30}, False)
    fleet.feed(1, 31)
    code, lines = fleet.sync("a1", "--pipeline", "backfill")
    assert (code, lines["a1"]["outcomes"]) == (0, {"created": 1, "unchanged": 30})
    assert (fleet.state("a1"), fleet.state("a1", "backfill")) == (30, 31)
    code, lines = fleet.sync("a1", "--pipeline", "backfill", "--full-refresh")
    assert (lines["a1"]["outcomes"], fleet.state("a1", "backfill")) == ({"unchanged": 31}, 31)


def test_a_renamed_account_goes_on_where_it_was(fleet):
    fleet.sync("a1")
    fleet.entries["new-name"] = {"was": "a1", **fleet.entries.pop("a1")}
    fleet.feed(1, 31)
    code, lines = fleet.sync("new-name")
    assert (code, lines["new-name"]["outcomes"]) == (0, {"created": 1})
    assert fleet.state("new-name") == 31


def test_no_secret_is_shown_or_kept_whatever_a_tap_says(fleet):
    fleet.environment["TAP_SECRET"] = "tap-secret-17"
    fleet.entries["a1"]["tap"] = {
        "command": ["sh", "-c", 'cat "$2" >&2; exit 1', "tap"],
        "config": {"password": "${TAP_SECRET}"},
    }
    code, output, errors = fleet.run("a1", env={"LOGLEVEL": "DEBUG"})
    assert (code, "tap-secret-17" in output + errors) == (1, False)
    assert '"password": "***"' in errors + output
    kept = [each for each in fleet.folder.rglob("*") if each.is_file() and b"tap-secret-17" in each.read_bytes()]
    assert kept == []


def test_state_comes_in_from_meltano_and_goes_out_again(fleet):
    moved = fleet.folder / "meltano.json"
    moved.write_text('{"singer_state": {"position": 28}}')
    code, _, errors = fleet.run("set", "a1", str(moved), command=("accounts", "state"))
    assert (code, errors) == (0, "a1 goes on from this STATE in pipeline default\n")
    assert fleet.sync("a1")[1]["a1"]["outcomes"] == {"created": 2}
    assert json.loads(fleet.run("get", "a1", "--meltano", command=("accounts", "state"))[1]) == {
        "singer_state": {"position": 30}
    }
    assert fleet.run("clear", "a1", command=("accounts", "state"))[0] == 0
    assert fleet.state("a1") is None
    moved.write_text("[1]")
    code, _, errors = fleet.run("set", "a1", str(moved), command=("accounts", "state"))
    assert (code, "it must hold a JSON object" in errors) == (2, True)


def test_each_share_of_an_account_keeps_state_of_its_own(fleet):
    fleet.entries["a1"]["target"]["streams"] = {"people": {"load_method": "append-only"}}
    for index in range(2):
        code, lines = fleet.sync("a1", "--partition", f"{index}/2")
        assert (code, lines["a1"]["pipeline"]) == (0, f"default.{index}-of-2"), lines
        assert fleet.state("a1", f"default.{index}-of-2") == 30
    assert (fleet.names(1), fleet.state("a1")) == (NAMES, None)
    fleet.feed(1, 32)
    codes = [fleet.sync("a1", "--partition", f"{index}/2")[0] for index in range(2)]
    assert (codes, len(fleet.names(1)), fleet.state("a1", "default.1-of-2")) == ([0, 0], 32, 32)
    assert fleet.run("a1", "--partition", "2/2")[0] == 2
