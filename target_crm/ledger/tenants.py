"""Tenants: which CRM account a run writes, by which name the ledger knows it, and whose credentials have written it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from crm_api.console import as_typed
from crm_api.crm import Account
from crm_api.errors import SettingError
from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Source

FINGERPRINT_BYTES = 16
ACCEPT = "ledger accept-credential"
logger = logging.getLogger("target-crm")


class AnotherTenantError(SettingError):
    """The ledger knows the account as somebody else's. Nothing was sent."""


@dataclass(frozen=True)
class _Noted:
    """An account as the ledger has noted it.

    Attributes:
        id: The ledger's number of it; None if it is not noted yet.
        told: The id that the CRM told; None if it told none.
        fingerprints: The fingerprints of the credentials that wrote it.
    """

    id: int | None
    told: str | None
    fingerprints: frozenset[str]


class Tenants:
    """Tells the accounts of a ledger apart.

    Args:
        store: The ledger's database.
        config: The settings.
        signed_by: Who signs in, as ``crms.signed_by`` says.
    """

    def __init__(self, store: Store, config: Mapping[str, Any], signed_by: Collection[str]) -> None:
        self._store = store
        self._crm = str(config["crm"])
        self._name = config.get("account_name") or None
        self._source_name = key_of(config["source_name"])
        self._fingerprints = [self._fingerprint(each) for each in signed_by]

    def enter(self, told: Account) -> tuple[Account, Source]:
        """Return the account that is written, and the keys that its rows in the ledger begin with.

        An account is known by ``account_name``, else by the id that the CRM tells, else by its address. The first
        credentials that write an account are noted.

        Args:
            told: The account as the CRM tells it.

        Raises:
            AnotherTenantError: As ``recognised`` says.
        """
        account, noted = self._recognised(told)
        if self._fingerprints or not told.by_address:
            self._note(key_of(account.id), noted, told)
        return account, self._source(account)

    def recognised(self, told: Account) -> Source:
        """Return the keys that the account's rows in the ledger begin with, and note nothing: for a look.

        Raises:
            AnotherTenantError: Other credentials wrote the account at this address, another account bore the name, or
                this account bore another name.
        """
        return self._source(self._recognised(told)[0])

    def _source(self, account: Account) -> Source:
        return Source(self._crm, key_of(account.id), self._source_name, account.name)

    def _recognised(self, told: Account) -> tuple[Account, _Noted]:
        """Return the account by its name in the ledger, and as it is noted there.

        Raises:
            AnotherTenantError: Other credentials wrote the account at this address, another account bore the name, or
                this account bore another name.
        """
        account = self._known_by(told)
        key = key_of(account.id)
        noted = self._noted(key)
        if not told.by_address and noted.told not in {None, told.id}:
            raise AnotherTenantError(
                f"{account.id} is the account_name of account {noted.told} in this ledger, and these settings reach "
                f"account {told.id}. Nothing was sent. If it is another account, give it another account_name. If it "
                f"is the same one, run {as_typed(ACCEPT)}"
            )
        is_new = noted.id is None if told.by_address else noted.told is None
        if is_new and (other := self._other_name(told, key)) is not None:
            way_back = "Remove account_name" if other == key_of(told.id) else f"Set account_name to {other}"
            raise AnotherTenantError(
                f"This ledger knows the account that these settings reach as {other}, and the settings call it "
                f"{account.id}. Nothing was sent: under another name all records would be written again. {way_back}. "
                f"If it is another account, or is to have a second name with records of its own, run {as_typed(ACCEPT)}"
            )
        if told.by_address and noted.fingerprints and self._fingerprints:
            self._compare(account, noted)
        return account, noted

    def accept(self, told: Account) -> Account:
        """Take the credentials for those of the account from now on, beside the ones that wrote it before."""
        account = self._known_by(told)
        key = key_of(account.id)
        self._note(key, self._noted(key), told)
        return account

    def _compare(self, account: Account, noted: _Noted) -> None:
        if not noted.fingerprints.isdisjoint(self._fingerprints):
            return
        if self._name is None:
            raise AnotherTenantError(
                f"Another credential than this one has written {account.id}, as the ledger {self._store.url} knows. "
                "Nothing was sent. If the credential belongs to another account at the same address, set account_name. "
                f"If it is a new credential of the same account, run {as_typed(ACCEPT)}"
            )
        logger.warning("Account %s is written with another credential than before", self._name)

    def _known_by(self, told: Account) -> Account:
        """Return the account under the name by which the ledger knows it."""
        if self._name is not None:
            return replace(told, id=self._name)
        if told.by_address and (earlier := self._told_earlier()) is not None:
            # The CRM has told it before, and failed to do so this time.
            return replace(told, id=earlier)
        return told

    def _told_earlier(self) -> str | None:
        """Return the id that the CRM told to the same credentials; None if it told none, or several."""
        accounts, credentials = tables.accounts, tables.credentials
        query = (
            sa.select(accounts.c.told)
            .join_from(accounts, credentials)
            .where(
                accounts.c.crm == self._crm,
                accounts.c.told.is_not(None),
                credentials.c.fingerprint.in_(self._fingerprints),
            )
        )
        ids = {row.told for row in self._store.rows(query)}
        return ids.pop() if len(ids) == 1 else None

    def _other_name(self, told: Account, key: str) -> str | None:
        """Return another name under which the ledger has records of an account; None if there is none.

        At one address, one credential can write several accounts that all have names of their own. That with and
        without a name is meant the same one is likely.
        """
        accounts, credentials, objects = tables.accounts, tables.credentials, tables.objects
        signed = sa.select(accounts.c.account).join_from(accounts, credentials).where(accounts.c.crm == self._crm)
        ours = signed.where(credentials.c.fingerprint.in_(self._fingerprints))
        by_id = objects.c.account == key_of(told.id)
        if not told.by_address:
            names = sa.select(accounts.c.account).where(accounts.c.crm == self._crm, accounts.c.told == told.id)
            same = sa.or_(by_id, objects.c.account.in_(names))  # by its id before the first account_name
        elif self._name is not None:
            same = sa.and_(by_id, sa.or_(objects.c.account.in_(ours), objects.c.account.not_in(signed)))
        else:
            same = objects.c.account.in_(ours.where(accounts.c.told.is_(None)))
        query = sa.select(objects.c.account).where(objects.c.crm == self._crm, objects.c.account != key, same)
        rows = self._store.rows(query.order_by(objects.c.id).limit(1))
        return str(rows[0].account) if rows else None

    def _noted(self, key: str) -> _Noted:
        accounts, credentials = tables.accounts, tables.credentials
        query = (
            sa.select(accounts.c.id, accounts.c.told, credentials.c.fingerprint)
            .join_from(accounts, credentials, isouter=True)
            .where(accounts.c.crm == self._crm, accounts.c.account == key)
        )
        rows = self._store.rows(query)
        if not rows:
            return _Noted(None, None, frozenset())
        return _Noted(rows[0].id, rows[0].told, frozenset(row.fingerprint for row in rows if row.fingerprint))

    def _note(self, key: str, noted: _Noted, told: Account) -> None:
        told_id = noted.told if told.by_address else told.id
        new = [each for each in self._fingerprints if each not in noted.fingerprints]
        if noted.id is not None and told_id == noted.told and not new:
            return
        accounts, now = tables.accounts, self._store.now()
        with self._store.write() as connection:
            row_id = self._store.row_id(connection, accounts, {"crm": self._crm, "account": key}, at=now)
            connection.execute(accounts.update().where(accounts.c.id == row_id).values(told=told_id))
            rows = [{"account_id": row_id, "fingerprint": each, "at": now} for each in new]
            self._store.put(connection, tables.credentials, rows)

    def _fingerprint(self, text: str) -> str:
        """Digest who signs in, with the ledger's secret: the credential cannot be read from it."""
        content = text.encode("utf-8", "surrogatepass")
        return blake2b(content, key=self._store.identity.secret, digest_size=FINGERPRINT_BYTES).hexdigest()
