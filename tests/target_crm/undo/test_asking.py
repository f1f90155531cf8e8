"""On a terminal an undo says what it is going to do, and asks; without a yes it sends nothing."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "email", "title", name={"type": ["string", "null"]})


def person(title):
    return record_of("people", id=1, name="P1", email="p1@x.org", title=title)


@pytest.mark.parametrize(("answer", "title", "code"), [("y", "A", 0), ("n", "B", 1)])
def test_it_asks_on_a_terminal(run, settings, emulator, tmp_path, answer, title, code):
    run([PEOPLE, person("A")], keep_values_days=30)
    run_id = run([PEOPLE, person("B")], keep_values_days=30).report["run_id"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps({**settings, "keep_values_days": 30}))
    ours, theirs = pty.openpty()
    main = "from target_crm.cli.start import operator; operator()"
    arguments = [sys.executable, "-c", main, "undo", run_id, "--config", str(file)]
    process = subprocess.Popen(arguments, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.write(ours, f"{answer}\n".encode())
    said, _ = process.communicate(timeout=240)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code, said
    assert b"people: 1 to get former values back" in said
    assert b"back? [y/N]" in said
    assert b"Traceback" not in said
    (found,) = emulator.copper.records("people")
    assert found["title"] == title
