"""Run the plugins once where processes are forked from: what a first run imports and compiles, none of them does again.

To import this module is to do it; whatever a run sets for its process is as before afterwards.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import tests.statements  # noqa: F401 - what is compiled here is there for all
from crm_emulator import Emulator
from tap_copper.tap import TapCopper
from target_crm.target import TargetCrm
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of


def _run_both() -> None:
    with (
        Emulator(people=2, companies=1, leads=0, opportunities=0, projects=0, tasks=0, activities=0) as emulator,
        tempfile.TemporaryDirectory() as folder,
        redirect_stdout(io.TextIOWrapper(io.BytesIO())),
        redirect_stderr(io.StringIO()),
    ):
        copper = emulator.copper
        account = {"base_url": copper.base_url, "api_key": copper.api_key, "user_email": copper.user_email}
        ledger = f"sqlite:///{Path(folder) / 'ledger.sqlite'}"
        schema = schema_of("people", "name")
        for name in ("Ann", "Ben"):  # the second run updates what the first one created
            lines = as_lines([schema, record_of("people", id=1, name=f"{name} Smith"), state_of(1)])
            TargetCrm(config={"crm": "copper", "ledger_url": ledger, **account}).run(io.BytesIO(lines))
        tap = TapCopper(config=account, setup_mapper=False)
        tap.run()


def _warm() -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    root = logging.getLogger()
    logged = root.level, root.handlers[:]
    with patch.dict(os.environ):
        _run_both()
    root.setLevel(logged[0])
    root.handlers[:] = logged[1]
    for number, handler in handlers.items():
        signal.signal(number, handler)
    gc.collect()
    gc.freeze()  # a collection in a child copies no page for what was there before


_warm()
