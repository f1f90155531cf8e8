"""Every CRM as the contract sees it: how it is reached, one record, and how to look at what came of it."""

from tests.target_crm.contract.cases.apptivo import APPTIVO
from tests.target_crm.contract.cases.copper import COPPER
from tests.target_crm.contract.cases.endpoints import ENDPOINTS
from tests.target_crm.contract.cases.freshsales import FRESHSALES

CASES = [*ENDPOINTS, *COPPER, *APPTIVO, *FRESHSALES]
