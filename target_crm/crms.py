"""The CRMs that can be written to, by the name that the setting ``crm`` gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from crm_api import copper
from crm_api.copper import connect
from crm_api.copper_crm import Copper
from crm_api.crm import Crm
from crm_api.settings import copper_settings

Sleep = Callable[[float], None]
Clock = Callable[[], float]


def _copper(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    session = connect(copper_settings(config), sleep=sleep, clock=clock)
    return Copper(session, date_order=config.get("date_order"))


REQUESTS_PER_MINUTE: Mapping[str, int] = MappingProxyType({"copper": copper.REQUESTS_PER_MINUTE})
"""The published rates, for forecasts."""

CRMS: Mapping[str, Callable[[Mapping[str, Any], Sleep, Clock], Crm]] = MappingProxyType({"copper": _copper})
"""Each makes an account of a configuration; it sends nothing yet, and raises SettingError."""


def requests_per_minute(config: Mapping[str, Any]) -> int:
    """The rate of an account: as the settings say, else as published; 0 is unlimited."""
    rate = config.get("requests_per_minute")
    return REQUESTS_PER_MINUTE[config["crm"]] if rate is None else int(rate)
