"""A ledger that is being read for the sync log, and which of it is meant."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import sqlalchemy as sa

from crm_api.transport.redaction import Redactor
from target_crm.ledger import tables
from target_crm.ledger.runs import Beginnings
from target_crm.ledger.store import Store
from target_crm.sync_log.places import Places


@dataclass(frozen=True, slots=True)
class Place:
    """A stream of a source, as the ledger keeps it.

    Attributes:
        crm, account, source_name, stream, object: Its names.
    """

    crm: str
    account: str
    source_name: str
    stream: str
    object: str

    @property
    def columns(self) -> dict[str, str]:
        """The columns that tell it."""
        return {
            "crm": self.crm,
            "account": self.account,
            "source_name": self.source_name,
            "stream": self.stream,
            "object": self.object,
        }


class OpenedLog:
    """A ledger that is being read, and which of it is meant.

    Args:
        store: The ledger's database.
        account: The key of the account that is meant; None: all of them.
    """

    def __init__(self, store: Store, account: str | None) -> None:
        self.store = store
        self.account = account
        self.places = Places(store)

    @property
    def columns(self) -> dict[str, str]:
        """The columns that tell which ledger it is."""
        return {"ledger": self.places.ledger}

    @cached_property
    def scopes(self) -> Mapping[int, Place]:
        """The streams that are meant, by their numbers in the ledger."""
        scopes, objects = tables.scopes, tables.objects
        query = sa.select(
            scopes.c.id, scopes.c.source_name, tables.STREAM_NAME, tables.OBJECT_NAME, objects.c.crm, objects.c.account
        ).join_from(scopes, objects)
        if self.account is not None:
            query = query.where(objects.c.account == self.account)
        return {
            row.id: Place(row.crm, row.account, row.source_name, row.stream, row.object)
            for row in self.store.rows(query)
        }

    @cached_property
    def beginnings(self) -> Beginnings:
        """When runs began."""
        return Beginnings(self.store)


class LogSource(Protocol):
    """Opens the ledger for the streams.

    Attributes:
        redact: Hides the secrets of the settings.
        activates_versions: Whether ACTIVATE_VERSION follows what is read whole.
        signalled: The number of the signal that asks to end; None: none does.
    """

    redact: Redactor
    activates_versions: bool
    signalled: int | None

    def opened(self) -> AbstractContextManager[OpenedLog]:
        """Open the ledger for a block; raises SettingError or LedgerError."""
