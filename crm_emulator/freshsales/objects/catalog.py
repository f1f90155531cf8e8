"""All objects of a Suite account and of a Classic account, by name."""

from crm_emulator.freshsales.objects.activities import (
    APPOINTMENTS,
    DOCUMENT_LINKS,
    DOCUMENTS,
    NOTES,
    PHONE_CALLS,
    SALES_ACTIVITIES,
    TASKS,
)
from crm_emulator.freshsales.objects.contacts import CLASSIC_CONTACTS, CONTACTS
from crm_emulator.freshsales.objects.custom_modules import CUSTOM_RECORDS
from crm_emulator.freshsales.objects.deals import DEALS
from crm_emulator.freshsales.objects.declaration import Resource
from crm_emulator.freshsales.objects.leads import LEADS
from crm_emulator.freshsales.objects.products import CPQ_DOCUMENTS, PRODUCTS
from crm_emulator.freshsales.objects.sales_accounts import SALES_ACCOUNTS

_SUITE = (
    CONTACTS,
    SALES_ACCOUNTS,
    DEALS,
    NOTES,
    TASKS,
    APPOINTMENTS,
    SALES_ACTIVITIES,
    PRODUCTS,
    CPQ_DOCUMENTS,
    CUSTOM_RECORDS,
    PHONE_CALLS,
    DOCUMENTS,
    DOCUMENT_LINKS,
)

SUITE: dict[str, Resource] = {resource.name: resource for resource in _SUITE}
"""The objects of a Suite account, whose contacts carry lifecycle stages, and which has no leads."""

CLASSIC: dict[str, Resource] = {**SUITE, CONTACTS.name: CLASSIC_CONTACTS, LEADS.name: LEADS}
"""The objects of a Classic account."""
