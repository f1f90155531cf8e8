"""The start of the command ``tap-copper``: an interrupt may end it while it imports. Only programs import this."""

from __future__ import annotations

import sys

from crm_api.start import end_at_interrupt, importing

end_at_interrupt()

# Options of mallopt(3), by their numbers in malloc.h: the size from which on a block is given back by itself, the free
# memory at which the rest is, and the number of arenas.
_ALLOCATOR = ((-3, 128 * 1024), (-1, 128 * 1024), (-8, 1))


def tap() -> None:
    """Run the command, of which a help or a version needs next to nothing."""
    with importing():
        from crm_api.plugin_options import TAP  # noqa: PLC0415 - see above
    TAP.tell(sys.argv[1:])
    with importing():
        from tap_copper.tap import TapCopper  # noqa: PLC0415 - see above
    _give_memory_back()
    TapCopper.cli()


def _give_memory_back() -> None:
    """Have the C library give the memory of answers back to the system once nobody holds them.

    That of most Linux systems keeps what a thread has freed for that thread: with dozens of threads that take answers
    of 200 KiB, more than 100 MiB. Others do it by themselves; there nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - only here

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        for option, value in _ALLOCATOR:
            set_option(option, value)
