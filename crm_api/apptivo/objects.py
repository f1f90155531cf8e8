"""Declarations of the records that can be written to Apptivo.

Facts: the ``create…`` and ``update…`` pages of https://www.apptivo.com/developer-api/, schemas of an extractor in
production, and the vendor's plugins; the keys of lists are those that any source shows, or their nearest kin.
"""

from __future__ import annotations

from crm_api.apptivo.declaration import (
    ASSIGNED,
    ASSIGNED_TO,
    ASSIGNEE,
    AUTOMATIC_NUMBER,
    BILLING_ADDRESS,
    CAMPAIGN,
    CUSTOM_ATTRIBUTES,
    EMAILS,
    EMPLOYEE_OBJECT,
    INDUSTRIES,
    MARKET,
    PHONES,
    SHIPPING_ADDRESS,
    TERRITORY,
    ApptivoObject,
    Choice,
    listed_for,
    object_of,
    texts,
)
from crm_api.crm_objects import Attribute, CrmObject, Kind
from crm_api.naming import known
from crm_api.naming.known import others

_DESCRIPTION = Attribute("description", flat=others(known.DESCRIPTION, "description"))
_WEBSITE = Attribute("website", flat=others(known.WEBSITE, "website"))
_SIZE = (
    Attribute("annualRevenue", Kind.NUMBER, flat=known.REVENUE),
    Attribute("numberOfEmployees", Kind.INTEGER, flat=known.EMPLOYEES),
)
_CUSTOMER_CHOICES = (
    Choice(
        "customerCategoryId",
        "customerCategory",
        "customer_categories",
        ("customerCategories", "customerCategoryList", "categories"),
        ("category",),
        "Category",
    ),
    Choice(
        "statusId",
        "statusName",
        "customer_statuses",
        ("customerStatusList", "customerStatuses", "statuses", "statusList"),
        ("status",),
        "Status",
    ),
    Choice("paymentTermId", "paymentTerm", "payment_terms", ("paymentTerms", "paymentTermList", "paymentTermsList")),
    Choice("industryId", "industryName", "customer_industries", INDUSTRIES, ("industry",)),
    *listed_for("customer", TERRITORY, MARKET),
)
CUSTOMERS = ApptivoObject(
    object_of(
        "customers",
        "customer",
        Attribute(
            "customerName", required=True, flat=("name", *others(known.COMPANY, "customer_name")), label="Customer"
        ),
        Attribute("customerNumber", automatic=AUTOMATIC_NUMBER, label="Customer #"),
        *(each.attribute for each in _CUSTOMER_CHOICES),
        ASSIGNEE.attribute,
        _DESCRIPTION,
        _WEBSITE,
        *texts("skypeName", "externalRefId", "tickerSymbol"),
        *_SIZE,
        Attribute("creditRating", Kind.NUMBER),
        Attribute("parentCustomerId", Kind.ID, refers_to="customers"),
        Attribute("parentCustomerName", unless="parentCustomerId", label="Parent Customer"),
        EMAILS,
        PHONES,
        BILLING_ADDRESS,
        SHIPPING_ADDRESS,
        CUSTOM_ATTRIBUTES,
        id_name="customerId",
        match_on=(("customerNumber",), ("customerName",)),
        finds=("customerNumber", "customerName", "emailAddresses", "externalRefId"),
    ),
    data="customerData",
    object_id=3,
    wrapper="customer",
    choices=_CUSTOMER_CHOICES,
    assignee=ASSIGNEE,
    phone_item="cust_phone_input",
    numbered="customerNumber",
)

_CONTACT_CHOICES = (
    Choice("contactType", "contactTypeName", "contact_types", ("contactTypes", "contactTypeList", "types"), ("type",)),
    Choice(
        "contactStatusId",
        "contactStatusName",
        "contact_statuses",
        ("contactStatusList", "contactStatuses", "statuses", "statusList"),
        ("status",),
        "Status",
    ),
    *listed_for("contact", TERRITORY, MARKET),
)
_ACCOUNT = Attribute("accountId", Kind.ID, refers_to="customers", flat=("customer_id", "company_id"))
_PERSON_NAME = (
    Attribute("firstName", flat=known.FIRST_NAME),
    # A whole name cannot be written (fullName is Apptivo's own): lastName is where users look for it.
    Attribute(
        "lastName",
        required=True,
        flat=known.LAST_NAME,
        whole=("name", *known.FULL_NAME),
        beside_whole="firstName",
    ),
)
_JOB_TITLE = Attribute("jobTitle", flat=others(known.JOB_TITLE, "title"))
CONTACTS = ApptivoObject(
    object_of(
        "contacts",
        "contact",
        *_PERSON_NAME,
        *texts("title"),
        _JOB_TITLE,
        *(each.attribute for each in _CONTACT_CHOICES),
        _ACCOUNT,
        Attribute("accountName", unless="accountId", flat=known.COMPANY, label="Customer"),
        ASSIGNEE.attribute,
        *texts("customerNumber", "bestWayToContact", "bestWayToContactCode", "externalRefId"),
        _WEBSITE,
        Attribute("isPrimary", Kind.BOOLEAN),
        Attribute("syncToGoogle", Kind.BOOLEAN),
        Attribute("faceBookURL", flat=(*known.FACEBOOK, "facebookURL"), label="Facebook"),
        Attribute("twitterURL", flat=known.TWITTER, label="Twitter"),
        Attribute("linkedInURL", flat=known.LINKEDIN, label="LinkedIn"),
        *texts("skypeName"),
        _DESCRIPTION,
        EMAILS,
        PHONES,
        BILLING_ADDRESS,
        SHIPPING_ADDRESS,
        CUSTOM_ATTRIBUTES,
        id_name="contactId",
        match_on=(("emailAddresses",),),
        finds=("emailAddresses", "externalRefId", "lastName", "accountId"),
    ),
    data="contactData",
    object_id=2,
    wrapper="contact",
    choices=_CONTACT_CHOICES,
    assignee=ASSIGNEE,
    phone_item="contact_phone_input",
)

