"""A run's process: its command line, its words as they come, its end when it is asked to or its parent is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from crm_api.run_id import given_run_id
from singer_crm_airflow.sync_command import RUN_ID_CHARACTERS, SyncRun, run_id_of
from singer_crm_airflow.sync_process import SyncProcess

STUBBORN = "import signal,sys,time; signal.signal(15, lambda *_: print('asked', file=sys.stderr, flush=True)); "
FOR_EVER = "print('up', file=sys.stderr, flush=True)\nwhile True: time.sleep(60)"


def process(code, on_line=str, grace_seconds=60.0, **more):
    return SyncProcess([sys.executable, "-c", code], os.environ, on_line, grace_seconds, **more)


def test_the_command_line_has_what_was_asked_for_and_nothing_else():
    assert SyncRun("singer-crm", "acme", "r/1").words() == [
        *["singer-crm", "sync", "acme", "--output", "json", "--run-id", "r/1"],
    ]
    full = SyncRun(
        "uvx --from singer-crm singer-crm", "acme", "r/1", "/etc/accounts.yml", "backfill", is_full_refresh=True
    )
    assert full.words() == [
        *["uvx", "--from", "singer-crm", "singer-crm", "sync", "acme", "--output", "json", "--run-id", "r/1"],
        *["--accounts", "/etc/accounts.yml", "--pipeline", "backfill", "--full-refresh"],
    ]


def test_a_path_with_a_space_is_one_word(tmp_path):
    (command := tmp_path / "of mine").write_text("")
    assert SyncRun(str(command), "acme", "r").words()[0] == str(command)
    assert SyncRun([str(command), "x"], "acme", "r").words()[:2] == [str(command), "x"]


@pytest.mark.parametrize(
    "parts",
    [
        ("crm_sync", "scheduled__2026-11-30T20:00:00+00:00", "acme", 1),
        ("_dag", "manual by hand", "ünï", 12),
        ("d" * 250, "r" * 250, "t" * 100, 3),
    ],
)
def test_a_run_has_a_name_that_singer_crm_takes_and_that_is_its_own(parts):
    name = run_id_of(*parts)
    assert given_run_id(name) == name
    assert len(name) <= RUN_ID_CHARACTERS
    assert name.endswith(f"/{parts[-1]}")
    assert name != run_id_of(*parts[:-1], parts[-1] + 1)
    assert name != run_id_of(parts[0], parts[1] + "x", *parts[2:])


def test_lines_come_while_it_runs_and_its_output_at_the_end():
    came = []
    code = "import sys; print('one\\ntwo', file=sys.stderr); print('{}'); sys.stderr.write('rest'); sys.exit(3)"
    assert process(code, came.append).run() == (3, "{}\n")
    assert came == ["one", "two", "rest"]


def test_bytes_that_are_no_text_and_whoever_keeps_a_pipe_open_hold_up_nobody():
    came = []
    child = "import time; time.sleep(3600)"
    starts = f"import subprocess,sys; p=subprocess.Popen([sys.executable,'-c',{child!r}])"
    code = f"{starts}; sys.stderr.buffer.write(b'\\xff %d\\n' % p.pid)"
    try:
        assert process(code, came.append).run() == (0, "")
    finally:
        os.kill(int(came[0].split()[1]), signal.SIGKILL)
    assert came[0].startswith("\N{REPLACEMENT CHARACTER}")


def test_it_is_asked_to_stop_once_and_killed_when_its_time_is_over():
    came, now = [], [0.0]

    def follow(line):
        came.append(line)
        if line == "up":
            running.stop()
            running.stop()
        else:
            now[0] += 61

    running = process(STUBBORN + FOR_EVER, follow, clock=lambda: now[0])
    assert running.run()[0] == -signal.SIGKILL
    assert came == ["up", "asked"]


def test_a_stop_before_it_began_starts_nothing():
    running = process("raise SystemExit('started')")
    running.stop()
    assert running.run() == (-signal.SIGTERM, "")


def test_an_error_in_mid_run_leaves_no_process_behind():
    pids = []

    def fall(line):
        pids.append(int(line))
        if len(pids) == 1:
            raise TimeoutError

    code = "import os,sys,time; print(os.getpid(), file=sys.stderr, flush=True)\nwhile True: time.sleep(60)"
    with pytest.raises(TimeoutError):
        process(code, fall).run()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_command_that_is_not_there_is_an_error_of_the_system():
    with pytest.raises(FileNotFoundError):
        SyncProcess(["/nowhere/singer-crm"], os.environ, print, 1).run()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell no child of its parent's end")
def test_it_is_asked_to_stop_when_the_task_was_killed():
    code = (
        STUBBORN
        + "import os\nprint(os.getpid(), file=sys.stderr, flush=True)\nsignal.pause(); print('ended', flush=True)"
    )
    task = textwrap.dedent(
        f"""
        import os, sys
        from singer_crm_airflow.sync_process import SyncProcess
        SyncProcess([sys.executable, "-c", {code!r}], os.environ, lambda line: print(line, flush=True), 60).run()
        """
    )
    with subprocess.Popen([sys.executable, "-c", task], stdout=subprocess.PIPE, text=True) as killed:
        pid = int(killed.stdout.readline())
        killed.kill()
        killed.wait()
    while _is_alive(pid):
        threading.Event().wait(0.05)


def _is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"  # nobody may be there to take leave of it
