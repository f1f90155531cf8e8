"""Names under which sources give what CRMs have, by meaning: one table for all CRMs.

A name that stands here is understood in every CRM that has something of that meaning. Spelt in small letters with
underscores, each stands for all its spellings (``crm_api.naming.spelling``): ``mobile_phone`` for ``MobilePhone`` of
Salesforce and ``mobilephone`` of HubSpot, ``email_1_value`` for ``E-mail 1 - Value`` of Google Contacts.

Sources: the objects of Salesforce's, HubSpot's, Pipedrive's and Zoho's APIs as their taps give them; the header rows of
the exports of Google Contacts, Outlook, Mailchimp and LinkedIn; and the connectors of docs/features.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from crm_api.naming.spelling import canonical

FULL_NAME = ("full_name", "contact_name", "person_name", "lead_name")
FIRST_NAME = ("first_name", "given_name", "forename", "fname")
MIDDLE_NAME = ("middle_name", "additional_name")
LAST_NAME = ("last_name", "family_name", "surname", "lname")
NAME_PREFIX = ("prefix", "salutation", "name_prefix")
NAME_SUFFIX = ("suffix", "name_suffix")

PERSONAL_EMAIL = ("personal_email", "home_email", "email_home", "email_personal")
EMAIL = (
    "email",
    "email_address",
    "work_email",
    "business_email",
    "email_work",
    "primary_email",
    *PERSONAL_EMAIL,
    "other_email",
    "secondary_email",
    "email_other",
    *(f"email_{number}{end}" for number in (1, 2, 3) for end in ("", "_value", "_address")),
)

MOBILE = (
    "mobile",
    "mobile_phone",
    "mobile_number",
    "mobile_phone_number",
    "cell_phone",
    "cell",
    "phone_mobile",
)
HOME_PHONE = ("home_phone", "home_phone_number", "phone_home")
WORK_PHONE = (
    "phone",
    "phone_number",
    "work_phone",
    "work_number",
    "work_phone_number",
    "business_phone",
    "business_phone_2",
    "office_phone",
    "company_phone",
    "primary_phone",
    "telephone",
    "phone_work",
    *(f"phone_{number}{end}" for number in (1, 2, 3) for end in ("", "_value")),
)
OTHER_PHONE = ("other_phone", "phone_other")
PHONE = (*WORK_PHONE, *MOBILE, *HOME_PHONE, *OTHER_PHONE)

JOB_TITLE = ("job_title", "title", "position", "organization_title", "organization_1_title")
COMPANY = (
    "company_name",
    "company",
    "organization",
    "organization_name",
    "organization_1_name",
    "organisation",
    "account_name",
    "customer_name",
    "customer",
)
DOMAIN = ("domain", "email_domain", "company_domain", "company_domain_name", "domain_name")
WEBSITE = ("website", "website_url", "url", "web_page", "homepage", "website_1_value", "company_website")
LINKEDIN = ("linkedin", "linkedin_url", "linkedin_profile", "linkedin_profile_url", "linkedin_company_page")
TWITTER = ("twitter", "twitter_url", "twitter_profile")
FACEBOOK = ("facebook", "facebook_url", "facebook_company_page")
DESCRIPTION = ("description", "details", "notes", "comments", "about")
TAGS = ("tags", "tag_list")
OWNER = (
    "owner",
    "owner_email",
    "owner_name",
    "owned_by",
    "sales_owner",
    "assignee",
    "assignee_email",
    "assignee_name",
    "assigned_to",
)

STREET = ("street", "street_address", "address_line_1", "address_1", "street_1", "line_1", "street_address_line_1")
STREET_2 = ("address_line_2", "address_2", "street_2", "street_address_2", "line_2")
CITY = ("city", "town", "locality")
STATE = ("state", "region", "province", "state_province", "state_region")
POSTAL_CODE = ("postal_code", "zip", "zip_code", "postcode", "zip_postal_code")
COUNTRY = ("country", "country_name", "country_region")
ADDRESS_PREFIXES = (
    "address",
    "mailing",
    "billing",
    "business",
    "primary",
    "address_1",
    "mailing_address",
    "billing_address",
)
"""Words before the parts of a record's only address, or of its first one."""

