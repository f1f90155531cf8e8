"""The catch-all as one of the emulated CRMs: any endpoint at all, for ``crm: http``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from crm_emulator.anything import sign_in
from crm_emulator.anything.catch_all import CatchAll
from crm_emulator.anything.rules import Rule
from crm_emulator.anything.switches import Switches
from crm_emulator.anything.tables import TABLES
from crm_emulator.faults import Kind
from crm_emulator.messages import Answer, Record, Request, json_answer
from crm_emulator.routing import Route
from crm_emulator.vendor import Vendor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from crm_emulator.clock import Clock
    from crm_emulator.quota import Exceeded, Rate
    from crm_emulator.store import Store

_METHODS = {
    "GET": "returns the record at an address, or those below it that have the values that the query names",
    "POST": "creates a record below the address, or one for each item of a batch",
    "PUT": "replaces the record at the address, or creates it",
    "PATCH": "changes some attributes of the record at the address",
    "DELETE": "deletes the record at the address",
}
_NUMBER = re.compile(r"/\d+(?=/|$)")


class Anything(Vendor):
    """A catch-all: it takes every method and path, in JSON, XML or form encoding, and writes down what it was sent.

    Attributes:
        api_key: The value of the sign-ins ``header``, ``query``, ``basic`` (as ``user``'s password) and ``bearer``.
        token_url: The URL of the client credentials grant, below ``base_url``, for ``client_id`` and ``client_secret``.
    """

    name: ClassVar[str] = "anything"
    prefix: ClassVar[str] = "/http"
    rates: ClassVar[tuple[Rate, ...]] = ()
    tables = TABLES

    api_key = sign_in.API_KEY
    user = sign_in.USER
    client_id = sign_in.CLIENT_ID
    client_secret = sign_in.CLIENT_SECRET

    def __init__(self, store: Store, clock: Clock, switches: Switches | None = None) -> None:
        self.switches: Switches = switches or Switches()
        self._tokens = sign_in.Tokens()
        self._catch_all = CatchAll(store, clock, self.switches, self.prefix)
        super().__init__(store, clock)

    @property
    def token_url(self) -> str:
        """The URL of the token endpoint."""
        return self.base_url + sign_in.TOKEN_PATH

    def declare_routes(self) -> tuple[Route, ...]:  # noqa: D102 - as in Vendor
        return (
            Route("POST", sign_in.TOKEN_PATH, self._token, "OAuth 2.0 §4.4"),
            *(
                Route(method, "/{path}", self._catch_all.answer, "docs/emulator.md", remark)
                for method, remark in _METHODS.items()
            ),
        )

    def find(self, request: Request, below: str) -> tuple[Route, dict[str, str]] | None:
        """Make a route for each path; a number in the path counts as an id: ``/invoices/{id}``."""
        if (request.method, below.rstrip("/")) == ("POST", sign_in.TOKEN_PATH):
            return self.routes[0], {}
        if request.method not in _METHODS:
            return None
        template = _NUMBER.sub("/{id}", below.rstrip("/")) or "/"
        # Not declared as writing: a refused request must be kept in the log of requests, too.
        return Route(request.method, template, self._catch_all.answer, ""), {}

    def _token(self, request: Request) -> Answer:
        return self._tokens.grant(request, self.clock.now(), self.switches.token_seconds)

    def refusal(self, request: Request) -> Answer | None:
        """Return 401 unless the request carries the right kind of sign-in."""
        wanted = self.switches.auth
        if wanted == "none" or request.route == sign_in.TOKEN_PATH:
            return None
        carried = sign_in.signed_by(request, self.switches, self._tokens, self.clock.now())
        if carried == wanted or (wanted == "any" and carried):
            return None
        return json_answer(401, {"error": "unauthorized"}, ("WWW-Authenticate", "Bearer"))

    def unknown_route(self, request: Request) -> Answer:  # noqa: ARG002, D102 - as in Vendor
        return json_answer(405, {"error": "method not allowed"}, ("Allow", ", ".join(_METHODS)))

    def malformed_body(self, request: Request) -> Answer:  # noqa: ARG002, D102 - as in Vendor
        return json_answer(400, {"error": "malformed body"})

    def over_quota(self, exceeded: Exceeded | None, retry_after: float | None) -> Answer:  # noqa: D102 - as in Vendor
        wait = exceeded.wait_seconds if exceeded is not None else retry_after
        waits = () if wait is None else (("Retry-After", str(max(1, -int(-wait // 1)))),)
        return json_answer(429, {"error": "too many requests"}, *waits)

    def seed(self, seed: int, sizes: Mapping[str, int]) -> None:
        """Do nothing: the catch-all has no records of its own."""

    # Direct access

    def answer(self, route: str, **parts: Any) -> Rule:
        """Say how requests are answered from now on; ``parts`` are those of Rule, whose newest one speaks."""
        return Rule.from_record(self.insert("answers", {"route": route, **parts}))

    def received(self, method: str = "", path: str = "") -> list[Record]:
        """Return the requests, oldest first: method, path, query, headers, format, body, text, status, answer."""
        return [
            each for each in self.records("requests") if method in {"", each["method"]} and path in {"", each["path"]}
        ]

    def insert(self, object_name: str, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        if object_name == "answers":
            Rule.from_record(attributes)  # says what is wrong
        with self.store.transaction():
            record = {"id": self.store.next_id(table), **attributes}
            if object_name == "records":
                record = {"place": f"{record.get('collection', '')}/{record['id']}", "body": {}, **record}
            self.store.reserve_ids(table, record["id"])
            self.store.put(table, record)
            return record

    def change(self, object_name: str, record_id: int, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        record = {**self.known(object_name, record_id), **attributes}
        self.store.put(self.table(object_name), record)
        return record

    def delete(self, object_name: str, record_id: int) -> None:  # noqa: D102 - as in Vendor
        self.known(object_name, record_id)
        self.store.remove(self.table(object_name), record_id)

    def disturb(self, kind: Kind, route: str, random: Random) -> None:  # noqa: D102 - as in Vendor
        word = f"{random.getrandbits(32):08x}"
        if kind is Kind.ADD:
            self.insert("records", {"collection": route, "body": {"added": word}})
            return
        record_id = self.store.random_id(self.table("records"), random)
        if record_id is None:
            return
        if kind is Kind.EDIT:
            record = self.known("records", record_id)
            body = record["body"] if isinstance(record["body"], dict) else {}
            self.change("records", record_id, {"body": {**body, "edited": word}})
        else:
            self.delete("records", record_id)

    def configuration(self) -> str:  # noqa: D102 - as in Vendor
        return (
            "# target-crm (any endpoint)\n"
            f'{{"crm": "http", "base_url": "{self.base_url}", "auth": "bearer", "auth_value": "{self.api_key}"}}'
        )
