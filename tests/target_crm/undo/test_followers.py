"""Attributes that a CRM changes by itself with what a run wrote go back with it; people's edits of them stay."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.undo.test_other_crms import FRESHSALES

SHOWN = ("pipeline_id", "pipeline_stage_id", "win_probability")


@pytest.fixture
def deal(run, undo, emulator):
    """An opportunity in the second stage of its pipeline, whose probability a person has chosen."""
    return Deal(run, undo, emulator.copper)


class Deal:
    def __init__(self, run, undo, copper):
        self._run, self._undo, self._copper = run, undo, copper
        self.first, *_, self.last = copper.records("pipelines")
        self.config = {"keep_values_days": 30, "streams": {"opportunities": {}}}
        self.write(pipeline=self.first["name"], stage=self.first["stages"][1]["name"])
        self.type(win_probability=17)
        self.before = self.state

    @property
    def state(self):
        (found,) = self._copper.records("opportunities")
        return {name: found[name] for name in SHOWN}

    def write(self, **values):
        schema = schema_of("opportunities", "name", *values)
        done = self._run([schema, record_of("opportunities", id=1, name="D", **values)], **self.config)
        assert done.code == 0, done.errors
        return done.report["run_id"]

    def type(self, **values):
        (found,) = self._copper.records("opportunities")
        self._copper.change("opportunities", found["id"], values)

    def undo(self, run_id):
        done = self._undo(run_id, **self.config)
        assert done.code == 0, done.output
        return done


@pytest.mark.daily(one_of=2)
@pytest.mark.parametrize("wanted", ["pipeline", "stage"])
def test_they_go_back_with_what_the_run_wrote(deal, wanted):
    values = {"pipeline": deal.last["name"]} if wanted == "pipeline" else {"stage": deal.first["stages"][2]["name"]}
    taken = deal.write(**values)
    written = deal.state
    assert written["win_probability"] != deal.before["win_probability"]
    done = deal.undo(taken)
    assert (done.left, deal.state) == ([], deal.before)
    deal.undo(done.run_id)
    assert deal.state == written


def test_what_somebody_has_changed_of_them_holds_the_rest_back(deal):
    taken = deal.write(pipeline=deal.last["name"])
    deal.type(win_probability=33)
    edited = deal.state
    (left,) = deal.undo(taken).left
    assert deal.state == edited
    assert "win_probability: changed in the CRM since" in left
    assert "pipeline_id: the CRM would change win_probability with it, which was changed since" in left


def test_one_that_somebody_has_set_to_its_former_value_keeps_it(deal):
    taken = deal.write(stage=deal.first["stages"][2]["name"])
    deal.type(win_probability=17)
    assert deal.undo(taken).left == []
    assert deal.state == deal.before


def test_a_record_that_was_created_and_moved_on_by_one_run_is_deleted(run, undo, emulator):
    stages = emulator.copper.records("pipelines")[0]["stages"]
    schema = schema_of("opportunities", "name", "stage")
    versions = [record_of("opportunities", id=1, name="D", stage=stage["name"]) for stage in stages[:3]]
    done = run([schema, *versions], batch_size_rows=1, keep_values_days=30, streams={"opportunities": {}})
    assert done.of("opportunities") == {"input": 3, "created": 1, "updated": 2}
    assert undo(done.report["run_id"]).left == []
    assert emulator.copper.records("opportunities") == []


def test_a_deal_of_freshsales_that_a_run_closed_is_as_open_as_before(run, undo, emulator):
    vendor = emulator.freshsales
    vendor.switches.read_ids = "present"
    settings = FRESHSALES.settings(vendor) | {"user_email": None, "bulk_requests_per_second": None, "date_order": None}
    config = {**settings, "keep_values_days": 30, "streams": {"deals": {"match_on": ["name"]}}}
    schema = schema_of("deals", "name", "amount", "stage")
    stages = {stage["name"]: stage["id"] for stage in reversed(vendor.records("deal_stages"))}
    made = run([schema, record_of("deals", id=1, name="D", amount=1, stage=stages["New"])], **config)
    assert made.code == 0, made.errors
    (deal,) = vendor.records("deals")
    vendor.change("deals", deal["id"], {"probability": 17})
    names = ("deal_pipeline_id", "deal_stage_id", "probability", "closed_date")
    before = {name: vendor.records("deals")[0][name] for name in names}
    done = run([schema, record_of("deals", id=1, name="D", amount=1, stage=stages["Won"])], **config)
    assert done.code == 0, done.errors
    assert vendor.records("deals")[0]["closed_date"] is not None
    undone = undo(done.report["run_id"], **config)
    assert (undone.code, undone.left) == (0, []), undone.output
    assert {name: vendor.records("deals")[0][name] for name in names} == before
