"""The scene of Freshsales: upserts in bulk, jobs, the recycle bin."""

from __future__ import annotations

from tests.target_crm.ledgers.stage import Stage, hang
from tests.target_crm.messages import record_of, schema_of, state_of

GONE = "_sdc_deleted_at"
NOW_GONE = {GONE: "2026-01-01T00:00:00Z"}
ACCOUNT = {"stream": "accounts", "source_id": "account"}
SETTINGS = {
    "crm": "freshsales",
    "requests_per_hour": 0,
    "streams": {
        "accounts": {"object": "sales_accounts"},
        "contacts": {"hard_delete": True, "references": {"sales_account_id": ACCOUNT}},
        "deals": {"match_on": ["name"], "references": {"sales_account_id": ACCOUNT}},
        "offers": {
            "object": "deals",
            "match_on": ["name"],
            "missing_reference": "link_later",
            "references": {"sales_account_id": ACCOUNT},
        },
        "new_contacts": {"object": "contacts"},
    },
}
SCHEMAS = {
    "accounts": schema_of("accounts", "name", "city"),
    "contacts": schema_of("contacts", "last_name", "email", "job_title", "account", GONE),
    "deals": schema_of("deals", "name", "amount", "account", "owner_id"),
    "offers": schema_of("offers", "name", "amount", "account"),
    "new_contacts": schema_of("new_contacts", "last_name", "email"),
}


def account(number, **more):
    return record_of("accounts", **{"id": number, "name": f"Account {number}", **more})


def contact(number, stream="contacts", **more):
    own = {"id": number, "last_name": f"Contact {number}", "email": f"c{number}@example.org"}
    return record_of(stream, **own, **more)


def deal(number, stream="deals", **more):
    return record_of(stream, **{"id": number, "name": f"{stream} {number}", "amount": 5, **more})


ACCOUNTS = [account(1), account("Zürich/2", name="Zürich")]
CONTACTS = [contact(number, account=1) for number in range(1, 5)]
WAITING = contact("waiting", account="late")
DEALS = [deal(1, account=1), deal(2)]
REFUSED = deal("refused", owner_id=999_999_999)


def tell(stage: Stage) -> None:
    """Bring a ledger and a CRM into the state from which later versions go on."""
    stage.insert("contacts", {"last_name": "Matched", "emails": "cmatched@example.org"})
    first = [
        *(SCHEMAS[name] for name in ("accounts", "contacts", "deals", "offers")),
        *ACCOUNTS,
        *CONTACTS,
        WAITING,
        contact("matched", job_title="Director"),
        contact("leaver"),
        *DEALS,
        REFUSED,
        deal(3, "offers", account="late"),
        state_of(1),
    ]
    stage.run(first, code=1, history_values=True)
    stage.run([SCHEMAS["contacts"], contact(1, account=1, job_title="Chief"), contact("leaver", **NOW_GONE)], code=1)
    stage.run([SCHEMAS["contacts"], contact(2)], source_name="other")
    gone = [contact(number, **NOW_GONE) for number in (3, 4)]
    stage.kill_at_state([SCHEMAS["contacts"], *gone, state_of(2), contact(2, account=1)], batch_size_rows=1)
    stage.kill_in_flight(
        [SCHEMAS["new_contacts"], contact(10, "new_contacts"), contact(11, "new_contacts")],
        hang("POST /contacts/bulk_upsert", carried_out=True),
    )
    stage.kill_in_flight([SCHEMAS["deals"], deal(1, account=1, amount=7)], hang("* /deals*", carried_out=True))
    stage.kill_in_flight([SCHEMAS["offers"], deal(4, "offers")], hang("POST /deals*", carried_out=False))


def go_on(_vendor) -> None:
    """Edit the CRM as people do before the source is read again."""


def messages(_vendor):
    """Give the messages that the source sends next."""
    return [
        *SCHEMAS.values(),
        account("late"),
        *ACCOUNTS,
        contact(1, account=1, job_title="Chief"),
        contact(2, account=1),
        contact("matched", job_title="Director"),
        contact("leaver"),
        contact("new"),
        contact(10, "new_contacts"),
        contact(11, "new_contacts"),
        deal(1, account=1, amount=7),
        deal(2),
        deal(3, "offers", account="late"),
        deal(4, "offers"),
        state_of(3),
    ]


OUTCOMES = {
    "accounts": {"input": 3, "created": 1, "unchanged": 2},
    "contacts": {"input": 8, "created": 3, "unchanged": 3, "deleted": 2},
    "deals": {"input": 3, "unchanged": 2, "rejected": 1},
    "offers": {"input": 2, "created": 1, "unchanged": 1},
    "new_contacts": {"input": 2, "created": 2},
}
"""Give the outcomes of these messages, and of the records that the ledger held."""

LINKED = {"offers": 1}
REJECTED = 1
UNANSWERED = {("new_contacts", "10"): "upsert", ("deals", "1"): "update", ("offers", "4"): "create"}
"""Writes that were never answered, by stream and source id."""

HISTORY = ("leaver", ["created", "deleting", "deleted", "created"])
IMPORTS: dict[str, str] = {}
"""Give the answers to the doubts that stay: a file for ``singer-crm ledger import``, by stream."""


def of_other_sources(_vendor):
    """Give the messages of other sources: their names, messages and outcomes."""
    return [("other", [SCHEMAS["contacts"], contact(2)], {"contacts": {"input": 1, "unchanged": 1}})]


def shown(vendor):
    """Give the facts that count of the CRM's records, once each."""
    accounts = {each["id"]: each["name"] for each in vendor.records("sales_accounts")}
    deals = vendor.records("deals")
    return {
        "accounts": sorted(accounts.values()),
        "contacts": sorted((each["last_name"], each.get("job_title")) for each in vendor.records("contacts")),
        "deals": sorted(
            (each["name"], float(each["amount"]), accounts.get(each["sales_account_id"])) for each in deals
        ),
    }


SHOWN = {
    "accounts": ["Account 1", "Account late", "Zürich"],
    "contacts": [
        ("Contact 1", "Chief"),
        ("Contact 10", None),
        ("Contact 11", None),
        ("Contact 2", None),
        ("Contact leaver", None),
        ("Contact matched", "Director"),
        ("Contact new", None),
        ("Contact waiting", None),
    ],
    "deals": [
        ("deals 1", 7.0, "Account 1"),
        ("deals 2", 5.0, None),
        ("offers 3", 5.0, "Account late"),
        ("offers 4", 5.0, None),
    ],
}
