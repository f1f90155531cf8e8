"""The scene of an API whose endpoints are declared: records sent whole, ids that are text, doubt that stays."""

from __future__ import annotations

from tests.target_crm.ledgers.stage import Stage, hang
from tests.target_crm.messages import record_of, schema_of, state_of

GONE = "_sdc_deleted_at"
NOW_GONE = {GONE: "2026-01-01T00:00:00Z"}


def _calls(place):
    return {
        "create": {"path": place, "answer": {"id": "$.id", "error": "$.error"}},
        "find": {"path": place, "query": {"email": "{email}"}, "answer": {"items": "$.data", "id": "$.id"}},
        "update": {"method": "PUT", "path": f"{place}/{{crm_id}}"},
        "delete": {"path": f"{place}/{{crm_id}}"},
    }


SETTINGS = {
    "crm": "http",
    "streams": {
        "contacts": {"endpoints": _calls("/contacts"), "hard_delete": True},
        "members": {
            "endpoints": _calls("/members"),
            "references": {"contact": {"stream": "contacts", "source_id": "contact"}},
        },
        "visits": {"endpoint": {"method": "POST", "path": "/visits", "answer": {"id": "$.key"}}},
        "once": {"endpoints": {"create": {"path": "/once", "answer": {"id": "$.id"}}}},
        "keyed": {
            "endpoint": {"method": "POST", "path": "/keyed", "idempotency_header": "Idempotency-Key"},
        },
    },
}
SCHEMAS = {
    "contacts": schema_of("contacts", "name", "email", "title", GONE),
    "members": schema_of("members", "name", "email", "contact"),
    "visits": schema_of("visits", "name"),
    "once": schema_of("once", "name"),
    "keyed": schema_of("keyed", "name"),
}


def contact(number, stream="contacts", **more):
    own = {"id": number, "name": f"{stream} {number}", "email": f"{stream}{number}@example.org"}
    return record_of(stream, **{**own, **more})


def visit(number, stream="visits", **more):
    return record_of(stream, **{"id": number, "name": f"{stream} {number}", **more})


CONTACTS = [contact(number) for number in range(1, 5)]


def tell(stage: Stage) -> None:
    """Bring a ledger and a CRM into the state from which later versions go on."""
    refusal = {"route": "POST /contacts", "fails": {"name": ["Bad"]}, "error": "no such name"}
    stage.insert("answers", refusal)
    stage.insert("answers", {"route": "POST /visits", "status": 200, "body": {"key": "v-{id}"}})
    there = {"name": "There before", "email": "contactsmatched@example.org"}
    stage.insert("records", {"collection": "/contacts", "body": there})
    first = [
        *SCHEMAS.values(),
        *CONTACTS,
        contact("matched", title="Director"),
        contact("bad/ü", name="Bad"),
        contact("leaver"),
        contact(1, "members", contact=1),
        contact(2, "members", contact="late"),
        visit(1),
        visit(1, "once"),
        visit(1, "keyed"),
        state_of(1),
    ]
    stage.run(first, code=1, history_values=True)
    stage.run([SCHEMAS["contacts"], contact(1, title="Chief"), contact("leaver", **NOW_GONE)], code=1)
    stage.run([SCHEMAS["visits"], visit(1, name="Changed")], code=1)
    stage.run([SCHEMAS["once"], visit(1, "once", name="Changed")], code=1)
    stage.run([SCHEMAS["contacts"], contact(2)], source_name="other")
    gone = [contact(number, **NOW_GONE) for number in (3, 4)]
    stage.kill_at_state([SCHEMAS["contacts"], *gone, state_of(2), contact(2)], batch_size_rows=1)
    stage.kill_in_flight([SCHEMAS["contacts"], contact(10)], hang("POST /contacts", carried_out=True))
    stage.kill_in_flight([SCHEMAS["members"], contact(11, "members")], hang("POST /members", carried_out=False))
    stage.kill_in_flight([SCHEMAS["members"], contact(1, "members", name="Changed")], hang("PUT *", carried_out=True))
    stage.kill_in_flight([SCHEMAS["visits"], visit(2)], hang("POST /visits", carried_out=True))
    stage.kill_in_flight([SCHEMAS["keyed"], visit(2, "keyed")], hang("POST /keyed", carried_out=True))


def go_on(_vendor) -> None:
    """Edit the CRM as people do before the source is read again."""


def messages(_vendor):
    """Give the messages that the source sends next."""
    return [
        *SCHEMAS.values(),
        contact("late"),
        contact(1, title="Chief"),
        contact(2),
        contact("matched", title="Director"),
        contact("leaver"),
        contact(10),
        contact(1, "members", contact=1, name="Changed"),
        contact(11, "members"),
        visit(1, name="Changed"),
        visit(2),
        visit(1, "keyed"),
        visit(2, "keyed"),
        state_of(3),
    ]


OUTCOMES = {
    "contacts": {"input": 9, "created": 2, "unchanged": 4, "deleted": 2, "rejected": 1},
    "members": {"input": 3, "created": 2, "updated": 1},
    "visits": {"input": 2, "unchanged": 1, "rejected": 1},
    "once": {"input": 1, "rejected": 1},
    "keyed": {"input": 2, "unchanged": 2},
}
"""Give the outcomes of these messages, and of the records that the ledger held."""

LINKED: dict[str, int] = {}
REJECTED = 2
UNANSWERED = {
    ("contacts", "10"): "create",
    ("members", "1"): "update",
    ("members", "11"): "create",
    ("visits", "2"): "create",
    ("keyed", "2"): "create",
}
"""Writes that were never answered, by stream and source id."""

HISTORY = ("leaver", ["created", "deleted", "created"])
IMPORTS = {"visits": "source,crm\n2,v-13\n"}
"""Give the answers to the doubts that stay: a file for ``singer-crm ledger import``, by stream."""


def of_other_sources(_vendor):
    """Give the messages of other sources: their names, messages and outcomes."""
    return [("other", [SCHEMAS["contacts"], contact(2)], {"contacts": {"input": 1, "unchanged": 1}})]


def shown(vendor):
    """Give the facts that count of the records that were sent, once each."""
    found = vendor.records("records")
    numbers = {each["id"]: each["body"]["name"] for each in found}
    return sorted(
        (each["collection"], each["body"]["name"], numbers.get(each["body"].get("contact"))) for each in found
    )


SHOWN = [
    ("/contacts", "contacts 1", None),
    ("/contacts", "contacts 10", None),
    ("/contacts", "contacts 2", None),
    ("/contacts", "contacts late", None),
    ("/contacts", "contacts leaver", None),
    ("/contacts", "contacts matched", None),
    ("/keyed", "keyed 1", None),
    ("/keyed", "keyed 2", None),
    ("/members", "Changed", "contacts 1"),
    ("/members", "members 11", None),
    ("/members", "members 2", "contacts late"),
    ("/once", "once 1", None),
    ("/visits", "Changed", None),
    ("/visits", "visits 1", None),
    ("/visits", "visits 2", None),
]
