"""Failures of databases and Redis servers that settings name (pure): is the setting wrong, or the server in trouble?

A wrong password stays wrong however often a run is repeated; a server that is down, full or read-only for a while does
not.
"""

from __future__ import annotations

import re
from typing import Any

from crm_api.errors import Exit, StopError
from crm_api.transport.network import secrets_in
from crm_api.transport.redaction import Redactor

SHOWN_CHARACTERS = 300  # of a text that another run has left in a store
_FOREIGN = "Something else writes there: give the quota a database of its own in quota_url."
# PostgreSQL's codes (SQLSTATE): no such database, authorization, may not do this.
_STATES = frozenset({"3D000", "28000", "28P01", "42501"})
# libpq tells no code of a connection that the server refuses, and has texts of its own where it does not even ask.
_REFUSED = re.compile(
    r"""password\ authentication\ failed | authentication\ failed\ for\ user | no\ password\ supplied
    | database\ ".*"\ does\ not\ exist | role\ ".*"\ does\ not\ exist | no\ pg_hba\.conf\ entry
    | permission\ denied\ for | is\ not\ permitted\ to\ log\ in
    | invalid\ (connection\ option|port\ number|URI|.*\ value) | missing\ "=" | could\ not\ parse\ port
    | \bWRONGPASS\b | \bNOAUTH\b | \bNOPERM\b | invalid\ username-password\ pair | Authentication\ required
    | without\ any\ password\ configured | DB\ index\ is\ out\ of\ range | no\ permissions\ to
    | client\ already\ authenticated
    | file\ is\ not\ a\ database | unable\ to\ open\ database\ file """,
    re.VERBOSE | re.IGNORECASE,
)

_OF_PROTOCOL = re.compile("pipeline mode|message contents|lost synchronization|unexpected message type")
"""Said by libpq of a session that a pooler ends amid an answer."""


def is_setting(error: BaseException) -> bool:
    """Tell whether another value of the setting, or other rights of its user, are needed: to wait does not help.

    Args:
        error: What the driver of PostgreSQL or the client of Redis raised.
    """
    state = getattr(error, "sqlstate", None)
    return state in _STATES if state else _REFUSED.search(str(error)) is not None


def first_error(error: BaseException) -> BaseException:
    """Return what the server said before a driver of PostgreSQL failed over it; the error itself if nothing did.

    A session that ends amid many statements makes the driver stumble, too, and its own words tell nobody anything.
    """
    if getattr(error, "sqlstate", ""):
        return error
    before = error.__context__
    while before is not None and not getattr(before, "sqlstate", None):
        before = before.__context__
    return error if before is None else before


def said_by(error: BaseException) -> str:
    """Return the first line of what a server said through its driver; empty if it said nothing."""
    error = first_error(error)
    line = next(iter(str(error).strip().splitlines()), "")
    if not getattr(error, "sqlstate", None) and _OF_PROTOCOL.search(line):
        return "the server, or a pooler before it, ended the session amid a statement"
    return line


def words_of(error: BaseException, url: str) -> str:
    """Return the first line of what a driver or a client said, without the secrets that the URL may hold."""
    line, name = said_by(error), type(first_error(error)).__name__
    return Redactor(secrets_in(url))(f"{name}: {line}" if line else name)


class QuotaStoreError(StopError):
    """The store that quota_url names failed."""

    exit = Exit.UNREACHABLE
    happened = "The shared store of the quota failed"
    advice = "Check quota_url and the server behind it."


class QuotaStoreRefusedError(QuotaStoreError):
    """The store that quota_url names does not let us in: to wait does not help."""

    exit = Exit.SETTINGS
    happened = "quota_url cannot be used"
    advice = "Check the path, or the user, the password and the database in it, and what that user may do there."


def store_error(error: Exception, url: str) -> QuotaStoreError:
    """Make an error of a client's exception, without the password that the URL may hold."""
    kind = QuotaStoreRefusedError if is_setting(error) else QuotaStoreError
    return kind(said=words_of(error, url))


def whole_number(value: Any) -> int:
    """Read a number of the store.

    Raises:
        QuotaStoreError: It is none: somebody else writes there.
    """
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise QuotaStoreError(said=f"it holds {shown_text(value)!r} where a time should be", advice=_FOREIGN) from None


def shown_text(value: Any) -> str:
    """Return a text of the store as it may be shown: anybody who reaches the store can write what he likes there."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return "".join(each if each.isprintable() else " " for each in text[:SHOWN_CHARACTERS])
