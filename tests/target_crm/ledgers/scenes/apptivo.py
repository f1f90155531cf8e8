"""The scene of Apptivo: no bulk calls, and an account that is known by the number of the firm."""

from __future__ import annotations

from tests.target_crm.ledgers.stage import Stage, hang
from tests.target_crm.messages import record_of, schema_of, state_of

GONE = "_sdc_deleted_at"
NOW_GONE = {GONE: "2026-01-01T00:00:00Z"}
CUSTOMER = {"stream": "customers", "source_id": "customer"}
SETTINGS = {
    "crm": "apptivo",
    "streams": {
        "customers": {},
        "contacts": {"references": {"account_id": CUSTOMER}},
        "leads": {"hard_delete": True},
        "opportunities": {
            "match_on": ["name"],
            "missing_reference": "link_later",
            "references": {"account_id": CUSTOMER},
            "parameters": {"is_duplicate": "N"},
        },
    },
}
SCHEMAS = {
    "customers": schema_of("customers", "name", "city"),
    "contacts": schema_of("contacts", "last_name", "email", "customer", "job_title"),
    "leads": schema_of("leads", "last_name", "email", "job_title", "account_id", GONE),
    "opportunities": schema_of("opportunities", "name", "stage", "close_date", "customer"),
}


def customer(number, **more):
    return record_of("customers", **{"id": number, "name": f"Customer {number}", "city": "Ulm", **more})


def contact(number, **more):
    own = {"id": number, "last_name": f"Contact {number}", "email": f"c{number}@example.org"}
    return record_of("contacts", **own, **more)


def lead(number, **more):
    own = {"id": number, "last_name": f"Lead {number}", "email": f"lead{number}@example.org"}
    return record_of("leads", **own, **more)


def deal(number, **more):
    own = {"id": number, "name": f"Deal {number}", "stage": "Proposal", "close_date": "2026-05-31"}
    return record_of("opportunities", **own, **more)


CUSTOMERS = [customer(1), customer("Größe 2")]
LEADS = [lead(number) for number in range(1, 5)]


def tell(stage: Stage) -> None:
    """Bring a ledger and a CRM into the state from which later versions go on."""
    matched = [{"emailAddress": "leadmatched@example.org", "id": "cont_email_input"}]
    stage.insert("leads", {"firstName": "Ann", "lastName": "Lead matched", "emailAddresses": matched})
    first = [
        *SCHEMAS.values(),
        *CUSTOMERS,
        contact(1, customer=1),
        contact("waiting", customer="late"),
        *LEADS,
        lead("matched", job_title="Director"),
        lead("refused", account_id=999_999),
        lead("leaver"),
        deal(1, customer="late"),
        state_of(1),
    ]
    stage.run(first, code=1, history_values=True)
    stage.run([SCHEMAS["leads"], lead(1, job_title="Chief"), lead("leaver", **NOW_GONE)], code=1)
    stage.run([SCHEMAS["customers"], customer(1)], source_name="other")
    gone = [lead(number, **NOW_GONE) for number in (3, 4)]
    stage.kill_at_state([SCHEMAS["leads"], *gone, state_of(2), lead(2)], batch_size_rows=1)
    own = "POST /app/dao/v6/{}[?]a={}"
    stage.kill_in_flight([SCHEMAS["contacts"], contact(2)], hang(own.format("contacts", "save"), carried_out=True))
    stage.kill_in_flight(
        [SCHEMAS["opportunities"], deal(2)], hang(own.format("opportunities", "save"), carried_out=False)
    )
    changed = [SCHEMAS["customers"], customer(1, city="Bonn")]
    stage.kill_in_flight(changed, hang(own.format("customers", "update"), carried_out=True))


def go_on(_vendor) -> None:
    """Edit the CRM as people do before the source is read again."""


def messages(_vendor):
    """Give the messages that the source sends next."""
    return [
        *SCHEMAS.values(),
        customer("late"),
        customer(1, city="Bonn"),
        *CUSTOMERS[1:],
        contact(1, customer=1),
        contact(2),
        lead(1, job_title="Chief"),
        lead(2),
        lead("matched", job_title="Director"),
        lead("leaver"),
        deal(1, customer="late"),
        deal(2),
        state_of(3),
    ]


OUTCOMES = {
    "customers": {"input": 3, "created": 1, "unchanged": 2},
    "contacts": {"input": 3, "created": 1, "unchanged": 2},
    "leads": {"input": 7, "created": 1, "unchanged": 3, "deleted": 2, "rejected": 1},
    "opportunities": {"input": 2, "created": 1, "unchanged": 1},
}
"""Give the outcomes of these messages, and of the records that the ledger held."""

LINKED = {"opportunities": 1}
REJECTED = 1
UNANSWERED = {("contacts", "2"): "create", ("opportunities", "2"): "create", ("customers", "1"): "update"}
"""Writes that were never answered, by stream and source id."""

HISTORY = ("leaver", ["created", "deleting", "deleted", "created"])
IMPORTS: dict[str, str] = {}
"""Give the answers to the doubts that stay: a file for ``singer-crm ledger import``, by stream."""


def of_other_sources(_vendor):
    """Give the messages of other sources: their names, messages and outcomes."""
    return [("other", [SCHEMAS["customers"], customer(1)], {"customers": {"input": 1, "unchanged": 1}})]


def shown(vendor):
    """Give the facts that count of the CRM's records, once each."""
    customers = {each["customerId"]: each["customerName"] for each in vendor.records("customers")}
    deals = vendor.records("opportunities")
    return {
        "customers": sorted(
            (each["customerName"], each["addresses"][0]["city"]) for each in vendor.records("customers")
        ),
        "contacts": sorted((each["lastName"], each.get("accountName")) for each in vendor.records("contacts")),
        "leads": sorted((each["lastName"], each.get("jobTitle")) for each in vendor.records("leads")),
        "deals": sorted((each["opportunityName"], customers.get(each["opportunityCustomerId"])) for each in deals),
    }


SHOWN = {
    "customers": [("Customer 1", "Bonn"), ("Customer Größe 2", "Ulm"), ("Customer late", "Ulm")],
    "contacts": [("Contact 1", "Customer 1"), ("Contact 2", None), ("Contact waiting", "Customer late")],
    "leads": [("Lead 1", "Chief"), ("Lead 2", None), ("Lead leaver", None), ("Lead matched", "Director")],
    "deals": [("Deal 1", "Customer late"), ("Deal 2", None)],
}
