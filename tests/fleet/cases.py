"""The kinds of records that writers quarrel over: of each CRM one that only our ledger keeps from being doubled."""

from __future__ import annotations

from tests.target_crm.contract.cases import CASES
from tests.target_crm.contract.cases.copper import copper_case

COPPER = copper_case(
    "opportunities",
    make=lambda n: {"id": n, "name": f"Deal {n}", "monetary_value": n},
    insert=lambda n: {"name": f"Deal {n}", "monetary_value": n},
    change={"details": "Again"},
    bad=lambda n: {"id": n, "name": f"Deal {n}", "assignee_id": 999_999_999},
)
_BY_NAME = {str(case): case for case in CASES}
QUARRELS = {
    "copper": COPPER,
    "freshsales": _BY_NAME["freshsales-deals"],
    "apptivo": _BY_NAME["apptivo-opportunities-rest"],
    "http": _BY_NAME["http-found"],
}
"""By the name of the CRM."""
