"""Declarations of the records that can be written to Copper.

Facts: https://developer.copper.com, the overview page of each resource for its properties, the ``list-…-search`` page
for its filters, and the ``bulk-…`` pages for bulk calls (at most 10 records; tasks and projects have none).
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_api.crm_objects import Attribute, CrmObject, Kind
from crm_api.naming import known
from crm_api.naming.known import each_as, others

BULK_SIZE = 10
"""Records in one bulk request (people/bulk-create-people, "Request Size Limit")."""

VALUES_PER_FIND = 200
"""Values in one list filter: as many as the largest page holds records."""

READ_SIZE = 200
"""Records in one search by ids: the largest page (introduction/requests.html). Activities cannot be searched so."""


def _read_only(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, creatable=False, updatable=False) for name in names)


_FULL_NAME = ("prefix", "first_name", "middle_name", "last_name", "suffix")
_DATES = _read_only("date_created", "date_modified")
_INTERACTIONS = _read_only("interaction_count", "date_last_contacted")
_CONVERTED = _read_only("leads_converted_from", "date_lead_created")
_ID = _read_only("id")

# Copper splits the name itself; whether it accepts the parts is not documented, so they are always joined.
_PERSON_NAME = Attribute(
    "name", required=True, flat=known.FULL_NAME, joined=_FULL_NAME, joined_names=known.PARTS_OF_NAMES
)
_DETAILS = Attribute("details", flat=others(known.DESCRIPTION, "details"), label="Description")
_TITLE = Attribute("title", flat=others(known.JOB_TITLE, "title"))
_TAGS = Attribute("tags", Kind.TEXTS, flat=others(known.TAGS, "tags"), names="tags")
_CUSTOM_FIELDS = Attribute("custom_fields", Kind.CUSTOM)
_ADDRESS = Attribute(
    "address",
    Kind.STRUCTURE,
    parts=("street", "city", "state", "postal_code", "country"),
    flat_parts={
        **each_as("street", known.STREET),
        **each_as("city", known.CITY),
        **each_as("state", known.STATE),
        **each_as("postal_code", known.POSTAL_CODE),
        **each_as("country", known.COUNTRY),
    },
    prefixes=known.ADDRESS_PREFIXES,
)
_ASSIGNEE = Attribute(
    "assignee_id",
    Kind.NAME_ID,
    names="users",
    flat=known.OWNER,
    label="Owner",
)
_CONTACT_TYPE = Attribute("contact_type_id", Kind.NAME_ID, names="contact_types", flat=("contact_type",))
_CUSTOMER_SOURCE = Attribute(
    "customer_source_id",
    Kind.NAME_ID,
    names="customer_sources",
    flat=known.LEAD_SOURCE,
    label="Source",
)
_PERSONAL = each_as("personal", known.PERSONAL_EMAIL)
# people/overview and the appendix "Categories": any other is refused.
_EMAIL_CATEGORIES = ("work", "personal", "other")
_EMAILS = Attribute(
    "emails",
    Kind.ITEMS,
    flat=known.EMAIL,
    item="email",
    category="work",
    categories=_PERSONAL,
    category_choices=_EMAIL_CATEGORIES,
    normalise="email",
)
_PHONE_NUMBERS = Attribute(
    "phone_numbers",
    Kind.ITEMS,
    flat=(*known.PHONE, "phones"),
    item="number",
    category="work",
    categories={
        **each_as("mobile", known.MOBILE),
        **each_as("home", known.HOME_PHONE),
        **each_as("other", known.OTHER_PHONE),
    },
    category_choices=("mobile", "work", "home", "other"),
    normalise="phone",
)
_WEBSITES = Attribute(
    "websites",
    Kind.ITEMS,
    flat=known.WEBSITE,
    item="url",
    category="work",
    category_choices=("work", "personal", "other"),
)
_SOCIALS = Attribute(
    "socials",
    Kind.ITEMS,
    flat=("social", *known.LINKEDIN, *known.TWITTER, *known.FACEBOOK),
    item="url",
    category="other",
    categories={
        **each_as("linkedin", known.LINKEDIN),
        **each_as("twitter", known.TWITTER),
        **each_as("facebook", known.FACEBOOK),
    },
    category_choices=(
        "linkedin",
        "twitter",
        "googleplus",
        "facebook",
        "youtube",
        "quora",
        "foursquare",
        "klout",
        "gravatar",
        "other",
    ),
)
_MONEY = (
    Attribute("monetary_unit", flat=others(known.CURRENCY, "monetary_unit"), label="Currency"),
    Attribute(
        "monetary_value",
        Kind.NUMBER,
        flat=others(known.AMOUNT, "monetary_value"),
        label="Value",
        currency="monetary_unit",
    ),
    *_read_only("converted_unit", "converted_value"),
)

PEOPLE = CrmObject(
    name="people",
    singular="person",
    attributes=(
        *_ID,
        _PERSON_NAME,
        *_read_only(*_FULL_NAME),
        _ADDRESS,
        _ASSIGNEE,
        # Taken with a create only; a change goes through related items (people/update-a-person). Copper.update does so.
        Attribute("company_id", Kind.ID, refers_to="companies"),
        *_read_only("company_name"),
        _CONTACT_TYPE,
        _DETAILS,
        _EMAILS,
        _PHONE_NUMBERS,
        _SOCIALS,
        _TAGS,
        _TITLE,
        _WEBSITES,
        _CUSTOM_FIELDS,
        *_DATES,
        *_INTERACTIONS,
        *_CONVERTED,
    ),
    match_on=(("emails",),),
    unique=("emails",),  # people/overview: e-mails are unique across people
    finds={"emails": VALUES_PER_FIND, "company_id": VALUES_PER_FIND, "phone_numbers": 1, "name": 1},
    bulk_create=BULK_SIZE,
    bulk_update=BULK_SIZE,
    bulk_read=READ_SIZE,
)

COMPANIES = CrmObject(
    name="companies",
    singular="company",
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=known.COMPANY),
        _ADDRESS,
        _ASSIGNEE,
        _CONTACT_TYPE,
        _DETAILS,
        Attribute("email_domain", flat=others(known.DOMAIN, "email_domain"), normalise="domain"),
        _PHONE_NUMBERS,
        Attribute("primary_contact_id", Kind.ID, refers_to="people"),
        _SOCIALS,
        _TAGS,
        _WEBSITES,
        _CUSTOM_FIELDS,
        *_DATES,
        *_INTERACTIONS,
    ),
    match_on=(("email_domain",), ("name",)),
    unique=("email_domain",),  # companies/overview: the domain is unique across companies
    finds={"email_domain": VALUES_PER_FIND, "phone_numbers": 1, "name": 1},
    bulk_create=BULK_SIZE,
    bulk_update=BULK_SIZE,
    bulk_read=READ_SIZE,
)

LEADS = CrmObject(
    name="leads",
    singular="lead",
    attributes=(
        *_ID,
        _PERSON_NAME,
        *_read_only(*_FULL_NAME),
        _ADDRESS,
        _ASSIGNEE,
        Attribute("company_name", flat=others(known.COMPANY, "company_name"), label="Company"),  # text, not a link
        _CUSTOMER_SOURCE,
        _DETAILS,
        Attribute(
            "email",
            Kind.STRUCTURE,
            flat=others(known.EMAIL, "email"),
            item="email",
            category="work",
            categories=_PERSONAL,
            category_choices=_EMAIL_CATEGORIES,
            parts=("email", "category"),
            normalise="email",
        ),
        *_MONEY,
        _SOCIALS,
        # ``status`` is the label of ``status_id`` and names it here: labels are each account's own.
        Attribute("status_id", Kind.NAME_ID, names="lead_statuses", flat=("status", "lead_status")),
        _TAGS,
        _TITLE,
        _WEBSITES,
        _PHONE_NUMBERS,
        _CUSTOM_FIELDS,
        *_DATES,
        *_INTERACTIONS,
        *_read_only("converted_contact_id", "converted_opportunity_id", "converted_at"),
    ),
    match_on=(("email",),),
    finds={"email": 1, "phone_numbers": 1, "name": 1},
    bulk_create=BULK_SIZE,
    bulk_update=BULK_SIZE,
    upserts_on=("email", "name"),  # leads/upsert-a-lead: atomic
    bulk_read=READ_SIZE,
)

OPPORTUNITIES = CrmObject(
    name="opportunities",
    singular="opportunity",
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=known.DEAL_NAME),
        _ASSIGNEE,
        Attribute("close_date", Kind.DAY, flat=others(known.CLOSE_DATE, "close_date")),
        Attribute("company_id", Kind.ID, refers_to="companies"),
        *_read_only("company_name"),
        _CUSTOMER_SOURCE,
        _DETAILS,
        Attribute("loss_reason_id", Kind.NAME_ID, names="loss_reasons", flat=known.LOSS_REASON),
        Attribute("pipeline_id", Kind.NAME_ID, names="pipelines", flat=known.PIPELINE),
        Attribute(
            "pipeline_stage_id",
            Kind.NAME_ID,
            names="pipeline_stages",
            flat=known.STAGE,
            within="pipeline_id",
            follows=("pipeline_id",),
            label="Stage",
        ),
        Attribute("primary_contact_id", Kind.ID, refers_to="people"),
        Attribute("priority", choices=("None", "Low", "Medium", "High")),
        # The last three are the names of Won, Lost and Abandoned in pipelines that are not about revenue.
        Attribute("status", choices=("Open", "Won", "Lost", "Abandoned", "Done", "Won't Do", "On Hold")),
        _TAGS,
        *_MONEY,
        Attribute(
            "win_probability",
            Kind.INTEGER,
            flat=others(known.PROBABILITY, "win_probability"),
            percent=True,
            follows=("pipeline_id", "pipeline_stage_id"),
        ),
        _CUSTOM_FIELDS,
        *_read_only("pipeline_is_revenue", "pipeline_type", "date_stage_changed"),
        *_DATES,
        *_INTERACTIONS,
        *_CONVERTED,
    ),
    match_on=(("name", "company_id"),),
    finds={"company_id": VALUES_PER_FIND, "primary_contact_id": VALUES_PER_FIND, "name": 1},
    bulk_create=BULK_SIZE,
    bulk_read=READ_SIZE,
)

PROJECTS = CrmObject(
    name="projects",
    singular="project",
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=("project_name",)),
        Attribute("related_resource", Kind.IDENTIFIER, label="Related To"),
        _ASSIGNEE,
        Attribute("status", choices=("Open", "Completed")),
        _DETAILS,
        _TAGS,
        _CUSTOM_FIELDS,
        *_read_only("company_id", "company_name"),
        *_DATES,
    ),
    match_on=(("name",),),
    finds={"name": 1},
    bulk_read=READ_SIZE,
)

TASKS = CrmObject(
    name="tasks",
    singular="task",
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=(*others(known.SUBJECT, "name"), "task_name")),
        Attribute("related_resource", Kind.IDENTIFIER, label="Related To"),
        _ASSIGNEE,
        Attribute("due_date", Kind.MOMENT, flat=others(known.DUE_DATE, "due_date")),
        Attribute("reminder_date", Kind.MOMENT, label="Reminder"),
        Attribute("priority", choices=("None", "High")),
        Attribute("status", choices=("Open", "Completed")),
        _DETAILS,
        _TAGS,
        _CUSTOM_FIELDS,
        *_read_only("completed_date", "custom_activity_type_id"),
        *_DATES,
    ),
    # Searches take no name of a task: the engine reads the collection.
    match_on=(("name", "related_resource", "due_date"),),
    bulk_read=READ_SIZE,
)

ACTIVITIES = CrmObject(
    name="activities",
    singular="activity",
    attributes=(
        *_ID,
        Attribute("parent", Kind.IDENTIFIER, required=True),
        # Only user activities can be written (activities/overview); system ones are read-only. Sources disagree whether
        # an update needs the type.
        Attribute(
            "type",
            Kind.NAME_ID,
            required=True,
            names="activity_types",
            flat=("activity_type",),
            label="Activity Type",
            beside={"category": "user"},
            resent=True,
        ),
        Attribute("details", required=True, flat=others(known.BODY, "details"), label="Note"),
        Attribute("user_id", Kind.NAME_ID, names="users", flat=("user", "user_email")),
        Attribute("activity_date", Kind.MOMENT),
        *_read_only("old_value", "new_value", "is_deleted"),
        *_DATES,
    ),
    finds={"parent": 1},
    bulk_create=BULK_SIZE,
)

OBJECTS = {each.name: each for each in (PEOPLE, COMPANIES, LEADS, OPPORTUNITIES, PROJECTS, TASKS, ACTIVITIES)}

REFUSED = {
    "users": "Copper's users are read-only in its API: invite and remove them in Copper's settings",
    "account": "Copper's account is read-only in its API",
}


@dataclass(frozen=True)
class Filter:
    """The filter of a search for an attribute.

    Attributes:
        name: Name of the filter.
        listed: Whether it takes a list of values; otherwise it takes one value.
        ids: Whether the values are ids.
    """

    name: str
    listed: bool = False
    ids: bool = False


FILTERS = {
    ("people", "emails"): Filter("emails", listed=True),
    ("people", "company_id"): Filter("company_ids", listed=True, ids=True),
    ("companies", "email_domain"): Filter("email_domains", listed=True),
    ("leads", "email"): Filter("emails"),  # one string here, a list for people (leads/list-leads-search)
    ("opportunities", "company_id"): Filter("company_ids", listed=True, ids=True),
    ("opportunities", "primary_contact_id"): Filter("primary_contact_ids", listed=True, ids=True),
    **{(name, "name"): Filter("name") for name in ("people", "companies", "leads", "opportunities", "projects")},
    **{(name, "phone_numbers"): Filter("phone_number") for name in ("people", "companies", "leads")},
}
"""Filters by object and attribute; ``parent``, which has a form of its own, is in ``crm_api.copper.search``."""