_CURRENCY = Attribute("currencyCode", flat=known.CURRENCY, label="Currency")
_LEAD_CHOICES = (
    Choice("leadStatus", "leadStatusMeaning", "lead_statuses", ("leadStatuses", "leadStatusList"), ("status",)),
    Choice("leadSource", "leadSourceMeaning", "lead_sources", ("leadSources", "leadSourceList"), known.LEAD_SOURCE),
    Choice("leadTypeId", "leadTypeName", "lead_types", ("leadTypes", "leadTypeList"), ("lead_type", "type")),
    Choice("leadRank", "leadRankMeaning", "lead_ranks", ("leadRanks", "leadRankList"), ("rank",)),
    Choice("industry", "industryName", "lead_industries", INDUSTRIES),
    *listed_for("lead", CAMPAIGN, TERRITORY, MARKET),
)
_LEAD_FLAGS = {"is_duplicate_check": "isDuplicateCheck"}
LEADS = ApptivoObject(
    object_of(
        "leads",
        "lead",
        *_PERSON_NAME,
        *texts("title"),
        Attribute("companyName", flat=known.COMPANY, label="Company"),
        _JOB_TITLE,
        _DESCRIPTION,
        *(each.attribute for each in _LEAD_CHOICES),
        *texts("wayToContact", "easyWayToContact"),
        Attribute("referredById", Kind.INTEGER, label="Referred By ID"),
        Attribute("referredByName", label="Referred By"),
        ASSIGNEE.attribute,
        _CURRENCY,
        Attribute("potentialAmount", Kind.NUMBER, flat=known.AMOUNT, currency="currencyCode"),
        Attribute("estimatedRevenue", Kind.NUMBER, currency="currencyCode"),
        Attribute("estimatedCloseDate", Kind.DAY, flat=known.CLOSE_DATE),
        *_SIZE,
        _WEBSITE,
        *texts("skypeName", "externalRefId"),
        _ACCOUNT,
        Attribute("accountName", unless="accountId", label="Customer"),
        EMAILS,
        PHONES,
        BILLING_ADDRESS,
        SHIPPING_ADDRESS,
        CUSTOM_ATTRIBUTES,
        id_name="leadId",
        match_on=(("emailAddresses",),),
        finds=("emailAddresses", "externalRefId", "lastName", "companyName", "accountId"),
        flags=_LEAD_FLAGS,
    ),
    data="leadData",
    object_id=4,
    wrapper="lead",
    choices=_LEAD_CHOICES,
    assignee=ASSIGNEE,
    phone_item="lead_phone_input",
    flags=_LEAD_FLAGS,
)

