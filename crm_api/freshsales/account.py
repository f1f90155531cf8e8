"""Whose account of Freshsales it is, and whether there is one: the list of users says no less than any other call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from crm_api.crm import Account, Name
from crm_api.errors import (
    BusyError,
    ForbiddenError,
    GoneError,
    NoRouteError,
    RedirectError,
    SettingError,
    UnreachableError,
)
from crm_api.freshsales.session import CLASSIC_HOST


def whoami(base_url: str, account_id: str, read_owners: Callable[[], Sequence[Name]]) -> Account:
    """Ask for the users: one request, whose answer is needed for their names anyway.

    Args:
        base_url: Of the account.
        account_id: What tells it from others.
        read_owners: Reads the users.

    Raises:
        SettingError: There is no Freshsales at that address.
        CrmError: It cannot be asked, with what to do about it.
    """
    advice = f"Check domain and base_url: they lead to {urlsplit(base_url).hostname}."
    try:
        owners = read_owners()
    except ForbiddenError:
        owners = ()
    except (NoRouteError, RedirectError, GoneError, TypeError, KeyError):
        raise SettingError(f"There is no Freshsales account at {base_url}. {advice}") from None
    except UnreachableError as error:
        raise UnreachableError(error.call, said=error.said, advice=advice) from error
    except BusyError as error:
        if not base_url.removesuffix("/api").endswith(CLASSIC_HOST):
            raise
        more = "An account of the Suite answers so at its old address: then set domain to its bundle alias."
        raise BusyError(error.call, status=error.status, said=error.said, advice=more) from error
    return Account(account_id, account_id, _user(owners))


def _user(owners: Sequence[Name]) -> str:
    if len(owners) == 1:
        return " ".join(owners[0].spellings)
    return f"the owner of the API key, one of {len(owners)} users" if owners else "the owner of the API key"
