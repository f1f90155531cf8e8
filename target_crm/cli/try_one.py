"""The command ``singer-crm try``: write one record, and show each request and its answer."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import IO, Any, cast

import click
import msgspec

from crm_api.errors import SettingError
from crm_api.transport.session import CrmSession
from target_crm.cli.common import config_option, one_sentence
from target_crm.cli.traced_session import TracedSession
from target_crm.command import given_config
from target_crm.files import file_errors
from target_crm.report.outcomes import Outcome
from target_crm.stream_settings import streams_by_name
from target_crm.target import TargetCrm

_MESSAGES = frozenset({"SCHEMA", "RECORD", "STATE", "BATCH", "ACTIVATE_VERSION"})


@click.command("try")
@config_option
@click.option("--stream", help="The stream of a record that is given as a JSON object.")
@click.argument("file", type=click.File("rb"), default="-")
@one_sentence
def try_record(config: Sequence[str], stream: str | None, file: IO[bytes]) -> None:
    """Write one record and show each request and its answer.

    FILE (or stdin) holds Singer messages, of which the first record is taken, or one record as a JSON object. The
    record is written, unless dry_run is set, and kept in the ledger like any other. Secrets are masked.
    """
    given = given_config(config)
    settings: dict[str, Any] = {**(given.config or {}), "limit": 1, "retry_rejected": False}
    target = TargetCrm(config=settings, parse_env_config=given.parse_env)
    lines = _messages(file.read(), stream, target)
    target.connect().replace_session(lambda each: cast("CrmSession", TracedSession(each, _show)))
    code = target.run(cast("IO[str]", io.BytesIO(lines)))
    for name in target.books.streams:
        ended = [str(outcome) for outcome, count in target.books.outcomes(name).items() if count]
        click.echo(f"{name}: {', '.join(ended) or 'nothing came'}")
    for example in target.books.examples:
        if target.books.outcomes(example.stream)[Outcome.REJECTED]:
            click.echo(f"{example.kind}: {example.sentence}")
    sys.exit(code)


def _show(text: str) -> None:
    """Show a line at once.

    Raises:
        FileError: Stdout cannot be written.
    """
    with file_errors("The output", "stdout"):
        click.echo(text)


def _parsed(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _messages(content: bytes, stream: str | None, target: TargetCrm) -> bytes:
    """Return Singer messages as they came; for a record alone, a SCHEMA and a RECORD."""
    first, record = _parsed(content.strip().partition(b"\n")[0]), _parsed(content)
    if isinstance(first, dict) and first.get("type") in _MESSAGES:
        return content
    if not isinstance(record, dict) or not record:
        raise SettingError("The input must hold Singer messages or one record as a JSON object")
    named = list(streams_by_name(target.config))
    if stream is None and len(named) == 1:
        (stream,) = named
    if stream is None:
        raise SettingError(f"Name the record's stream with --stream: {', '.join(named) or 'any name'}")
    schema = {"type": "object", "properties": {name: {} for name in record}}
    keys = ["id"] if "id" in record else []
    messages = (
        {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": keys},
        {"type": "RECORD", "stream": stream, "record": record},
    )
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)