_OPPORTUNITY_CHOICES = (
    Choice(
        "salesStageId",
        "salesStageName",
        "sales_stages",
        ("salesStages", "salesStageList", "opportunitySalesStages"),
        known.STAGE,
    ),
    Choice(
        "leadSourceTypeId",
        "leadSourceTypeName",
        "opportunity_lead_sources",
        ("leadSources", "leadSourceList", "leadSourceTypes"),
        known.LEAD_SOURCE,
        "Lead Source",
    ),
    Choice(
        "opportunityTypeId",
        "opportunityTypeName",
        "opportunity_types",
        ("opportunityTypes", "opportunityTypeList"),
        ("opportunity_type", "type"),
    ),
    *listed_for("opportunity", CAMPAIGN, TERRITORY, MARKET),
)
_OPPORTUNITY_FLAGS = {
    "account_id": "accountId",
    "is_duplicate": "isDuplicate",
    "is_lead_convert": "isLeadConvert",
    "is_customer_territory_update": "isCustomerTerritoryUpdate",
}
OPPORTUNITIES = ApptivoObject(
    object_of(
        "opportunities",
        "opportunity",
        Attribute("opportunityName", required=True, flat=("name", *known.DEAL_NAME)),
        *(each.attribute for each in _OPPORTUNITY_CHOICES),
        Attribute("closeDate", Kind.DAY, flat=known.CLOSE_DATE),
        Attribute("probability", Kind.NUMBER, flat=others(known.PROBABILITY, "probability"), percent=True),
        _CURRENCY,
        Attribute("amount", Kind.NUMBER, flat=others(known.AMOUNT, "amount"), currency="currencyCode"),
        ASSIGNED_TO.attribute,
        Attribute(
            "opportunityCustomerId",
            Kind.ID,
            refers_to="customers",
            flat=("customer_id", "company_id", "accountId"),
        ),
        Attribute("opportunityCustomer", unless="opportunityCustomerId", flat=known.COMPANY, label="Customer"),
        Attribute("opportunityContactId", Kind.ID, refers_to="contacts", flat=("contact_id",)),
        Attribute(
            "opportunityContact", unless="opportunityContactId", flat=("contact", "contact_name"), label="Contact"
        ),
        *texts("nextStep"),
        _DESCRIPTION,
        Attribute("isMultiCurrency", Kind.BOOLEAN),
        Attribute("isLocked", Kind.BOOLEAN),
        BILLING_ADDRESS,
        SHIPPING_ADDRESS,
        CUSTOM_ATTRIBUTES,
        id_name="opportunityId",
        match_on=(("opportunityName", "opportunityCustomerId"),),
        finds=("opportunityName", "opportunityCustomerId", "opportunityContactId"),
        flags=_OPPORTUNITY_FLAGS,
    ),
    data="opportunityData",
    object_id=11,
    wrapper="opportunity",
    choices=_OPPORTUNITY_CHOICES,
    assignee=ASSIGNED_TO,
    flags=_OPPORTUNITY_FLAGS,
)

_CASE_CHOICES = (
    Choice(
        "caseStatusId",
        "caseStatus",
        "case_statuses",
        ("caseStatuses", "caseStatusList", "statuses"),
        ("status",),
        "Status",
    ),
    Choice("caseTypeId", "caseType", "case_types", ("caseTypes", "caseTypeList", "types"), ("type",), "Type"),
    Choice(
        "casePriorityId",
        "casePriority",
        "case_priorities",
        ("casePriorities", "casePriorityList", "priorities"),
        ("priority",),
        "Priority",
    ),
    Choice("caseSourceId", "caseSourceName", "case_sources", ("caseSources", "caseSourceList", "sources"), ("source",)),
)
CASES = ApptivoObject(
    object_of(
        "cases",
        "case",
        Attribute("caseNumber", automatic=AUTOMATIC_NUMBER, flat=("number",), label="Case #"),
        Attribute("caseSummary", required=True, flat=("subject", "summary", "title"), label="Summary"),
        Attribute("description", flat=others((*known.DESCRIPTION, *known.BODY), "description")),
        *(each.attribute for each in _CASE_CHOICES),
        Attribute("caseEmail", flat=known.EMAIL, normalise="email", label="Email"),
        Attribute("needByDate", Kind.DAY, flat=known.DUE_DATE),
        Attribute("dateResolved", Kind.DAY, flat=("resolved_date",)),
        ASSIGNED.attribute,
        Attribute("caseCustomerId", Kind.ID, refers_to="customers", flat=("customer_id", "company_id")),
        Attribute("caseCustomer", unless="caseCustomerId", flat=known.COMPANY, label="Customer"),
        Attribute("caseContactId", Kind.ID, refers_to="contacts", flat=("contact_id",)),
        Attribute("caseContact", unless="caseContactId", flat=("contact", "contact_name"), label="Contact"),
        Attribute("caseItemId", Kind.INTEGER, label="Item ID"),
        Attribute("caseItem", label="Item"),
        Attribute("caseProjectId", Kind.INTEGER, label="Project ID"),
        Attribute("caseProject", label="Project"),
        CUSTOM_ATTRIBUTES,
        id_name="caseId",
        match_on=(("caseNumber",),),
        finds=("caseNumber", "caseSummary", "caseEmail", "caseCustomerId", "caseContactId"),
    ),
    data="caseData",
    object_id=59,
    wrapper="csCase",
    choices=_CASE_CHOICES,
    assignee=ASSIGNED,
    numbered="caseNumber",
)

EMPLOYEES = ApptivoObject(
    CrmObject("employees", "employee", (), id_name="employeeId"),
    data="employeeData",
    object_id=EMPLOYEE_OBJECT,
    wrapper="employee",
    choices=(),
    assignee=ASSIGNEE,
)
"""Employees, whom records are assigned to: read, never written."""

APPTIVO_OBJECTS = {each.crm_object.name: each for each in (CUSTOMERS, CONTACTS, LEADS, OPPORTUNITIES, CASES)}
OBJECTS = {name: declaration.crm_object for name, declaration in APPTIVO_OBJECTS.items()}
LISTS = {
    choice.listed: (declaration, choice) for declaration in APPTIVO_OBJECTS.values() for choice in declaration.choices
}
"""The firm's lists by name, each with an object whose configuration holds it."""

_NO_EMPLOYEES = "Apptivo's employees are invited in its settings; records name them by name or e-mail"
REFUSED = {"employees": _NO_EMPLOYEES, "users": _NO_EMPLOYEES}
