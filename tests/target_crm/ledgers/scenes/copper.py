"""The scene of Copper: every table and every state of a ledger, and what the source sends next."""

from __future__ import annotations

from tests.target_crm.ledgers.stage import AFTER, BEFORE, Stage, hang
from tests.target_crm.messages import record_of, schema_of, state_of

LONG = "customer/" + "0123456789" * 30
GONE = "_sdc_deleted_at"
NOW_GONE = {GONE: "2026-01-01T00:00:00Z"}
COMPANY = {"stream": "companies", "source_id": "company"}
# By kind of rejection: the settings of the stream that meets it, and what is wrong with its record.
REJECTS = {
    "schema": ({}, {"name": 5}),
    "stream_map": ({}, {"name": None}),
    "not_json": ({}, {"title": float("nan")}),
    "no_source_id": ({}, {"id": None}),
    "unknown_attribute": ({"unknown_attributes": "reject"}, {"mystery": 1}),
    "unknown_name": ({}, {"assignee": "Newcomer"}),
    "ambiguous_name": ({}, {"assignee": "Sam Twin"}),
    "invalid_value": ({}, {"title": ["no", "text"]}),
    "missing_required": ({}, {"name": None}),
    "no_match_key": ({"no_match_key": "reject"}, {"email": None}),
    "ambiguous": ({"match_on": ["title"]}, {"title": "Same"}),
    "missing_reference": ({"references": {"company_id": COMPANY}, "missing_reference": "reject"}, {"company": "late"}),
    "refused": ({}, {"assignee_id": 999_999_999}),
    "gone": ({"when_gone": "reject"}, {"title": "Changed"}),
    "brake": ({"hard_delete": True}, NOW_GONE),
    "forbidden": ({}, {}),
    "in_doubt": ({"load_method": "append-only"}, {}),
}
ATTRIBUTES = ("email", "title", "assignee", "assignee_id", "company", "mystery", GONE)
SETTINGS = {
    "crm": "copper",
    "date_order": "mdy",
    "stream_maps": {"bad_stream_map": {"name": "name.upper()"}},
    "streams": {
        "companies": {"hard_delete": True},
        "people": {"hard_delete": True, "references": {"company_id": COMPANY}},
        "staff": {
            "object": "people",
            "references": {"company_id": {"object": "companies", "match": {"domain": "employer"}}},
        },
        "departed": {"object": "people", "load_method": "delete", "ledger_stream": "people"},
        "deals": {
            "object": "opportunities",
            "match_on": ["name"],
            "missing_reference": "link_later",
            "references": {
                "company_id": COMPANY,
                "primary_contact_id": {"object": "people", "match": {"email": "contact"}},
            },
        },
        "more_deals": {
            "object": "opportunities",
            "match_on": ["name"],
            "missing_reference": "link_later",
            "references": {"company_id": COMPANY},
        },
        "tasks": {"source_id": ["region", "number"]},
        "calls": {"object": "activities", "load_method": "append-only"},
        "projects": {"load_method": "overwrite"},
        "leads": {"hard_delete": True},
        "old_leads": {"object": "leads", "hard_delete": True},
        **{f"bad_{kind}": {"object": "people", **settings} for kind, (settings, _) in REJECTS.items()},
    },
}
SCHEMAS = {
    "companies": schema_of("companies", "name", "domain", "details", GONE),
    "people": schema_of("people", "name", "email", "title", "company", GONE),
    "staff": schema_of("staff", "name", "email", "employer"),
    "departed": schema_of("departed"),
    "deals": schema_of("deals", "name", "company", "contact", "amount"),
    "more_deals": schema_of("more_deals", "name", "company"),
    "tasks": schema_of("tasks", "name", "due_date", keys=("region", "number")),
    "calls": schema_of("calls", "type", "details", "parent"),
    "projects": schema_of("projects", "name", "details"),
    "leads": schema_of("leads", "name", "email", GONE),
    "old_leads": schema_of("old_leads", "name", "email", GONE),
    **{f"bad_{kind}": schema_of(f"bad_{kind}", *ATTRIBUTES, name={"type": ["string", "null"]}) for kind in REJECTS},
}


def company(number, **more):
    return record_of("companies", **{"id": number, "name": f"Company {number}", **more})


def person(number, stream="people", **more):
    return record_of(stream, **{"id": number, "name": f"Person {number}", "email": f"p{number}@example.org", **more})


def lead(number, stream="leads", **more):
    return record_of(stream, **{"id": number, "name": f"{stream} {number}", "email": f"{stream}{number}@x.org", **more})


