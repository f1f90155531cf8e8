"""The command ``singer-crm log``: the ledger as a Singer source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

import click
import msgspec

from crm_api.errors import SettingError
from crm_api.transport.redaction import Redactor, secret_texts
from target_crm.cli.common import config_option, end_at_once, one_sentence, require_ledger, target_of, url_of_ledger
from target_crm.settings import SETTINGS


@click.command()
@config_option
@click.option("--catalog", type=click.File("rb"), help="Select streams and columns by this Singer catalog.")
@click.option("--state", type=click.File("rb"), help="Go on from this STATE: only what is new since then comes.")
@click.option(
    "--activate-version",
    is_flag=True,
    help="Follow the stream rejected by ACTIVATE_VERSION, so that a target which knows it drops what is held no more.",
)
@click.option("--discover", is_flag=True, help="Print the catalog, and nothing else.")
@one_sentence
def log(
    config: Sequence[str],
    catalog: IO[bytes] | None,
    state: IO[bytes] | None,
    *,
    activate_version: bool,
    discover: bool,
) -> None:
    """Emit what the ledger tells, as Singer messages for a warehouse.

    Streams: runs; outcomes, one for each record of a run that was not unchanged or superseded; changes, one for each
    field that was written, with its values as far as keep_values_days keeps them; and rejected, what is held now. All
    accounts of the ledger are read; with account_name, that one.
    """
    from target_crm.sync_log.tap import SyncLog  # noqa: PLC0415 - only this command needs the SDK's taps

    target = target_of(config)
    end_at_once()
    tap = SyncLog(
        redact=Redactor(secret_texts(target.config, SETTINGS)),
        activates_versions=activate_version,
        config={"ledger_url": url_of_ledger(target), "account_name": target.config.get("account_name")},
        catalog=_catalog(catalog),
        state=_state(state),
    )
    if discover:
        tap.run_discovery()
        return
    require_ledger(target)
    unknown = sorted(set(tap.input_catalog or ()) - set(tap.streams))
    if unknown:
        raise SettingError(f"--catalog: there is no stream {unknown[0]!r}. There are {', '.join(tap.streams)}")
    tap.sync_all()


def _catalog(file: IO[bytes] | None) -> dict[str, Any] | None:
    """Read a catalog.

    Raises:
        SettingError: It is none.
    """
    if file is None:
        return None
    catalog = _object_in(file, "--catalog")
    entries = catalog.get("streams")
    if not isinstance(entries, list) or not all(_is_entry(each) for each in entries):
        raise SettingError("--catalog: the file must hold an object with a list of streams, as --discover prints it")
    return catalog


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("tap_stream_id"), str):
        return False
    metadata = entry.get("metadata", [])
    return isinstance(metadata, list) and all(
        isinstance(each, Mapping)
        and isinstance(each.get("breadcrumb"), list)
        and isinstance(each.get("metadata"), dict)
        for each in metadata
    )


def _state(file: IO[bytes] | None) -> dict[str, Any] | None:
    """Read a STATE.

    Raises:
        SettingError: It is none, or cannot be one of ours.
    """
    if file is None:
        return None
    state = _object_in(file, "--state")
    bookmarks = state.get("bookmarks", {} if not state else None)
    if not isinstance(bookmarks, Mapping) or not all(isinstance(each, Mapping) for each in bookmarks.values()):
        raise SettingError(
            "--state: the file must hold the value of the last STATE message, which is an object with bookmarks"
        )
    for stream, bookmark in bookmarks.items():
        number = bookmark.get("replication_key_value", 0)
        if not isinstance(number, int) or isinstance(number, bool):
            raise SettingError(f"--state: the bookmark of stream {stream!r} must be a whole number, not {number!r}")
    return state


def _object_in(file: IO[bytes], option: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(file.read() or b"{}")
    except (ValueError, RecursionError, OSError) as error:
        raise SettingError(f"{option}: the file {file.name} does not hold JSON: {error}") from error
    if not isinstance(found, dict):
        raise SettingError(f"{option}: the file {file.name} must hold a JSON object")
    return found