DEAL_NAME = ("opportunity_name", "deal_name", "opportunity_title", "deal_title")
AMOUNT = ("amount", "value", "monetary_value", "deal_value", "deal_amount", "opportunity_amount", "opportunity_value")
CURRENCY = (
    "currency",
    "monetary_unit",
    "currency_code",
    "currency_iso_code",
    "deal_currency_code",
    "currency_of_value",
)
CLOSE_DATE = (
    "close_date",
    "close_date_iso",
    "expected_close_date",
    "expected_close",
    "estimated_close_date",
    "closing_date",
)
PROBABILITY = ("probability", "win_probability", "deal_probability", "probability_%")
PIPELINE = ("pipeline", "deal_pipeline", "pipeline_name")
STAGE = ("stage", "stage_name", "sales_stage", "sales_stage_name", "pipeline_stage", "deal_stage", "opportunity_stage")
LOSS_REASON = ("loss_reason", "lost_reason", "deal_reason", "closed_lost_reason")
LEAD_SOURCE = ("lead_source", "source", "lead_source_name", "customer_source", "contact_source")
EMPLOYEES = ("number_of_employees", "employees", "employee_count", "num_employees", "no_of_employees")
REVENUE = ("annual_revenue", "revenue")
SUBJECT = ("subject", "title", "name")
DUE_DATE = ("due_date", "due", "due_at")
BODY = ("body", "details", "notes", "note", "description", "content")

_PERSON = frozenset({"person", "people", "contact"})
_COMPANY = frozenset({"company", "account", "organization", "organisation", "customer"})
_DEAL = frozenset({"opportunity", "deal"})
_KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys((*_PERSON, "lead"), _PERSON),
        **dict.fromkeys((*_COMPANY, "salesaccount"), _COMPANY),
        **dict.fromkeys(_DEAL, _DEAL),
    }
)
"""Words by which sources call a kind of record, by its singular name in canonical spelling."""
_EVERYWHERE = frozenset({"properties"})
"""Words that a source puts before every name: HubSpot's, once a record is flattened."""


def others(names: Iterable[str], *own: str) -> tuple[str, ...]:
    """Leave out of names those that an attribute has of itself, and repetitions."""
    return tuple(name for name in dict.fromkeys(names) if name not in own)


def each_as(meaning: str, *names: Iterable[str]) -> Mapping[str, str]:
    """Give every name one meaning: a category, or a part of a structure."""
    return dict.fromkeys((name for some in names for name in some), meaning)


def called(singular: str) -> frozenset[str]:
    """Give the names, in canonical spelling, under which a source gives the name of a record of one kind.

    Args:
        singular: The kind of record, in canonical spelling.
    """
    kind = _KINDS.get(singular, frozenset({singular}))
    others_ = COMPANY if kind is _COMPANY else ()
    return kind | {f"{word}name" for word in kind} | {canonical(name) for name in others_}


def prefixes_of(singular: str) -> frozenset[str]:
    """Give the words that a source may put before the names of one kind of record, in canonical spelling.

    Pipedrive exports ``Person - Email - Work``, Salesforce shows ``Contact Owner``, HubSpot is flattened to
    ``properties__firstname``.

    Args:
        singular: The kind of record, in canonical spelling.
    """
    return _EVERYWHERE | _KINDS.get(singular, frozenset()) | {singular}


PARTS_OF_NAMES: Mapping[str, str] = MappingProxyType(
    {
        **each_as("prefix", NAME_PREFIX),
        **each_as("first_name", FIRST_NAME),
        **each_as("middle_name", MIDDLE_NAME),
        **each_as("last_name", LAST_NAME),
        **each_as("suffix", NAME_SUFFIX),
    }
)
"""By further name: the part of a person's name that it is."""
