"""The start of the command ``tap-copper``: an interrupt may end it while it imports. Only programs import this."""

from __future__ import annotations

from crm_api.start import end_at_interrupt

end_at_interrupt()

from tap_copper.tap import TapCopper  # noqa: E402 - which takes a while


def tap() -> None:
    """Run the command."""
    TapCopper.cli()
