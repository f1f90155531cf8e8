"""Every published kind of rejection happens, to the record that deserves it alone, and has its advice."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.mapping.values import Reason
from target_crm.report.outcomes import RejectKind
from target_crm.report.reject_kinds import KINDS
from tests.target_crm.messages import record_of, schema_of

NAMES = ("email", "title", "assignee", "company", "mystery", "_sdc_deleted_at")
PEOPLE = schema_of("people", *NAMES, name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


REFERS = {"company_id": {"stream": "companies", "source_id": "company"}}
# By kind: what is wrong with the record, the stream's settings, the run's, and what the emulator is to do.
BAD = {
    "schema": ({"name": 5}, {}, {}),
    "stream_map": ({"name": None}, {}, {"stream_maps": {"people": {"name": "name.upper()"}}}),
    "not_json": ({"title": float("nan")}, {}, {}),
    "no_source_id": ({"id": None}, {}, {}),
    "unknown_attribute": ({"mystery": 1}, {"unknown_attributes": "reject"}, {}),
    "unknown_name": ({"assignee": "Nobody"}, {}, {}),
    "ambiguous_name": ({"assignee": "Sam Twin"}, {}, {}),
    "invalid_value": ({"title": ["no", "text"]}, {}, {}),
    "missing_required": ({"name": None}, {}, {}),
    "no_match_key": ({"email": None}, {"no_match_key": "reject"}, {}),
    "ambiguous": ({"email": "one@x.org"}, {"match_on": ["title"]}, {}),
    "shared_match": ({}, {"shared_match": "reject"}, {}),
    "missing_reference": ({"company": "A"}, {"references": REFERS, "missing_reference": "reject"}, {}),
    "brake": ({"_sdc_deleted_at": "2026-01-01"}, {"hard_delete": True, "max_deletes": 0}, {}),
    "gone": ({"title": "Changed"}, {"when_gone": "reject"}, {}),
    "refused": ({}, {}, {}),
    "forbidden": ({}, {}, {}),
    "in_doubt": ({}, {"load_method": "append-only"}, {}),
}


def test_every_kind_is_published_and_tried_here():
    kinds = {str(kind) for kind in (*RejectKind, *Reason)}
    # Of declared endpoints, of odd databases, of people who type into the CRM, of plans, of partitions.
    elsewhere = {
        RejectKind.NO_ENDPOINT,
        RejectKind.NOT_STORABLE,
        RejectKind.CONFLICT,
        RejectKind.PLAN_OUTDATED,
        RejectKind.OTHER_SHARE,
    }
    assert kinds == {str(kind) for kind in KINDS} == set(BAD) | elsewhere
    page = (Path(__file__).parents[2] / "docs" / "rejected.md").read_text()
    assert all(f"| `{kind}` |" in page for kind in kinds)


TROUBLE = {
    "refused": "error:route=POST /people,status=422",
    "forbidden": "error:route=POST /people,status=403",
    "in_doubt": "reset:route=POST /people",
}


@pytest.fixture
def prepare(run, emulator):
    """Bring the CRM into the state in which a record is rejected so."""

    def prepare(kind):
        if kind in TROUBLE:
            emulator.trouble(TROUBLE[kind])
        elif kind == "ambiguous_name":
            for email in ("sam1@x.org", "sam2@x.org"):
                emulator.copper.insert("users", {"name": "Sam Twin", "email": email})
        elif kind == "ambiguous":
            for email in ("a@x.org", "b@x.org"):
                address = {"email": email, "category": "work"}
                emulator.copper.insert("people", {"name": "Theirs", "title": "Same", "emails": [address]})
        elif kind == "shared_match":
            run([PEOPLE, person(9, email="p7@x.org")])
        elif kind in {"brake", "gone"}:
            run([PEOPLE, person(7, title="Same")])
        if kind == "gone":
            (only,) = emulator.copper.records("people")
            emulator.copper.delete("people", only["id"])

    return prepare


@pytest.mark.parametrize("kind", BAD)
def test_a_record_is_rejected_with_its_kind(run, prepare, settings, tmp_path, kind):
    flaw, stream, config = BAD[kind]
    prepare(kind)
    bad = person(7, title="Same") | {"record": person(7, title="Same")["record"] | flaw}
    alone = [] if kind in TROUBLE else [person(8, title="Other")]
    done = run([PEOPLE, bad, *alone], streams={"people": stream}, **config)
    assert done.code == (3 if kind == "brake" else 1), done.errors
    assert done.report["reasons"]["people"] == {f"rejected: {kind}": 1}
    assert done.of("people")["rejected"] == 1
    assert done.of("people").get("created", 0) == len(alone)
    assert done.report["closed"]
    (tmp_path / "config.json").write_text(json.dumps(settings))
    shown = CliRunner().invoke(main, ["rejected", "show", "1", "--config", str(tmp_path / "config.json")])
    facts = json.loads(shown.output)
    assert facts["kind"] == kind
    assert facts["reason"]
    assert facts["what_to_do"].split("singer-crm")[0] == KINDS[kind].remedy.replace("`", "").split("singer-crm")[0]
    assert not re.search(r"singer-crm[^.;]* (FILE|NUMBER|STREAM|SOURCE_ID)\b", facts["what_to_do"])  # it can be typed
