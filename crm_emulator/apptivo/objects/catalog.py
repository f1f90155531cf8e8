"""All objects of Apptivo, by name."""

from crm_emulator.apptivo.objects.declaration import AppObject
from crm_emulator.apptivo.objects.documented import CASES, CONTACTS, CUSTOMERS, LEADS, OPPORTUNITIES
from crm_emulator.apptivo.objects.others import OTHERS

OBJECTS: tuple[AppObject, ...] = (CUSTOMERS, CONTACTS, LEADS, OPPORTUNITIES, CASES, *OTHERS)

BY_NAME = {declared.name: declared for declared in OBJECTS}

PICKLISTS = {
    (declared.name, picklist.listed_as): (place, picklist)
    for place, (declared, picklist) in enumerate(
        ((declared, picklist) for declared in OBJECTS for picklist in declared.picklists), 1
    )
}
"""Every picklist and the id under which its items are kept, by object and name."""
