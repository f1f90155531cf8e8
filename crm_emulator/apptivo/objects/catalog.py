"""All objects of Apptivo, by name."""

from crm_emulator.apptivo.objects.declaration import AppObject
from crm_emulator.apptivo.objects.documented import CASES, CONTACTS, CUSTOMERS, LEADS, OPPORTUNITIES
from crm_emulator.apptivo.objects.undocumented import UNDOCUMENTED

OBJECTS: tuple[AppObject, ...] = (CUSTOMERS, CONTACTS, LEADS, OPPORTUNITIES, CASES, *UNDOCUMENTED)

BY_NAME = {crm_object.name: crm_object for crm_object in OBJECTS}

PICKLISTS = {
    (crm_object.name, picklist.listed_as): (index, picklist)
    for index, (crm_object, picklist) in enumerate(
        ((crm_object, picklist) for crm_object in OBJECTS for picklist in crm_object.picklists), 1
    )
}
"""The id under which each picklist's items are kept, and the picklist, by object and name."""
