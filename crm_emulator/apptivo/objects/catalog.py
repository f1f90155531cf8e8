"""All objects of Apptivo, by name."""

from crm_emulator.apptivo.objects.declaration import AppObject
from crm_emulator.apptivo.objects.documented import CASES, CONTACTS, CUSTOMERS, LEADS, OPPORTUNITIES
from crm_emulator.apptivo.objects.undocumented import UNDOCUMENTED

OBJECTS: tuple[AppObject, ...] = (CUSTOMERS, CONTACTS, LEADS, OPPORTUNITIES, CASES, *UNDOCUMENTED)

BY_NAME = {crm_object.name: crm_object for crm_object in OBJECTS}

PICKLISTS = {
    (crm_object.name, picklist.listed_as): (place, picklist)
    for place, (crm_object, picklist) in enumerate(
        ((crm_object, picklist) for crm_object in OBJECTS for picklist in crm_object.picklists), 1
    )
}
"""Every picklist and the id under which its items are kept, by object and name."""