def deal(number, stream="deals", **more):
    return record_of(stream, **{"id": number, "name": f"{stream} {number}", **more})


def task(region, number):
    name = f"Task {region} {number}"
    return record_of("tasks", region=region, number=number, name=name, due_date="2026-03-01T10:00:00Z")


def project(number, **more):
    return record_of("projects", **{"id": number, "name": f"Project {number}", **more})


def activate(version):
    return {"type": "ACTIVATE_VERSION", "stream": "projects", "version": version}


def versioned(version, *messages):
    return [{**message, "version": version} for message in messages]


def bad(kind, **more):
    """The record of a stream that meets one kind of rejection."""
    return person(7, f"bad_{kind}", **{"name": f"Bad {kind}", "email": f"{kind}@example.org", **more})


COMPANIES = [
    company(1, domain="one.example"),
    company(2, name="Béta GmbH & Söhne", domain="two.example"),
    company("企业-3", name="第三"),
    company(LONG, name="Long"),
]
PEOPLE = [person(1, company=1), person(2, company=1), *(person(number) for number in range(3, 7))]
MARY = person("mary", name="Matched Mary", email="mary@example.org", title="Director")
SAM = person("sam", name="Matched Sam", email="sam@example.org")
LATE = person("late-1", company="late")
WITH_NOBODY = deal("with nobody", company="late", contact="nobody@example.org")
DEALS = [deal("with one", company=1, contact="p1@example.org", amount=12.5), WITH_NOBODY]
SHOP = "shop/2, Zürich"


def tell(stage: Stage) -> None:
    """Bring a ledger and a CRM into the state from which later versions go on."""
    _prepare(stage)
    _first_runs(stage)
    _rejections(stage)
    _held_deletes(stage)
    _in_flight(stage)


def _prepare(stage):
    def put(name, email=None, **more):
        emails = [{"email": email, "category": "work"}] if email else []
        return stage.insert("people", {"name": name, "emails": emails, **more})

    stage.parent = put("Parent")
    put("Matched Mary", "mary@example.org")
    put("Matched Sam", "sam@example.org")
    stage.imported = put("Imported Ida", "ida@example.org")
    for number in (1, 2):
        put("Theirs", f"same{number}@example.org", title="Same")
        stage.insert("users", {"name": "Sam Twin", "email": f"sam{number}@example.org"})


def _first_runs(stage):
    call = record_of("calls", id=1, type="Note", details="Called", parent={"type": "person", "id": stage.parent})
    first = [
        *(SCHEMAS[name] for name in ("companies", "people", "staff", "deals", "more_deals", "tasks", "calls")),
        *COMPANIES,
        *PEOPLE,
        MARY,
        SAM,
        LATE,
        person("leaver"),
        person("s1", "staff", employer="nowhere.example"),
        person("s2", "staff", employer="two.example"),
        *DEALS,
        deal(8, "more_deals", company="c8"),
        deal(9, "more_deals", company="c9"),
        task("north", 1),
        task('so"uth', 2),
        call,
        *(SCHEMAS[name] for name in ("projects", "leads", "old_leads")),
        *versioned(1, *map(project, range(1, 4))),
        activate(1),
        *map(lead, range(1, 5)),
        *(lead(number, "old_leads") for number in (1, 2)),
        state_of(1),
    ]
    stage.run(first, history_values=True)
    second = [
        SCHEMAS["companies"],
        company("c8"),
        SCHEMAS["people"],
        person(1, company=1, title="Chief"),
        person("leaver", **NOW_GONE),
        person("mary", name="Matched Mary", email="mary@example.org", title="Director", **NOW_GONE),
        SCHEMAS["projects"],
        *versioned(2, project(1)),
        activate(2),
        state_of(2),
    ]
    stage.run(second)
    stage.run([SCHEMAS["people"], person(3, title="Engineer"), state_of(3)], history_values=True)
    shop = [SCHEMAS["companies"], SCHEMAS["people"], person(2), person("only-here"), person("late-2", company="late")]
    stage.run(shop, source_name=SHOP)
    pairs = stage.folder / "pairs.csv"
    pairs.write_text(f"source,crm\nida,{stage.imported}\n")
    stage.operate("ledger", "import", "--stream", "people", str(pairs))


