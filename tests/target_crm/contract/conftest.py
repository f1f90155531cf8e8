"""One CRM after the other, emulated, and target-crm on it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from crm_emulator import Emulator
from tests.target_crm.contract.cases import CASES
from tests.target_crm.messages import record_of, schema_of


class Contract:
    """A case with an emulator of its own.

    Attributes:
        case: What is tried.
        emulator: All of it.
        vendor: The emulated CRM.
    """

    def __init__(self, case, emulator):
        self.case = case
        self.emulator = emulator
        self.vendor = getattr(emulator, case.vendor)
        case.prepare(self.vendor)

    @property
    def settings(self):
        return {"requests_per_minute": 0, "index_lag_seconds": 0, "max_attempts": 3, **self.case.settings(self.vendor)}

    def messages(self, *records):
        """A SCHEMA with every attribute that any of the records has, and the records."""
        names = list(dict.fromkeys(name for record in records for name in record))
        stream = self.case.stream
        return [schema_of(stream, *names), *(record_of(stream, **record) for record in records)]

    def made(self, *numbers):
        return self.messages(*(self.case.make(number) for number in numbers))

    @property
    def names(self):
        return self.case.names(self.vendor)

    def called(self, *numbers):
        return sorted(self.case.name_of(number) for number in numbers)

    @property
    def writes(self):
        """The requests that write, as ``METHOD /template``."""
        sent = [f"{request.method} {request.route}" for request in self.emulator.requests]
        return [each for each in sent if any(fnmatchcase(each, pattern) for pattern in self.case.writes)]

    def trouble(self, kind, **options):
        """Trouble with the requests that create."""
        for route in self.case.creates:
            spelled = ",".join(f"{name}={value}" for name, value in {"route": route, **options}.items())
            self.emulator.trouble(f"{kind}:{spelled}")

    def of(self, done):
        """The outcomes that are not zero."""
        return done.of(self.case.stream)

    def stream_settings(self, **more):
        """The setting ``streams`` with something added to the stream's own."""
        streams = dict(self.case.settings(self.vendor).get("streams") or {})
        return streams | {self.case.stream: {**(streams.get(self.case.stream) or {}), **more}}

    def file(self, folder, **more):
        """The settings as a file, for a process."""
        file = folder / "config.json"
        ledger = f"sqlite:///{folder / 'ledger.sqlite'}"
        file.write_text(json.dumps({"ledger_url": ledger, **self.settings, **more}))
        return file


def pytest_generate_tests(metafunc):
    """Every case that a promise is about: ``only`` says which, where it is not all of them."""
    if "contract" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("only")
        cases = [case for case in CASES if only is None or only.args[0](case)]
        assert cases, "a promise that no case is held to"
        metafunc.parametrize("contract", cases, ids=str, indirect=True)


@pytest.fixture
def contract(request):
    with Emulator(empty=True) as emulator:
        yield Contract(request.param, emulator)


@pytest.fixture
def settings(contract, tmp_path):
    """In place of Copper's alone."""
    return {
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "request_timeout_seconds": 30,
        **contract.settings,
    }
