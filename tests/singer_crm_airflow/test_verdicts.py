"""Each exit code of singer-crm ends a task as a scheduler must end it."""

from __future__ import annotations

import signal

import pytest

from crm_api.errors import SIGNAL_OFFSET, Exit, Retry
from singer_crm_airflow.verdicts import SECONDS_WITHOUT_A_WORD, Action, verdict_on

REPORTED = {"account": "acme", "ended": "done", "exit_code": 0, "retry": "no", "retry_after_seconds": None}
ALWAYS = {
    Exit.DONE: Action.SUCCEED,
    Exit.SETTINGS: Action.FAIL,
    Exit.BRAKE: Action.FAIL,
    Exit.UNREACHABLE: Action.RETRY,
    Exit.BUSY: Action.SKIP,
}


@pytest.mark.parametrize("retry", Retry)
@pytest.mark.parametrize("code", Exit)
def test_an_exit_code_ends_the_task_and_of_a_failed_run_the_report_decides(code, retry):
    verdict = verdict_on("acme", code, REPORTED | {"exit_code": code, "retry": retry})

    failed = Action.FAIL if retry is Retry.NO else Action.RETRY
    assert verdict.action is ALWAYS.get(code, failed)
    assert (verdict.retry_after_seconds is None) == (verdict.action is not Action.RETRY)


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGTERM, *(SIGNAL_OFFSET + each for each in (1, 2, 9, 15))])
def test_a_run_that_a_signal_ended_is_tried_again_with_or_without_a_report(code):
    assert verdict_on("acme", code, None).action is Action.RETRY
    assert verdict_on("acme", code, REPORTED | {"retry": "now"}).retry_after_seconds == 0


@pytest.mark.parametrize("code", [6, 64, 126, 127, 128])
def test_an_exit_code_that_is_none_of_ours_fails_the_task(code):
    verdict = verdict_on("acme", code, None)
    assert verdict.action is Action.FAIL
    assert f"exit code {code}" in verdict.sentence


def test_success_that_left_no_report_is_none_of_singer_crm():
    verdict = verdict_on("acme", 0, None)
    assert verdict.action is Action.FAIL
    assert "singer_crm_bin" in verdict.sentence


@pytest.mark.parametrize(
    ("reported", "seconds"),
    [
        ({"retry": "later", "retry_after_seconds": 900}, 900),
        ({"retry": "later", "retry_after_seconds": 0.5}, 0.5),
        ({"retry": "now", "retry_after_seconds": None}, 0),
        ({"retry": "later", "retry_after_seconds": None}, SECONDS_WITHOUT_A_WORD),
        ({"retry": "later", "retry_after_seconds": True}, SECONDS_WITHOUT_A_WORD),
        ({"retry": "later", "retry_after_seconds": -1}, SECONDS_WITHOUT_A_WORD),
        ({}, SECONDS_WITHOUT_A_WORD),
    ],
)
def test_the_next_try_comes_when_the_report_says(reported, seconds):
    assert verdict_on("acme", Exit.UNREACHABLE, reported).retry_after_seconds == seconds


def test_the_sentence_is_the_one_of_the_run():
    ended = "The CRM does not accept the key (401)"
    assert verdict_on("acme", 2, REPORTED | {"ended": ended}).sentence == f"acme: {ended} (exit code 2)"
    assert verdict_on("acme", 5, None).sentence == "acme: another run is at it (exit code 5)"
    assert verdict_on("acme", -9, None).sentence == "acme: ended by signal 9 (exit code -9)"