def _rejections(stage):
    before = [SCHEMAS["bad_gone"], bad("gone"), SCHEMAS["bad_brake"], bad("brake")]
    stage.run(before)
    stage.remove("people", {"name": "Bad gone"})
    plain = [kind for kind in REJECTS if kind not in {"forbidden", "in_doubt", "brake"}]
    stage.run([each for kind in plain for each in (SCHEMAS[f"bad_{kind}"], bad(kind, **REJECTS[kind][1]))], code=1)
    stage.run([SCHEMAS["bad_brake"], bad("brake", **NOW_GONE)], code=3, **_more("bad_brake", max_deletes=0))
    with stage.trouble("error:status=403,route=POST /people"):
        stage.run([SCHEMAS["bad_forbidden"], bad("forbidden")], code=1)
    with stage.trouble("reset:route=POST /people"):
        stage.run([SCHEMAS["bad_in_doubt"], bad("in_doubt")], code=1, request_timeout_seconds=1)


def _more(stream, **settings):
    return {"streams": SETTINGS["streams"] | {stream: SETTINGS["streams"][stream] | settings}}


def _held_deletes(stage):
    gone = [lead(number, **NOW_GONE) for number in (1, 2)]
    stage.kill_at_state([SCHEMAS["leads"], *gone, state_of(4), lead(3)], batch_size_rows=1)
    stage.kill_at_state([SCHEMAS["departed"], record_of("departed", id=6), state_of(5)], batch_size_rows=1)
    third = versioned(3, project(1, details="Third"), project(4))
    stage.kill_at_state([SCHEMAS["projects"], *third, state_of(6)], batch_size_rows=1)


def _in_flight(stage):
    created, never = {"carried_out": True}, {"carried_out": False}
    stage.kill_in_flight(
        [SCHEMAS["people"], person(10), person(11), person(2, company=1, title="Changed")],
        hang("POST /people/bulk_create", **created),
        hang("PUT /people/{id}", **never),
        writes=2,
    )
    stage.kill_in_flight([SCHEMAS["tasks"], task("north", 3)], hang("POST /tasks", **never))
    stage.kill_in_flight([SCHEMAS["deals"], deal("in flight", company="late")], hang("POST /opportunities", **created))
    changed = company(1, domain="one.example", details="Changed")
    stage.kill_in_flight([SCHEMAS["companies"], changed], hang("PUT /companies/{id}", **created))
    gone = [lead(number, "old_leads", **NOW_GONE) for number in (1, 2)]
    # The deletes that are held go first.
    stage.kill_in_flight([SCHEMAS["old_leads"], *gone], writes=2, **{"DELETE /leads/{id}": [AFTER, BEFORE]})
    linked = [SCHEMAS["more_deals"], company("c9"), state_of(7)]
    stage.kill_in_flight([SCHEMAS["companies"], *linked], hang("PUT /opportunities/{id}", **never))


def go_on(vendor) -> None:
    """Edit the CRM as people do before the source is read again."""
    vendor.insert("users", {"name": "Newcomer", "email": "newcomer@example.org"})


def messages(vendor):
    """Give the messages that the source sends next."""
    parent = next(person["id"] for person in vendor.records("people") if person["name"] == "Parent")
    call = record_of("calls", id=1, type="Note", details="Called", parent={"type": "person", "id": parent})
    return [
        *SCHEMAS.values(),
        company("late"),
        company("nowhere", domain="nowhere.example"),
        company("c8"),
        company("c9"),
        company(1, domain="one.example", details="Changed"),
        *COMPANIES[1:],
        person(1, company=1, title="Chief"),
        person(2, company=1, title="Changed"),
        person(3, title="Engineer"),
        *PEOPLE[3:5],
        SAM,
        person(10),
        person(11),
        person(12),
        person("ida", name="Imported Ida", email="ida@example.org"),
        person("leaver"),
        person("s2", "staff", employer="two.example"),
        person("nobody", "staff", email="nobody@example.org"),
        *DEALS,
        deal("in flight", company="late"),
        deal(8, "more_deals", company="c8"),
        deal(9, "more_deals", company="c9"),
        task("north", 1),
        task('so"uth', 2),
        task("north", 3),
        call,
        *versioned(3, project(1, details="Third"), project(4)),
        activate(3),
        lead(3),
        lead(4),
        state_of(8),
    ]


