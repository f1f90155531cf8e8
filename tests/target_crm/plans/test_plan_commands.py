"""``singer-crm plan show`` and ``singer-crm apply`` as processes: what they print, and how they end."""

from __future__ import annotations

import json
import socket

import pytest

from crm_emulator import Emulator
from tests.commands import Command
from tests.target_crm.messages import as_lines, record_of, schema_of

PEOPLE = schema_of("people", "name", "email", "title")
STRANGE = "P\x1b[2J\u2028[red]one"


@pytest.fixture
def ended():
    """Run a command to its end; returns its exit code, output and errors."""

    def ended(*arguments, lines=b""):
        process = Command(*arguments)
        output, errors = process.communicate(lines)
        return process.returncode, output.decode(), errors.decode()

    return ended


@pytest.fixture
def planned(ended, settings, tmp_path):
    """Make a plan of two people with the command; returns its file and that of the settings."""
    config, plan = tmp_path / "config.json", tmp_path / "plan.jsonl"
    config.write_text(json.dumps(settings))
    more = tmp_path / "plan.json"
    more.write_text(json.dumps({"dry_run": True, "plan_path": str(plan)}))
    messages = [
        PEOPLE,
        record_of("people", id=1, name=STRANGE, email="p1@x.org", title=None),
        record_of("people", id=2, name="P2", email="p2@x.org", title="A"),
        record_of("people", id=3, name=None, email="p3@x.org", title="A"),
    ]
    code, output, errors = ended("target-crm", "--config", config, "--config", more, lines=as_lines(messages))
    assert (code, output) == (1, ""), errors
    assert f"The plan of 3 records is in {plan}" in errors
    return plan, config


def test_a_plan_is_shown_as_text_that_a_terminal_may_have(planned, ended):
    plan, _ = planned
    code, output, errors = ended("singer-crm", "plan", "show", plan)
    assert (code, errors) == (0, "")
    assert "\x1b" not in output
    assert '    name: "P\\u001b[2J' in output
    for text in ("1. create people: people 1", '    title: "A"', "3. reject people: people 3 (missing_required: "):
        assert text in output
    assert "Account Emulated Copper" in output
    assert "The run that was planned needs 4 requests, and the quota lets them all through" in output
    assert [line.split() for line in output.splitlines() if line.startswith("people ")] == [["people", "2", "1"]]


def test_parts_of_a_plan_are_shown(planned, ended):
    plan, _ = planned
    _, output, _ = ended("singer-crm", "plan", "show", plan, "--action", "reject")
    assert "3. reject" in output
    assert "1. create" not in output
    _, output, _ = ended("singer-crm", "plan", "show", plan, "--stream", "deals")
    assert "people 1" not in output
    code, output, _ = ended("singer-crm", "plan", "show", plan, "--output", "json")
    facts = json.loads(output)
    assert code == 0
    assert {word: count for word, count in facts["totals"].items() if count} == {"create": 2, "reject": 1}
    assert (facts["lines"], facts["removed"]) == (3, 0)
    assert "schemas" not in facts
    assert "x.org" not in output, "counts hold no values"


def test_a_plan_is_applied_once_by_the_command(planned, ended, emulator):
    plan, config = planned
    code, output, errors = ended("singer-crm", "apply", plan, "--config", config, "--max-age", "1h", "--run-id", "mine")
    assert (code, output) == (0, ""), errors
    assert "Done of the plan's 2 lines: 2. Not done: 0" in errors
    assert len(emulator.copper.records("people")) == 2
    code, output, errors = ended("singer-crm", "apply", plan, "--config", config)
    assert (code, output) == (2, "")
    assert "is carried out: all its lines are done" in errors
    assert "Traceback" not in errors


def test_a_plan_that_is_not_the_approved_one_or_too_old_is_refused(planned, ended, writes):
    plan, config = planned
    apply = ("singer-crm", "apply", plan, "--config", config)
    code, _, errors = ended(*apply, "--sha256", "0" * 64)
    assert code == 2
    assert "is not the file that was approved: its SHA-256 is" in errors
    code, _, errors = ended(*apply, "--max-age", "0s")
    assert (code, "--max-age allows less" in errors) in {(2, True), (0, False)}  # made within this very second
    code, _, errors = ended(*apply, "--max-age", "soon")
    assert code == 2
    assert "must be a number with s, m, h or d" in errors
    plan.write_bytes(plan.read_bytes()[:-40])
    for command in (apply, ("singer-crm", "plan", "show", plan)):
        code, output, errors = ended(*command)
        assert (code, output, errors.count("\n")) == (2, "", 1)
        assert "was cut off" in errors
    assert not writes()


def test_an_account_that_cannot_be_reached_is_told_in_a_sentence(planned, ended, settings, writes):
    plan, config = planned
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        config.write_text(json.dumps({**settings, "base_url": f"http://127.0.0.1:{nobody.getsockname()[1]}"}))
        code, output, errors = ended("singer-crm", "apply", plan, "--config", config)
    assert (code, output) == (4, "")
    assert "The CRM cannot be reached" in errors
    assert "Traceback" not in errors
    assert not writes()


def test_a_plan_of_another_account_is_refused(planned, ended, settings, writes):
    plan, config = planned
    with Emulator(seed=2, empty=True) as other:
        (account,) = other.copper.records("account")
        other.copper.delete("account", account["id"])
        other.copper.insert("account", account | {"id": account["id"] + 1})
        elsewhere = {name: getattr(other.copper, name) for name in ("base_url", "api_key", "user_email")}
        config.write_text(json.dumps({**settings, **elsewhere}))
        code, _, errors = ended("singer-crm", "apply", plan, "--config", config)
        assert code == 2
        assert "is a plan for account Emulated Copper" in errors
        assert not other.copper.records("people")
    assert not writes()
