"""Apptivo as one of the emulated CRMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from crm_emulator.apptivo import custom_attributes, records, routes, seeds, sign_in
from crm_emulator.apptivo.account import ApptivoAccount
from crm_emulator.apptivo.answers import NO_PAGE, failure
from crm_emulator.apptivo.endpoints.other_actions import LOGIN
from crm_emulator.apptivo.objects.catalog import BY_NAME
from crm_emulator.apptivo.parameters import is_json, parameters
from crm_emulator.apptivo.seeds.records import MAKERS
from crm_emulator.apptivo.switches import Switches
from crm_emulator.apptivo.tables import TABLES
from crm_emulator.faults import Kind
from crm_emulator.messages import Answer, Record, Request, json_answer
from crm_emulator.vendor import Vendor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from crm_emulator.clock import Clock
    from crm_emulator.quota import Exceeded, Rate
    from crm_emulator.routing import Route
    from crm_emulator.store import Store


class Apptivo(Vendor):
    """The emulated Apptivo firm.

    Attributes:
        api_key: One of the two keys that sign every call, beside ``access_key``.
        user_name: The e-mail address of an employee on whose behalf calls may be made.
        account: The records of the firm.
    """

    name: ClassVar[str] = "apptivo"
    prefix: ClassVar[str] = "/apptivo"
    base_path: ClassVar[str] = "/app/dao/v6"
    hosts: ClassVar[tuple[str, ...]] = tuple(f"{name}.apptivo.com" for name in ("api", "api2", "app", "www"))
    rates: ClassVar[tuple[Rate, ...]] = ()  # none is published (section 11)
    sizes: ClassVar[Mapping[str, int]] = seeds.SIZES
    tables = TABLES

    keys: ClassVar[tuple[str, ...]] = ("api_key", "access_key")

    api_key = sign_in.API_KEY
    access_key = sign_in.ACCESS_KEY
    user_name = sign_in.USER_NAME

    def __init__(self, store: Store, clock: Clock, switches: Switches | None = None) -> None:
        self.switches: Switches = switches or Switches()
        self.account = ApptivoAccount(store, clock, self.switches, TABLES)
        super().__init__(store, clock)
        store.lag.seconds[self.name] = lambda: self.switches.index_delay_seconds

    def declare_routes(self) -> tuple[Route, ...]:  # noqa: D102 - as in Vendor
        return routes.routes(self.account)

    def find(self, request: Request, below: str) -> tuple[Route, dict[str, str]] | None:
        """Find a route by its action, which may stand in the query or in the form, with any method (section 1)."""
        action = parameters(request).get("a")
        if action:
            path = f"{below.rstrip('/')}?a={action}"
            return self.router.find("POST", path) or self.router.find("GET", path)
        found = self.router.find(request.method, below)
        wants_body = request.method in {"POST", "PUT"}
        if not self.switches.rest_style or (wants_body and not is_json(request)):
            return None
        return found

    def refusal(self, request: Request) -> Answer | None:  # noqa: D102 - as in Vendor
        return None if request.route == LOGIN else sign_in.refusal(parameters(request), self.api_key, self.access_key)

    def unknown_route(self, request: Request) -> Answer:
        """Return a failure for an object without that action, else a page (no evidence, section 9)."""
        below = request.path.removeprefix(self.prefix)
        if any(below.startswith(crm_object.path) for crm_object in BY_NAME.values()):
            return failure(f"Invalid action: {parameters(request).get('a', '')}")
        return Answer(404, NO_PAGE, "text/html; charset=utf-8")

    def malformed_body(self, request: Request) -> Answer:  # noqa: ARG002, D102 - as in Vendor
        return failure("The request body is not valid JSON")

    def over_quota(self, exceeded: Exceeded | None, retry_after: float | None) -> Answer:  # noqa: ARG002 - no source shows a Retry-After of its own
        """Answer a throttled call as the switch ``throttle_style`` says; the real answer is unknown (section 11)."""
        if self.switches.throttle_style == "failure":
            return failure("Too many requests")
        waits = () if retry_after is None else (("Retry-After", f"{retry_after:g}"),)
        return json_answer(429, {"status": "FAILURE", "reason": "Too many requests"}, *waits)

    def seed(self, seed: int, sizes: Mapping[str, int]) -> None:  # noqa: D102 - as in Vendor
        seeds.seed(self.account, seed, sizes)

    # Direct access

    def insert(self, object_name: str, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        with self.store.transaction(), self.account.direct_access():
            crm_object = BY_NAME.get(object_name)
            if crm_object is not None:
                return records.save(self.account, crm_object, attributes, self.account.user({}) or {})
            record = {"id": self.store.next_id(table), **attributes}
            self.store.reserve_ids(table, record["id"])
            self.store.put(table, record)
            return record

    def change(self, object_name: str, record_id: int, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        with self.store.transaction(), self.account.direct_access():
            known = self.known(object_name, record_id)
            crm_object = BY_NAME.get(object_name)
            if crm_object is None:
                record = {**known, **attributes}
                self.store.put(table, record)
                return record
            names = [*attributes, "address"]
            flags = dict.fromkeys(("isAddressUpdate", "isCustomAttributesUpdate", "isEmailAddressUpdate"), True)
            user = self.account.user({}) or {}
            return records.update(
                self.account, crm_object, record_id, attributes, names, user, attribute_ids=None, flags=flags
            )

    def delete(self, object_name: str, record_id: int) -> None:  # noqa: D102 - as in Vendor
        with self.store.transaction():
            self.known(object_name, record_id)
            crm_object = BY_NAME.get(object_name)
            if crm_object is None:
                self.store.remove(self.table(object_name), record_id)
            else:
                records.delete(self.account, crm_object, record_id)

    def define_attribute(
        self, object_name: str, label: str, kind: str = "input", options: Sequence[str] = ()
    ) -> Record:
        """Add a custom attribute, as an administrator does in the layout settings."""
        self.ensure_ready()
        return custom_attributes.define(self.account, BY_NAME[object_name], label, kind, options)

    def disturb(self, kind: Kind, route: str, random: Random) -> None:  # noqa: D102 - as in Vendor
        name = next((each for each in MAKERS if route.startswith(BY_NAME[each].path)), None)
        if name is None:
            return
        if kind is Kind.ADD:
            self.insert(name, seeds.extra_record(self.account, name, random))
            return
        record_id = self.store.random_id(self.table(name), random)
        if record_id is None:
            return
        if kind is Kind.EDIT:
            self.change(name, record_id, {"description": f"Edited {random.getrandbits(32):08x}"})
        else:
            self.delete(name, record_id)

    def configuration(self) -> str:  # noqa: D102 - as in Vendor
        return (
            "# target-crm (Apptivo)\n"
            f'{{"crm": "apptivo", "api_key": "{self.api_key}", "access_key": "{self.access_key}", '
            f'"base_url": "{self.base_url}"}}'
        )
