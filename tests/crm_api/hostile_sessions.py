"""Sessions of each CRM with a server that answers as it likes."""

from __future__ import annotations

from typing import Any

import pytest

from crm_api.apptivo.session import ApptivoSettings
from crm_api.apptivo.session import connect as connect_apptivo
from crm_api.copper.session import CopperSettings
from crm_api.copper.session import connect as connect_copper
from crm_api.freshsales.session import FreshsalesSettings
from crm_api.freshsales.session import connect as connect_freshsales
from crm_api.http.session import HttpSettings
from crm_api.http.session import connect as connect_http
from crm_api.transport.network import Network
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

KEY = "k3y-that-nobody-may-see"
MIB = 1 << 20
BUFFERS = 16 * MIB  # what the system takes from the server before the client has read it
GET = Request("GET", "/x")
CREATE = Request("POST", "/x", body={"name": "Ann"})


def network(**given: Any) -> Network:
    return Network(timeout_seconds=60, **given)


def to_copper(url: str, **given: Any) -> CrmSession:
    settings = CopperSettings(api_key=KEY, user_email="a@b.c", base_url=url, requests_per_minute=0, max_attempts=1)
    return connect_copper(settings_with(settings, given), sleep=lambda _: None)


def to_freshsales(url: str, **given: Any) -> CrmSession:
    settings = FreshsalesSettings(api_key=KEY, base_url=url, requests_per_minute=0, requests_per_hour=0, max_attempts=1)
    return connect_freshsales(settings_with(settings, given), sleep=lambda _: None)


def to_apptivo(url: str, **given: Any) -> CrmSession:
    settings = ApptivoSettings(api_key=KEY, access_key=KEY[::-1], base_url=url, requests_per_minute=0, max_attempts=1)
    return connect_apptivo(settings_with(settings, given), sleep=lambda _: None)


def to_http(url: str, **given: Any) -> CrmSession:
    settings = HttpSettings(base_url=url, auth="bearer", auth_value=KEY, max_attempts=1)
    return connect_http(settings_with(settings, given), sleep=lambda _: None)


def settings_with(settings: Any, given: dict[str, Any]) -> Any:
    object.__setattr__(settings, "network", network(**given))
    return settings


SESSIONS = [to_copper, to_freshsales, to_apptivo, to_http]
every_session = pytest.mark.parametrize("connect", SESSIONS)
