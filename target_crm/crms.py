"""The CRMs that can be written to, by the name that the setting ``crm`` gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from crm_api.apptivo import session as apptivo
from crm_api.apptivo.settings import APPTIVO_SETTINGS, apptivo_settings
from crm_api.copper import session as copper
from crm_api.copper.crm import Copper
from crm_api.copper.settings import COPPER_SETTINGS, copper_settings
from crm_api.crm import Crm
from crm_api.delegating import WithEndpoints
from crm_api.endpoints.whole_records import Endpoints
from crm_api.errors import SettingError
from crm_api.freshsales import session as freshsales
from crm_api.freshsales.settings import FRESHSALES_SETTINGS, freshsales_settings
from crm_api.http.session import connect as connect_http
from crm_api.http.settings import http_settings
from target_crm.endpoints.declaring import TEMPLATES, ByName, declared, is_declared, secrets_of
from target_crm.stream_settings import streams_by_name

Sleep = Callable[[float], None]
Clock = Callable[[], float]


def _copper(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    session = copper.connect(copper_settings(config), sleep=sleep, clock=clock)
    return Copper(session, date_order=config.get("date_order"))


def _freshsales(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    from crm_api.freshsales.crm import Freshsales  # noqa: PLC0415 - the declarations of one CRM need not wait for another's

    settings = freshsales_settings(config)
    session = freshsales.connect(settings, sleep=sleep, clock=clock)
    return Freshsales(session, account_id=settings.account_id, classic=settings.is_classic, sleep=sleep)


def _apptivo(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    from crm_api.apptivo.crm import Apptivo  # noqa: PLC0415 - as above
    from crm_api.apptivo.values import days_of  # noqa: PLC0415 - as above

    settings = apptivo_settings(config)
    return Apptivo(
        apptivo.connect(settings, sleep=sleep, clock=clock),
        style=settings.wire_style,
        fingerprint=settings.fingerprint,
        user=settings.user_name,
        days=days_of(config.get("date_format") or apptivo.DATE_FORMAT),
        clock=clock,
    )


def _http(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    for name in {*COPPER_SETTINGS, *FRESHSALES_SETTINGS, *APPTIVO_SETTINGS} - {"base_url"}:
        if config.get(name):
            raise SettingError(f"{name} belongs to another crm: with crm http give auth, auth_name and auth_value")
    return Endpoints(connect_http(http_settings(config), sleep=sleep, clock=clock), {}, {})


RATES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "copper": (copper.REQUESTS_PER_MINUTE, 0),
        "freshsales": (freshsales.REQUESTS_PER_MINUTE, freshsales.REQUESTS_PER_HOUR),
        "apptivo": (apptivo.REQUESTS_PER_MINUTE, 0),
        "http": (0, 0),
    }
)
"""The published rates: requests in a minute and in an hour; 0 is unlimited."""

CRMS: Mapping[str, Callable[[Mapping[str, Any], Sleep, Clock], Crm]] = MappingProxyType(
    {"copper": _copper, "freshsales": _freshsales, "apptivo": _apptivo, "http": _http}
)
"""Each makes an account of a configuration; it sends nothing yet, and raises SettingError."""


def rates_of(config: Mapping[str, Any]) -> tuple[int, int]:
    """Requests in a minute and in an hour: as the settings say, else as published; 0 is unlimited."""
    minute, hour = RATES[config["crm"]]
    hour = freshsales.PLANS.get(config.get("plan") or "", hour)
    given = config.get("requests_per_minute"), config.get("requests_per_hour")
    return minute if given[0] is None else int(given[0]), hour if given[1] is None else int(given[1])


def connected(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    """The account that the settings name, with the endpoints that they declare; sends nothing yet.

    Raises:
        SettingError: Something in them cannot work.
    """
    streams = streams_by_name(config)
    made = lru_cache(maxsize=None)(lambda stream: declared(config, stream, streams.get(stream, {})))
    every = [made(stream) for stream, given in streams.items() if is_declared(config, stream, given)]
    if config.get("endpoint"):
        every.append(declared({**config, "load_method": None}, "stream", {}))
    crm = CRMS[config["crm"]](config, sleep, clock)
    for secret in secrets_of(every):
        crm.session.redact.learn(secret)
    if not every and not TEMPLATES.get(config["crm"]):
        return crm
    objects, calls = ByName(lambda stream: made(stream).crm_object), ByName(lambda stream: made(stream).calls)
    endpoints = Endpoints(crm.session, objects, calls)
    return endpoints if config["crm"] == "http" else WithEndpoints(crm, endpoints)


def requests_per_minute(config: Mapping[str, Any]) -> int:
    """The rate of an account in a minute; likewise."""
    return rates_of(config)[0]
