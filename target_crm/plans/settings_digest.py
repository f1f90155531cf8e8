"""A digest of the settings that decide what is written: a plan is applied under those that it was made with (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from crm_api.settings import NETWORK_SETTINGS
from target_crm.settings import SETTINGS

_BYTES = 16
_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=str)
_OF_THE_RUN = frozenset(
    {
        "allow_deletes",
        "auth",
        "auth_name",
        "base_url",
        "batch_size_rows",
        "client_id",
        "domain",
        "dry_run",
        "history_days",
        "index_lag_seconds",
        "limit",
        "lock_wait_seconds",
        "log_values",
        "max_rejected",
        "notify_when",
        "plan",
        "require_ledger",
        "retry_rejected",
        "shutdown_seconds",
        "stop_after_rejected",
        "user_email",
        "user_name",
        "wire_style",
    }
)
"""Settings about one run, or the way to the account, which is compared by its id."""


def decides(name: str) -> bool:
    """Tell whether what is written depends on a setting, given the account."""
    schema = SETTINGS["properties"].get(name, {})
    is_path = name.endswith("_path")
    return not (name in _OF_THE_RUN or name in NETWORK_SETTINGS or is_path or schema.get("secret", False))


def settings_digest(config: Mapping[str, Any]) -> str:
    """Return a digest of settings, of their order and of their other parts independent."""
    chosen = {name: value for name, value in config.items() if decides(name) and value is not None}
    return blake2b(_SORTED.encode(chosen), digest_size=_BYTES).hexdigest()
