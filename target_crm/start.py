"""The start of the command ``target-crm``: an interrupt may end it while it imports. Only programs import this."""

from __future__ import annotations

import sys

from crm_api.start import end_at_interrupt, importing

end_at_interrupt()


def target() -> None:
    """Run the command, of which a help or a version needs next to nothing."""
    with importing():
        from crm_api.plugin_options import TARGET  # noqa: PLC0415 - see above
    TARGET.tell(sys.argv[1:])
    with importing():
        from target_crm.target import TargetCrm  # noqa: PLC0415 - see above
    TargetCrm.cli()
