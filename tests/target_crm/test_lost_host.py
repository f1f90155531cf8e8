"""A host that vanishes with its locks, in a network namespace: the server frees them by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from target_crm.concurrency import Stopping
from target_crm.ledger.database_locks import DatabaseLocks
from target_crm.ledger.lock_session import LockSession
from target_crm.ledger.locks import LockedError
from target_crm.ledger.store import open_engine
from target_crm.ledger.values import Source
from tests.machine import find_program, missing
from tests.servers import postgresql

NETWORK = "10.211.55"
HOLD = """
import sys
from target_crm.concurrency import Stopping
from target_crm.ledger.database_locks import DatabaseLocks
from target_crm.ledger.lock_session import LockSession
from target_crm.ledger.store import open_engine
from target_crm.ledger.values import Source
session = LockSession(open_engine(sys.argv[1]), "the lost host")
locks = DatabaseLocks(session, Source("copper", "1", "x"), Stopping(), wait_seconds=0, clock=float)
locks.take("people")
print("held", flush=True)
sys.stdin.read()
"""


def ip(*arguments):
    subprocess.run([find_program("ip", called="iproute2"), *arguments], check=True, capture_output=True)


@pytest.fixture
def host():
    """A host of its own, linked to this one; gives its name and the function that takes the link down."""
    name = f"h{os.getpid()}"
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError:
        missing("network namespaces are not allowed here")
    with ExitStack() as undo:
        undo.callback(ip, "netns", "del", name)
        ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        undo.callback(ip, "link", "del", f"{name}a")
        ip("addr", "add", f"{NETWORK}.1/24", "dev", f"{name}a")
        ip("link", "set", f"{name}a", "up")
        ip("-n", name, "addr", "add", f"{NETWORK}.2/24", "dev", f"{name}b")
        ip("-n", name, "link", "set", f"{name}b", "up")
        yield name, lambda: ip("-n", name, "link", "set", f"{name}b", "down")


@pytest.mark.long
def test_the_locks_of_a_host_that_vanished_are_freed_by_the_server(host):
    name, vanish = host
    with postgresql(f"127.0.0.1,{NETWORK}.1") as server, ExitStack() as ended:
        url = f"postgresql://tester@{NETWORK}.1:{server.port}/postgres"
        command = [find_program("ip", called="iproute2"), "netns", "exec", name, sys.executable, "-c", HOLD, url]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ended.enter_context(holder)
        ended.callback(holder.kill)
        assert holder.stdout.readline() == b"held\n"
        session = LockSession(open_engine(url), "another host")
        locks = DatabaseLocks(session, Source("copper", "1", "x"), Stopping(), wait_seconds=0, clock=float)
        ended.callback(locks.close)
        vanish()
        holder.kill()
        holder.wait()
        with pytest.raises(LockedError, match="the lost host"):
            locks.take("people")  # nobody has told the server
        while True:  # pytest's own timeout ends a wait that is in vain: without our settings it takes two hours
            try:
                locks.take("people")
            except LockedError:
                threading.Event().wait(0.5)
            else:
                break
