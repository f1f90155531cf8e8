"""Copper as one of the emulated CRMs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from random import Random
from typing import ClassVar

from crm_emulator.clock import Clock
from crm_emulator.copper import oauth, records, routes, seeds, sign_in
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import NotFoundError, refused
from crm_emulator.copper.endpoints import webhooks
from crm_emulator.copper.endpoints.custom_field_definitions import create_definition
from crm_emulator.copper.notifications import Notifications, notifying
from crm_emulator.copper.oauth import OAuth
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.copper.switches import Switches
from crm_emulator.copper.tables import TABLES
from crm_emulator.copper.values import read_date
from crm_emulator.faults import Kind
from crm_emulator.messages import Answer, Record, Request, json_answer
from crm_emulator.outbox import Notification, Outbox
from crm_emulator.quota import Exceeded, Rate
from crm_emulator.routing import Route
from crm_emulator.store import Store
from crm_emulator.vendor import UnknownObjectError, Vendor


class Copper(Vendor):
    """The emulated Copper account.

    Attributes:
        api_key: The key of the three-header sign-in, beside ``user_email``; see sign_in.
        access_token: The token of the Bearer sign-in that is in force; the one that ``client_id`` gets through OAuth.
        account: The records of the account.
    """

    name: ClassVar[str] = "copper"
    prefix: ClassVar[str] = "/copper/developer_api/v1"
    # The last is of before 2018, and old clients have no other (section 1).
    hosts: ClassVar[tuple[str, ...]] = ("api.copper.com", "app.copper.com", "api.prosperworks.com")
    rates: ClassVar[tuple[Rate, ...]] = (Rate(180, 60.0), Rate(3, 1.0, "POST /*/bulk_*"))  # section 6.1
    sizes: ClassVar[Mapping[str, int]] = seeds.SIZES
    names_requests: ClassVar[bool] = True  # section 6.1, a live answer's headers
    tables = TABLES

    keys: ClassVar[tuple[str, ...]] = ("api_key", "access_token")

    api_key = sign_in.API_KEY
    user_email = sign_in.USER_EMAIL
    access_token = sign_in.ACCESS_TOKEN
    client_id = oauth.CLIENT_ID
    client_secret = oauth.CLIENT_SECRET

    def __init__(self, store: Store, clock: Clock, switches: Switches | None = None) -> None:
        self.switches: Switches = switches or Switches()
        self.account = CopperAccount(store, clock, self.switches, TABLES)
        super().__init__(store, clock)
        self.outbox: Outbox = Outbox(clock)
        self.notifications = Notifications(self.account, self.outbox)

        store.connection.create_function("date_seconds", 1, self._date_seconds)
        store.lag.seconds[self.name] = lambda: self.switches.index_delay_seconds

    @property
    def oauth_url(self) -> str:
        """The address below which ``/authorize`` and ``/token`` lie."""
        return self.base_url.removesuffix(self.prefix) + oauth.ROOT.rstrip("/")

    def authorize(self, redirect_uri: str) -> str:
        """Return a code for a token, as if a user had allowed it."""
        return self.oauth.code(redirect_uri)

    def revoke(self) -> None:
        """End the OAuth token, as a user does in the account's settings; the next authorization gives another."""
        self.oauth.revoke()
        self.access_token = self.oauth.access_token

    @property
    def account_id(self) -> int:
        """The id of the account, which ``GET /account`` answers with."""
        return self.tables["account"].first_id + self.customer - 1

    def _date_seconds(self, text: str | None) -> int | None:
        """Return the Unix seconds of a date as text, for the filters that compare it (section 7.2)."""
        return int(read_date(text, self.switches.date_order).timestamp()) if text else None

    def declare_routes(self) -> tuple[Route, ...]:  # noqa: D102 - as in Vendor
        own = map(self.notifications.watched, routes.routes(self.account))
        return (*own, *self.oauth.routes())

    @cached_property
    def oauth(self) -> OAuth:
        """The OAuth pages, and the codes that they gave out."""
        title = "Emulated Copper" if self.customer == 1 else f"Emulated Copper {self.customer}"
        return OAuth(self.account, self.access_token, title, self.customers)

    def below(self, path: str) -> str | None:
        """Take the OAuth pages, too, which lie beside the API."""
        return path.removeprefix(self.root) if path.startswith(oauth.ROOT) else super().below(path)

    def find(self, request: Request, below: str) -> tuple[Route, dict[str, str]] | None:
        """Find the OAuth pages only where they lie, not below the API's prefix."""
        found = super().find(request, below)
        is_page = found is not None and found[0].path.startswith("/oauth/")
        return found if is_page == request.path.startswith(oauth.ROOT) else None

    def is_signed_by(self, request: Request) -> bool:
        """Return whether a request carries the account's credentials, or an OAuth code that it gave out."""
        if request.path.startswith(oauth.ROOT):
            return self.oauth.is_for(request, self.customer)
        return super().is_signed_by(request)

    def refusal(self, request: Request) -> Answer | None:  # noqa: D102 - as in Vendor
        if request.path.startswith(oauth.ROOT):
            return None
        refused_sign_in = sign_in.refusal(request, self.api_key, self.access_token)
        if refused_sign_in is None and not self.switches.leads_enabled and request.route.startswith("/leads"):
            return refused(403, "Feature not enabled")  # section 6.2: the message contains these words
        return refused_sign_in

    def unknown_route(self, request: Request) -> Answer:
        """Return 404 (recorded by one client), but 401 where singer-io's tap met one (section 3.1)."""
        if request.path.rstrip("/").endswith("/pipeline_stages/search"):
            return refused(401, "Authentication failed")
        return json_answer(404, {"error": "not_found"})

    def malformed_body(self, request: Request) -> Answer:  # noqa: ARG002, D102 - as in Vendor
        return refused(400, "Invalid request: malformed JSON")

    def over_quota(self, exceeded: Exceeded | None, retry_after: float | None) -> Answer:
        """Return the 429, whose body is unknown; a Retry-After was never seen (section 6.1)."""
        if exceeded is not None and self.switches.retry_after:
            retry_after = exceeded.wait_seconds
        answer = refused(429, "Rate limit exceeded")
        if retry_after is None:
            return answer
        return Answer(429, answer.body, headers=(("Retry-After", str(max(1, -int(-retry_after // 1)))),))

    def seed(self, seed: int, sizes: Mapping[str, int]) -> None:  # noqa: D102 - as in Vendor
        table = self.tables["account"]
        if self.customer > 1:
            self.store.reserve_ids(table, self.account_id - 1)
        seeds.seed(self.account, seed, sizes)
        if self.customer > 1:
            settings = self.known("account", self.account_id)
            self.store.put(table, {**settings, "name": f"{settings['name']} {self.customer}"})

    @notifying
    def insert(self, object_name: str, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        with self.store.transaction(), self.account.direct_access():
            crm_object = BY_NAME.get(object_name)
            if object_name == "custom_field_definitions":
                return create_definition(self.account, attributes)
            if crm_object is None:
                first = webhooks.FIRST if object_name == "webhooks" else {}
                record = {"id": self.store.next_id(table), **first, **attributes}
                self.store.reserve_ids(table, record["id"])
                self.store.put(table, record)
                return record
            sent = {
                name: value
                for name, value in attributes.items()
                if name in crm_object.writable or name not in crm_object.attributes or name == "custom_fields"
            }
            record = records.create(self.account, crm_object, sent)
            kept = {name: value for name, value in attributes.items() if name not in sent}
            return self._keep(object_name, record, kept)

    @notifying
    def change(self, object_name: str, record_id: int, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        with self.store.transaction(), self.account.direct_access():
            crm_object = BY_NAME.get(object_name)
            if crm_object is None:
                record = {**self.known(object_name, record_id), **attributes}
                self.store.put(table, record)
                return record
            kept = {
                name: value
                for name, value in attributes.items()
                if name in crm_object.attributes and name not in crm_object.writable and name != "custom_fields"
            }
            sent = {name: value for name, value in attributes.items() if name not in kept}
            try:
                record = records.update(self.account, crm_object, record_id, sent)
            except NotFoundError:
                raise UnknownObjectError(f"copper has no {object_name} {record_id}") from None
            return self._keep(object_name, record, kept)

    def _keep(self, object_name: str, record: Record, kept: Record) -> Record:
        """Take what Copper itself would keep as it is given."""
        if kept:
            table = self.table(object_name)
            if kept.get("id", record["id"]) != record["id"]:
                self.store.remove(table, record["id"])
                self.store.reserve_ids(table, kept["id"])
            record = {**record, **kept}
            self.store.put(table, record)
        return record

    @notifying
    def delete(self, object_name: str, record_id: int) -> None:  # noqa: D102 - as in Vendor
        with self.store.transaction(), self.account.direct_access():
            self.known(object_name, record_id)
            crm_object = BY_NAME.get(object_name)
            if crm_object is None:
                self.store.remove(self.table(object_name), record_id)
            else:
                records.delete(self.account, crm_object, record_id)

    def fire_webhooks(self) -> list[Notification]:
        """Send the notifications that are due, wait until they are sent, and return the newest, oldest first."""
        self.outbox.fire().result()
        return self.outbox.notifications

    def disturb(self, kind: Kind, route: str, random: Random) -> None:  # noqa: D102 - as in Vendor
        object_name = route.split("/")[1] if route else ""
        if object_name not in BY_NAME:
            return
        if kind is Kind.ADD:
            record = seeds.extra_record(self.account, BY_NAME[object_name], random)
            if record is not None:
                self.insert(object_name, record)
            return
        record_id = self.store.random_id(self.table(object_name), random)
        if record_id is None:
            return
        if kind is Kind.EDIT:
            self.change(object_name, record_id, {"details": f"Edited {random.getrandbits(32):08x}"})
        else:
            self.delete(object_name, record_id)

    def configuration(self) -> str:  # noqa: D102 - as in Vendor
        return (
            "# tap-copper\n"
            f'{{"api_key": "{self.api_key}", "user_email": "{self.user_email}", "base_url": "{self.base_url}"}}\n'
            "# target-crm\n"
            f'{{"crm": "copper", "api_key": "{self.api_key}", "user_email": "{self.user_email}", '
            f'"base_url": "{self.base_url}"}}\n'
            f"# in place of key and e-mail: Authorization: Bearer {self.access_token}\n"
            f"# OAuth: {self.oauth_url}/authorize and /token, client_id {self.client_id}, "
            f"client_secret {self.client_secret}"
        )
