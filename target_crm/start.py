"""The start of the command ``target-crm``: an interrupt may end it while it imports. Only programs import this."""

from __future__ import annotations

from crm_api.start import end_at_interrupt, importing

end_at_interrupt()

with importing():
    from target_crm.target import TargetCrm


def target() -> None:
    """Run the command."""
    TargetCrm.cli()
