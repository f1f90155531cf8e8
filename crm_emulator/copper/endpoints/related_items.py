"""Related items (reference section 3.7)."""

from __future__ import annotations

from typing import Any

from crm_emulator.copper import records
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import NotAllowedError, invalid
from crm_emulator.copper.endpoints.base import endpoint, record_id, sent_object
from crm_emulator.copper.objects.catalog import BY_NAME, BY_SINGULAR
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.objects.tasks import UNRELATED
from crm_emulator.messages import Record, Request
from crm_emulator.routing import Route

Identity = tuple[str, int]
"""(singular type, id)."""

# Whether two types can be related, and the attribute that holds it, if one does: (of which type, attribute).
_PAIRS: dict[frozenset[str], tuple[str, str] | None] = {
    frozenset({"lead", "task"}): ("task", "related_resource"),
    frozenset({"person", "company"}): ("person", "company_id"),
    frozenset({"person", "opportunity"}): None,
    frozenset({"person", "task"}): ("task", "related_resource"),
    frozenset({"person", "project"}): ("project", "related_resource"),
    frozenset({"company", "opportunity"}): ("opportunity", "company_id"),
    frozenset({"company", "task"}): ("task", "related_resource"),
    frozenset({"company", "project"}): ("project", "related_resource"),
    frozenset({"opportunity", "task"}): ("task", "related_resource"),
    frozenset({"opportunity", "project"}): ("project", "related_resource"),
    frozenset({"project", "task"}): ("task", "related_resource"),
}
# Attributes that hold the only relation there can be: a person's company, and the record that a task is about.
_ONLY = frozenset({("person", "company_id"), ("task", "related_resource")})
_NOT_RELATED = "Invalid request: Resources are not related"


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the four endpoints of each object that can be related."""
    found: list[Route] = []
    for name in sorted({BY_SINGULAR[singular].name for pair in _PAIRS for singular in pair}):
        related = Related(account, BY_NAME[name])
        path = f"/{name}/{{id}}/related"
        found += [
            Route("GET", path, endpoint(related.all), "§3.7"),
            Route("GET", f"{path}/{{other}}", endpoint(related.of_type), "§3.7"),
            Route(
                "POST", path, endpoint(related.add), "§3.7", "a second company of a person: 422 (a guess)", writes=True
            ),
            Route("DELETE", path, endpoint(related.remove), "§3.7, with a JSON body", writes=True),
        ]
    return tuple(found)


class Related:
    """Relations of the records of one object; every relation is seen from both ends."""

    def __init__(self, account: CopperAccount, crm_object: CustomerObject) -> None:
        self._account = account
        self._crm_object = crm_object

    def all(self, request: Request) -> list[dict[str, Any]]:
        """Return the id and type of each record related to a record."""
        return [{"id": number, "type": kind} for kind, number in _related(self._account, self._here(request))]

    def of_type(self, request: Request) -> list[dict[str, Any]]:
        """Return the related records of one object, which the path names in the plural."""
        other = BY_NAME.get(request.parameters["other"])
        if other is None:
            raise NotAllowedError(422, f"Invalid request: no such entity: {request.parameters['other']}")
        return [each for each in self.all(request) if each["type"] == other.singular]

    def add(self, request: Request) -> dict[str, Any]:
        """Relate a record that is already there."""
        here, there = self._here(request), _resource(self._account, request)
        pair = frozenset({here[0], there[0]})
        if pair not in _PAIRS or here[0] == there[0]:
            raise NotAllowedError(422, f"Invalid request: a {here[0]} cannot be related to a {there[0]}")
        if there not in _related(self._account, here):
            self._relate(here, there, _PAIRS[pair])
        return {"added": True, "resource": {"id": there[1], "type": there[0]}}

    def _relate(self, here: Identity, there: Identity, held_by: tuple[str, str] | None) -> None:
        if held_by is not None:
            holder, other = (here, there) if here[0] == held_by[0] else (there, here)
            record = records.fetch(self._account, BY_SINGULAR[holder[0]], holder[1])
            if _held(record, held_by[1], other) is None:
                _hold(self._account, holder, held_by[1], other)
                return
            if held_by in _ONLY:
                raise NotAllowedError(422, f"Invalid request: the {holder[0]} is already related to another record")
        first, second = sorted(f"{kind}/{number}" for kind, number in (here, there))
        self._account.put("related", {"id": self._account.new_id("related"), "first": first, "second": second})

    def remove(self, request: Request) -> dict[str, Any]:
        """Remove the relation between two records."""
        here, there = self._here(request), _resource(self._account, request)
        if there not in _related(self._account, here):
            raise NotAllowedError(422, _NOT_RELATED)
        held_by = _PAIRS[frozenset({here[0], there[0]})]
        if held_by is not None:
            holder, other = (here, there) if here[0] == held_by[0] else (there, here)
            record = records.fetch(self._account, BY_SINGULAR[holder[0]], holder[1])
            if _held(record, held_by[1], other) == other:
                _hold(self._account, holder, held_by[1], None)
        first, second = sorted(f"{kind}/{number}" for kind, number in (here, there))
        for link in self._account.matching("related", "first = ? AND second = ?", first, second):
            self._account.remove("related", link["id"])
        return {"removed": True, "resource": {"id": there[1], "type": there[0]}}

    def _here(self, request: Request) -> Identity:
        number = record_id(request)
        records.fetch(self._account, self._crm_object, number)
        return self._crm_object.singular, number


def _resource(account: CopperAccount, request: Request) -> Identity:
    """Return the other record, named in the body; raises InvalidError."""
    resource = sent_object(request).get("resource")
    if not isinstance(resource, dict) or resource.get("type") not in BY_SINGULAR:
        raise invalid("resource", "must be an object of id and type")
    crm_object = BY_SINGULAR[resource["type"]]
    if not isinstance(resource.get("id"), int) or not account.exists(crm_object.name, resource["id"]):
        raise invalid("resource", f"not found: {resource['type']} {resource.get('id')}")
    return crm_object.singular, resource["id"]


def _held(record: Record, attribute: str, other: Identity) -> Identity | None:
    """Return the record that an attribute holds, if any."""
    value = record[attribute]
    if attribute == "company_id":
        return None if value is None else (other[0], value)
    return None if value is None or value["id"] is None else (value["type"], value["id"])


def _hold(account: CopperAccount, holder: Identity, attribute: str, other: Identity | None) -> None:
    """Write an attribute; relations are no updates of their records (section 7.9)."""
    crm_object = BY_SINGULAR[holder[0]]
    record = records.fetch(account, crm_object, holder[1])
    if attribute == "company_id":
        company = account.get("companies", other[1]) if other else None
        record["company_id"] = other[1] if other else None
        record["company_name"] = company["name"] if company else None
    elif other is not None:
        record[attribute] = {"id": other[1], "type": other[0]}
    else:
        record[attribute] = dict(UNRELATED) if holder[0] == "task" else None
    account.store.put(crm_object.table, record)


def _related(account: CopperAccount, here: Identity) -> list[Identity]:
    """Return the type and id of each record related to a record, sorted."""
    kind, number = here
    found: set[Identity] = set()
    record = records.fetch(account, BY_SINGULAR[kind], number)
    if record.get("company_id") is not None:
        found.add(("company", record["company_id"]))
    related = record.get("related_resource")
    if related is not None and related["id"] is not None:
        found.add((related["type"], related["id"]))
    if kind == "company":
        for name in ("people", "opportunities"):
            singular = BY_NAME[name].singular
            found |= {(singular, each["id"]) for each in account.matching(name, "company_id = ?", number)}
    for name in ("tasks", "projects"):
        pointing = account.matching(name, "related_id = ? AND related_type = ?", number, kind)
        found |= {(BY_NAME[name].singular, each["id"]) for each in pointing}
    identity = f"{kind}/{number}"
    for link in account.matching("related", "first = ? OR second = ?", identity, identity):
        other = link["second"] if link["first"] == identity else link["first"]
        other_kind, _, other_number = other.partition("/")
        found.add((other_kind, int(other_number)))
    return sorted(found)
