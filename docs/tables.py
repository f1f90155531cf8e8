"""Writes the generated parts of README.md, meltano.yml, docs/, dbt/ and plugins/, or checks that they are up to date.

A generated part stands between a line that holds ``<!-- NAME -->`` (in YAML ``# <NAME>``) and one that holds
``<!-- end -->`` (``# <end>``). Run ``python docs/tables.py`` after changing a setting, a stream, an object, a kind of
rejection or docs/guarantees.yaml. With ``--check`` it writes nothing: it prints a sentence for each table that is out
of date, each relative link that leads nowhere, and each test, module or folder that the documents name and that does
not exist, and exits 1 if there is any.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from dbt_package import dbt_files, needless_models
from meltano_plugins import plugin_files, plugin_inside, settings_of
from settings_tables import flaws, kinds_of, settings_table

from crm_api.apptivo import objects as apptivo_objects
from crm_api.copper import objects as copper_objects
from crm_api.crm_objects import CrmObject
from crm_api.errors import SIGNAL_OFFSET, Exit
from crm_api.freshsales.objects import OBJECTS as FRESHSALES_OBJECTS
from tap_copper.deletions.deleted_records import DeletedRecordsStream
from tap_copper.streams import STREAMS
from target_crm.endpoints.settings import ENDPOINT_SETTINGS
from target_crm.proposals.writable import CUSTOM_FIELDS, writables
from target_crm.report import reject_kinds
from target_crm.stream_settings import STREAM_SETTINGS

ROOT = Path(__file__).parent.parent
PACKAGES = (
    *("tap_copper", "target_crm", "crm_api", "crm_emulator", "singer_crm_airflow"),
    *("tests", "benchmarks", "checks", "docs", "examples"),
)


def streams_table() -> Iterator[str]:
    """A Markdown table of the streams of tap-copper."""
    yield "| stream | key | replication |"
    yield "|---|---|---|"
    for stream in STREAMS:
        key = stream.replication_key
        method = f"incremental by `{key}`" if key else "full table"
        yield f"| `{stream.name}` | {', '.join(f'`{part}`' for part in stream.primary_keys)} | {method} |"


def columns_tables() -> Iterator[str]:
    """A Markdown table of the columns of each stream of tap-copper, but those of custom fields."""
    for name in (*(stream.name for stream in STREAMS), DeletedRecordsStream.name):
        schema = json.loads((ROOT / "tap_copper" / "schemas" / f"{name}.json").read_text())
        yield ""
        yield f"## {name}"
        yield ""
        yield f"{schema['description']}."
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        yield from column_rows(schema, "")
    yield ""


def column_rows(schema: Mapping[str, Any], within: str) -> Iterator[str]:
    """Rows for the properties of a schema, and for those inside them."""
    for name, column in schema.get("properties", {}).items():
        path = f"{within}{name}"
        yield f"| `{path}` | {column_type(column)} | {column.get('description', '')} |"
        yield from column_rows(column, f"{path}.")
        yield from column_rows(column.get("items", {}), f"{path}[].")


def column_type(column: Mapping[str, Any]) -> str:
    """The type of a column, in words; null, which nearly every column may be, is left out."""
    if "type" not in column:
        return "anything"
    kind = column.get("format") or " or ".join(kinds_of(column))
    inside = column.get("items", {})
    if kind == "array":
        return f"list of {column_type(inside)}" if "type" in inside else "list"
    return {"string": "text"}.get(kind, kind)


def objects_table(objects: Iterable[CrmObject]) -> Iterator[str]:
    """A Markdown table of what target-crm writes into a CRM."""
    yield "| object | matched by (or by `match_on`) | must have | creates a request | updates a request |"
    yield "|---|---|---|---|---|"
    for crm_object in objects:
        keys = (
            ", else ".join(" and ".join(f"`{part}`" for part in key) for key in crm_object.match_on)
            or "nothing: each is new"
        )
        required = ", ".join(f"`{attribute.name}`" for attribute in crm_object.attributes if attribute.required)
        creates = (
            crm_object.bulk_update if crm_object.upserts_in_bulk and crm_object.upserts_on else crm_object.bulk_create
        )
        yield f"| `{crm_object.name}` | {keys} | {required} | {creates} | {crm_object.bulk_update} |"


def attributes_table(objects: Iterable[CrmObject]) -> Iterator[str]:
    """A Markdown table of the attributes that can be written."""
    yield "| object | attribute | kind |"
    yield "|---|---|---|"
    for crm_object in objects:
        for each in writables(crm_object):
            kind = f"{each.kind}{', required' if each.required else ''}"
            yield f"| `{crm_object.name}` | `{each.name}` | {kind} |"


def names_table(objects: Iterable[CrmObject]) -> Iterator[str]:
    """A Markdown table of the names of attributes; objects whose attribute has the same names share a row."""
    yield "| attribute | objects | label | other names |"
    yield "|---|---|---|---|"
    rows: dict[tuple[str, str, str], list[str]] = {}
    for crm_object in objects:
        for each in writables(crm_object):
            if each.kind != CUSTOM_FIELDS:
                names = ", ".join(f"`{name}`" for name in each.others)
                rows.setdefault((each.name, each.label, names), []).append(crm_object.name)
    for (name, label, names), owners in rows.items():
        yield f"| `{name}` | {', '.join(f'`{owner}`' for owner in owners)} | {label} | {names} |"


EXITS: Mapping[Exit, tuple[str, str, str]] = {
    Exit.DONE: ("done", "done; every record has its outcome", "nothing"),
    Exit.FAILED: (
        "some streams could not be read to their end, or the output cannot be written",
        "more than `max_rejected` records are rejected, the input is broken, or a file or the output cannot be written",
        "alert somebody; `retry` in the report says whether running it again can help",
    ),
    Exit.SETTINGS: (
        "a setting, the catalog, the state or the key is wrong",
        "a setting or the key is wrong",
        "alert somebody; running it again changes nothing",
    ),
    Exit.BRAKE: ("not used", "a brake held deletes back", "alert somebody: the source looks emptier than it should"),
    Exit.UNREACHABLE: (
        "Copper or the store of `quota_url` cannot be reached, was lost, or gives no usable answer",
        "the CRM, the ledger, a lock or the store of `quota_url` cannot be reached or was lost, or no answer is usable",
        "run it again later",
    ),
    Exit.BUSY: ("not used", "another run writes the same records", "skip this run"),
}
"""The meaning of each exit code for tap-copper and for target-crm, and what a scheduler should do."""


def exits_table() -> Iterator[str]:
    """A Markdown table of the exit codes."""
    yield "| code | `tap-copper` | `target-crm` | what a scheduler should do |"
    yield "|---|---|---|---|"
    for code in Exit:
        yield f"| {code:d} | {' | '.join(EXITS[code])} |"
    codes = ", ".join(
        f"{SIGNAL_OFFSET + number:d} ({number.name})" for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    )
    yield f"| {codes} | stopped by a signal | stopped by a signal | run it again; nothing is lost |"


def exits_of_target() -> Iterator[str]:
    """A Markdown table of the exit codes of target-crm."""
    yield "| exit code of `target-crm` | meaning |"
    yield "|---|---|"
    for code in Exit:
        yield f"| {code:d} | {EXITS[code][1]} |"
    yield f"| {SIGNAL_OFFSET + signal.SIGTERM:d} | stopped by SIGTERM |"


def exits_of_tap() -> Iterator[str]:
    """A Markdown table of the exit codes of tap-copper."""
    yield "| code | meaning |"
    yield "|---|---|"
    for code in Exit:
        if EXITS[code][0] != "not used":
            yield f"| {code:d} | {EXITS[code][0]} |"
    codes = ", ".join(f"{SIGNAL_OFFSET + number:d}" for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM))
    yield f"| {codes} | stopped by a signal; the last STATE says how far the run came |"


def kinds_table() -> Iterator[str]:
    """A Markdown table of the kinds of rejection."""
    yield "| kind | what it means | what to do about it |"
    yield "|---|---|---|"
    for name, kind in reject_kinds.KINDS.items():
        yield f"| `{name}` | {kind.meaning} | {kind.remedy} |"


def promises_table() -> Iterator[str]:
    """A Markdown table of the promises, each with what it means for a user and the tests that hold it."""
    yield "| promise | what it means for you | tests |"
    yield "|---|---|---|"
    for promise in yaml.safe_load((ROOT / "docs" / "guarantees.yaml").read_text()):
        name = f"**{promise['promise']}**"
        for claim in promise["claims"]:
            yield f"| {name} | {claim['meaning']} | {'<br>'.join(f'`{test}`' for test in claim['tests'])} |"
            name = ""  # a promise is named in its first row


EXTRAS = {
    "emulator": "`crm-emulator`, the stand-in for the three CRMs and any HTTP endpoint",
    "otel": "metrics and traces over OTLP, where `OTEL_…` variables ask for them ([more](operations.md#opentelemetry))",
    "parquet": "BATCH messages whose files are Parquet, into `target-crm`",
    "postgres": "`postgresql://` in `ledger_url`, `snapshot_url` and `quota_url`",
    "redis": "`redis://` in `quota_url`",
}


def extras_table() -> Iterator[str]:
    """A Markdown table of the extras that can be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    yield "| extra | needed for | command |"
    yield "|---|---|---|"
    for name in project["optional-dependencies"]:
        yield f"| `{name}` | {EXTRAS[name]} | `pip install 'singer-crm[{name}]'` |"


