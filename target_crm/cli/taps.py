"""Settings of tap-copper, which ``singer-crm check`` and ``quota`` take, too. The tap is not imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import _ConfigInput

from crm_api.copper.session import connect
from crm_api.copper.settings import COPPER_SETTINGS, copper_settings
from crm_api.crm import Account
from crm_api.settings import NETWORK_SETTINGS
from crm_api.transport.session import CrmSession
from target_crm.settings import SETTINGS

TAP = "tap-copper"
GROUP = "singer_crm.accounts"
_PREFIX, _TAPS_PREFIX = "TARGET_CRM_", "TAP_COPPER_"
_SHARED = {*COPPER_SETTINGS, *NETWORK_SETTINGS, "date_order"}
_OWN: Mapping[str, Any] = {name: each for name, each in SETTINGS["properties"].items() if name not in _SHARED}


def is_of_tap(given: _ConfigInput) -> bool:
    """Tell whether settings are the tap's: they hold no setting that only target-crm has, such as ``crm``."""
    names = set(given.config)
    if given.parse_env:
        names |= set(parse_environment_config({"properties": {"crm": _OWN["crm"]}}, _PREFIX))  # the file .env too
        if not _variables(_TAPS_PREFIX) and _variables(_PREFIX):
            return False
    return names.isdisjoint(_OWN)


def _variables(prefix: str) -> list[str]:
    return [name for name in os.environ if name.startswith(prefix) and not name.endswith("_LOGLEVEL")]


def account_of_tap(given: _ConfigInput) -> Account:
    """Ask the tap whose account its settings reach.

    Raises:
        CrmError: A setting is wrong, or the CRM does not answer.
    """
    (found,) = entry_points(group=GROUP, name=TAP)
    account: Account = found.load()(given.config, parse_env=given.parse_env)
    return account


def session_of_tap(given: _ConfigInput) -> CrmSession:
    """Open a session with the account that the tap's settings name; sends nothing yet.

    Raises:
        CrmError: A setting cannot work.
    """
    known = {"properties": {**COPPER_SETTINGS, **NETWORK_SETTINGS}}
    environment = parse_environment_config(known, _TAPS_PREFIX) if given.parse_env else {}
    return connect(copper_settings({**environment, **given.config}))
