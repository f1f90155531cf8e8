"""The start of the command ``crm-emulator``, which says in one sentence what is not installed."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command."""
    try:
        from crm_emulator.__main__ import main as serve  # noqa: PLC0415 - its imports may be missing
    except ModuleNotFoundError as error:
        sys.exit(f"crm-emulator needs {error.name}, which is not installed: pip install 'singer-crm[emulator]'")
    serve()
