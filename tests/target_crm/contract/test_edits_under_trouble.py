"""Edits of a source and of people in every CRM, with lost answers and killed runs between: each ends as it should."""

from __future__ import annotations

import random
import signal

import pytest

from tests.commands import Command
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.ideal_merge import Value, merge
from tests.target_crm.messages import as_lines

FIELDS = {
    "copper people": {"title": "title", "details": "details"},
    "freshsales contacts": {"job_title": "job_title", "city": "city"},
    "apptivo leads form": {"description": "description", "job_title": "jobTitle"},
    "apptivo leads rest": {"description": "description", "job_title": "jobTitle"},
}
"""The CRM's names of two attributes that hold text, by the source's, by case."""
RECORDS, ROUNDS, EDITS_A_ROUND, MOST_REQUESTS = 6, 20, 8, 30
TROUBLE = ("error_after:status=500", "error:status=500", "error:status=429", "lost:every=1", "cut:every=1")


class Story:
    """Records that a source and people edit, and what an ideal merge makes of them."""

    def __init__(self, contract, run, folder, dice, policy):
        self._contract, self._run, self._folder, self._dice, self._policy = contract, run, folder, dice, policy
        self._fields = FIELDS[contract.case.name]
        self._values = {(n, name): Value(f"{name} {n}") for n in range(RECORDS) for name in self._fields}
        self._config = {"streams": contract.stream_settings(conflicts=policy), "max_rejected": RECORDS}
        self._ids = {}
        self.send()
        records = contract.vendor.records(contract.case.stream)
        for n in range(RECORDS):
            (self._ids[n],) = (each["id"] for each in records if contract.case.name_of(n) in each.values())

    def send(self, **more):
        return self._run(self._messages(), **self._config, **more)

    def _messages(self):
        rows = ({name: self._values[n, name].source for name in self._fields} for n in range(RECORDS))
        return self._contract.messages(*({**self._contract.case.make(n), **row} for n, row in enumerate(rows)))

    def edit(self, number, agreed):
        """Edit a field on one side, but none of ``agreed``, in which both agree: a run that is killed may see that."""
        n, name = self._dice.choice([key for key in self._values if key not in agreed])
        value = self._values[n, name]
        if self._dice.random() < 0.5:
            value.source = f"source {number}" if self._dice.random() < 0.8 else value.crm
        else:
            value.crm = f"typed {number}" if self._dice.random() < 0.8 else value.source
            agreed.update([(n, name)] if value.crm == value.source else [])
            change = {self._fields[name]: value.crm}
            self._contract.vendor.change(self._contract.case.stream, self._ids[n], change)

    def have_trouble(self):
        emulator = self._contract.emulator
        if self._dice.random() < 0.5:
            emulator.trouble(f"{self._dice.choice(TROUBLE)},rate={self._dice.choice([0.1, 0.3, 0.6])}")
            self.send(max_attempts=1)
            emulator.no_trouble()
            return
        left = self._dice.randrange(1, MOST_REQUESTS)
        file = self._contract.file(self._folder, **self._config)
        process = Command("target-crm", "--config", file, main=main)

        def strike(_):
            nonlocal left
            left -= 1
            if left == 0:
                process.send_signal(signal.SIGKILL)

        undo = emulator.between_requests(strike)
        process.communicate(as_lines(self._messages()))
        undo()
        until_all_is_read(emulator.url)

    def check(self, done):
        held = sum(merge([self._values[n, name] for name in self._fields], self._policy) for n in range(RECORDS))
        assert done.report["pending"] == held
        records = {each["id"]: each for each in self._contract.vendor.records(self._contract.case.stream)}
        assert len(records) == RECORDS
        for (n, name), value in self._values.items():
            assert records[self._ids[n]][self._fields[name]] == value.crm, f"{name} of record {n}"


@pytest.mark.long
@pytest.mark.only(lambda case: case.name in FIELDS)
@pytest.mark.parametrize("policy", ["source", "crm", "review"])
def test_every_edit_ends_as_its_policy_says_whatever_strikes_the_runs(contract, run, tmp_path, policy):
    dice = random.Random(f"{contract.case.name} {policy}")
    story = Story(contract, run, tmp_path, dice, policy)
    for number in range(ROUNDS):
        agreed = set()
        for edit in range(EDITS_A_ROUND):
            story.edit(number * EDITS_A_ROUND + edit, agreed)
        for _ in range(dice.randrange(3)):
            story.have_trouble()
        story.check(story.send())
        before = contract.writes
        story.send()
        assert contract.writes == before
