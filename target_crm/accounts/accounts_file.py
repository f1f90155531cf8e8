"""The file accounts.yml, read and checked: an entry that is wrong costs itself alone."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from crm_api.errors import CrmError, SettingError
from crm_api.settings import check_settings, nearest
from crm_api.transport.redaction import secret_texts
from target_crm.accounts.entries import Accounts, Entry, TapEntry
from target_crm.accounts.references import References, bare_secrets
from target_crm.accounts.taps import settings_of_tap
from target_crm.crms import signed_by
from target_crm.settings import SETTINGS

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"string": "a text", "boolean": "true or false", "array": "a list", "object": "an object", "null": "null"}


def schema_text() -> str:
    """Return the JSON schema of accounts.yml, as it is published."""
    return files(__package__).joinpath("accounts.schema.json").read_text("utf-8")


@cache
def _schema() -> Mapping[str, Any]:
    """Return the schema without references, which the check for unknown names does not follow."""
    schema = json.loads(schema_text())
    return {**schema, "properties": _expanded(schema["properties"], schema["$defs"])}


def _expanded(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    if (name := schema.get("$ref")) is not None:
        return _expanded(definitions[name.rpartition("/")[2]], definitions)
    return {name: _expanded(each, definitions) for name, each in schema.items()}


def read_accounts(path: Path, environment: Mapping[str, str]) -> Accounts:
    """Read the entries of a file, and put in place of references what they stand for.

    Args:
        path: The file.
        environment: The values of variables, by name.

    Raises:
        SettingError: The file cannot be read, or is wrong outside its entries.
    """
    document, doubled = _document(path)
    entries: dict[str, Entry] = {}
    flaws: dict[str, str] = {}
    given: Mapping[str, Any] = document["accounts"]
    defaults = document.get("defaults") or {}
    for name, own in given.items():
        references = References(environment, path.absolute().parent, _key(name, own))
        try:
            if name in doubled:
                raise SettingError(f"accounts.{doubled[name]} stands there twice. Keep one of them")
            entries[name] = _entry(name, own, defaults, references)
        except CrmError as error:
            flaws[name] = error.sentence
    for name, flaw in _same_accounts(entries):
        del entries[name]
        flaws[name] = flaw
    disabled = frozenset(
        name for name, own in given.items() if isinstance(own, Mapping) and own.get("enabled") is False
    )
    return Accounts(path, tuple(given), entries, flaws, disabled)


def accounts_of(path: Path) -> Accounts:
    """Read the entries of a file, with the variables of this process's environment.

    Raises:
        SettingError: The file cannot be read, or is wrong outside its entries.
    """
    return read_accounts(path, os.environ)


def chosen(accounts: Accounts, names: Sequence[str]) -> list[str]:
    """Return the names of the entries that are meant, each once: those that are given, else all.

    Raises:
        SettingError: There is no such entry.
    """
    for name in names:
        if name not in accounts.names:
            raise SettingError(f"{accounts.path} has no account {name!r}{nearest(name, list(accounts.names))}")
    return list(dict.fromkeys(names)) or list(accounts.names)


def _document(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the whole file.

    Returns:
        Its values, and what stands in an entry twice, by the entry's name: YAML would keep the last one in silence.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise SettingError(f"The accounts file {path} cannot be read: {why}. Name it with --accounts") from None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        value = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" on line {mark.line + 1}"
        why = getattr(error, "problem", None) or type(error).__name__
        raise SettingError(f"The accounts file {path} is not valid YAML{where}: {why}") from None
    doubled: dict[str, str] = {}
    for place in _doubled(node, ()):
        if len(place) < 2 or place[0] != "accounts":  # noqa: PLR2004 - "accounts" and the entry's name
            raise SettingError(f"The accounts file {path}: {'.'.join(place)} stands there twice. Keep one of them")
        doubled.setdefault(place[1], ".".join(place[1:]))
    if not isinstance(value, dict) or not isinstance(value.get("accounts"), dict):
        raise SettingError(f"The accounts file {path} must hold accounts: the entries, by name")
    for name in value["accounts"]:
        if not isinstance(name, str):  # YAML takes no, on, 12 and the like for something else
            raise SettingError(f"The accounts file {path}: YAML reads the name of an account as {name!r}. Quote it")
    whole = {name: {} if name == "accounts" else each for name, each in value.items()}
    _check(whole, f"The accounts file {path}: ")
    _check({"accounts": dict.fromkeys(value["accounts"])}, f"The accounts file {path}: ")
    return value, doubled


def _doubled(node: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the places of names that stand in one object twice."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for name, value in node.value:
            at = (*place, str(name.value))
            if name.value in seen and name.value != "<<":
                yield at
            seen.add(name.value)
            yield from _doubled(value, at)
    elif isinstance(node, yaml.SequenceNode):
        for index, each in enumerate(node.value):
            yield from _doubled(each, (*place, str(index)))


def _check(document: Mapping[str, Any], before: str = "") -> None:
    """Check values against the schema; no value is shown, since it may be a secret.

    Raises:
        SettingError: They do not fit.
    """
    for error in jsonschema_rs.validator_for(json.loads(schema_text())).iter_errors(document):
        place = ".".join(map(str, error.instance_path))
        match error.kind.name:
            case "type":
                types = error.kind.as_dict()["types"]
                problem = f"must be {' or '.join(_WORDS[each] for each in types if each != 'null')}"
            case "additionalProperties":
                check_settings(document, _schema())
                problem = "holds a name that is not known"
            case "propertyNames":
                problem = f"the name of an entry must be letters, digits or one of _.-, 100 at most: {error.message}"
            case "pattern":
                problem = "must be letters, digits or one of _.-, 100 at most, and begin with a letter or a digit"
            case "minItems":
                problem = "must not be empty"
            case _:
                problem = error.message
        raise SettingError(f"{before}{place} {problem}".replace("  ", " "))


def _key(name: str, own: Any) -> str:
    was = own.get("was") if isinstance(own, Mapping) else None
    return was if isinstance(was, str) else name


def _entry(name: str, own: Any, defaults: Mapping[str, Any], references: References) -> Entry:
    place = f"accounts.{name}"
    _check({"accounts": {name: own}})
    own = own or {}
    tap = _merged_tap(_as_object(defaults.get("tap")), _as_object(own.get("tap")))
    target = (
        _merged(defaults.get("target") or {}, own.get("target") or {}) if "target" in own else defaults.get("target")
    )
    if not tap:
        raise SettingError(f"{place}: there is no tap. Set tap to tap-copper, or to an object with command")
    if not target:
        raise SettingError(f"{place}: there is no target. Give the settings of target-crm there")
    inside, command = tap.get("name") or "", tuple(tap.get("command") or ())
    if bool(inside) == bool(command):
        raise SettingError(f"{place}.tap: give either name or command")
    schema_of_tap = settings_of_tap(inside) if inside else None
    config = tap.get("config") or {}
    bare = [
        *bare_secrets(config, schema_of_tap, f"{place}.tap.config"),
        *bare_secrets(target, SETTINGS, f"{place}.target"),
    ]
    if bare:
        are = "are secrets" if len(bare) > 1 else "is a secret"
        instead = "${NAME} for a variable of the environment, or file:PATH for what a file holds"
        raise SettingError(f"{' and '.join(bare)} {are}. Write a reference in its place: {instead}")
    if command and tap.get("select"):
        raise SettingError(f"{place}.tap.select is for taps that run inside. For a command, give a catalog file")
    secrets: set[str] = set()
    config = references.resolved(config, f"{place}.tap.config", secrets)
    target = references.resolved(target, f"{place}.target", secrets)
    seen: set[str] = set()
    words = references.resolved(list(command), f"{place}.tap.command", seen)
    if seen:
        raise SettingError(
            f"{place}.tap.command: everybody can see the words of a command. Put what is secret into config"
        )
    secrets.update(secret_texts(target, SETTINGS), () if schema_of_tap is None else secret_texts(config, schema_of_tap))
    catalog = tap.get("catalog")
    return Entry(
        name,
        references.entry,
        TapEntry(
            inside,
            tuple(words),
            config,
            None if catalog is None else references.folder / catalog,
            tuple(tap.get("select") or ()),
        ),
        target,
        tuple(secrets),
    )


def _as_object(tap: Any) -> dict[str, Any]:
    return {"name": tap} if isinstance(tap, str) else dict(tap or {})


def _merged_tap(default: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the tap of an entry into the default one, unless it is another tap, which shares no settings with it."""
    names = {name: own[name] for name in ("name", "command") if own.get(name)}
    if names and any(default.get(name) != value for name, value in names.items()):
        return dict(own)
    return _merged(default, own)


