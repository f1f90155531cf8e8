"""The five objects that the vendor documents (reference sections 3, 5, 8)."""

from __future__ import annotations

from crm_emulator.apptivo.objects.declaration import AppObject, Picklist, Reference

_CONTACT_LISTS = ("phoneNumbers", "emailAddresses", "addresses", "labels")
_CAMPAIGN = (
    Picklist("campaignId", "campaignName", "campaigns", "id", "name", ("Spring mailing", "Trade fair"), 78_001),
    Picklist("territoryId", "territoryName", "territories", "id", "name", ("DACH", "Nordics", "North America"), 79_001),
    Picklist("marketId", "marketName", "markets", "id", "name", ("Retail", "Manufacturing", "Public sector"), 80_001),
)
_TERRITORY = _CAMPAIGN[1:]
_SOURCES = ("Website", "Referral", "Cold Call", "Trade Show", "Advertising", "Other")
_INDUSTRIES = ("Education", "Finance", "Healthcare", "Manufacturing", "Retail", "Software")

CUSTOMERS = AppObject(
    name="customers",
    data_names=("customerData",),
    id_name="customerId",
    object_id=3,
    title="customerName",
    wrapper="customer",
    texts=("customerName", "customerNumber", "description", "website", "skypeName", "externalRefId", "tickerSymbol"),
    numbers=("annualRevenue", "numberOfEmployees", "creditRating"),
    lists=_CONTACT_LISTS,
    picklists=(
        Picklist(
            "customerCategoryId",
            "customerCategory",
            "customerCategories",
            "categoryId",
            "categoryName",
            ("Business", "Individual", "Reseller"),
            61_001,
        ),
        Picklist(
            "statusId", "statusName", "statuses", "statusId", "statusName", ("Active", "Inactive"), 62_001, default=True
        ),
        Picklist("paymentTermId", "paymentTerm", "paymentTerms", "id", "name", ("Net 30", "Net 60", "Prepaid"), 63_001),
        Picklist("industryId", "industryName", "industries", "id", "name", _INDUSTRIES, 64_001),
        *_TERRITORY,
    ),
    references=(Reference("parentCustomerId", "parentCustomerName", "customers"),),
    required=("customerName",),
    numbered=("customerNumber", "CUST-"),
    singular_list=True,
    first_id=15_479_001,
)

CONTACTS = AppObject(
    name="contacts",
    data_names=("contactData",),
    id_name="contactId",
    object_id=2,
    title="fullName",
    wrapper="contact",
    texts=(
        "firstName", "lastName", "title", "jobTitle", "customerNumber", "isPrimary", "bestWayToContact",
        "bestWayToContactCode", "externalRefId", "syncToGoogle", "website", "faceBookURL", "twitterURL", "linkedInURL",
        "skypeName", "description",
    ),
    lists=_CONTACT_LISTS,
    picklists=(
        Picklist(
            "contactType", "contactTypeName", "contactTypes", "typeId", "typeName", ("Customer", "Prospect"), 65_001
        ),
        Picklist(
            "contactStatusId", "contactStatusName", "statuses", "statusId", "statusName", ("Active", "Inactive"),
            10_000, default=True,
        ),
        *_TERRITORY,
    ),
    references=(Reference("accountId", "accountName", "customers"),),
    required=("lastName",),
    first_id=21_330_001,
)  # fmt: skip

