"""The Airflow provider of singer-crm: one task for each account, each of them a run of ``singer-crm sync``."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow lists of this provider (``airflow providers list``)."""
    integration = "singer-crm"
    return {
        "package-name": "singer-crm-airflow",
        "name": "singer-crm",
        "description": "Keeps CRM accounts in step with singer-crm sync: an operator, and a DAG of a task an account.",
        "integrations": [{"integration-name": integration, "tags": ["service"]}],
        "operators": [{"integration-name": integration, "python-modules": ["singer_crm_airflow.sync_operator"]}],
    }
