"""Threads whose jobs wait for the same disk share a trip to it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from target_crm.ledger.group_commit import GroupCommit


def test_each_job_is_done_once_and_before_its_thread_goes_on():
    done = []
    together = GroupCommit(done.extend)

    def do(number):
        together.do(number)
        assert number in done

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(do, range(500)))
    assert sorted(done) == list(range(500))


def test_jobs_that_wait_go_together():
    busy, let_go, trips = threading.Event(), threading.Event(), []

    def carry_out(jobs):
        trips.append(len(jobs))
        busy.set()
        let_go.wait()

    together = GroupCommit(carry_out)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(together.do, 0)
        busy.wait()
        rest = [pool.submit(together.do, number) for number in range(1, 9)]
        while len(together._waiting) < 8:
            time.sleep(0)
        let_go.set()
        for each in (first, *rest):
            each.result()
    assert trips == [1, 8]


def test_a_failure_is_raised_in_every_thread_whose_job_failed():
    def carry_out(_):
        raise OSError("disk full")

    together = GroupCommit(carry_out)
    for number in range(3):
        with pytest.raises(OSError, match="disk full"):
            together.do(number)


def test_of_jobs_that_go_together_only_the_one_at_fault_fails():
    busy, let_go, done = threading.Event(), threading.Event(), []

    def carry_out(jobs):
        busy.set()
        let_go.wait()
        if 3 in jobs:
            raise ValueError("no room for 3")
        done.extend(jobs)

    together = GroupCommit(carry_out, (ValueError,))
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(together.do, 0)
        busy.wait()
        rest = {number: pool.submit(together.do, number) for number in range(1, 9)}
        while len(together._waiting) < 8:
            time.sleep(0)
        let_go.set()
        first.result()
        failed = [number for number, each in rest.items() if each.exception() is not None]
    assert failed == [3]
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7, 8]
