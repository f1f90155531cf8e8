"""The DAG: one task for each account, on a schedule, and for a backfill by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param

from singer_crm_airflow.accounts import planned_accounts
from singer_crm_airflow.sync_operator import CrmSyncOperator

RETRIES = 3
RETRY_DELAY = timedelta(minutes=1)
_BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)  # schedules need one; without catchup it starts nothing by itself
_PIPELINE = r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,99})?$"
_ABOUT = """Keeps {count} accounts in step: each task is one run of `singer-crm sync`.

Trigger it by hand for a **backfill**: `full_refresh` reads everything anew, `pipeline` keeps its STATE apart from
that of the schedule, `accounts` chooses some. One run of the DAG is at work at a time.
"""


def crm_sync_dag(
    accounts: Sequence[str] | str | Path,
    *,
    schedule: Any = "*/15 * * * *",
    dag_id: str = "crm_sync",
    singer_crm_bin: str | Sequence[str] = "singer-crm",
    accounts_file: str | None = None,
    pools: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    default_args: Mapping[str, Any] | None = None,
    **dag_arguments: Any,
) -> DAG:
    """Make a DAG of one task for each account.

    Args:
        accounts: Their names; or the path of accounts.yml, where it can be read both here and on the workers.
        schedule: When it runs; anything that Airflow takes. None: only by hand.
        dag_id: The DAG's id.
        singer_crm_bin: The command singer-crm on the workers: a name, a path, or words as a shell reads them.
        accounts_file: The path of accounts.yml on the workers, where it is another one or names are given.
        pools: Pools by account, for those that have one of your own making; accounts of accounts.yml that share a
            credential have one anyhow.
        env: Variables for the command, beside the worker's own.
        default_args: Arguments for all tasks; ``retries`` is 3 and ``retry_delay`` a minute unless they are here.
        dag_arguments: Further arguments of the DAG, such as ``start_date`` or ``tags``.

    Raises:
        AccountsError: The accounts cannot be told.
    """
    planned = planned_accounts(accounts, pools)
    names = [account.name for account in planned]
    if accounts_file is None and isinstance(accounts, str | Path):
        accounts_file = str(Path(accounts).absolute())
    more = {"catchup": False, "start_date": _BEGINNING, "max_active_runs": 1, "tags": ["singer-crm"], **dag_arguments}
    more.setdefault("doc_md", _ABOUT.format(count=len(names)))
    params = {
        "full_refresh": Param(
            default=False,
            type="boolean",
            description="Read everything anew, from start_date on, in place of what has changed.",
        ),
        "pipeline": Param(
            default="",
            type="string",
            pattern=_PIPELINE,
            description="The pipeline's name; its STATE is its own. Give a backfill one, such as backfill-2026.",
        ),
        "accounts": Param(
            default=[],
            type="array",
            items={"type": "string", "enum": names},
            description="The accounts to run; none: all of them.",
        ),
        **more.pop("params", {}),
    }
    arguments = {"retries": RETRIES, "retry_delay": RETRY_DELAY, **(default_args or {})}
    with DAG(dag_id, schedule=schedule, params=params, default_args=arguments, **more) as dag:
        for account in planned:
            CrmSyncOperator(
                task_id=account.name,
                account=account.name,
                singer_crm_bin=singer_crm_bin,
                accounts_file=accounts_file,
                pipeline="{{ params.pipeline }}",
                full_refresh="{{ params.full_refresh }}",
                only="{{ params.accounts | join(' ') }}",
                env=env,
                pool=account.pool,
                max_active_tis_per_dag=1,  # also where max_active_runs is raised
            )
    return dag
