"""Freshsales as two of the emulated CRMs: a Suite account and a Classic account (reference section 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from crm_emulator.faults import Kind
from crm_emulator.freshsales import fields, jobs, records, routes, seeds, sign_in
from crm_emulator.freshsales.account import FreshsalesAccount
from crm_emulator.freshsales.answers import no_route, refused
from crm_emulator.freshsales.objects.catalog import CLASSIC, SUITE
from crm_emulator.freshsales.seeds.records import ENTITIES, MAKERS
from crm_emulator.freshsales.switches import Switches
from crm_emulator.freshsales.tables import account_tables
from crm_emulator.messages import Answer, Record, Request
from crm_emulator.quota import Exceeded, Rate
from crm_emulator.vendor import Vendor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from crm_emulator.clock import Clock
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.routing import Route
    from crm_emulator.store import Store

_PER_MINUTE = Rate(400, 60.0)
_HOUR = 3_600.0


class Freshsales(Vendor):
    """The emulated Suite account.

    Attributes:
        api_key: The key in ``Authorization: Token token=…``.
        account: The records of the account.
        plans: Requests an hour, by plan (section 10).
        title: The name that people know the account by.
    """

    name: ClassVar[str] = "freshsales"
    title: ClassVar[str] = "Freshsales Suite"
    prefix: ClassVar[str] = "/freshsales/crm/sales/api"
    hosts: ClassVar[tuple[str, ...]] = ("*.myfreshworks.com",)
    resources: ClassVar[Mapping[str, Resource]] = SUITE
    tables = account_tables("freshsales", SUITE)
    sizes: ClassVar[Mapping[str, int]] = seeds.SIZES
    plans: ClassVar[Mapping[str, int]] = {"growth": 1_000, "pro": 2_000, "enterprise": 5_000}
    rates: ClassVar[tuple[Rate, ...]] = (Rate(1_000, _HOUR),)  # growth

    keys: ClassVar[tuple[str, ...]] = ("api_key",)

    api_key = sign_in.API_KEY

    def __init__(self, store: Store, clock: Clock, switches: Switches | None = None) -> None:
        self.switches: Switches = switches or Switches()
        links = self.prefix.removeprefix("/freshsales").removesuffix("/api")
        self.account = FreshsalesAccount(store, clock, self.switches, self.tables, links)
        super().__init__(store, clock)
        store.lag.seconds[self.tables["owners"].vendor] = lambda: self.switches.index_delay_seconds

    def declare_routes(self) -> tuple[Route, ...]:  # noqa: D102 - as in Vendor
        return tuple(
            replace(route, endpoint=self._with_rates(route.endpoint))
            for route in routes.routes(self.account, self.resources)
        )

    def _with_rates(self, endpoint: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        """Add the quota that is left to the headers of an endpoint's answers, if the switch says so (section 10)."""

        def answer(request: Request) -> Answer:
            found = endpoint(request)
            if not self.switches.rate_limit_headers or not self.quota.rates:
                return found
            limit, left = self.quota.rates[0].limit, self.quota.left(0, self.clock.now())
            headers = (("X-RateLimit-Limit", str(limit)), ("X-RateLimit-Remaining", str(left)))
            return replace(found, headers=(*found.headers, *headers))

        return answer

    def use_plan(self, plan: str) -> None:
        """Keep the rates of a plan from now on; raises ValueError for one that is not there."""
        if plan not in self.plans:
            raise ValueError(f"{self.name} has no plan {plan!r}; it has {', '.join(self.plans)}")
        self.use_quota((Rate(self.plans[plan], _HOUR), *self.rates[1:]))

    def refusal(self, request: Request) -> Answer | None:  # noqa: D102 - as in Vendor
        if request.route == routes.SIGN_IN:
            return None
        return sign_in.refusal(request, self.switches, self.api_key)

    def unknown_route(self, request: Request) -> Answer:
        """Return a page, not JSON (section 9); by switch /accounts stands for /sales_accounts (section 2)."""
        below = request.path.removeprefix(self.prefix)
        if self.switches.lenient_aliases and below.split("/")[1:2] == ["accounts"]:
            found = self.router.find(request.method, below.replace("/accounts", "/sales_accounts", 1))
            if found is not None:
                return found[0].endpoint(replace(request, route=found[0].path, parameters=found[1]))
        return no_route()

    def malformed_body(self, request: Request) -> Answer:  # noqa: ARG002, D102 - as in Vendor
        return refused(400, ["The request body is not valid JSON"])

    def over_quota(self, exceeded: Exceeded | None, retry_after: float | None) -> Answer:
        """Return the 429, whose body is unknown; ``message`` is a plain string in some code paths (sections 9, 10)."""
        if exceeded is not None and self.switches.retry_after:
            retry_after = exceeded.wait_seconds
        waits = () if retry_after is None else (("Retry-After", str(max(1, -int(-retry_after // 1)))),)
        return refused(429, "API rate limit exceeded", *waits)

    def seed(self, seed: int, sizes: Mapping[str, int]) -> None:  # noqa: D102 - as in Vendor
        seeds.seed(self.account, self.resources, seed, sizes)

    # Direct access

    def get(self, object_name: str, record_id: int) -> Record | None:  # noqa: D102 - as in Vendor
        self.ensure_ready()
        jobs.carry_out_due(self.account, self.resources)
        return super().get(object_name, record_id)

    def records(self, object_name: str) -> list[Record]:  # noqa: D102 - as in Vendor
        self.ensure_ready()
        jobs.carry_out_due(self.account, self.resources)
        return super().records(object_name)

    def count(self, object_name: str) -> int:  # noqa: D102 - as in Vendor
        self.ensure_ready()
        jobs.carry_out_due(self.account, self.resources)
        return super().count(object_name)

    def insert(self, object_name: str, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        with self.store.transaction(), self.account.direct_access():
            resource = self.resources.get(object_name)
            if resource is not None:
                entity = attributes.get("entity_name") or ENTITIES.get(object_name, "")
                return records.create(self.account, resource, attributes, entity)
            record = {"id": self.store.next_id(table), **attributes}
            self.store.reserve_ids(table, record["id"])
            self.store.put(table, record)
            return record

    def change(self, object_name: str, record_id: int, attributes: Record) -> Record:  # noqa: D102 - as in Vendor
        table = self.table(object_name)
        with self.store.transaction(), self.account.direct_access():
            known = self.known(object_name, record_id)
            resource = self.resources.get(object_name)
            if resource is not None:
                return records.update(self.account, resource, record_id, attributes)
            record = {**known, **attributes}
            self.store.put(table, record)
            return record

    def delete(self, object_name: str, record_id: int) -> None:  # noqa: D102 - as in Vendor
        with self.store.transaction():
            self.known(object_name, record_id)
            resource = self.resources.get(object_name)
            if resource is not None:
                records.recycle(self.account, resource, record_id)
            else:
                self.store.remove(self.table(object_name), record_id)

    def recycled(self, object_name: str) -> list[Record]:
        """Return the records in the recycle bin."""
        table = self.table(object_name)
        ids = self.store.ids(records.recycled_query(table))
        return [record for record in (self.store.get(table, each, hidden=True) for each in ids) if record is not None]

    def define_field(
        self,
        object_name: str,
        label: str,
        kind: str = "text",
        choices: Sequence[str] = (),
        *,
        required: bool = False,
        unique: bool = False,
    ) -> Record:
        """Add a custom field, as an administrator does; of a resource or of a custom module."""
        self.ensure_ready()
        return fields.define_field(self.account, object_name, label, kind, choices, required=required, unique=unique)

    def require_field(self, object_name: str, name: str, *, required: bool = True) -> None:
        """Make a standard field required, as an administrator does, or no longer."""
        self.ensure_ready()
        fields.require_field(self.account, object_name, name, required=required)

    def disturb(self, kind: Kind, route: str, random: Random) -> None:  # noqa: D102 - as in Vendor
        resource = next((each for each in self.resources.values() if route.startswith(each.route)), None)
        if resource is None or resource.name not in MAKERS:
            return
        if kind is Kind.ADD:
            self.insert(resource.name, seeds.extra_record(self.account, self.resources, resource.name, random))
            return
        record_id = self.store.random_id(self.table(resource.name), random)
        if record_id is None:
            return
        if kind is Kind.EDIT:
            word = f"Edited {random.getrandbits(32):08x}"
            attribute = next(name for name in ("tags", "description", "notes") if name in resource.writable)
            self.change(resource.name, record_id, {attribute: [word] if attribute == "tags" else word})
        else:
            self.delete(resource.name, record_id)

    def configuration(self) -> str:  # noqa: D102 - as in Vendor
        return (
            f"# target-crm ({self.title})\n"
            f'{{"crm": "freshsales", "api_key": "{self.api_key}", "base_url": "{self.base_url}"}}'
        )


class FreshsalesClassic(Freshsales):
    """The emulated Classic account: it has leads, and no lifecycle stages."""

    name: ClassVar[str] = "freshsales_classic"
    title: ClassVar[str] = "Freshsales Classic"
    prefix: ClassVar[str] = "/freshsales/api"
    hosts: ClassVar[tuple[str, ...]] = ("*.freshsales.io",)
    resources: ClassVar[Mapping[str, Resource]] = CLASSIC
    tables = account_tables("freshsalesclassic", CLASSIC)
    rates: ClassVar[tuple[Rate, ...]] = (Rate(1_000, _HOUR), _PER_MINUTE)  # blossom; the minute's is Classic's (12)
    plans: ClassVar[Mapping[str, int]] = {"blossom": 1_000, "garden": 1_000, "estate": 2_000, "forest": 5_000}
