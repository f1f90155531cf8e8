"""What can be written to Freshsales: each kind of record as a declaration.

Facts: https://developers.freshworks.com/crm/api, the section of each resource; Classic's leads:
https://developers.freshsales.io/api/#leads. Contacts, accounts, deals and leads are listed through views alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crm_api.crm import Attribute, CrmObject, Kind
from crm_api.declared import Calls
from crm_api.endpoint import AnswerPaths, Endpoint
from crm_api.freshsales import BULK_SIZE

CUSTOM_MODULE = "cm_"
"""What the name of every custom module begins with."""
VALUES_PER_FIND = 100  # of one filter: as many records as the largest page holds


@dataclass(frozen=True)
class FreshsalesObject(CrmObject):
    """A kind of record of Freshsales.

    Attributes:
        path: Below the base URL.
        model: As ``targetable_type`` calls it; empty where nothing can be about it.
        views: Names of the views that together show every record; empty where there are no views.
        lists: Query parameters of the plain lists that together show every record.
        of_parent: They are listed below the record that they are about.
        filters: How ``filtered_search`` calls an attribute.
        lookups: How ``lookup`` calls an attribute.
        include: What single reads and views show only when asked.
        fields_path: Where its fields are defined; empty where it has no custom ones.
    """

    path: str = ""
    model: str = ""
    views: tuple[str, ...] = ()
    lists: tuple[Mapping[str, str], ...] = ()
    of_parent: bool = False
    filters: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, str] = field(default_factory=dict)
    include: str = ""
    fields_path: str = ""


def calls_of(of: FreshsalesObject) -> Calls:
    """The endpoints of one kind of record: the record under its singular name, there and back."""
    one, query = f"/{of.path}/{{id}}", {"include": of.include} if of.include else {}
    answer = AnswerPaths(id=f"$.{of.singular}.id", record=f"$.{of.singular}")
    return Calls(
        create=Endpoint(f"/{of.path}", property=of.singular, query=query, answer=answer),
        # What cannot be read cannot be looked at before a change is repeated: it is repeated as it is.
        update=Endpoint(
            one, "PUT", property=of.singular, query=query, answer=answer, repeatable=None if not of.readable else False
        ),
        delete=Endpoint(one, "DELETE"),
        read=Endpoint(one, "GET", query=query, answer=answer),
    )


def _read_only(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, creatable=False, updatable=False) for name in names)


_ID = _read_only("id")
_STAMPS = _read_only("created_at", "updated_at", "creater_id", "updater_id")
_OWNER = Attribute(
    "owner_id", Kind.NAME_ID, names="owners", flat=("owner", "owner_email", "assignee", "assignee_email")
)
_TERRITORY = Attribute("territory_id", Kind.NAME_ID, names="territories", flat=("territory",))
_SOURCE = Attribute("lead_source_id", Kind.NAME_ID, names="lead_sources", flat=("lead_source", "source"))
_CAMPAIGN = Attribute("campaign_id", Kind.NAME_ID, names="campaigns", flat=("campaign",))
_TAGS = Attribute("tags", Kind.TEXTS, appended=True)
_CUSTOM = Attribute("custom_field", Kind.CUSTOM)
_SOCIALS = (
    Attribute("facebook", flat=("facebook_url",)),
    Attribute("twitter", flat=("twitter_url",)),
    Attribute("linkedin", flat=("linkedin_url",)),
)
_PLACE = (
    Attribute("address", flat=("street",)),
    Attribute("city"),
    Attribute("state", flat=("region",)),
    Attribute("zipcode", flat=("zip", "zip_code", "postal_code", "postcode")),
    Attribute("country"),
)
_ACCOUNT_NAME = Attribute(
    "sales_account",
    flat=("sales_account_name", "account_name", "company_name", "company", "organization"),
)
"""An account by its name: Freshsales makes it if it is new."""
_TARGET = Attribute("targetable", Kind.IDENTIFIER, flat=("related_resource", "parent"))
_FIGURES = _read_only("open_deals_amount", "open_deals_count", "won_deals_amount", "won_deals_count")

_PERSON = (
    *_ID,
    *_read_only("display_name"),
    Attribute("first_name", flat=("given_name",)),
    # There is no attribute for a name in one piece: it stands where people look for it.
    Attribute("last_name", flat=("surname", "family_name", "full_name", "name")),
    Attribute(
        "emails",
        Kind.ITEMS,
        flat=("email", "email_address", "work_email", "personal_email"),
        item="value",
        normalise="email",
        appended=True,
        only_added=True,
    ),
    Attribute("mobile_number", flat=("mobile", "mobile_phone", "cell_phone"), normalise="phone"),
    Attribute("work_number", flat=("phone", "phone_number", "work_phone"), normalise="phone"),
    Attribute("job_title", flat=("title",)),
    Attribute("external_id"),
    *_PLACE,
    *_SOCIALS,
    _OWNER,
    _TERRITORY,
    _SOURCE,
    _CAMPAIGN,
    Attribute("medium"),
    Attribute("keyword"),
    Attribute("time_zone"),
    Attribute("subscription_status", Kind.INTEGER),
    Attribute("subscription_types"),
    _TAGS,
    _CUSTOM,
    *_STAMPS,
    *_read_only("lead_score", "last_contacted", "last_seen"),
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
        Attribute("lifecycle_stage_id", Kind.NAME_ID, names="lifecycle_stages", flat=("lifecycle_stage",)),
        Attribute(
            "contact_status_id",
            Kind.NAME_ID,
            names="contact_statuses",
            flat=("contact_status", "status"),
            within="lifecycle_stage_id",
        ),
        # The array replaces the set (as rudder-transformer found): the port reads it and appends.
        Attribute(
            "sales_accounts",
            Kind.IDS,
            flat=("sales_account_id", "account_id", "company_id"),
            item="id",
            refers_to="sales_accounts",
            appended=True,
        ),
        _ACCOUNT_NAME,
        *_FIGURES,
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
    fields_path="/settings/contacts/fields",
)
_OF_SUITE = {"lifecycle_stage_id", "contact_status_id"}

CLASSIC_CONTACTS = replace(
    CONTACTS, attributes=tuple(each for each in CONTACTS.attributes if each.name not in _OF_SUITE)
)
"""Contacts without lifecycle stages."""

SALES_ACCOUNTS = FreshsalesObject(
    name="sales_accounts",
    singular="sales_account",
    path="sales_accounts",
    model="SalesAccount",
    aliases=("accounts", "account", "SalesAccount", "companies", "company"),
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=("account_name", "company_name", "company", "organization")),
        Attribute("website", flat=("domain", "email_domain", "url")),
        Attribute("phone", flat=("phone_number", "work_phone")),
        *_PLACE,
        *_SOCIALS,
        Attribute("industry_type_id", Kind.NAME_ID, names="industry_types", flat=("industry_type", "industry")),
        Attribute("business_type_id", Kind.NAME_ID, names="business_types", flat=("business_type",)),
        Attribute("number_of_employees", Kind.INTEGER, flat=("employees",)),
        Attribute("annual_revenue", Kind.NUMBER, flat=("revenue",)),
        Attribute("parent_sales_account_id", Kind.ID, refers_to="sales_accounts", flat=("parent_account_id",)),
        _OWNER,
        _TERRITORY,
        _TAGS,
        _CUSTOM,
        *_STAMPS,
        *_FIGURES,
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
    fields_path="/settings/sales_accounts/fields",
)

DEALS = FreshsalesObject(
    name="deals",
    singular="deal",
    path="deals",
    model="Deal",
    aliases=("opportunities",),
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=("deal_name", "opportunity_name")),
        Attribute("amount", Kind.NUMBER, required=True, flat=("value", "deal_value", "monetary_value")),
        Attribute("sales_account_id", Kind.ID, refers_to="sales_accounts", flat=("account_id", "company_id")),
        _ACCOUNT_NAME,
        # Attaches contacts to those that are there already.
        Attribute(
            "contacts_added_list",
            Kind.IDS,
            flat=("contact_ids", "contact_id", "primary_contact_id"),
            refers_to="contacts",
            appended=True,
            only_added=True,
        ),
        Attribute("deal_pipeline_id", Kind.NAME_ID, names="deal_pipelines", flat=("deal_pipeline", "pipeline")),
        Attribute(
            "deal_stage_id",
            Kind.NAME_ID,
            names="deal_stages",
            flat=("deal_stage", "stage", "pipeline_stage"),
            within="deal_pipeline_id",
        ),
        Attribute("deal_type_id", Kind.NAME_ID, names="deal_types", flat=("deal_type", "type")),
        Attribute("deal_reason_id", Kind.NAME_ID, names="deal_reasons", flat=("deal_reason", "lost_reason")),
        Attribute(
            "deal_payment_status_id",
            Kind.NAME_ID,
            names="deal_payment_statuses",
            flat=("deal_payment_status", "payment_status"),
        ),
        Attribute("deal_product_id", Kind.NAME_ID, names="deal_products", flat=("deal_product",)),
        _SOURCE,
        _CAMPAIGN,
        Attribute("currency_id", Kind.NAME_ID, names="currencies", flat=("currency", "monetary_unit")),
        Attribute("expected_close", Kind.DAY, flat=("expected_close_date", "close_date_iso", "close_date")),
        Attribute("closed_date", Kind.MOMENT),
        Attribute("probability", Kind.INTEGER, flat=("win_probability",)),
        _OWNER,
        _TERRITORY,
        _TAGS,
        _CUSTOM,
        *_STAMPS,
        *_read_only("age", "expected_deal_value", "stage_updated_time", "base_currency_amount"),
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
    fields_path="/settings/deals/fields",
)
OTHER_VIEWS = {"deals": ("Open Deals", "Won Deals", "Lost Deals")}
"""Where the view of all is missing, as in some accounts: what shows every record together."""

LEADS = FreshsalesObject(
    name="leads",
    singular="lead",
    path="leads",
    model="Lead",
    attributes=(
        *(replace(each, required=each.name == "last_name") for each in _PERSON),
        Attribute("company", flat=("company_name", "organization", "account_name")),
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
    fields_path="/settings/leads/fields",
)

NOTES = FreshsalesObject(
    name="notes",
    singular="note",
    path="notes",
    attributes=(
        *_ID,
        Attribute("description", required=True, flat=("note", "body", "details", "content")),
        replace(_TARGET, required=True),
        *_STAMPS,
    ),
    finds={"targetable": 1},
    readable=False,
    of_parent=True,
)

TASKS = FreshsalesObject(
    name="tasks",
    singular="task",
    path="tasks",
    attributes=(
        *_ID,
        Attribute("title", required=True, flat=("name", "subject")),
        Attribute("description", flat=("details", "notes")),
        Attribute("due_date", Kind.MOMENT, required=True, flat=("due",)),
        _OWNER,
        Attribute("status", Kind.NAME_ID, names="task_statuses", flat=("task_status",)),
        Attribute("task_type_id", Kind.NAME_ID, names="sales_activity_entity_types", flat=("task_type", "type")),
        Attribute("outcome_id", Kind.NAME_ID, names="sales_activity_outcomes", flat=("outcome",)),
        _TARGET,
        *_STAMPS,
        *_read_only("completed_date"),
    ),
    match_on=(("title", "targetable", "due_date"),),
    finds={"targetable": 1},
    of_parent=True,
    lists=({"filter": "open"}, {"filter": "completed"}),
)

APPOINTMENTS = FreshsalesObject(
    name="appointments",
    singular="appointment",
    path="appointments",
    attributes=(
        *_ID,
        Attribute("title", required=True, flat=("name", "subject")),
        Attribute("description", flat=("details", "notes")),
        Attribute("from_date", Kind.MOMENT, required=True, flat=("start_date", "starts_at", "start")),
        Attribute("end_date", Kind.MOMENT, required=True, flat=("ends_at", "end")),
        Attribute("time_zone", required=True),
        Attribute("location"),
        Attribute("is_allday", Kind.BOOLEAN, flat=("all_day",)),
        Attribute("outcome_id", Kind.NAME_ID, names="sales_activity_outcomes", flat=("outcome",)),
        _TARGET,
        *_STAMPS,
    ),
    match_on=(("title", "targetable", "from_date"),),
    finds={"targetable": 1},
    of_parent=True,
    lists=({"filter": "past"}, {"filter": "upcoming"}),
)

SALES_ACTIVITIES = FreshsalesObject(
    name="sales_activities",
    singular="sales_activity",
    path="sales_activities",
    aliases=("activities",),
    attributes=(
        *_ID,
        Attribute("title", required=True, flat=("name", "subject")),
        Attribute("notes", flat=("details", "description", "body")),
        Attribute(
            "sales_activity_type_id",
            Kind.NAME_ID,
            required=True,
            names="sales_activity_types",
            flat=("sales_activity_type", "activity_type", "type"),
        ),
        Attribute(
            "sales_activity_outcome_id",
            Kind.NAME_ID,
            names="sales_activity_outcomes",
            flat=("sales_activity_outcome", "outcome"),
            within="sales_activity_type_id",
        ),
        Attribute("start_date", Kind.MOMENT, required=True, flat=("starts_at", "activity_date")),
        Attribute("end_date", Kind.MOMENT, required=True, flat=("ends_at",)),
        Attribute("location"),
        _OWNER,
        replace(_TARGET, required=True),
        _CUSTOM,
        *_STAMPS,
    ),
    lists=({},),
    fields_path="/settings/sales_activities/fields",
)

PRODUCTS = FreshsalesObject(
    name="products",
    singular="product",
    path="cpq/products",
    attributes=(
        *_ID,
        Attribute("name", required=True, flat=("product_name",)),
        Attribute("category"),
        Attribute("product_code", flat=("code",)),
        Attribute("sku_number", flat=("sku",)),
        Attribute("parent_product", Kind.ID, refers_to="products"),
        Attribute("description"),
        Attribute("is_active", Kind.BOOLEAN, flat=("active",)),
        Attribute("valid_till", Kind.MOMENT),
        Attribute("pricing_type", Kind.INTEGER),
        _OWNER,
        _TERRITORY,
        _CUSTOM,
        *_STAMPS,
    ),
    match_on=(("name",),),
    lists=({},),
)

_BOTH = (SALES_ACCOUNTS, DEALS, NOTES, TASKS, APPOINTMENTS, SALES_ACTIVITIES, PRODUCTS)
SUITE = {each.name: each for each in (CONTACTS, *_BOTH)}
CLASSIC = {each.name: each for each in (CLASSIC_CONTACTS, LEADS, *_BOTH)}
OBJECTS = {**SUITE, LEADS.name: LEADS}
"""What either has."""


def custom_module(name: str) -> FreshsalesObject:
    """The records of a module that people have defined: a name, an owner, tags and custom fields."""
    return FreshsalesObject(
        name=name,
        singular=name,
        path=f"custom_module/{name}",
        attributes=(*_ID, Attribute("name"), _OWNER, _TERRITORY, _TAGS, _CUSTOM, *_STAMPS),
        match_on=(("name",),),
        bulk_delete=BULK_SIZE,
        can_forget=True,
        views=("All Records",),
        fields_path=f"/settings/{name}/forms",
    )


REFUSED = {
    "users": "Freshsales' users are read-only in its API: they are managed in its admin settings (or through SCIM)",
    "owners": "Freshsales' users are read-only in its API: they are managed in its admin settings (or through SCIM)",
}
NO_LEADS = (
    "Freshsales Suite has no leads; there they are contacts with a lifecycle stage. Set the stream's object to contacts"
)
