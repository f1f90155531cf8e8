"""The first moments of a command, while its imports are read: an interrupt ends it as it ends any program.

Python would print a traceback of what it was importing. It is a file of its own because it must import nothing else.
"""

from __future__ import annotations

import signal
import threading


def let_interrupts_end() -> None:
    """Let SIGINT end the process at once and in silence, unless it is ignored."""
    if _is_main() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def let_interrupts_raise() -> None:
    """Let SIGINT raise KeyboardInterrupt again, now that somebody catches it."""
    if _is_main() and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
