"""Hosts that are network namespaces: real links that can go down, and a kernel that sends again what was lost.

Programs in a namespace reach this machine's servers at their addresses on loopback, since plain HTTP goes nowhere else:
the namespace has no loopback of its own, and a route to each of those addresses over a link of its own.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.commands import ENTRY_POINTS
from tests.machine import find_program, missing

CLONE_NEWNET = 0x40000000
VARIABLE = "FLEET_NAMESPACE"
POLL_SECONDS = 0.05


class Link:
    """The link of a host to one server.

    Args:
        name: Our end of it.
        namespace: Namespace of the other end.
        theirs: Name of the other end.
        port: The server's port.

    Attributes:
        port: The server's port.
    """

    def __init__(self, name: str, namespace: str, theirs: str, port: int) -> None:
        self._name = name
        self._their_end = (namespace, theirs)
        self.port = port

    def down(self) -> None:
        """Let nothing pass; neither side is told."""
        _ip("link", "set", self._name, "down")

    def up(self) -> None:
        """Let everything pass again, also what the kernels still mean to send."""
        _ip("link", "set", self._name, "up")

    def remove(self) -> None:
        """Take both of its ends away."""
        _try("link", "del", self._name)

    def swallow(self) -> None:
        """Let nothing pass that the host sends; what is sent to it still comes."""
        self._queue("blackhole")

    def pass_on(self) -> None:
        """Let pass again what the host sends."""
        self._queue("pfifo")

    def settle(self) -> None:
        """Wait until the host's kernel has nothing more to send to the server."""
        while any(self._unsent()):
            threading.Event().wait(POLL_SECONDS)

    def _unsent(self) -> Iterator[str]:
        """The connections of the host that hold something unsent or unacknowledged, as the kernel lists them."""
        listed = subprocess.run(
            [find_program("ip"), "netns", "exec", self._their_end[0], "cat", "/proc/net/tcp"],
            capture_output=True,
            check=True,
            text=True,
        )
        for line in listed.stdout.splitlines()[1:]:
            _, _, remote, _, queues, *_ = line.split()
            if int(remote.split(":")[1], 16) == self.port and int(queues.split(":")[0], 16):
                yield line

    def _queue(self, kind: str) -> None:
        namespace, theirs = self._their_end
        _ip("netns", "exec", namespace, find_program("tc"), "qdisc", "replace", "dev", theirs, "root", kind)


class Host:
    """A host.

    Attributes:
        links: By the name of the server.
        env: Variables with which ``main`` runs a command there.
    """

    def __init__(self, links: Mapping[str, Link], env: Mapping[str, str]) -> None:
        self.links = links
        self.env = env


@contextmanager
def hosts(count: int, servers: Mapping[str, tuple[str, int]]) -> Iterator[list[Host]]:
    """Make hosts.

    Args:
        count: How many.
        servers: Address (127.0.0.x) and port of each server that they reach, by name.
    """
    find_program("ip")
    made: list[Host] = []
    names: list[str] = []
    try:
        for number in range(count):
            names.append(name := f"fleet-{os.getpid()}-{number}")
            if (done := _try("netns", "add", name)) is not None:
                missing(f"network namespaces are not allowed here ({done})")
            made.append(_connect(name, number, servers))
        yield made
    finally:
        # The kernel takes a namespace down when it has time; until then its links stand in the way of the next test's.
        for link in [link for host in made for link in host.links.values()]:
            link.remove()
        for name in names:
            _try("netns", "del", name)


def _connect(name: str, number: int, servers: Mapping[str, tuple[str, int]]) -> Host:
    """Lay a link to each server."""
    process = os.getpid()
    net = f"10.{128 + process % 64}.{process // 64 % 32 * 8 + number}"  # several test runs on one machine at a time
    links: dict[str, Link] = {}
    for place, (server, (address, port)) in enumerate(servers.items()):
        ours, theirs = f"f{process}-{number}{place}", f"eth{place}"
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        _ip("addr", "add", f"{net}.{4 * place + 1}/30", "dev", ours)
        _ip("link", "set", ours, "up")
        Path(f"/proc/sys/net/ipv4/conf/{ours}/route_localnet").write_text("1")
        _ip("-n", name, "addr", "add", f"{net}.{4 * place + 2}/30", "dev", theirs)
        _ip("-n", name, "link", "set", theirs, "up")
        inside = ["sh", "-c", f"echo 1 > /proc/sys/net/ipv4/conf/{theirs}/route_localnet"]
        _ip("netns", "exec", name, *inside)
        _ip("-n", name, "route", "add", f"{address}/32", "via", f"{net}.{4 * place + 1}", "dev", theirs)
        links[server] = Link(ours, name, theirs, port)
    return Host(links, {VARIABLE: name})


def main() -> None:
    """Run target-crm in the namespace that the environment names."""
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = os.open(f"/run/netns/{os.environ[VARIABLE]}", os.O_RDONLY | os.O_CLOEXEC)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(namespace)
    ENTRY_POINTS["target-crm"].load()()


def _ip(*arguments: str) -> None:
    if (failed := _try(*arguments)) is not None:
        raise OSError(f"ip {' '.join(arguments)}: {failed}")


def _try(*arguments: str) -> str | None:
    """Run ip; returns what it said where it failed."""
    done = subprocess.run([find_program("ip"), *arguments], capture_output=True, check=False, text=True)
    return done.stderr.strip() or "it failed" if done.returncode else None
