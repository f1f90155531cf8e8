"""The start of the commands ``target-crm`` and ``singer-crm``, before anything is imported that takes a while."""

from __future__ import annotations

from crm_api.start import end_at_interrupt


def target() -> None:
    """Run target-crm."""
    end_at_interrupt()
    from target_crm.target import TargetCrm  # noqa: PLC0415 - see above

    TargetCrm.cli()


def operator() -> None:
    """Run singer-crm."""
    end_at_interrupt()
    from target_crm.cli.main import main  # noqa: PLC0415 - see above

    main()
