"""A permit is checked right before anything leaves, and proved anew once the last proof is old, by either clock."""

from __future__ import annotations

import math
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from crm_api.errors import StopError
from crm_api.transport.connections import Permit, PermittedAdapter, SlowProofError, send_permitted
from crm_emulator import Emulator


class Clocks:
    """Two clocks, and how often a proof was asked for."""

    def __init__(self, good_seconds=5.0):
        self.boot = self.wall = 1000.0
        self.proofs = 0
        self.permit = Permit(good_seconds, self.prove, boot=lambda: self.boot, wall=lambda: self.wall)

    def prove(self):
        self.proofs += 1
        self.permit.proved_at = self.boot, self.wall


@pytest.mark.parametrize(
    ("boot", "wall", "proofs"),
    [
        (0, 0, 0),
        (5, 5, 0),
        (6, 6, 1),
        (600, 0, 1),  # the machine slept, and its clock was set back
        (0, 600, 1),  # the virtual machine was suspended: its clock alone was set
        (0, -600, 1),  # the clock was put back: nobody knows how long it stood still
    ],
)
def test_a_proof_is_good_for_a_while_by_both_clocks(boot, wall, proofs):
    clocks = Clocks()
    clocks.boot += boot
    clocks.wall += wall
    clocks.permit.check()
    clocks.permit.check()
    assert clocks.proofs == proofs


def test_a_proof_that_is_old_when_it_is_there_is_none():
    """The process stood still while it proved its right: another one may have begun meanwhile."""
    clocks = Clocks()
    naps = [600, 0]

    def stand_still():
        clocks.prove()
        clocks.boot += naps.pop(0)

    clocks.permit = Permit(5, stand_still, boot=lambda: clocks.boot, wall=lambda: clocks.wall)
    clocks.boot += 6
    clocks.permit.check()
    assert clocks.proofs == 2
    naps[:] = [6] * 20
    clocks.boot += 6
    with pytest.raises(SlowProofError):
        clocks.permit.check()


class LostError(StopError):
    """The right is lost."""


def test_nothing_leaves_without_a_permit():
    def refuse():
        raise LostError

    with Emulator(empty=True) as emulator, requests.Session() as session:
        adapter = PermittedAdapter(2, 60)
        session.mount("http://", adapter)
        session.get(emulator.url)
        before = len(emulator.requests)
        adapter.permit = Permit(-1, refuse)
        for _ in range(2):
            with pytest.raises(LostError):
                session.post(f"{emulator.copper.base_url}/people", json={"name": "P"})
        adapter.permit = None
        session.get(emulator.url)
        assert [request.method for request in emulator.requests[before:]] == []
        assert emulator.copper.count("people") == 0


def test_a_proof_is_asked_for_only_when_the_last_one_is_old():
    with Emulator(empty=True) as emulator, requests.Session() as session:
        clocks = Clocks()
        adapter = PermittedAdapter(2, 60)
        adapter.permit = clocks.permit
        session.mount("http://", adapter)
        for _ in range(3):
            session.get(emulator.url)
        assert clocks.proofs == 0
        clocks.boot += 60
        for _ in range(3):
            session.get(emulator.url)
        assert clocks.proofs == 1


class Asked(Permit):
    """A permit that is given so many times."""

    def __init__(self, most):
        super().__init__(math.inf, prove=list)
        self.asked, self.most = 0, most

    def check(self):
        if self.asked == self.most:
            raise LostError
        self.asked += 1


MORE = bytes(range(256)) * 40_000  # than any buffer of the system holds


def all_of(sock):
    return b"".join(iter(lambda: sock.recv(1 << 16), b""))


def test_what_a_socket_takes_in_parts_is_permitted_part_by_part():
    sender, reader = socket.socketpair()
    sender.settimeout(240)
    permit = Asked(most=1_000_000)
    with reader, ThreadPoolExecutor(1) as pool:
        came = pool.submit(all_of, reader)
        with sender:
            send_permitted(sender, MORE, permit)
            assert sender.gettimeout() == 240
        assert came.result() == MORE
    assert permit.asked > 1


def test_a_right_that_is_lost_in_the_midst_ends_what_is_sent():
    sender, reader = socket.socketpair()
    sender.settimeout(240)
    with reader, ThreadPoolExecutor(1) as pool:
        came = pool.submit(all_of, reader)
        with sender, pytest.raises(LostError):
            send_permitted(sender, MORE, Asked(most=1))
        assert 0 < len(came.result()) < len(MORE)


def test_a_side_that_takes_nothing_ends_the_wait():
    sender, reader = socket.socketpair()
    sender.settimeout(0.01)
    with sender, reader, pytest.raises(TimeoutError):
        send_permitted(sender, MORE, Clocks().permit)


def test_the_interpreter_is_not_asked_between_the_last_look_at_the_clocks_and_what_is_sent():
    """It may let other threads run, and a process that is stopped then would send on, however old its proof was."""
    permit = Permit(5.0, prove=list, boot=time.monotonic, wall=time.time)
    steps = []
    sender, reader = socket.socketpair()
    with sender, reader:
        sys.setprofile(lambda _, event, called: steps.append((event, getattr(called, "__name__", ""))))
        try:
            taken = permit.send(sender.send, memoryview(b"all"))
        finally:
            sys.setprofile(None)
        assert taken == 3
        assert reader.recv(3) == b"all"
    begun = steps.index(("c_call", "next"))  # which looks at both clocks and sends
    assert steps[begun + 1] == ("c_return", "next")
    assert {name for event, name in steps if event == "c_call"} <= {"iter", "next", "setprofile"}


def test_nothing_is_sent_once_the_proof_is_old_by_either_clock():
    clocks = Clocks()
    clocks.boot += 6
    assert clocks.permit.send(pytest.fail, memoryview(b"")) is None
    clocks.permit.proved_at = (clocks.boot, clocks.wall - 6)
    assert clocks.permit.send(pytest.fail, memoryview(b"")) is None
