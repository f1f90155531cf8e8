"""The start of the command ``singer-crm``: an interrupt may end it while it imports. Only programs import this."""

from __future__ import annotations

from crm_api.start import end_at_interrupt, importing

end_at_interrupt()

with importing():
    from target_crm.cli.main import main as operator

__all__ = ["operator"]
