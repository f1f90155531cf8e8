"""The starts of the commands ``target-crm`` and ``singer-crm``, before their imports are read."""

from __future__ import annotations

from crm_api.starting import let_interrupts_end


def target() -> None:
    """Run ``target-crm``."""
    let_interrupts_end()
    from target_crm.target import TargetCrm  # noqa: PLC0415 - see above

    TargetCrm.cli()


def operator() -> None:
    """Run ``singer-crm``."""
    let_interrupts_end()
    from target_crm.cli.main import main  # noqa: PLC0415 - see above

    main()
