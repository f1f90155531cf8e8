"""What is told of Freshsales: upserts in bulk, jobs, the recycle bin."""

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
    stage.kill_at_state([SCHEMAS["contacts"], *gone, state_of(2), contact(1)], batch_size_rows=1)
    stage.kill_in_flight(
        [SCHEMAS["new_contacts"], contact(10, "new_contacts"), contact(11, "new_contacts")],
        hang("POST /contacts/bulk_upsert", carried_out=True),
    )
    stage.kill_in_flight([SCHEMAS["deals"], deal(1, account=1, amount=7)], hang("* /deals*", carried_out=True))
    stage.kill_in_flight([SCHEMAS["offers"], deal(4, "offers")], hang("POST /deals*", carried_out=False))


def go_on(stage: Stage) -> None:
    """What people do in the CRM before the source is read again."""


def messages(_parent: int):
    """What the source sends next."""
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
