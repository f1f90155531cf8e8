"""A DAG of Airflow 3 that keeps all accounts of accounts.yml in step. Copy it into your DAGs folder, and edit it there.

It needs singer-crm-airflow where Airflow is (``pip install ./singer_crm_airflow``), and singer-crm on each worker, in
an environment of its own. docs/airflow.md says what each argument does.
"""

from __future__ import annotations

from datetime import timedelta

from singer_crm_airflow.sync_dag import crm_sync_dag

ACCOUNTS = "/etc/singer-crm/accounts.yml"  # or their names: ["acme", "globex"]
SINGER_CRM = "/opt/singer-crm/bin/singer-crm"  # on the workers
SCHEDULE = "*/15 * * * *"

dag = crm_sync_dag(
    ACCOUNTS,
    singer_crm_bin=SINGER_CRM,
    schedule=SCHEDULE,
    default_args={
        "owner": "crm",
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(hours=2),
    },
)
