"""Records by address: a POST to ``/invoices`` makes ``/invoices/1``; GET, PUT, PATCH and DELETE work there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_emulator.anything.tables import RECORDS
from crm_emulator.anything.templates import at
from crm_emulator.messages import RefusalError, is_whole
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from crm_emulator.anything.bodies import Body
    from crm_emulator.anything.rules import Rule
    from crm_emulator.anything.switches import Switches
    from crm_emulator.messages import Record, Request
    from crm_emulator.store import Store


class RefusedError(RefusalError):
    """A record that is refused, with what is said of it."""


@dataclass(frozen=True)
class Outcome:
    """Result of a request that was carried out.

    Attributes:
        status: The status of the answer where no rule names another.
        answer: The JSON of the answer where no rule has a template.
        named: The values that templates may name.
    """

    status: int = 200
    answer: Any = field(default_factory=dict)
    named: dict[str, Any] = field(default_factory=dict)


_NOTHING_THERE = Outcome(404, {"error": "not found"})


class RecordsByAddress:
    """The records and what can be done to them."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches

    def act(self, request: Request, path: str, body: Body, rule: Rule) -> Outcome:
        """Carry a request out; raises RefusedError."""
        if request.method == "POST":
            record_id = self.create(path, body.value, rule)
            named = {"id": record_id, "key": str(record_id)}
            return Outcome(self._switches.create_status, _with_id(body.value, record_id), named)
        held = self._held(path)
        if request.method == "GET":
            return self._read(request, path, held)
        if request.method == "PUT" and held is None and self._switches.put_creates:
            return self._put_new(path, body.value, rule)
        if held is None:
            return _NOTHING_THERE
        if request.method == "DELETE":
            self._store.remove(RECORDS, held["id"])
            return Outcome(200, {"id": _key(path), "deleted": True}, {"id": held["id"], "key": _key(path)})
        return self._change(request.method, path, held, body.value, rule)

    def create(self, path: str, value: Any, rule: Rule) -> int:
        """Create a record below an address, and return its id; raises RefusedError."""
        self._check(value, rule)
        record_id = self._store.next_id(RECORDS)
        place = f"{path.rstrip('/')}/{record_id}"
        self._store.put(RECORDS, {"id": record_id, "collection": path, "place": place, "body": value})
        return record_id

    def _put_new(self, path: str, value: Any, rule: Rule) -> Outcome:
        self._check(value, rule)
        record_id = self._store.next_id(RECORDS)
        collection = path.rpartition("/")[0]
        self._store.put(RECORDS, {"id": record_id, "collection": collection, "place": path, "body": value})
        return Outcome(201, _with_id(value, _key(path)), {"id": record_id, "key": _key(path)})

    def _change(self, method: str, path: str, held: Record, value: Any, rule: Rule) -> Outcome:
        if method == "PATCH" and isinstance(held["body"], dict) and isinstance(value, dict):
            value = {**held["body"], **value}
        self._check(value, rule)
        self._store.put(RECORDS, {**held, "body": value})
        return Outcome(200, _with_id(value, _key(path)), {"id": held["id"], "key": _key(path)})

    def _check(self, value: Any, rule: Rule) -> None:
        if rule.refuses(value):
            raise RefusedError(rule.error)
        missing = [name for name in self._switches.required.split() if at(value, name) in (None, "")]
        if missing:
            raise RefusedError(f"{', '.join(missing)} is missing")

    def _held(self, path: str) -> Record | None:
        found = self._store.records(Query(RECORDS, (Condition("place = ?", (path,), "place"),)))
        return found[0] if found else None

    def _read(self, request: Request, path: str, held: Record | None) -> Outcome:
        """Return the record at an address, or those below it that have the values that the query names."""
        if held is not None:
            shown = _with_id(held["body"], _key(path))
            return Outcome(200, shown, {"id": held["id"], "key": _key(path), "items": [shown]})
        below = self._store.records(Query(RECORDS, (Condition("collection = ?", (path,), "collection"),)))
        if not below and isinstance(_key(path), int):
            return _NOTHING_THERE
        asked = {name: value for name, value in request.query.items() if name != self._switches.auth_name}
        found = [
            _with_id(record["body"], _key(record["place"]))
            for record in below
            if all(str(at(record["body"], name)) == value for name, value in asked.items())
        ]
        return Outcome(200, {"data": found, "total": len(found)}, {"items": found, "count": len(found)})


def _with_id(value: Any, key: int | str) -> Any:
    return {**value, "id": key} if isinstance(value, dict) else {"id": key}


def _key(path: str) -> int | str:
    last = path.rpartition("/")[2]
    return int(last) if is_whole(last) else last
