"""Files of the dbt package in dbt/ that follow from the schemas and streams of tap-copper.

For each stream there is a source table, with the description of each column, and a staging model, whose columns, types
and tests follow from the schema: keys are unique and not null, and a column whose description ends in ``people.id``
refers to that stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from settings_tables import kinds_of

from tap_copper.deletions.deleted_records import DeletedRecordsStream
from tap_copper.search_stream import SearchStream
from tap_copper.streams import STREAMS

ROOT = Path(__file__).parent.parent
STAGING = ROOT / "dbt" / "models" / "staging"
_TYPES = {"integer": "bigint", "number": "numeric", "boolean": "boolean", "object": "jsonb", "array": "jsonb"}
_FORMATS = {"date-time": "timestamptz", "date": "date"}
_NOTE = "# Made by `make docs` out of the schemas of tap-copper: changes belong there."
_REFERENCE = re.compile(r": ([a-z_]+)\.id\b")

Column = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A stream as a table.

    Attributes:
        name: Its name.
        keys: The columns of its key.
        can_be_reported_gone: Whether ``deleted_records`` names its records.
    """

    name: str
    keys: Sequence[str]
    can_be_reported_gone: bool

    @property
    def model(self) -> str:
        """Name of its staging model."""
        return f"stg_copper__{self.name}"

    @property
    def schema(self) -> Mapping[str, Any]:
        """Its JSON schema."""
        found: Mapping[str, Any] = json.loads((ROOT / "tap_copper" / "schemas" / f"{self.name}.json").read_text())
        return found

    @property
    def sql(self) -> str:
        """Text of its staging model."""
        return f"{{{{ tap_copper.staged('{self.name}', can_be_reported_gone={self.can_be_reported_gone}) }}}}\n"


def tables() -> list[Table]:
    """All streams but those that settings declare."""
    searched = [Table(each.name, each.primary_keys, issubclass(each, SearchStream)) for each in STREAMS]
    return [*searched, Table(DeletedRecordsStream.name, DeletedRecordsStream.primary_keys, can_be_reported_gone=False)]


def dbt_files() -> dict[Path, str]:
    """The text of each generated file of the package, by its path."""
    known = {table.name: table for table in tables()}
    sources = {
        "version": 2,
        "sources": [
            {
                "name": "copper",
                "description": "What tap-copper reads of a Copper account, as a target has written it.",
                "database": "{{ var('copper_database', target.database) }}",
                "schema": "{{ var('copper_schema', 'tap_copper') }}",
                "tables": [
                    {"name": each.name, "description": f"{each.schema['description']}.", "columns": list(_plain(each))}
                    for each in known.values()
                ],
            }
        ],
    }
    models = {"version": 2, "models": [_model(each, known) for each in known.values()]}
    return {
        STAGING / "_copper__sources.yml": _yaml(sources),
        STAGING / "_copper__staging.yml": _yaml(models),
        **{STAGING / f"{each.model}.sql": each.sql for each in known.values()},
    }


def needless_models() -> Iterator[Path]:
    """Files beside the generated ones that no stream has any more."""
    yield from set(STAGING.iterdir()) - set(dbt_files())


def _yaml(content: Any) -> str:
    return f"{_NOTE}\n{yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)}"


def _plain(table: Table) -> Iterator[Column]:
    for name, column in table.schema["properties"].items():
        yield {"name": name, "description": column.get("description", "")}


def _model(table: Table, known: Mapping[str, Table]) -> dict[str, Any]:
    columns = [_column(table, name, each, known) for name, each in table.schema["properties"].items()]
    if table.name != DeletedRecordsStream.name:
        columns = [each for each in columns if each["name"] != "is_deleted"]
        columns += [
            {
                "name": "is_deleted",
                "description": "Whether it is gone in Copper: such rows are here with the variable "
                "copper_keep_deleted alone",
                "data_type": "boolean",
                "data_tests": ["not_null"],
            },
            {
                "name": "deleted_at",
                "description": "When its absence was seen, as far as it is known",
                "data_type": "timestamptz",
            },
        ]
    model: dict[str, Any] = {
        "name": table.model,
        "description": f"{table.schema['description']}. Columns that the table lacks are null; custom fields follow.",
        "columns": columns,
    }
    if len(table.keys) > 1:
        model["data_tests"] = [{"tap_copper.unique_together": {"arguments": {"columns": list(table.keys)}}}]
    return model


def _column(table: Table, name: str, column: Mapping[str, Any], known: Mapping[str, Table]) -> Column:
    description = column.get("description", "")
    made: Column = {"name": name, "description": description, "data_type": _type(column)}
    tests: list[Any] = []
    if name in table.keys:
        tests += ["not_null", *(["unique"] if len(table.keys) == 1 else [])]
    found = _REFERENCE.search(description)
    if found and made["data_type"] == "bigint" and found[1] in known and list(known[found[1]].keys) == ["id"]:
        # A key may see fewer records than refer to each other, and a record outlives what it refers to.
        to = {"to": f"ref('{known[found[1]].model}')", "field": "id"}
        tests.append({"relationships": {"arguments": to, "config": {"severity": "warn"}}})
    return {**made, **({"data_tests": tests} if tests else {})}


def _type(column: Mapping[str, Any]) -> str:
    if column.get("format") in _FORMATS:
        return _FORMATS[column["format"]]
    kinds = kinds_of(column) if "type" in column else ["object"]
    return _TYPES.get(kinds[0], "text") if len(kinds) == 1 else "jsonb"
