"""The command ``singer-crm map``: propose settings from the records of a tap or a CSV file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any

import click

from crm_api.crm_objects import CrmObject
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.cli.common import end_at_once, one_sentence
from target_crm.cli.crm import account_options, opened_crm
from target_crm.proposals.choosing import Chosen, choose
from target_crm.proposals.noted import plain, yaml_text
from target_crm.proposals.proposal import Proposer
from target_crm.proposals.samples import Sample, read_samples
from target_crm.proposals.writing import beyond_meltano, in_meltano, settings_of
from target_crm.singer.stdio import emit
from target_crm.stream_settings import streams_by_name


@click.command("map")
@account_options
@click.option("--stream", "only", multiple=True, help="Propose for this stream alone. May be given several times.")
@click.option(
    "--object",
    "objects",
    multiple=True,
    help="The object that records become; STREAM=OBJECT for one of several streams. Found out if left out.",
)
@click.option("--key", "keys", multiple=True, help="The column that identifies a row of a CSV file.")
@click.option(
    "--for",
    "place",
    type=click.Choice(["settings", "meltano"]),
    default="settings",
    show_default=True,
    help="Propose settings for --config, or a plugin for meltano.yml.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="YAML has a reason beside each line; JSON can be given to --config.",
)
@click.argument("file", type=click.File("rb"), default="-")
@one_sentence
def map_columns(
    config: Sequence[str],
    crm: str | None,
    only: Sequence[str],
    objects: Sequence[str],
    keys: Sequence[str],
    place: str,
    form: str,
    file: IO[bytes],
) -> None:
    """Propose settings for the streams of a tap or a CSV file.

    FILE (or stdin) holds Singer messages, SCHEMA and RECORD, or comma-separated values with a header row. Each column
    finds its place in the CRM by its name; what becomes of it, and how many records fill it, stands beside it. With
    --config, the account's custom fields and lists are read; nothing is written. The proposal goes to stdout.
    """
    end_at_once()
    opened = opened_crm(config, crm)
    samples = _wanted(read_samples(file, str(getattr(file, "name", "")), keys), only)
    chosen, dropped = _chosen(samples, opened.crm.objects, _named(objects, opened.config, list(samples)))
    proposals = Proposer(opened.crm, opened.account).proposals(samples, chosen)
    settings = settings_of(proposals, dropped, opened.kind)
    if place == "meltano":
        for stream in beyond_meltano(proposals):
            click.echo(f"Stream {stream}: Meltano splits keys at dots. Rename the stream in the tap", err=True)
        settings = in_meltano(settings)
    if form == "json":
        emit(f"{json.dumps(plain(settings), indent=2, ensure_ascii=False)}\n")
    else:
        emit(yaml_text(settings))
    for proposal in proposals:
        placed = len(proposal.sample.columns) - len(proposal.left_out)
        came = proposal.sample.records
        click.echo(
            f"Stream {proposal.sample.stream}: {placed} of {len(proposal.sample.columns)} columns go into "
            f"{proposal.chosen.object}, {came} record{'s' * (came != 1)} came",
            err=True,
        )
        for warning in proposal.warnings:
            click.echo(f"Stream {proposal.sample.stream}: {warning}", err=True)


def _chosen(
    samples: Mapping[str, Sample], objects: Mapping[str, CrmObject], named: Mapping[str, str]
) -> tuple[dict[str, Chosen], list[str]]:
    """Choose an object for each stream; return the streams beside for which nothing tells one."""
    chosen: dict[str, Chosen] = {}
    dropped: list[str] = []
    for stream, sample in samples.items():
        found = choose(sample, objects, named.get(stream), alone=len(samples) == 1)
        if found is None:
            dropped.append(stream)
        else:
            chosen[stream] = found
    if not chosen:
        (stream, *_) = dropped
        raise SettingError(
            f"Neither the name of stream {stream!r} nor its columns say what its records are. Name the object: "
            f"--object {stream}=… with one of {', '.join(objects)}"
        )
    for stream in dropped:
        click.echo(f"Stream {stream} is dropped: nothing says what its records are. --object names it", err=True)
    return chosen, dropped


def _wanted(samples: Mapping[str, Sample], only: Sequence[str]) -> Mapping[str, Sample]:
    for stream in only:
        if stream not in samples:
            raise SettingError(
                f"--stream: the input has no stream {stream!r}{nearest(stream, list(samples))}. "
                f"There are: {', '.join(samples)}"
            )
    wanted = {stream: sample for stream, sample in samples.items() if not only or stream in only}
    if not any(sample.records for sample in wanted.values()):
        raise SettingError(f"The input has no records of {', '.join(wanted)}: nothing can be proposed")
    return wanted


def _named(given: Sequence[str], config: Mapping[str, Any], streams: Sequence[str]) -> dict[str, str]:
    """The objects that the command line names, else the settings, by stream."""
    named = {
        stream: settings["object"] for stream, settings in streams_by_name(config).items() if settings.get("object")
    }
    for each in given:
        stream, equals, object_name = each.rpartition("=")
        if equals and stream not in streams:
            raise SettingError(
                f"--object: the input has no stream {stream!r}{nearest(stream, list(streams))}. "
                f"There are: {', '.join(streams)}"
            )
        named.update({stream: object_name} if equals else dict.fromkeys(streams, object_name))
    return named
