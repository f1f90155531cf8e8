"""A proposal as settings: for a file of target-crm's own, or for its place in meltano.yml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from target_crm.proposals.noted import Noted
from target_crm.proposals.proposal import Proposal
from target_crm.stream_settings import WHOLE

DROPPED = "__NULL__"
"""As a stream's map: its records are not written. Meltano drops a null."""


def settings_of(proposals: Iterable[Proposal], dropped: Iterable[str], crm: str) -> Noted:
    """The settings that the proposals come to.

    Args:
        proposals: One for each stream.
        dropped: Streams of the input that are not written.
        crm: The value of the setting crm.
    """
    proposals = list(proposals)
    settings = {"crm": Noted(crm)}
    maps = {each.sample.stream: Noted(_map_of(each)) for each in proposals if each.renames}
    maps |= {stream: Noted(DROPPED, "nothing says what its records are") for stream in dropped}
    if maps:
        settings["stream_maps"] = Noted(maps)
    settings["streams"] = Noted({each.sample.stream: _stream(each) for each in proposals})
    return Noted(settings)


def in_meltano(settings: Noted) -> Noted:
    """The settings in their place in meltano.yml; names with a dot stand in lists, as Meltano splits keys at dots."""
    streams = settings.value["streams"].value
    given = {
        name: Noted({**each.value, **_listed(each.value)}, each.note, each.above) for name, each in streams.items()
    }
    if any("." in name for name in given):
        listed = [Noted({"name": Noted(name, each.note, each.above), **each.value}) for name, each in given.items()]
        placed = Noted({**settings.value, "streams": Noted(listed)})
    else:
        placed = Noted({**settings.value, "streams": Noted(given)})
    loader = Noted({"name": Noted("target-crm"), "config": placed})
    return Noted({"plugins": Noted({"loaders": Noted([loader])})})


def beyond_meltano(proposals: Iterable[Proposal]) -> list[str]:
    """The streams whose map Meltano would tear apart."""
    return [each.sample.stream for each in proposals if each.renames and "." in each.sample.stream]


def _listed(stream: Mapping[str, Noted]) -> dict[str, Noted]:
    fields = stream.get("custom_fields")
    if fields is None or not any("." in title for title in fields.value):
        return {}
    items = [
        Noted({"name": Noted(title), "attribute": Noted(each.value, each.note)}) for title, each in fields.value.items()
    ]
    return {"custom_fields": Noted(items)}


def _map_of(proposal: Proposal) -> dict[str, Noted]:
    return {
        name: Noted(rename.expression, f"{rename.attribute}, {proposal.share(*rename.columns)}")
        for name, rename in proposal.renames.items()
    }


def _stream(proposal: Proposal) -> Noted:
    entry: dict[str, Noted] = {"object": Noted(proposal.chosen.object, proposal.chosen.reason)}
    columns, reason = proposal.source_id
    entry["source_id"] = Noted(_one_or_all(columns) if columns else WHOLE, reason)
    if proposal.match_on:
        keys = [Noted(_one_or_all(key), note) for key, note in proposal.match_on]
        entry["match_on"] = Noted(keys)
    if proposal.references:
        entry["references"] = Noted({name: Noted(each.rule, each.note) for name, each in proposal.references.items()})
    if proposal.links_later:
        entry["missing_reference"] = Noted("link_later", proposal.links_later)
    if proposal.custom_fields:
        entry["custom_fields"] = Noted(
            {title: Noted(column, proposal.share(column)) for title, column in proposal.custom_fields.items()}
        )
    if excluded := _excluded(proposal):
        entry["exclude"] = Noted(excluded)
    return Noted(entry, above=tuple(_remarks(proposal)))


def _excluded(proposal: Proposal) -> list[Noted]:
    excluded = []
    for name in proposal.sample.columns:
        if name in proposal.renames:
            continue
        if name in proposal.hidden:
            sent = next(new for new, rename in proposal.renames.items() if name in rename.columns)
            excluded.append(Noted(name, f"sent as {sent}"))
        elif name in proposal.left_out:
            empty = "" if not proposal.sample.columns[name].filled else f"{proposal.share(name)}; "
            excluded.append(Noted(name, f"{empty}{proposal.left_out[name]}"))
    return excluded


def _remarks(proposal: Proposal) -> Iterable[str]:
    records = proposal.sample.records
    yield f"{records} record{'' if records == 1 else 's'} came."
    yield from (f"Look at this: {warning}." for warning in proposal.warnings)
    if proposal.understood:
        yield "Understood as they are:"
        for column, attribute in proposal.understood.items():
            yield f"  {column}: {attribute}, {proposal.share(column)}"


def _one_or_all(names: tuple[str, ...]) -> Any:
    return names[0] if len(names) == 1 else list(names)
