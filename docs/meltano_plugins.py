"""Definitions of both plugins for Meltano: files for ``meltano add --from-ref`` and the Hub, and those of meltano.yml.

What is true of the plugins themselves, their settings and capabilities, is what ``--about`` tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from settings_tables import kinds_of, sentence

from tap_copper.tap import TapCopper
from target_crm.target import TargetCrm

ROOT = Path(__file__).parent.parent
PLUGINS: dict[str, type[Any]] = {"tap-copper": TapCopper, "target-crm": TargetCrm}
KINDS = {"integer": "integer", "number": "decimal", "boolean": "boolean", "object": "object", "array": "array"}
FILES = {
    "tap-copper": ROOT / "plugins" / "extractors" / "tap-copper.yml",
    "target-crm": ROOT / "plugins" / "loaders" / "target-crm.yml",
}
_HEAD = "# Made by `make docs` out of what the plugin tells with --about. For `meltano add {name} --from-ref FILE`.\n"
_OPERATOR = "singer-crm"
_CHECK = {
    "check": {
        "executable": _OPERATOR,
        "args": "check --config ENV",
        "description": "Check the settings, and tell whose account they reach",
    }
}
_OWN: dict[str, dict[str, Any]] = {
    "tap-copper": {
        "label": "Copper",
        # Meltano selects everything unless told otherwise; these two cost a request for every record they belong to.
        "select": ["*.*", "!related_items.*", "!files.*"],
        "settings_group_validation": [["api_key", "user_email"], ["access_token"]],
        "commands": _CHECK,
    },
    "target-crm": {
        "label": "CRM (Copper, Freshsales, Apptivo, any HTTP API)",
        "settings_group_validation": [["crm"]],
        "commands": {
            **_CHECK,
            "dry-run": {
                "args": "--config ENV --dry-run",
                "description": "Show what would be written of the Singer messages in standard input, and write nothing",
            },
            "plan": {
                "executable": _OPERATOR,
                "args": "plan show",
                "description": "Show the plan in a FILE, which a dry run with plan_path has made",
            },
            "apply": {
                "executable": _OPERATOR,
                "args": "apply --config ENV",
                "description": "Carry out the plan in a FILE, where it is still true",
            },
            "rejected": {
                "executable": _OPERATOR,
                "args": "rejected list --config ENV",
                "description": "List the records that were rejected, with the reasons",
            },
            "replay": {
                "executable": _OPERATOR,
                "args": "rejected replay --config ENV",
                "description": "Try rejected records again",
            },
            "explain": {
                "executable": _OPERATOR,
                "args": "ledger explain --config ENV",
                "description": "Show all that the ledger knows of a record: --source-id, --crm-id or --email",
            },
            "runs": {
                "executable": _OPERATOR,
                "args": "runs --config ENV",
                "description": "List the runs and how their records ended",
            },
            "singer-crm": {
                "executable": _OPERATOR,
                "args": "",
                "description": "Any command of singer-crm; --config ENV gives it Meltano's settings",
            },
        },
    },
}


def settings_of(plugin: str) -> dict[str, dict[str, Any]]:
    """The declared settings of a plugin, the SDK's own included, by name."""
    known = PLUGINS[plugin]
    schema = known.config_jsonschema
    known.append_builtin_config(schema)
    return dict(schema["properties"])


def plugin_files() -> dict[Path, str]:
    """The text of the file of each plugin, by its path."""
    return {FILES[name]: _HEAD.format(name=name) + _text(_definition(name, pip_url="singer-crm")) for name in PLUGINS}


def plugin_inside(name: str) -> Iterator[str]:
    """The lines of a plugin in our own meltano.yml, which installs the folder it is in."""
    for line in _text([_definition(name, pip_url="-e .")]).splitlines():
        yield f"  {line}"


def _text(content: Any) -> str:
    text: str = yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True)
    return text


def _definition(name: str, *, pip_url: str) -> dict[str, Any]:
    known = PLUGINS[name]
    about = known._get_about_info()  # noqa: SLF001 - what --about prints
    return {
        "name": name,
        "namespace": name.replace("-", "_"),
        "variant": "singer-crm",
        "label": _OWN[name]["label"],
        "description": about.description,
        "pip_url": pip_url,
        "executable": name,
        "capabilities": [str(each.value) for each in about.capabilities],
        **{key: value for key, value in _OWN[name].items() if key not in ("label", "commands")},
        "commands": json.loads(json.dumps(_OWN[name]["commands"])),  # no anchors
        "settings": [_setting(*each) for each in settings_of(name).items()],
    }


def _setting(name: str, setting: dict[str, Any]) -> dict[str, Any]:
    # Meltano casts texts to one kind: what may be of several is text to it, and read by the plugin.
    kind = "date_iso8601" if setting.get("format") == "date-time" else KINDS.get(" ".join(kinds_of(setting)), "string")
    entry: dict[str, Any] = {"name": name}
    if setting.get("title"):
        entry["label"] = setting["title"]
    if "enum" in setting:
        kind = "options"
        entry["options"] = [{"label": str(value), "value": value} for value in setting["enum"] if value is not None]
    entry["kind"] = kind
    if setting.get("secret"):
        entry["sensitive"] = True
    entry["description"] = sentence(setting)
    return entry