LEADS = AppObject(
    name="leads",
    data_names=("leadData",),
    id_name="leadId",
    object_id=4,
    title="fullName",
    wrapper="lead",
    texts=(
        "firstName", "lastName", "title", "companyName", "jobTitle", "description", "wayToContact", "easyWayToContact",
        "referredByName", "currencyCode", "website", "skypeName", "externalRefId", "leadNumber",
    ),
    numbers=("potentialAmount", "estimatedRevenue", "referredById", "annualRevenue", "numberOfEmployees"),
    dates=("estimatedCloseDate",),
    lists=_CONTACT_LISTS,
    picklists=(
        Picklist(
            "leadStatus", "leadStatusMeaning", "leadStatuses", "lookupCode", "meaning",
            ("New", "Contacted", "Qualified", "Converted", "Lost"), default=True,
        ),
        Picklist("leadSource", "leadSourceMeaning", "leadSources", "id", "name", _SOURCES, 66_001),
        Picklist("leadTypeId", "leadTypeName", "leadTypes", "typeId", "typeName", ("Business", "Individual"), 67_001),
        Picklist("leadRank", "leadRankMeaning", "leadRanks", "lookupCode", "meaning", ("High", "Normal", "Low")),
        Picklist("industry", "industryName", "industries", "id", "name", _INDUSTRIES, 64_001),
        *_CAMPAIGN,
    ),
    references=(Reference("accountId", "accountName", "customers"),),
    required=("lastName",),
    first_id=31_750_001,
)  # fmt: skip

OPPORTUNITIES = AppObject(
    name="opportunities",
    data_names=("opportunityData",),
    id_name="opportunityId",
    object_id=11,
    title="opportunityName",
    wrapper="opportunity",
    texts=(
        "opportunityName", "opportunityNumber", "currencyCode", "nextStep", "description", "isMultiCurrency",
        "isLocked",
    ),
    numbers=("probability", "amount"),
    dates=("closeDate",),
    lists=("labels", "addresses"),
    picklists=(
        Picklist(
            "salesStageId", "salesStageName", "salesStages", "salesStageId", "salesStageName",
            ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost"), 68_001,
            default=True,
        ),
        Picklist("leadSourceTypeId", "leadSourceTypeName", "leadSources", "id", "name", _SOURCES, 66_001),
        Picklist(
            "opportunityTypeId", "opportunityTypeName", "opportunityTypes", "typeId", "typeName",
            ("New Business", "Existing Business"), 69_001,
        ),
        *_CAMPAIGN,
    ),
    references=(
        Reference("opportunityCustomerId", "opportunityCustomer", "customers"),
        Reference("opportunityContactId", "opportunityContact", "contacts"),
    ),
    assignee=("assignedToObjectId", "assignedToObjectRefId", "assignedToObjectRefName"),
    required=("opportunityName",),
    numbered=("opportunityNumber", "OPP-"),
    first_id=41_900_001,
)  # fmt: skip

CASES = AppObject(
    name="cases",
    data_names=("caseData",),
    id_name="caseId",
    object_id=59,
    title="caseSummary",
    wrapper="csCase",
    texts=(
        "caseNumber", "caseSummary", "description", "caseEmail", "caseItem", "caseProject", "slaName",
    ),
    numbers=("caseItemId", "caseProjectId"),
    dates=("needByDate", "dateResolved"),
    lists=("labels",),
    picklists=(
        Picklist(
            "caseStatusId", "caseStatus", "statuses", "statusId", "statusName",
            ("New", "Open", "On Hold", "Resolved", "Closed"), 71_001, default=True, item_code="statusCode",
        ),
        Picklist(
            "caseTypeId", "caseType", "types", "typeId", "typeName", ("Question", "Problem", "Feature Request"), 72_001,
            item_code="typeCode",
        ),
        Picklist(
            "casePriorityId", "casePriority", "priorities", "id", "name", ("High", "Normal", "Low"), 73_001,
            item_code="code",
        ),
        Picklist(
            "caseSourceId", "caseSourceName", "caseSources", "caseSourceId", "caseSourceName",
            ("Email", "Phone", "Web"), 74_001,
        ),
    ),
    references=(
        Reference("caseCustomerId", "caseCustomer", "customers"),
        Reference("caseContactId", "caseContact", "contacts"),
    ),
    assignee=("assignedObjectId", "assignedObjectRefId", "assignedObjectRefName"),
    required=("caseSummary",),
    numbered=("caseNumber", "CASE-"),
    singular_list=True,
    first_id=51_620_001,
)  # fmt: skip