STAY_REJECTED = [kind for kind in REJECTS if kind not in {"unknown_name", "brake", "forbidden", "in_doubt"}]
OUTCOMES = {
    **{f"bad_{kind}": {"input": 1, "rejected": 1} for kind in STAY_REJECTED},
    "bad_unknown_name": {"input": 1, "created": 1},
    "bad_brake": {"input": 1, "deleted": 1},
    "bad_forbidden": {"input": 1, "created": 1},
    "bad_in_doubt": {"input": 1, "superseded": 1},  # created when the doubt was looked into
    "companies": {"input": 8, "created": 2, "unchanged": 6},
    "people": {"input": 12, "created": 3, "updated": 1, "unchanged": 8},
    "staff": {"input": 3, "created": 2, "unchanged": 1},
    "departed": {"input": 1, "deleted": 1},
    "deals": {"input": 3, "unchanged": 3},
    "more_deals": {"input": 2, "unchanged": 2},
    "tasks": {"input": 3, "created": 1, "unchanged": 2},
    "calls": {"input": 1, "unchanged": 1},
    "projects": {"input": 2, "unchanged": 2},
    "leads": {"input": 4, "unchanged": 2, "deleted": 2},
    "old_leads": {"input": 2, "deleted": 2},
}
"""Give the outcomes of these messages, and of the records that the ledger held."""

LINKED = {"deals": 3, "more_deals": 1}
REJECTED = len(REJECTS)
UNANSWERED = {
    ("companies", "1"): "update",
    ("people", "2"): "update",
    ("people", "10"): "create",
    ("deals", "in flight"): "create",
    ("more_deals", "9"): "update",
    ("tasks", '["north","3"]'): "create",
}
"""Writes that were never answered, by stream and source id."""

HISTORY = ("leaver", ["created", "deleting", "deleted", "created"])
IMPORTS: dict[str, str] = {}
"""Give the answers to the doubts that stay: a file for ``singer-crm ledger import``, by stream."""


def of_other_sources(_vendor):
    """Give the messages of other sources: their names, messages and outcomes."""
    shop = [SCHEMAS["companies"], SCHEMAS["people"], company("late"), person(2), person("only-here")]
    late = {"input": 3, "created": 1, "unchanged": 2}
    return [(SHOP, shop, {"companies": {"input": 1, "unchanged": 1}, "people": late})]


def shown(vendor):
    """Give the facts that count of the CRM's records, once each."""
    companies = {each["id"]: each["name"] for each in vendor.records("companies")}
    people = {each["id"]: each["name"] for each in vendor.records("people")}
    employed = [each for each in vendor.records("people") if each["company_id"]]
    deals = vendor.records("opportunities")
    return {
        **{name: sorted(each["name"] for each in vendor.records(name)) for name in NAMES},
        "titles": {each["name"]: each["title"] for each in vendor.records("people") if each["title"]},
        "employers": {each["name"]: companies[each["company_id"]] for each in employed},
        "deals": sorted(
            (each["name"], companies.get(each["company_id"]), people.get(each["primary_contact_id"])) for each in deals
        ),
        "details": [each["details"] for each in vendor.records("companies") if each["details"]],
        "activities": [each["details"] for each in vendor.records("activities")],
    }


NUMBERED = ["1", "10", "11", "12", "2", "3", "4", "5", "late-1", "late-2", "leaver", "nobody", "only-here", "s1", "s2"]
NAMES = {
    "companies": [
        *("Béta GmbH & Söhne", *(f"Company {each}" for each in ("1", "c8", "c9", "late", "nowhere")), "Long", "第三"),
    ],
    "people": [
        *("Bad forbidden", "Bad in_doubt", "Bad unknown_name"),
        *("Imported Ida", "Matched Mary", "Matched Sam", "Parent"),
        *(f"Person {each}" for each in NUMBERED),
        *("Theirs", "Theirs"),
    ],
    "tasks": ["Task north 1", "Task north 3", 'Task so"uth 2'],
    "leads": ["leads 3", "leads 4"],
    "projects": ["Project 1", "Project 4"],
}
SHOWN = {
    **NAMES,
    "titles": {
        "Matched Mary": "Director",
        "Person 1": "Chief",
        "Person 2": "Changed",
        "Person 3": "Engineer",
        "Theirs": "Same",
    },
    "employers": {
        "Person 1": "Company 1",
        "Person 2": "Company 1",
        "Person late-1": "Company late",
        "Person late-2": "Company late",
        "Person s1": "Company nowhere",
        "Person s2": "Béta GmbH & Söhne",
    },
    "deals": [
        ("deals in flight", "Company late", None),
        ("deals with nobody", "Company late", "Person nobody"),
        ("deals with one", "Company 1", "Person 1"),
        ("more_deals 8", "Company c8", None),
        ("more_deals 9", "Company c9", None),
    ],
    "details": ["Changed"],
    "activities": ["Called"],
}
