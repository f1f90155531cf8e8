"""Apptivo's objects."""

from crm_emulator.apptivo.objects.declaration import AppObject
from crm_emulator.apptivo.objects.documented import CASES, CONTACTS, CUSTOMERS, LEADS, OPPORTUNITIES
from crm_emulator.apptivo.objects.others import OTHERS

__all__ = ["BY_NAME", "CASES", "CONTACTS", "CUSTOMERS", "LEADS", "OBJECTS", "OPPORTUNITIES", "AppObject"]

OBJECTS: tuple[AppObject, ...] = (CUSTOMERS, CONTACTS, LEADS, OPPORTUNITIES, CASES, *OTHERS)

BY_NAME = {declared.name: declared for declared in OBJECTS}
