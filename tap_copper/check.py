"""Whose account the tap's settings are: asked by ``singer-crm check``, which finds this as an entry point."""

from __future__ import annotations

import signal
from typing import Any

from crm_api.copper.session import whoami
from crm_api.crm import Account
from tap_copper.tap import TapCopper


def account_of(config: dict[str, Any], *, parse_env: bool) -> Account:
    """Check all settings, and ask whose account and user the credentials are.

    Args:
        config: The settings of files.
        parse_env: Those of the environment count too.

    Raises:
        CrmError: A setting is wrong, or Copper does not answer.
    """
    tap = TapCopper(config=config, parse_env_config=parse_env, setup_mapper=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a tap would go on to its next STATE
    return whoami(tap.session)
