"""The first and the last moments of a command, which imports next to nothing before them.

While its imports are read, an interrupt ends it in silence, with its exit code: Python would print a traceback of what
it was importing. And nobody looks for garbage where there is none.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

ENDED_BY_INTERRUPT = 128 + signal.SIGINT


def end_at_interrupt() -> None:
    """End the process at the first SIGINT, unless it is ignored: nothing is under way yet."""
    if _is_main() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def heed_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt again, now that somebody catches it."""
    if _is_main() and signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def importing() -> Iterator[None]:
    """Read imports without looking for garbage among them, now or when the command ends.

    They stay until the process ends. Python would go through all of them again and again meanwhile, and once more at
    the end, which takes a third of the processor time of a command that has nothing to do.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.freeze)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _end(_signum: int, _frame: FrameType | None) -> Never:
    os._exit(ENDED_BY_INTERRUPT)
