"""All customer objects of Copper, by plural and by singular name."""

from crm_emulator.copper.objects.activities import ACTIVITIES
from crm_emulator.copper.objects.companies import COMPANIES
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.objects.leads import LEADS
from crm_emulator.copper.objects.opportunities import OPPORTUNITIES
from crm_emulator.copper.objects.people import PEOPLE
from crm_emulator.copper.objects.projects import PROJECTS
from crm_emulator.copper.objects.tasks import TASKS

OBJECTS: tuple[CustomerObject, ...] = (LEADS, PEOPLE, COMPANIES, OPPORTUNITIES, PROJECTS, TASKS, ACTIVITIES)

BY_NAME = {crm_object.name: crm_object for crm_object in OBJECTS}
BY_SINGULAR = {crm_object.singular: crm_object for crm_object in OBJECTS}
