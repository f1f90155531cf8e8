"""Identifies an account of Freshsales, and says what is wrong if there is none: by reading its users."""

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
    """Identify the account by one request for its users, which are needed for their names anyway.

    Args:
        base_url: Base URL of the account.
        account_id: Id of the account.
        read_owners: Reads the users.

    Raises:
        SettingError: There is no Freshsales at that address.
        CrmError: The users cannot be read; the error says what to do.
    """
    advice = f"Check domain and base_url, which lead to {urlsplit(base_url).hostname}."
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
        more = "If the account belongs to the Suite, set domain to its bundle alias."
        raise BusyError(error.call, status=error.status, said=error.said, advice=more) from error
    return Account(account_id, account_id, _user(owners))


def _user(owners: Sequence[Name]) -> str:
    if len(owners) == 1:
        return " ".join(owners[0].spellings)
    return f"the owner of the API key, one of {len(owners)} users" if owners else "the owner of the API key"
