"""All routes of the emulated Apptivo. A path ends in its action, wherever the client put it: ``…/leads?a=save``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.apptivo.endpoints.other_actions import OtherActions
from crm_emulator.apptivo.endpoints.records import RecordActions

if TYPE_CHECKING:
    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.routing import Route


def routes(account: ApptivoAccount) -> tuple[Route, ...]:
    """Return the routes, chapter by chapter."""
    return (*RecordActions(account).routes(), *OtherActions(account).routes())
