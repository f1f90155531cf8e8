"""The accounts of a DAG: their names, and the pool of those that share a credential (pure, but for one file).

accounts.yml is singer-crm's; here only names and references to secrets are read, and no secret is looked up. What is
wrong with an entry is its own task's to tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

POOL_PREFIX = "singer_crm_"
DEFAULT_POOL = "default_pool"  # which every Airflow has

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_REFERENCE = re.compile(r"\$\{[^}]+\}|^file:.+", re.DOTALL)
_CREDENTIAL = re.compile(r"key|token|secret|password", re.IGNORECASE)


class AccountsError(ValueError):
    """The accounts of a DAG cannot be told; the message says what to do."""


@dataclass(frozen=True)
class PlannedAccount:
    """An account with a task of its own.

    Attributes:
        name: Its name: the task's id.
        pool: The pool of its task.
    """

    name: str
    pool: str = DEFAULT_POOL


def planned_accounts(
    accounts: Sequence[str] | str | Path, pools: Mapping[str, str] | None = None
) -> list[PlannedAccount]:
    """Tell the accounts of a DAG, each with its pool.

    Args:
        accounts: Their names; or the path of accounts.yml, whose entries are meant but those with ``enabled: false``.
        pools: The pool of each account by name, for those that have one of your own making.

    Raises:
        AccountsError: The file cannot be read; there is no account; a name is none, stands there twice, or is unknown.
    """
    entries = _entries(Path(accounts)) if isinstance(accounts, str | Path) else {str(name): {} for name in accounts}
    names = list(entries) if isinstance(accounts, str | Path) else list(accounts)
    if not names:
        raise AccountsError(f"There is no account in {accounts}: name at least one")
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise AccountsError(f"{name!r} is not the name of an account: letters, digits or _.-, 100 at most")
        if names.count(name) > 1:
            raise AccountsError(f"The account {name} is named twice. Name it once")
    for name in pools or {}:
        if name not in names:
            raise AccountsError(f"pools names the account {name}, which is not among the DAG's: {', '.join(names)}")
    shared = shared_pools(entries)
    return [PlannedAccount(name, (pools or {}).get(name) or shared.get(name, DEFAULT_POOL)) for name in names]


def shared_pools(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Tell the pool of each account that shares a credential with another one, directly or through a third.

    Args:
        entries: Entries with the defaults merged in, by name.

    Returns:
        Pools by account, each named after the first reference that its accounts share.
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for name, entry in entries.items():
        for reference in sorted(set(_credentials(entry, _key(name, entry)))):
            holders[reference].append(name)
    pools: dict[str, str] = {}
    for reference in sorted(holders):
        names = holders[reference]
        if len(names) > 1:
            pool = next((pools[name] for name in names if name in pools), POOL_PREFIX + _slug(reference))
            joined = {pools[name] for name in names if name in pools}
            pools |= {name: pool for name, known in pools.items() if known in joined} | dict.fromkeys(names, pool)
    return pools


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    """Read the entries of accounts.yml that are to be run, with the defaults merged in."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise AccountsError(f"The accounts file {path} cannot be read: {why}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" on line {mark.line + 1}"
        raise AccountsError(f"The accounts file {path} is not valid YAML{where}") from None
    accounts = document.get("accounts") if isinstance(document, dict) else None
    if not isinstance(accounts, dict):
        raise AccountsError(f"The accounts file {path} must hold accounts: the entries, by name")
    defaults = _object(document.get("defaults"))
    return {
        str(name): _merged_entry(defaults, _object(own))
        for name, own in accounts.items()
        if _object(own).get("enabled") is not False
    }


def _object(value: Any) -> dict[str, Any]:
    """Return an object; what should be one and is not tells no credential."""
    return value if isinstance(value, dict) else {}


def _merged_entry(defaults: Mapping[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    taps = [{"name": tap} if isinstance(tap, str) else _object(tap) for tap in (defaults.get("tap"), own.get("tap"))]
    is_another = any(taps[1].get(name) and taps[1][name] != taps[0].get(name) for name in ("name", "command"))
    tap = taps[1] if is_another else _merged(taps[0], taps[1])
    return {**own, "tap": tap, "target": _merged(_object(defaults.get("target")), _object(own.get("target")))}


def _merged(default: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(default)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if both else value
    return merged


def _key(name: str, entry: Mapping[str, Any]) -> str:
    """Return what ``${entry}`` stands for: the first name of an entry that was renamed."""
    was = entry.get("was")
    return was if isinstance(was, str) else name


def _credentials(value: Any, key: str, setting: str = "") -> Iterator[str]:
    """Yield the references in settings that are credentials, with ``${entry}`` filled in."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _credentials(inner, key, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _credentials(inner, key, setting)
    elif isinstance(value, str) and _CREDENTIAL.search(setting) and not setting.endswith("_url"):
        for reference in _REFERENCE.findall(value.replace("${entry}", key)):
            yield str(reference)


def _slug(reference: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", reference.removeprefix("file:")).strip("_")
