"""Both sides changed a value, or one, or none: what each policy does with it, in each CRM."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main

FIELDS = {
    "copper people": "title",
    "freshsales contacts": "job_title",
    "apptivo leads form": "description",
    "apptivo customers rest": "description",
}
ONLY = pytest.mark.only(lambda case: case.name in FIELDS)
"""One object of each CRM, with an attribute that holds text."""
POLICY = pytest.mark.parametrize("policy", ["source", "crm", "review"])


class Scene:
    """One record, its source, and somebody who types into the CRM."""

    def __init__(self, contract, run):
        self.contract = contract
        self.field = FIELDS[contract.case.name]
        self._run = run

    def send(self, value, policy, more=None, **config):
        record = {**self.contract.case.make(1), self.field: value, **(more or {})}
        streams = self.contract.stream_settings(conflicts=policy)
        return self._run(self.contract.messages(record), **{"streams": streams, **config})

    @property
    def _object(self):
        return self.contract.case.stream

    @property
    def record(self):
        (found,) = self.contract.vendor.records(self._object)
        return found

    @property
    def value(self):
        return self.record.get(self.field)

    def type(self, value):
        self.contract.vendor.change(self._object, self.record["id"], {self.field: value})

    def delete(self):
        self.contract.vendor.delete(self._object, self.record["id"])


@pytest.fixture
def scene(contract, run):
    return Scene(contract, run)


@ONLY
@POLICY
def test_what_a_rep_typed_survives_the_next_run_that_changes_another_field(scene, policy):
    scene.send("one", policy, {"city": "Bonn"})
    scene.type("typed")
    done = scene.send("one", policy, {"city": "Ulm"})
    assert scene.contract.of(done) == {"input": 1, "updated": 1}
    assert scene.value == "typed"
    assert "Ulm" in json.dumps(scene.record)


@ONLY
@POLICY
@pytest.mark.parametrize("source", ["same", "changed"])
@pytest.mark.parametrize("crm", ["same", "changed", "agrees", "gone"])
@pytest.mark.daily(one_of=2)
def test_the_truth_table(scene, source, crm, policy):
    scene.send("one", policy)
    if crm == "gone":
        scene.delete()
    elif crm != "same":
        scene.type("typed" if crm == "changed" else "two")
    done = scene.send("one" if source == "same" else "two", policy)
    outcomes = scene.contract.of(done)
    conflict = source == "changed" and crm == "changed"
    if source == "same":
        assert outcomes == {"input": 1, "unchanged": 1}
    elif crm == "gone":
        assert outcomes == {"input": 1, "created": 1}
    elif crm == "agrees":
        assert outcomes in ({"input": 1, "unchanged": 1}, {"input": 1, "updated": 1})
    elif conflict and policy == "review":
        assert outcomes == {"input": 1, "rejected": 1}
        assert done.report["reject_kinds"] == {scene.contract.case.stream: {"conflict": 1}}
        assert done.code == 1
    elif conflict and policy == "crm":
        assert outcomes == {"input": 1, "unchanged": 1}
        assert done.report["conflicts"] == {scene.contract.case.stream: {scene.field: 1}}
    else:
        assert outcomes == {"input": 1, "updated": 1}
    if not (source == "same" and crm == "gone"):
        typed = {"same": "one", "changed": "typed", "agrees": "two"}
        stays = source == "same" or (conflict and policy != "source")
        assert scene.value == (typed[crm] if stays else "two")


@ONLY
def test_what_a_rep_typed_stays_through_later_changes_of_the_source(scene):
    scene.send("one", "crm")
    scene.type("typed")
    for value in ("two", "three", "one", "four"):
        assert scene.send(value, "crm").code == 0
        assert scene.value == "typed"
    scene.type("one")
    scene.send("five", "crm")
    assert scene.value == "five"


@ONLY
@pytest.mark.parametrize("policy", ["crm", "review"])
def test_a_dry_run_shows_the_conflict_and_changes_nothing(scene, policy):
    scene.send("one", policy)
    scene.type("typed")
    done = scene.send("two", policy, dry_run=True)
    assert f'{scene.field}: "typed" in the CRM, "two" at the source' in done.errors
    assert scene.value == "typed"


@ONLY
@pytest.mark.parametrize(("side", "value"), [("source", "two"), ("crm", "typed")])
def test_a_review_ends_with_the_side_that_somebody_takes(scene, side, value, tmp_path):
    scene.send("one", "review")
    scene.type("typed")
    scene.send("two", "review")
    assert scene.contract.of(scene.send("two", "review"))["rejected"] == 1  # nothing changed: it stays as it is
    streams = scene.contract.stream_settings(conflicts="review")
    file = str(scene.contract.file(tmp_path, streams=streams))
    listed = CliRunner().invoke(main, ["rejected", "list", "--config", file])
    number = next(word for word in listed.output.split() if word.isdigit())
    shown = json.loads(CliRunner().invoke(main, ["rejected", "show", number, "--config", file]).output)
    assert shown["sent"]["conflicts"] == [{"attribute": scene.field, "current": "typed", "new": "two"}]
    assert f"singer-crm rejected show {number}" in " ".join(listed.output.split())
    typed = f"rejected replay {number} --take source --config {file}"  # what is recommended is what is typed
    assert f"singer-crm {typed}" in shown["what_to_do"]
    done = CliRunner().invoke(main, typed.replace("--take source", f"--take {side}").split())
    assert done.exit_code == 0, done.output
    assert scene.value == value
    after = scene.send("two", "review")
    assert (after.code, scene.value) == (0, value)
    assert scene.contract.of(after) == {"input": 1, "unchanged": 1}
    assert scene.send("three", "review").code == 0
    assert scene.value == "three"


@ONLY
@pytest.mark.parametrize("back", ["one", "two"])
def test_a_review_ends_by_itself_once_both_sides_agree_or_one_goes_back(scene, back):
    scene.send("one", "review")
    scene.type("typed")
    assert scene.send("two", "review").code == 1
    scene.type(back)
    assert scene.send("two", "review").code == 0
    assert scene.value == "two"


@ONLY
@POLICY
def test_an_attribute_of_a_matched_record_has_no_last_sent(contract, scene, policy):
    own = {"streams": contract.stream_settings(fields={scene.field: {"conflicts": policy}})}
    contract.case.insert(contract.vendor, 1)
    scene.type("typed")
    done = scene.send("one", policy, **own)
    assert scene.value == ("one" if policy == "source" else "typed")
    assert contract.of(done).get("rejected", 0) == (policy == "review")
    scene.type(None)
    scene.send("two", policy, **own)
    assert scene.value == "two"


@ONLY
@pytest.mark.parametrize("policy", ["crm", "review"])
def test_a_policy_and_compare_with_crm_are_refused_together(contract, scene, policy):
    done = scene.send("one", policy, compare_with="crm")
    assert done.code == 2
    assert f"streams.{contract.case.stream}.conflicts must be source with compare_with crm" in done.errors
    assert contract.writes == []


@ONLY
def test_conflicts_of_an_attribute_that_is_never_replaced_are_refused(contract, scene):
    fields = {scene.field: {"mode": "fill_empty", "conflicts": "crm"}}
    done = scene.send("one", "source", streams=contract.stream_settings(fields=fields))
    assert done.code == 2
    assert f"fields.{scene.field}.conflicts has no effect with mode fill_empty" in done.errors
    assert contract.writes == []


@ONLY
@pytest.mark.parametrize("policy", ["crm", "review"])
def test_captured_responses_hold_both_sides_of_a_conflict(scene, policy, tmp_path):
    file = tmp_path / "responses.singer"
    scene.send("one", policy)
    scene.type("typed")
    scene.send("two", policy, responses_path=str(file))
    (line,) = [json.loads(line)["record"] for line in file.read_text().splitlines()[1:]]
    assert line["outcome"] == ("unchanged" if policy == "crm" else "rejected")
    assert line["conflicts"] == [{"attribute": scene.field, "current": "typed", "new": "two"}]
