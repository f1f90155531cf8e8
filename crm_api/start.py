"""The first moments of a command, while its imports are read: an interrupt ends it in silence, with its exit code.

Python would print a traceback of what it was importing. It is a file of its own because it must import next to nothing.
"""

from __future__ import annotations

import os
import signal
import threading
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


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _end(_signum: int, _frame: FrameType | None) -> Never:
    os._exit(ENDED_BY_INTERRUPT)
