"""The start of the command ``tap-copper``, before its imports are read."""

from __future__ import annotations

from crm_api.starting import let_interrupts_end


def tap() -> None:
    """Run the command."""
    let_interrupts_end()
    from tap_copper.tap import TapCopper  # noqa: PLC0415 - see above

    TapCopper.cli()
