"""fetch_by_email, and the activities of one record (reference sections 3.5 and 3.6)."""

from __future__ import annotations

from functools import partial
from random import Random

from crm_emulator.copper import records
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotFoundError, invalid, unrecognized
from crm_emulator.copper.endpoints.base import endpoint, record_id, search_parameters, sent_object, shown
from crm_emulator.copper.objects.activities import ACTIVITIES
from crm_emulator.copper.objects.companies import COMPANIES
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.objects.leads import LEADS
from crm_emulator.copper.objects.opportunities import OPPORTUNITIES
from crm_emulator.copper.objects.people import PEOPLE
from crm_emulator.copper.search import search
from crm_emulator.messages import Answer, Record, Request
from crm_emulator.query import Condition
from crm_emulator.routing import Route

_OF_COMPANY = (
    "(parent_type = 'company' AND parent_id = ?) OR "
    "(parent_type = 'person' AND parent_id IN (SELECT p.id FROM copper_people AS p WHERE p.company_id = ?))"
)


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """Return the routes of fetch_by_email, and of the activities of each object."""
    return (
        Route("POST", "/people/fetch_by_email", endpoint(partial(_fetch_by_email, account)), "§3.5"),
        *(
            Route(
                "POST",
                f"/{crm_object.name}/{{id}}/activities",
                endpoint(partial(_activities, account, crm_object)),
                "§3.6",
            )
            for crm_object in (LEADS, PEOPLE, COMPANIES, OPPORTUNITIES)
        ),
    )


def _fetch_by_email(account: CopperAccount, request: Request) -> Record:
    sent = sent_object(request)
    unknown = [name for name in sent if name != "email"]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    email = sent.get("email")
    if not isinstance(email, str) or not email:
        raise invalid("email", "can't be blank", "blank")
    holders = account.holders("people", "email", email.lower())
    if not holders:
        raise NotFoundError
    return shown(account, request, records.fetch(account, PEOPLE, holders[0]))


def _activities(account: CopperAccount, crm_object: CustomerObject, request: Request) -> Answer:
    """Return a record's activities, newest first; a company's include those of its people."""
    parameters = search_parameters(account, request)
    unknown = [name for name in parameters if name not in {"activity_types", "page_number", "page_size"}]
    if unknown:
        raise InvalidError([unrecognized(unknown)])
    number = record_id(request)
    records.fetch(account, crm_object, number)
    condition = Condition("parent_type = ? AND parent_id = ?", (crm_object.singular, number), "parent_id")
    if crm_object is COMPANIES:
        condition = Condition(_OF_COMPANY, (number, number))
    return search(account, ACTIVITIES, parameters, Random(0), extra=(condition,))  # noqa: S311 - unused ties
