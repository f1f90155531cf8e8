"""The catch-all's handling of a request: carry it out, answer by the rules, write it down."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from crm_emulator.anything.bodies import Body, as_xml, read_body
from crm_emulator.anything.records import Outcome, RecordsByAddress, RefusedError
from crm_emulator.anything.rules import STANDARD, Rule
from crm_emulator.anything.tables import TABLES
from crm_emulator.anything.templates import at, filled
from crm_emulator.credentials import HIDDEN, is_credential
from crm_emulator.messages import Answer, Record, Request, decode, json_answer
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from crm_emulator.anything.switches import Switches
    from crm_emulator.clock import Clock
    from crm_emulator.store import Store


class CatchAll:
    """Endpoint that answers any request below the vendor's prefix."""

    def __init__(self, store: Store, clock: Clock, switches: Switches, prefix: str) -> None:
        self._store = store
        self._clock = clock
        self._switches = switches
        self._prefix = prefix
        self._records = RecordsByAddress(store, switches)

    def answer(self, request: Request) -> Answer:
        """Answer one request; raises MalformedBodyError."""
        path = request.path.removeprefix(self._prefix).rstrip("/") or "/"
        body = read_body(request)
        rule = self._rule(request.method, path)
        with self._store.transaction():
            answer = self._once(request, path, body, rule)
            self._write_down(request, path, body, answer)
        return answer

    # Answers

    def _rule(self, method: str, path: str) -> Rule:
        rules = [Rule.from_record(record) for record in self._store.records(Query(TABLES["answers"], descending=True))]
        return next((rule for rule in rules if rule.matches(method, path)), STANDARD)

    def _once(self, request: Request, path: str, body: Body, rule: Rule) -> Answer:
        """Answer a repeated idempotency key as the first time, and do nothing again."""
        name = self._switches.idempotency_header
        key = request.headers.get(name.lower()) if name and request.method in {"POST", "PATCH"} else None
        if key is None:
            return self._answer(request, path, body, rule)
        print_ = hashlib.sha256(f"{request.method} {path}\n".encode() + request.body).hexdigest()
        known = self._store.records(Query(TABLES["idempotent"], (Condition("key = ?", (key,)),)))
        if known:
            if known[0]["print"] != print_:
                return json_answer(422, {"error": f"{name} was used for another request"})
            replayed = (("Idempotency-Replayed", "true"),)
            return Answer(known[0]["status"], known[0]["body"].encode(), known[0]["content_type"], replayed)
        answer = self._answer(request, path, body, rule)
        if answer.status < 300:  # noqa: PLR2004 - only what was done is remembered
            held = {"key": key, "print": print_, "status": answer.status, "content_type": answer.content_type}
            self._put("idempotent", {**held, "body": answer.body.decode()})
        return answer

    def _answer(self, request: Request, path: str, body: Body, rule: Rule) -> Answer:
        values: dict[str, Any] = {"body": body.value, "query": dict(request.query), "error": rule.error}
        batch = self._batch(request.method, body, rule)
        if batch is not None:
            return self._batched(path, body, rule, batch, values)
        try:
            done = Outcome() if rule.does_nothing else self._records.act(request, path, body, rule)
        except RefusedError as refusal:
            return self._shown(body, rule, rule.failed_status, {"error": str(refusal)})
        answer = done.answer if rule.body is None else filled(rule.body, values | done.named)
        return self._shown(body, rule, done.status if rule.status is None else rule.status, answer)

    def _batch(self, method: str, body: Body, rule: Rule) -> list[Any] | None:
        if method != "POST":
            return None
        if rule.items:
            found = body.value if rule.items == "." else at(body.value, rule.items)
            if body.format == "xml" and isinstance(found, dict):
                found = [found]  # an element that stands alone
        elif isinstance(body.value, list):
            found = body.value
        else:
            found = at(body.value, self._switches.batch_property) if body.format == "json" else None
        return found if isinstance(found, list) else None

    def _batched(self, path: str, body: Body, rule: Rule, batch: list[Any], values: dict[str, Any]) -> Answer:
        """Answer a batch: each item succeeds or fails by itself, and the answer as a whole is a success."""
        items = []
        for index, item in enumerate(batch):
            try:
                record_id = 0 if rule.does_nothing else self._records.create(path, item, rule)
            except RefusedError as refusal:
                items.append(filled(rule.failed_item, {"index": index, "body": item, "error": str(refusal)}))
            else:
                items.append(filled(rule.item, {"index": index, "body": item, "id": record_id, "key": str(record_id)}))
        shown: Any = "".join(map(str, items)) if rule.format in {"xml", "text"} and rule.body is not None else items
        values |= {"items": shown, "count": len(items)}
        answer = {"results": items} if rule.body is None else filled(rule.body, values)
        return self._shown(body, rule, 200 if rule.status is None else rule.status, answer)

    def _shown(self, body: Body, rule: Rule, status: int, value: Any) -> Answer:
        headers = tuple(rule.headers.items())
        form = rule.format or ("xml" if body.format == "xml" else "json")
        if form == "json":
            return Answer(status, b"", headers=headers) if value is None else json_answer(status, value, *headers)
        text = value if isinstance(value, str) else as_xml("response", value)
        kind = "application/xml; charset=utf-8" if form == "xml" else "text/plain; charset=utf-8"
        return Answer(status, text.encode(), kind, headers)

    # The log of requests

    def _write_down(self, request: Request, path: str, body: Body, answer: Answer) -> None:
        own = self._switches.auth_name

        def is_secret(name: str) -> bool:
            return is_credential(name) or name.lower() == own.lower()

        self._put(
            "requests",
            {
                "at": self._clock.now(),
                "method": request.method,
                "path": path,
                "query": {name: value for name, value in request.query.items() if not is_secret(name)},
                "headers": {name: HIDDEN if is_secret(name) else value for name, value in request.headers.items()},
                "format": body.format,
                "body": body.value,
                "text": request.body.decode("utf-8", "replace"),
                "status": answer.status,
                "answer": _text(answer),
            },
        )

    def _put(self, object_name: str, record: Record) -> Record:
        record = {"id": self._store.next_id(TABLES[object_name]), **record}
        self._store.put(TABLES[object_name], record)
        return record


def _text(answer: Answer) -> Any:
    if answer.content_type.startswith("application/json") and answer.body:
        return decode(answer.body)
    return answer.body.decode("utf-8", "replace")