GROUPS: dict[str, Callable[[], Mapping[str, Mapping[str, Any]]]] = {
    "tap-copper": lambda: settings_of("tap-copper"),
    "target-crm": lambda: settings_of("target-crm"),
    "stream": lambda: STREAM_SETTINGS,
    "endpoint": lambda: ENDPOINT_SETTINGS,
}
"""The tables of settings, by the part of docs/examples.yaml that holds their examples."""
PARTS: dict[str, Callable[[], Iterator[str]]] = {
    **{f"settings of {group}": partial(lambda name: settings_table(GROUPS[name](), name), group) for group in GROUPS},
    "extras": extras_table,
    "streams of tap-copper": streams_table,
    "columns of tap-copper": columns_tables,
    "objects of copper": lambda: objects_table(copper_objects.OBJECTS.values()),
    "objects of freshsales": lambda: objects_table(FRESHSALES_OBJECTS.values()),
    "objects of apptivo": lambda: objects_table(apptivo_objects.OBJECTS.values()),
    "attributes of copper": lambda: attributes_table(copper_objects.OBJECTS.values()),
    "attributes of freshsales": lambda: attributes_table(FRESHSALES_OBJECTS.values()),
    "attributes of apptivo": lambda: attributes_table(apptivo_objects.OBJECTS.values()),
    "names of copper": lambda: names_table(copper_objects.OBJECTS.values()),
    "names of freshsales": lambda: names_table(FRESHSALES_OBJECTS.values()),
    "names of apptivo": lambda: names_table(apptivo_objects.OBJECTS.values()),
    "kinds of rejection": kinds_table,
    "promises": promises_table,
    "exit codes": exits_table,
    "exit codes of target-crm": exits_of_target,
    "exit codes of tap-copper": exits_of_tap,
    "meltano plugin tap-copper": lambda: plugin_inside("tap-copper"),
    "meltano plugin target-crm": lambda: plugin_inside("target-crm"),
}
_BEGIN = re.compile(r"^\s*(?:<!-- (?P<md>[a-z -]+) -->|# <(?P<yml>[a-z -]+)>)$")
_END = re.compile(r"^\s*(?:<!-- end -->|# <end>)$")
_TEST = re.compile(r"`(test_[a-z0-9_]+)`")
_MODULE = re.compile(r"`([a-z_/0-9]+\.py)`")
_FOLDER = re.compile(rf"`((?:{'|'.join(PACKAGES)})/[a-z_/]*)`")
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def rendered(text: str) -> str:
    """The text of a document with every generated part made anew."""
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if inside and not _END.match(line):
            continue
        inside = False
        lines.append(line)
        if (begin := _BEGIN.match(line)) and (name := begin["md"] or begin["yml"]) in PARTS:
            lines += PARTS[name]()
            inside = True
    return "\n".join(lines) + "\n"


