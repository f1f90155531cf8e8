"""The start of the command ``tap-copper``, before anything is imported that takes a while."""

from __future__ import annotations

from crm_api.start import end_at_interrupt


def tap() -> None:
    """Run tap-copper."""
    end_at_interrupt()
    from tap_copper.tap import TapCopper  # noqa: PLC0415 - see above

    TapCopper.cli()
