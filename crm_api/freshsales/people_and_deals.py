"""Contacts, accounts, deals and leads: they have views, are found by unique values, and written a hundred at once.

Facts: https://developers.freshworks.com/crm/api, the section of each resource; Classic's leads: https://developers.freshsales.io/api/#leads.
"""

from __future__ import annotations

from dataclasses import replace

from crm_api.crm_objects import Attribute, Kind
from crm_api.freshsales.declaration import (
    ACCOUNT_NAME,
    CAMPAIGN,
    CUSTOM,
    FIGURES,
    ID,
    OWNER,
    PLACE,
    SOCIALS,
    SOURCE,
    STAMPS,
    TAGS,
    TERRITORY,
    VALUES_PER_FIND,
    FreshsalesObject,
    read_only,
)
from crm_api.freshsales.session import BULK_SIZE
from crm_api.freshsales.side_loads import OF_ACCOUNTS, OF_CONTACTS, OF_DEALS, OF_LEADS
from crm_api.naming import known
from crm_api.naming.known import others

_PERSON = (
    *ID,
    *read_only("display_name"),
    Attribute("first_name", flat=others(known.FIRST_NAME, "first_name")),
    # There is no attribute for a whole name: last_name is where users look for it.
    Attribute(
        "last_name",
        flat=others(known.LAST_NAME, "last_name"),
        whole=("name", *known.FULL_NAME),
        beside_whole="first_name",
    ),
    Attribute(
        "emails",
        Kind.ITEMS,
        flat=known.EMAIL,
        item="value",
        normalise="email",
        appended=True,
        only_added=True,
    ),
    Attribute("mobile_number", flat=others(known.MOBILE, "mobile_number"), normalise="phone", label="Mobile"),
    Attribute("work_number", flat=others(known.WORK_PHONE, "work_number"), normalise="phone", label="Work"),
    Attribute("job_title", flat=others(known.JOB_TITLE, "job_title")),
    Attribute("external_id", label="External ID"),
    *PLACE,
    *SOCIALS,
    OWNER,
    TERRITORY,
    SOURCE,
    CAMPAIGN,
    Attribute("medium"),
    Attribute("keyword"),
    Attribute("time_zone"),
    Attribute("subscription_status", Kind.INTEGER),
    Attribute("subscription_types"),
    TAGS,
    CUSTOM,
    *STAMPS,
    *read_only("lead_score", "last_contacted", "last_seen"),
)
_PERSON_FINDS = {"emails": VALUES_PER_FIND, "mobile_number": 1, "external_id": 1}
_PERSON_LOOKUPS = {"emails": "email", "mobile_number": "mobile_number", "external_id": "external_id"}

CONTACTS = FreshsalesObject(
    name="contacts",
    singular="contact",
    path="contacts",
    model="Contact",
    aliases=("people", "persons"),
    attributes=(
        *_PERSON,
        # A contact has a lifecycle stage, and a status that belongs to it.
        Attribute(
            "lifecycle_stage_id",
            Kind.NAME_ID,
            names="lifecycle_stages",
            flat=("lifecycle_stage",),
            follows=("contact_status_id",),
        ),
        Attribute(
            "contact_status_id",
            Kind.NAME_ID,
            names="contact_statuses",
            flat=("contact_status", "status"),
            within="lifecycle_stage_id",
            follows=("lifecycle_stage_id",),
            label="Status",
        ),
        # The array replaces the list (found by rudder-transformer): the port reads the list and adds to it.
        Attribute(
            "sales_accounts",
            Kind.IDS,
            flat=("sales_account_id", "account_id", "company_id"),
            label="Accounts",
            item="id",
            refers_to="sales_accounts",
            appended=True,
        ),
        replace(ACCOUNT_NAME, name_of="sales_accounts"),
        *FIGURES,
    ),
    match_on=(("emails",),),
    unique=("emails", "mobile_number"),
    finds=_PERSON_FINDS,
    bulk_update=BULK_SIZE,
    bulk_delete=BULK_SIZE,
    upserts_on=("emails", "mobile_number", "external_id"),
    upserts_in_bulk=True,
    can_forget=True,
    views=("All Contacts",),
    filters={"emails": "contact_email.email"},
    lookups=_PERSON_LOOKUPS,
    include="sales_accounts",
    side_loads=OF_CONTACTS,
    fields_path="/settings/contacts/fields",
)
_STAGE = ("deal_pipeline_id", "deal_stage_id")
_OF_SUITE = {"lifecycle_stage_id", "contact_status_id"}

CLASSIC_CONTACTS = replace(
    CONTACTS,
    attributes=tuple(each for each in CONTACTS.attributes if each.name not in _OF_SUITE),
    side_loads=tuple(each for each in CONTACTS.side_loads if each.attribute not in _OF_SUITE),
)
"""Contacts without lifecycle stages."""