def _merged(default: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(default)
    for name, value in own.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _merged(merged[name], value) if both else value
    return {name: value for name, value in merged.items() if value is not None}


def _same_accounts(entries: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    """Find entries that would mix up one another's records, or STATE; yields the name of each, and what is wrong."""
    by_key: dict[str, list[str]] = defaultdict(list)
    by_account: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, entry in entries.items():
        by_key[entry.key].append(name)
        if (account := _account(entry.target)) is not None:
            by_account[account].append(name)
    told: set[str] = set()
    for names, why in (
        *((names, "keep STATE under one name: remove was from one of them") for names in by_key.values()),
        *(
            (names, "are one account with one source: give each a source_name of its own, or remove one of them")
            for names in by_account.values()
        ),
    ):
        for name in names if len(names) > 1 else ():
            if name not in told:
                told.add(name)
                yield name, f"The entries {' and '.join(names)} {why}"


def _account(target: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return what tells an account and a source from others, as far as the settings say it."""
    source = target.get("source_name", SETTINGS["properties"]["source_name"]["default"])
    if name := target.get("account_name"):
        return target.get("crm"), name, source
    try:
        signs = signed_by(target)
    except Exception:  # noqa: BLE001 - settings that are wrong are told where they are checked
        return None
    return target.get("crm"), target.get("base_url"), target.get("domain"), signs, source
