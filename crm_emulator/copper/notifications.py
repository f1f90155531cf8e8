"""Webhooks that fire: which notifications follow from a change, and their form (reference sections 3.8 and 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.messages import Answer, Record, Request
from crm_emulator.outbox import Notification, Outbox
from crm_emulator.query import Query
from crm_emulator.quota import Quota, Rate
from crm_emulator.routing import Route

_MOST_IDS = 30
_RATES = (Rate(600, 60.0), Rate(1_800, 600.0))
_TYPES = {name: crm_object.singular for name, crm_object in BY_NAME.items()} | {"activities": "activity_log"}
_CONVERSION = "/leads/{id}/convert"
_OF_CONVERSION = ("companies", "people", "opportunities")  # whether the lead's end is told is not known


class Notifications:
    """The notifications of an account, made of its changes for the webhooks that are registered.

    Only what a request names counts as a change: neither a new relation nor a new activity is an update of the record
    that it is about (section 7.9).
    """

    def __init__(self, account: CopperAccount, outbox: Outbox) -> None:
        self._account = account
        self._outbox = outbox
        self._quota = Quota(_RATES)
        self._count = 0

    def watched(self, route: Route) -> Route:
        """Return a route whose changes are told, where it changes customer records itself."""
        name, _, rest = route.path.removeprefix("/").partition("/")
        names = _OF_CONVERSION if route.path == _CONVERSION else (name,)
        is_own = route.path == _CONVERSION or rest in {"", "{id}", "upsert", "bulk_create", "bulk_update"}
        if not (route.writes and name in BY_NAME and is_own):
            return route

        def answer(request: Request) -> Answer:
            with self.told(names) as old:
                found = route.endpoint(request)
                if found.status >= HTTPStatus.BAD_REQUEST:
                    old.clear()  # whatever was written is about to be rolled back
                return found

        return replace(route, endpoint=answer)

    @contextmanager
    def told(self, names: Iterable[str]) -> Iterator[dict[tuple[str, int], Record | None]]:
        """Tell of the changes that a block makes to records of these objects; nothing where it raises.

        The block gets the records that it wrote, as they were, by table and id; it may clear them.
        """
        store = self._account.store
        if not any(name in BY_NAME for name in names) or not store.count(Query(self._account.tables["webhooks"])):
            yield {}
            return
        with store.lock, store.noting_old() as old:
            yield old
            for crm_object in (BY_NAME[name] for name in names):
                written = {each: was for (table, each), was in old.items() if table == crm_object.table.name}
                self._tell(crm_object, written)

    def _tell(self, crm_object: CustomerObject, old: dict[int, Record | None]) -> None:
        """Tell of the changes of one object; ``old`` are the records before, by id, of all that were written."""
        made, gone = [], []
        for record_id, was in old.items():
            now = self._account.get(crm_object.name, record_id)
            if was is None:
                made += [record_id] if now is not None else []
            elif now is None:
                gone.append(record_id)
            elif changes := _changes(crm_object, was, now):
                self._notify(crm_object, "update", [record_id], changes)
        for event, ids in (("new", made), ("delete", gone)):
            for first in range(0, len(ids), _MOST_IDS):
                self._notify(crm_object, event, ids[first : first + _MOST_IDS], {})

    def _notify(self, crm_object: CustomerObject, event: str, ids: list[int], changes: dict[str, list[Any]]) -> None:
        account = self._account
        now = account.clock.now()
        kind = _TYPES[crm_object.name]
        for webhook in account.records("webhooks"):
            if (webhook["type"], webhook["event"]) != (kind, event):
                continue
            facts = {
                "ids": ids,
                "type": kind,
                "event": event,
                "subscription_id": webhook["id"],
                "updated_attributes": changes,
                "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
            given = webhook["secret"] if isinstance(webhook["secret"], dict) else {}
            secret = {name: value for name, value in given.items() if name not in facts}
            headers = webhook["headers"] if isinstance(webhook["headers"], dict) else {}
            self._outbox.put(
                Notification(
                    now + account.switches.webhook_delay_seconds,
                    str(webhook["target"]),
                    {**facts, **secret},
                    {str(name): str(value) for name, value in headers.items()},
                    frozenset(secret),
                    self._outcome(now),
                )
            )

    def _outcome(self, now: float) -> str:
        """Decide whether a notification is sent at all."""
        self._count += 1
        lost_every = self._account.switches.webhook_lost_every
        if lost_every and self._count % lost_every == 0:
            return "lost"
        return "over the limit" if self._quota.admit("POST", "", now) else "waiting"


def _changes(crm_object: CustomerObject, old: Record, new: Record) -> dict[str, list[Any]]:
    """Return ``{attribute: [old, new]}`` of what may be written and has changed."""
    names = (*crm_object.writable, "custom_fields")
    return {name: [old.get(name), new.get(name)] for name in names if old.get(name) != new.get(name)}


class Notifying(Protocol):
    """A vendor whose methods of direct access tell of their changes, too."""

    notifications: Notifications

    def ensure_ready(self) -> None:
        """Make the tables."""


_Vendor = TypeVar("_Vendor", bound=Notifying)
_Rest = ParamSpec("_Rest")
_Result = TypeVar("_Result")


def notifying(
    method: Callable[Concatenate[_Vendor, str, _Rest], _Result],
) -> Callable[Concatenate[_Vendor, str, _Rest], _Result]:
    """Make a method of direct access, whose first argument names an object, tell of the changes that it makes."""

    @wraps(method)
    def call(vendor: _Vendor, object_name: str, /, *arguments: _Rest.args, **named: _Rest.kwargs) -> _Result:
        vendor.ensure_ready()
        with vendor.notifications.told((object_name,)):
            return method(vendor, object_name, *arguments, **named)

    return call
