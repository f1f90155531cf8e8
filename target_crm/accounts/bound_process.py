"""Ends a process with the one that started it, whatever ends that one. Run as a program, it becomes a command so bound.

As a program it is run by its path, without any package: ``python -IS bound_process.py PARENT COMMAND…``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


def end_with(parent: int) -> bool:
    """Have the system kill this process as soon as the one that started it is gone.

    Args:
        parent: The number of the process that started this one; if it is gone already, this one ends at once.

    Returns:
        Whether the system does so: Linux does.
    """
    if not sys.platform.startswith("linux"):
        return False
    with suppress(OSError, AttributeError):
        bound: int = ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(signal.SIGKILL)
        return bound == 0
    return False


def main() -> None:
    """Become a command that ends with the process that started it."""
    end_with(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the user's own command, word for word
    except OSError as error:
        sys.stderr.write(f"{sys.argv[2]} cannot be run: {error.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    main()
