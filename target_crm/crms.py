"""The CRMs that can be written to, by the value of the setting crm: how to connect to each, and its published rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from crm_api.account import AccountSettings
from crm_api.apptivo import session as apptivo
from crm_api.apptivo.settings import APPTIVO_SETTINGS, apptivo_settings
from crm_api.copper import session as copper
from crm_api.copper.crm import Copper
from crm_api.copper.settings import COPPER_SETTINGS, copper_settings
from crm_api.crm import Account, Crm
from crm_api.crm_objects import CrmObject
from crm_api.delegating import WithEndpoints
from crm_api.endpoints.whole_records import Endpoints
from crm_api.errors import GoneError, NoRouteError, SettingError
from crm_api.freshsales import session as freshsales
from crm_api.freshsales.settings import FRESHSALES_SETTINGS, freshsales_settings
from crm_api.http.session import connect as connect_http
from crm_api.http.settings import http_settings
from crm_api.sound.crm import SoundCrm
from crm_api.transport.network import tokens_in
from target_crm.endpoints.declaring import TEMPLATES, ByObject, declared, is_declared, secrets_of, told_by
from target_crm.stream_settings import streams_by_name

Sleep = Callable[[float], None]
Clock = Callable[[], float]


def _copper(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    session = copper.connect(copper_settings(config), sleep=sleep, clock=clock)
    return Copper(session, date_order=config.get("date_order"))


def _freshsales(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    from crm_api.freshsales.crm import Freshsales  # noqa: PLC0415 - a run imports the declarations of its own CRM alone

    settings = freshsales_settings(config)
    session = freshsales.connect(settings, sleep=sleep, clock=clock)
    return Freshsales(
        session,
        account_id=settings.account_id,
        classic=settings.is_classic,
        by_address=settings.by_address,
        sleep=sleep,
    )


def _apptivo(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    from crm_api.apptivo.crm import Apptivo  # noqa: PLC0415 - a run imports the declarations of its own CRM alone
    from crm_api.apptivo.values import days_of  # noqa: PLC0415 - a run imports the declarations of its own CRM alone

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
            raise SettingError(
                f"{name} belongs to another crm. With crm http, remove it and give auth, auth_name and auth_value"
            )
    return Endpoints(connect_http(http_settings(config), sleep=sleep, clock=clock), {}, {})


@dataclass(frozen=True)
class _Entry:
    """One CRM.

    Attributes:
        connect: Makes the account of a configuration; sends nothing yet, and raises SettingError.
        settings: Makes the settings of the account of a configuration.
        requests_per_minute: The rate that the vendor publishes; 0 is unlimited.
        requests_per_hour: The hourly rate that the vendor publishes; 0 is unlimited.
    """

    connect: Callable[[Mapping[str, Any], Sleep, Clock], Crm]
    settings: Callable[[Mapping[str, Any]], AccountSettings]
    requests_per_minute: int = 0
    requests_per_hour: int = 0


_CRMS: Mapping[str, _Entry] = MappingProxyType(
    {
        "copper": _Entry(_copper, copper_settings, copper.REQUESTS_PER_MINUTE),
        "freshsales": _Entry(
            _freshsales, freshsales_settings, freshsales.REQUESTS_PER_MINUTE, freshsales.REQUESTS_PER_HOUR
        ),
        "apptivo": _Entry(_apptivo, apptivo_settings, apptivo.REQUESTS_PER_MINUTE),
        "http": _Entry(_http, http_settings),
    }
)


def objects_of(crm: str) -> Mapping[str, CrmObject]:
    """The objects that every account of a kind of CRM has, by name, as they are declared; of Freshsales the Suite's."""
    if crm == "freshsales":
        from crm_api.freshsales.objects import SUITE  # noqa: PLC0415 - a run imports the declarations of its own CRM alone

        return SUITE
    if crm == "apptivo":
        from crm_api.apptivo.objects import OBJECTS  # noqa: PLC0415 - a run imports the declarations of its own CRM alone

        return OBJECTS
    return Copper.objects


def rates_of(config: Mapping[str, Any]) -> tuple[int, int]:
    """Requests in a minute and in an hour: as the settings say, else as published; 0 is unlimited."""
    crm = _CRMS[config["crm"]]
    hour = freshsales.PLANS.get(config.get("plan") or "", crm.requests_per_hour)
    given = config.get("requests_per_minute"), config.get("requests_per_hour")
    return crm.requests_per_minute if given[0] is None else int(given[0]), hour if given[1] is None else int(given[1])


def requests_per_minute(config: Mapping[str, Any]) -> int:
    """Requests in a minute: as the settings say, else as published; 0 is unlimited."""
    return rates_of(config)[0]


def signed_by(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Who signs in, to tell accounts at one address apart: one text for each way that requests are signed.

    It may hold secrets. A declared endpoint may add to the account's own sign-in, or stand in for it.
    """
    own = _CRMS[config["crm"]].settings(config).signed_by
    streams = streams_by_name(config)
    known = [declared(config, stream, given) for stream, given in streams.items() if is_declared(config, stream, given)]
    if config.get("endpoint"):
        known.append(declared({**config, "load_method": None}, "stream", {}))
    added = told_by(known) or {""}
    return tuple(sorted(filter(None, ("\n".join(filter(None, (own, each))) for each in added))))


def account_of(crm: Crm) -> Account:
    """Ask whose account it is.

    Raises:
        SettingError: The CRM has no such address: ``base_url`` leads elsewhere.
        CrmError: It does not answer, or does not accept the key.
    """
    with address_errors():
        return crm.account()


@contextmanager
def address_errors() -> Iterator[None]:
    """Take an answer that there is no such address, to the question whose account it is, for a wrong ``base_url``."""
    try:
        yield
    except (GoneError, NoRouteError) as error:
        advice = "" if "base_url" in error.sentence else " Check base_url."
        raise SettingError(f"{error.sentence}{advice}") from error


def connected(config: Mapping[str, Any], sleep: Sleep, clock: Clock) -> Crm:
    """The account that the settings name, with the endpoints that they declare; sends nothing yet.

    Raises:
        SettingError: Something in the settings cannot work.
    """
    streams = streams_by_name(config)
    endpoints_of = lru_cache(maxsize=None)(lambda stream: declared(config, stream, streams.get(stream, {})))
    known = [endpoints_of(stream) for stream, given in streams.items() if is_declared(config, stream, given)]
    if config.get("endpoint"):
        known.append(declared({**config, "load_method": None}, "stream", {}))
    account = _CRMS[config["crm"]].connect(config, sleep, clock)
    crm = account if config["crm"] == "http" else SoundCrm(account)
    webhooks = (token for name in ("notify_url", "responses_url") for token in tokens_in(config.get(name)))
    for secret in (*(secrets_of(known) if known else ()), *webhooks):
        crm.session.redact.learn(secret)
    if not known and not TEMPLATES.get(config["crm"]):
        return crm
    objects = ByObject(lambda stream: endpoints_of(stream).crm_object)
    calls = ByObject(lambda stream: endpoints_of(stream).calls)
    if config["crm"] == "http":
        return Endpoints(crm.session, objects, calls)
    return WithEndpoints(crm, objects, lambda: Endpoints(crm.session, objects, calls), index_lags=Endpoints.index_lags)
