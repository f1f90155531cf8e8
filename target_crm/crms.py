"""The CRMs that can be written to, by the name that the setting ``crm`` gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from crm_api import apptivo, copper, freshsales
from crm_api.copper_crm import Copper
from crm_api.crm import Crm
from crm_api.settings import apptivo_settings, copper_settings, freshsales_settings

Sleep = Callable[[float], None]
Clock = Callable[[], float]


def _copper(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    session = copper.connect(copper_settings(config), sleep=sleep, clock=clock)
    return Copper(session, date_order=config.get("date_order"))


def _freshsales(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    from crm_api.freshsales_crm import Freshsales  # noqa: PLC0415 - the declarations of one CRM need not wait for another's

    settings = freshsales_settings(config)
    session = freshsales.connect(settings, sleep=sleep, clock=clock)
    return Freshsales(session, account_id=settings.account_id, classic=settings.is_classic, sleep=sleep)


def _apptivo(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    from crm_api.apptivo_crm import Apptivo  # noqa: PLC0415 - as above
    from crm_api.apptivo_values import days_of  # noqa: PLC0415 - as above

    settings = apptivo_settings(config)
    return Apptivo(
        apptivo.connect(settings, sleep=sleep, clock=clock),
        style=settings.wire_style,
        fingerprint=settings.fingerprint,
        user=settings.user_name,
        days=days_of(config.get("date_format") or apptivo.DATE_FORMAT),
        clock=clock,
    )


RATES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "copper": (copper.REQUESTS_PER_MINUTE, 0),
        "freshsales": (freshsales.REQUESTS_PER_MINUTE, freshsales.REQUESTS_PER_HOUR),
        "apptivo": (apptivo.REQUESTS_PER_MINUTE, 0),
    }
)
"""The published rates: requests in a minute and in an hour; 0 is unlimited."""

CRMS: Mapping[str, Callable[[Mapping[str, Any], Sleep, Clock], Crm]] = MappingProxyType(
    {"copper": _copper, "freshsales": _freshsales, "apptivo": _apptivo}
)
"""Each makes an account of a configuration; it sends nothing yet, and raises SettingError."""


def rates_of(config: Mapping[str, Any]) -> tuple[int, int]:
    """Requests in a minute and in an hour: as the settings say, else as published; 0 is unlimited."""
    minute, hour = RATES[config["crm"]]
    hour = freshsales.PLANS.get(config.get("plan") or "", hour)
    given = config.get("requests_per_minute"), config.get("requests_per_hour")
    return minute if given[0] is None else int(given[0]), hour if given[1] is None else int(given[1])


def requests_per_minute(config: Mapping[str, Any]) -> int:
    """The rate of an account in a minute; likewise."""
    return rates_of(config)[0]
