"""The check of a proposal in any CRM: all rows of an export are written, and none of them twice."""

from __future__ import annotations

import json

from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.proposals.exports import file_of, messages_of, rows_of, stream_of


def proposal_for(settings, folder, *arguments):
    """The settings that ``singer-crm map`` proposes for an account, as it prints them."""
    config = folder / "account.json"
    config.write_text(json.dumps(settings))
    done = CliRunner().invoke(main, ["map", "--config", str(config), "--format", "json", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def check_written_once(export, proposal, run):
    stream, rows = stream_of(export), len(rows_of(export))
    first = run(messages_of(export), **proposal)
    assert first.code == 0, first.errors
    assert first.of(stream) == {"input": rows, "created": rows}
    assert run(messages_of(export), **proposal).of(stream) == {"input": rows, "unchanged": rows}


def check_export(export, settings, folder, run):
    check_written_once(export, proposal_for(settings, folder, file_of(export)), run)
