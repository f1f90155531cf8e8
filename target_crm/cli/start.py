"""The start of the command ``singer-crm``: an interrupt may end it while it imports. Only programs import this."""

from __future__ import annotations

from crm_api.start import end_at_interrupt

end_at_interrupt()

from target_crm.cli.main import main as operator  # noqa: E402 - which takes a while

__all__ = ["operator"]
