"""Several processes share one account's quota, whatever the store, and a pause stops them all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crm_api.copper.session import CopperSettings, connect
from crm_api.errors import SettingError
from crm_api.transport.quota import Quota
from crm_api.transport.quota_stores import QuotaStoreError, SQLiteStore, open_store
from crm_api.transport.rates import Allowance
from crm_api.transport.request import Request
from crm_emulator.emulator import Emulator
from tests.machine import import_package

PROCESSES = 2
TURNS = 12
BULK_SECONDS = 0.1
WINDOW_SECONDS = 0.4
PER_WINDOW = 8


def opened(url: str, credential: str) -> Quota:
    store = open_store(url, base_url="https://api.copper.com/v1", credential=credential)
    return Quota([Allowance(PER_WINDOW, WINDOW_SECONDS)], [Allowance(3, BULK_SECONDS)], store=store)


def worker(url: str, credential: str, moments: Any) -> None:
    """Runs in a process of its own."""
    quota = opened(url, credential)
    looked_at: list[int] = []
    now = quota._store.now

    def noting() -> int:
        looked_at.append(now())
        return looked_at[-1]

    quota._store.now = noting
    for turn in range(TURNS):
        quota.take(bulk=bool(turn % 2))
        moments.put((looked_at[-1], bool(turn % 2)))  # the moment of the turn on the store's clock
    quota.close()


def pauser(url: str, credential: str, seconds: float) -> None:
    """Runs in a process of its own."""
    quota = opened(url, credential)
    quota.pause(seconds)
    quota.close()


def killed_in_the_middle(url: str, credential: str) -> None:
    """Runs in a process of its own."""
    with opened(url, credential)._store.locked():
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def credential() -> str:
    """A key that no other test uses."""
    return uuid.uuid4().hex


def run(target: Callable[..., None], *arguments: Any, count: int = 1) -> None:
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=target, args=arguments) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


@pytest.fixture(params=["sqlite", "postgres", "redis_server"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/quota.sqlite"
    found: str = request.getfixturevalue(request.param)
    return found


def test_processes_together_never_overfill_a_window(url: str, credential: str) -> None:
    moments = multiprocessing.get_context("forkserver").Queue()
    run(worker, url, credential, moments, count=PROCESSES)
    taken = sorted(moments.get() for _ in range(PROCESSES * TURNS))
    every, of_bulk = [moment for moment, _ in taken], [moment for moment, bulk in taken if bulk]
    assert len(of_bulk) == PROCESSES * TURNS / 2
    assert all(beyond - first > WINDOW_SECONDS * 1000 for first, beyond in zip(every, every[PER_WINDOW:], strict=False))
    assert all(beyond - first > BULK_SECONDS * 1000 for first, beyond in zip(of_bulk, of_bulk[3:], strict=False))


def test_a_pause_in_one_process_holds_the_others(url: str, credential: str) -> None:
    quota = opened(url, f"another {credential}")
    mine = opened(url, credential)
    run(pauser, url, credential, 1000.0)
    slept: list[float] = []

    class WokenError(Exception):
        pass

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise WokenError

    mine._sleep = sleep
    with pytest.raises(WokenError):
        mine.take()
    assert 0 < slept[0] <= 1000
    quota._sleep = sleep
    quota.take()  # another key has a quota of its own: this does not wait
    assert len(slept) == 1
    quota.close()
    mine.close()


def test_a_process_that_is_killed_in_the_middle_of_a_turn_holds_nobody(
    request: pytest.FixtureRequest, tmp_path: Path, credential: str
) -> None:
    for url in (f"sqlite:///{tmp_path}/quota.sqlite", request.getfixturevalue("postgres")):
        process = multiprocessing.get_context("forkserver").Process(target=killed_in_the_middle, args=(url, credential))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        quota = opened(url, credential)
        quota.take()
        quota.close()


def test_both_plugins_of_one_machine_share_the_quota(
    settings: Callable[..., CopperSettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # no minute passes meanwhile, however slow the machine
    monkeypatch.setattr(
        "crm_api.transport.quota_stores.SQLiteStore", partial(SQLiteStore, clock=lambda: 2_000_000_000.0)
    )
    with Emulator(empty=True) as emulator:
        given = settings(emulator, requests_per_minute=5, quota_url=f"sqlite:///{tmp_path}/quota.sqlite")
        naps: list[float] = []

        class FullError(Exception):
            pass

        def sleep(seconds: float) -> None:
            naps.append(seconds)
            raise FullError

        tap, target = connect(given, sleep=sleep), connect(given, sleep=sleep)
        for session in (tap, target, tap, target, tap):
            session.exchange(Request("GET", "/account"))
        with pytest.raises(FullError):
            target.exchange(Request("GET", "/account"))
        assert 0 < naps[0] < 62
        tap.close()
        target.close()


def test_a_clock_put_back_holds_nobody(tmp_path: Path) -> None:
    now = [2_000_000_000.0]
    store = SQLiteStore(tmp_path / "quota.sqlite", "a", clock=lambda: now[0])
    quota = Quota([Allowance(1, 60)], sleep=lambda seconds: pytest.fail(f"waits {seconds}"), store=store)
    quota.take()
    now[0] -= 1_000_000
    quota.take()
    quota.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "quota.sqlite", "sqlite://", "https://x", ""])
def test_a_store_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="quota_url must be"):
        open_store(url, base_url="https://x", credential="k")


@pytest.mark.parametrize(
    ("url", "module"),
    [("redis://ann:secret@127.0.0.1:1/0", "redis"), ("postgresql://ann:secret@127.0.0.1:1/x", "psycopg")],
)
def test_a_server_that_cannot_be_reached_stops_the_run_without_showing_the_url(url: str, module: str) -> None:
    import_package(module)
    with pytest.raises(QuotaStoreError) as caught:
        opened(url, "key")
    assert "quota_url" in str(caught.value)
    assert "refused" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_opened_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(QuotaStoreError):
        opened(f"sqlite:///{tmp_path}/file/quota.sqlite", "key")


def test_the_store_does_not_show_the_key(tmp_path: Path) -> None:
    opened(f"sqlite:///{tmp_path}/quota.sqlite", "the-key-itself").take()
    assert b"the-key-itself" not in (tmp_path / "quota.sqlite").read_bytes()
