"""Our commands as programs for a shell's PATH that find everything imported.

Each is a small program that hands its arguments, environment, working directory and standard streams to the tests'
process, which has them forked as ``tests.commands`` does, and ends as the command ends. No signal reaches the command.
"""

from __future__ import annotations

import marshal
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.commands import ENTRY_POINTS, forked

PROGRAMS = ("tap-copper", "target-crm", "singer-crm")
_LENGTH = 8
_LAUNCHER = """#!{python} -IS
import _socket, marshal, os, sys

asked = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
asked.connect({address!r})
given = marshal.dumps((sys.argv, os.getcwd(), dict(os.environ)))
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
asked.sendmsg([len(given).to_bytes({length}, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
asked.sendall(given)
for number in range(3):
    os.close(number)
os._exit(asked.recv(1)[0])
"""
_one_at_a_time = threading.Lock()  # multiprocessing looks after all processes whenever it starts one


@contextmanager
def launchers() -> Iterator[dict[str, Path]]:
    """Serve launchers for the length of a ``with`` block: the path of each by the name of its command."""
    folder = Path(tempfile.mkdtemp(prefix="run-"))  # short, for the socket's sake
    address = str(folder / "socket")
    paths = {}
    for name in PROGRAMS:
        assert name in ENTRY_POINTS.names
        paths[name] = folder / name
        paths[name].write_text(_LAUNCHER.format(python=sys.executable, address=address, length=_LENGTH))
        paths[name].chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        serving = threading.Thread(target=_serve, args=(listener,), daemon=True)
        serving.start()
        yield paths
        listener.shutdown(socket.SHUT_RDWR)
        serving.join()
    shutil.rmtree(folder)


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # it is shut down
            return
        threading.Thread(target=_launch, args=(connection,), daemon=True).start()


def _launch(connection: socket.socket) -> None:
    """Run one command with the streams that came with the request, and answer with its exit code."""
    with connection:
        head, streams, _, _ = socket.recv_fds(connection, _LENGTH, 3)
        given = bytearray()
        while len(given) < int.from_bytes(head, "big"):
            if not (part := connection.recv(1 << 16)):
                return  # the launcher was killed
            given += part
        arguments, folder, env = marshal.loads(given)  # noqa: S302 - our own launcher wrote it
        command = [Path(arguments[0]).name, *arguments[1:]]
        ends = [Connection(stream) for stream in streams]
        with _one_at_a_time:
            process = forked(command, ends, env, Path(folder))
        for end in ends:
            end.close()
        wait([process.sentinel])
        with _one_at_a_time:
            process.join()
        code = process.exitcode or 0
        connection.sendall(bytes([code if code >= 0 else 128 - code]))