SALES_ACCOUNTS = FreshsalesObject(
    name="sales_accounts",
    singular="sales_account",
    path="sales_accounts",
    model="SalesAccount",
    aliases=("accounts", "account", "SalesAccount", "companies", "company"),
    attributes=(
        *ID,
        Attribute("name", required=True, flat=known.COMPANY),
        Attribute("website", flat=others((*known.WEBSITE, *known.DOMAIN), "website")),
        Attribute("phone", flat=others(known.WORK_PHONE, "phone"), normalise="phone"),
        *PLACE,
        *SOCIALS,
        Attribute("industry_type_id", Kind.NAME_ID, names="industry_types", flat=("industry_type", "industry")),
        Attribute("business_type_id", Kind.NAME_ID, names="business_types", flat=("business_type",)),
        Attribute("number_of_employees", Kind.INTEGER, flat=others(known.EMPLOYEES, "number_of_employees")),
        Attribute("annual_revenue", Kind.NUMBER, flat=others(known.REVENUE, "annual_revenue")),
        Attribute(
            "parent_sales_account_id",
            Kind.ID,
            refers_to="sales_accounts",
            flat=("parent_account_id",),
            label="Parent account",
        ),
        OWNER,
        TERRITORY,
        TAGS,
        CUSTOM,
        *STAMPS,
        *FIGURES,
    ),
    match_on=(("name",),),
    unique=("name",),
    finds={"name": VALUES_PER_FIND},
    bulk_update=BULK_SIZE,
    bulk_delete=BULK_SIZE,
    upserts_on=("name",),
    upserts_in_bulk=True,
    can_forget=True,
    views=("All Accounts",),
    filters={"name": "name"},
    lookups={"name": "name"},
    side_loads=OF_ACCOUNTS,
    fields_path="/settings/sales_accounts/fields",
)

DEALS = FreshsalesObject(
    name="deals",
    singular="deal",
    path="deals",
    model="Deal",
    aliases=("opportunities",),
    attributes=(
        *ID,
        Attribute("name", required=True, flat=known.DEAL_NAME),
        Attribute("currency_id", Kind.NAME_ID, names="currencies", flat=known.CURRENCY),
        Attribute(
            "amount",
            Kind.NUMBER,
            required=True,
            flat=others(known.AMOUNT, "amount"),
            label="Deal value",
            currency="currency_id",
        ),
        Attribute(
            "sales_account_id",
            Kind.ID,
            refers_to="sales_accounts",
            flat=("account_id", "company_id"),
            label="Account name",
        ),
        replace(ACCOUNT_NAME, name_of="sales_account_id"),
        # Attaches contacts beside those that are attached already.
        Attribute(
            "contacts_added_list",
            Kind.IDS,
            flat=("contact_ids", "contact_id", "primary_contact_id"),
            label="Related contacts",
            refers_to="contacts",
            appended=True,
            only_added=True,
        ),
        Attribute(
            "deal_pipeline_id", Kind.NAME_ID, names="deal_pipelines", flat=known.PIPELINE, follows=("deal_stage_id",)
        ),
        Attribute(
            "deal_stage_id",
            Kind.NAME_ID,
            names="deal_stages",
            flat=known.STAGE,
            within="deal_pipeline_id",
            follows=("deal_pipeline_id",),
        ),
        Attribute("deal_type_id", Kind.NAME_ID, names="deal_types", flat=("deal_type", "type"), label="Type"),
        Attribute("deal_reason_id", Kind.NAME_ID, names="deal_reasons", flat=known.LOSS_REASON, label="Lost reason"),
        Attribute(
            "deal_payment_status_id",
            Kind.NAME_ID,
            names="deal_payment_statuses",
            flat=("deal_payment_status", "payment_status"),
            label="Payment status",
        ),
        Attribute("products", Kind.OBJECTS),
        Attribute("deal_product_id", Kind.NAME_ID, names="deal_products", flat=("deal_product",), label="Product"),
        SOURCE,
        CAMPAIGN,
        Attribute(
            "expected_close", Kind.DAY, flat=others(known.CLOSE_DATE, "expected_close"), label="Expected close date"
        ),
        Attribute("closed_date", Kind.MOMENT, follows=_STAGE),
        Attribute(
            "probability",
            Kind.INTEGER,
            flat=others(known.PROBABILITY, "probability"),
            label="Probability (%)",
            percent=True,
            follows=_STAGE,
        ),
        OWNER,
        TERRITORY,
        TAGS,
        CUSTOM,
        *STAMPS,
        *read_only("age", "expected_deal_value", "stage_updated_time", "base_currency_amount"),
    ),
    match_on=(("name", "sales_account_id"),),
    finds={"name": VALUES_PER_FIND},
    bulk_update=BULK_SIZE,
    bulk_delete=BULK_SIZE,
    upserts_in_bulk=True,
    can_forget=True,
    views=("All Deals",),
    filters={"name": "name"},
    lookups={"name": "name"},
    side_loads=OF_DEALS,
    fields_path="/settings/deals/fields",
)
OTHER_VIEWS = {"deals": ("Open Deals", "Won Deals", "Lost Deals")}
"""Names of views that together show every record, for accounts without a view of all records."""

LEADS = FreshsalesObject(
    name="leads",
    singular="lead",
    path="leads",
    model="Lead",
    attributes=(
        *(replace(each, required=each.name == "last_name") for each in _PERSON),
        Attribute("company", flat=others(known.COMPANY, "company")),
        Attribute("lead_stage_id", Kind.NAME_ID, names="lead_stages", flat=("lead_stage", "stage", "status")),
        Attribute("lead_reason_id", Kind.NAME_ID, names="lead_reasons", flat=("lead_reason",)),
        Attribute("do_not_disturb", Kind.BOOLEAN),
        Attribute("department"),
    ),
    match_on=(("emails",),),
    unique=("emails", "mobile_number"),
    finds=_PERSON_FINDS,
    bulk_update=BULK_SIZE,
    bulk_delete=BULK_SIZE,
    upserts_on=("emails", "mobile_number", "external_id"),
    upserts_in_bulk=True,
    can_forget=True,
    views=("All Leads",),
    filters={"emails": "lead_email.email"},
    lookups=_PERSON_LOOKUPS,
    side_loads=OF_LEADS,
    fields_path="/settings/leads/fields",
)
