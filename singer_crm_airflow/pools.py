"""The command ``singer-crm-airflow-pools``: the pools of accounts.yml, as ``airflow pools import`` takes them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from singer_crm_airflow.accounts import DEFAULT_POOL, AccountsError, PlannedAccount, planned_accounts


def pools_of(accounts: Sequence[PlannedAccount], slots: int) -> dict[str, dict[str, Any]]:
    """Describe the pools of accounts that share a credential, by name, each with the same number of slots."""
    names: dict[str, list[str]] = {}
    for account in accounts:
        if account.pool != DEFAULT_POOL:
            names.setdefault(account.pool, []).append(account.name)
    return {
        pool: {
            "slots": slots,
            "description": f"Accounts with one credential: {', '.join(members)}",
            "include_deferred": False,
        }
        for pool, members in names.items()
    }


def main() -> None:
    """Print the pools as JSON."""
    parser = argparse.ArgumentParser(
        prog="singer-crm-airflow-pools",
        description="Print the pools of the accounts that share a credential, for: airflow pools import FILE",
    )
    parser.add_argument("accounts", type=Path, help="the path of accounts.yml")
    parser.add_argument("--slots", type=int, default=1, help="tasks of a pool at a time (default: %(default)s)")
    given = parser.parse_args()
    if given.slots < 1:
        parser.error("--slots must be 1 or more")
    try:
        pools = pools_of(planned_accounts(given.accounts), given.slots)
    except AccountsError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{json.dumps(pools, indent=2)}\n")