def documents() -> list[Path]:
    """All Markdown files of the root and of docs."""
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def broken_links() -> Iterator[str]:
    """Relative links of the documents that lead nowhere."""
    for document in documents():
        for target in _LINK.findall(document.read_text()):
            if not (document.parent / target).exists():
                yield f"{document.relative_to(ROOT)}: the link to {target} leads nowhere"


def unknown_tests() -> Iterator[str]:
    """Tests that the documents name and that do not exist."""
    tests = "".join(file.read_text() for file in ROOT.glob("tests/**/*.py"))
    for document in documents():
        for name in _TEST.findall(document.read_text()):
            if f"def {name}(" not in tests:
                yield f"{document.relative_to(ROOT)}: there is no test {name}"


def unknown_modules() -> Iterator[str]:
    """Modules that the documents name and that do not exist; docs/reference names modules of others."""
    modules = {f"/{file.relative_to(ROOT)}" for folder in PACKAGES for file in (ROOT / folder).glob("**/*.py")}
    for document in documents():
        for name in _MODULE.findall(document.read_text()) if document.parent.name != "reference" else ():
            if not any(module.endswith(f"/{name}") for module in modules):
                yield f"{document.relative_to(ROOT)}: there is no {name}"


def unknown_folders() -> Iterator[str]:
    """Folders of ours that the documents name and that do not exist."""
    for document in documents():
        for name in _FOLDER.findall(document.read_text()):
            if not (ROOT / name).exists():
                yield f"{document.relative_to(ROOT)}: there is no folder {name}"


def main() -> int:
    """Write the tables, or with ``--check`` print what is amiss; returns the exit code."""
    check = "--check" in sys.argv
    amiss = [flaw for group, settings in GROUPS.items() for flaw in flaws(settings(), group)] if check else []
    amiss += [*broken_links(), *unknown_tests(), *unknown_modules(), *unknown_folders()] if check else []
    for file in [*documents(), ROOT / "meltano.yml"]:
        text = file.read_text()
        if (fresh := rendered(text)) != text:
            if check:
                amiss.append(f"{file.relative_to(ROOT)}: a table is out of date; run make docs")
            else:
                file.write_text(fresh)
    for file, fresh in {**dbt_files(), **plugin_files()}.items():
        if not file.exists() or file.read_text() != fresh:
            if check:
                amiss.append(f"{file.relative_to(ROOT)} is out of date; run make docs")
            else:
                file.write_text(fresh)
    amiss += [f"{file.relative_to(ROOT)} belongs to no stream; remove it" for file in needless_models()]
    for line in amiss:
        print(line)
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
