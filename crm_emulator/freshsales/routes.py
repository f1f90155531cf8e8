"""All routes of the emulated Freshsales."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import sign_in
from crm_emulator.freshsales.answers import unauthorized
from crm_emulator.freshsales.endpoints.base import Chapter, sent_object
from crm_emulator.freshsales.endpoints.bulk import BulkCalls
from crm_emulator.freshsales.endpoints.contact_lists import ContactLists
from crm_emulator.freshsales.endpoints.custom_modules import CustomModules
from crm_emulator.freshsales.endpoints.leads import LeadConversion
from crm_emulator.freshsales.endpoints.products import ProductCalls
from crm_emulator.freshsales.endpoints.record_lists import RecordLists
from crm_emulator.freshsales.endpoints.records import SingleRecords
from crm_emulator.freshsales.endpoints.search import Searches
from crm_emulator.freshsales.endpoints.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Request
    from crm_emulator.routing import Route

_BOTH: tuple[type[Chapter], ...] = (
    SingleRecords,
    BulkCalls,
    RecordLists,
    Searches,
    ContactLists,
    ProductCalls,
    CustomModules,
    Settings,
)
SIGN_IN = "/sign_in"


class SignIn(Chapter):
    """Endpoint of the sign-in that Classic had (section 1)."""

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        return (self.reads("POST", SIGN_IN, self.sign_in, "§1"),)

    def sign_in(self, request: Request) -> Any:
        """Return the token of a user who sends e-mail and password."""
        user = sent_object(request).get("user")
        if user != {"email": sign_in.EMAIL, "password": sign_in.PASSWORD}:
            return unauthorized()
        return {"login": "success", "auth_token": sign_in.API_KEY}


def routes(account: FreshsalesAccount, resources: Mapping[str, Resource]) -> tuple[Route, ...]:
    """Return the routes of an account, chapter by chapter; leads and sign-in are Classic's."""
    classic: tuple[type[Chapter], ...] = (LeadConversion, SignIn) if "leads" in resources else ()
    return tuple(route for chapter in (*_BOTH, *classic) for route in chapter(account, resources).routes())
