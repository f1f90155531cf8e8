"""The reject file in real pipes: mended and piped in again it lands once; read while it is written, it ends."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", "owner", name={"type": ["string", "null"]})
BAD = 400


@pytest.fixture
def piped(launched, new_emulator, copper_account, tmp_path):
    """Run a shell line in which TARGET stands for target-crm with its settings."""
    config, report = tmp_path / "config.json", tmp_path / "report.json"
    account = copper_account(new_emulator)
    own = {
        "crm": "copper",
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "rejected_path": str(tmp_path / "rejected.singer"),
        "report_path": str(report),
        "retry_rejected": False,
        "requests_per_minute": 0,
        "bulk_requests_per_second": 0,
        "batch_size_rows": 50,
    }
    config.write_text(json.dumps({**account, **own}))

    def piped(line, text=b""):
        shell = line.replace("TARGET", f"{launched['target-crm']} --config {config}")
        done = subprocess.run(["/bin/sh", "-c", shell], input=text, capture_output=True, check=False, cwd=tmp_path)
        return done, json.loads(report.read_text()) if report.exists() else None

    return piped


@pytest.fixture
def rejected(piped, tmp_path):
    bad = [record_of("people", id=n, name=f"P{n}", email=f"p{n}@x.org", owner="nobody") for n in range(BAD)]
    done, report = piped("TARGET", as_lines([PEOPLE, *bad, state_of(1)]))
    assert done.returncode == 1
    assert report["pending"] == BAD
    return tmp_path / "rejected.singer"


def test_a_mended_reject_file_lands_once(piped, rejected, new_emulator):
    for _ in range(2):
        done, report = piped(
            "sed s/nobody/ada@emulator.example/ rejected.singer > mended.singer; cat mended.singer | TARGET"
        )
        assert done.returncode == 0, done.stderr.decode()
        assert report["pending"] == 0
    assert new_emulator.copper.count("people") == BAD
    assert rejected.read_bytes() == b""


def test_what_is_rejected_while_the_reject_file_is_read_does_not_come_round_again(piped, rejected):
    done, report = piped("timeout 240 cat rejected.singer | TARGET")
    assert done.returncode == 1
    assert report["streams"]["people"]["input"] == BAD
    assert report["pending"] == BAD
    assert sum(b'"RECORD"' in line for line in rejected.read_bytes().splitlines()) == BAD


@pytest.mark.usefixtures("rejected")
def test_the_reject_file_as_input_itself_is_refused(piped):
    done, _ = piped("TARGET < rejected.singer")
    assert done.returncode == 2
    assert b"rejected_path is the file that is being read" in done.stderr
