"""Column names of exports that users of CRMs have, by what they mean, whichever program wrote them: tables alone.

The layouts are public: exports and reports of Salesforce, HubSpot, Pipedrive, Zoho, Insightly, SugarCRM, Dynamics,
Capsule, Freshsales and monday, of Google Contacts, Outlook, Mailchimp, LinkedIn, Constant Contact, Brevo, Apollo,
ZoomInfo, Xero, Odoo and Shopify. What the target understands by itself stands in ``crm_api.naming.known``; here is what
takes a look at the other columns: of several addresses the one that people mean, the company that a person belongs to,
a title that is no job. ``target_crm.proposals.meanings`` reads the tables. Phrases stand between commas.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from crm_api.naming import known


class Entity(Enum):
    """The kinds of record that a column may be about."""

    PERSON = "person"
    COMPANY = "company"
    LEAD = "lead"
    DEAL = "deal"
    PROJECT = "project"
    TASK = "task"
    NOTE = "note"
    CASE = "case"


def known_words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


ENTITIES: Mapping[Entity, frozenset[str]] = {
    Entity.PERSON: known_words(
        "person persons people contact contacts individual individuals member members subscriber subscribers "
        "subscribed audience connection connections"
    ),
    Entity.COMPANY: known_words(
        "company companies account accounts organization organizations organisation organisations org firm firms "
        "employer"
    ),
    Entity.LEAD: known_words("lead leads prospect prospects"),
    Entity.DEAL: known_words("deal deals opportunity opportunities potential potentials"),
    Entity.PROJECT: known_words("project projects"),
    Entity.TASK: known_words("task tasks todo todos"),
    Entity.NOTE: known_words("note notes activity activities"),
    Entity.CASE: known_words("case cases ticket tickets"),
}
"""The words by which exports and streams call each kind of record."""
RELATED = frozenset((Entity.PERSON, Entity.COMPANY, Entity.LEAD, Entity.DEAL))
"""The kinds of record that columns of other records speak of."""
BEFORE_NAMES = known_words("properties hs your")
"""Words that HubSpot and forms put before names."""
LINKING = known_words("primary associated related main key current")
"""Words before the kind of another record: ``Primary Contact``."""

COLUMNS: Mapping[tuple[str, ...], str] = {
    ("name", "full_name"): "display name, complete name",
    ("first_name",): "first",
    ("last_name",): "last",
    ("middle_name",): "middle",
    ("prefix",): "honorific, courtesy title, salutation",
    ("job_title", "title"): "title, designation, role, job position",
    ("website", "websites"): f"{', '.join(known.WEBSITE)}, website value, web address, personal web page, "
    "primary url, other urls, urls",
    ("email_domain",): "website domain",
    ("linkedin",): "linkedin bio, person linkedin url, social linkedin, linkedin contact profile url",
    ("twitter",): "twitter handle, twitter username, social twitter",
    ("facebook",): "facebook profile, social facebook",
    ("skype_name",): "skype, skype id",
    ("owner",): (
        "owner full name, record owner, assigned user, assigned user name, sales rep, salesperson, user responsible"
    ),
    ("tags",): "tag, labels, label, label s, categories, group membership, groups",
    ("description",): "note, comment, about us, remarks, internal notes, message",
    ("campaign",): "campaign source, primary campaign source",
    ("territory",): "sales territory",
    ("annual_revenue",): "yearly revenue",
    ("ticker_symbol",): "ticker",
    ("customer_number",): "account number",
    ("lead_status",): "hs lead status",
    ("pipeline",): "sales pipeline",
    ("stage",): "pipeline current stage, current stage",
    ("amount",): "lead value, bid amount",
    ("currency",): "deal currency, amount currency, bid currency",
    ("close_date",): "expected closing date, forecast close date",
    ("probability",): "probability percent, stage probability, close probability, probability of winning",
    ("loss_reason",): "reason for loss, reason lost",
    ("due_date",): "task due date, deadline",
    ("work_phone", "phone"): "ddi number, default address phone",
}
"""Column names, between commas, that the target does not understand by itself, or not as they are meant; by the names
that flat records may use for what they mean."""

COLUMNS_OF: Mapping[Entity, Mapping[tuple[str, ...], str]] = {
    Entity.DEAL: {("name",): "title, subject", ("type", "deal_type"): "type"},
    Entity.PROJECT: {("name",): "title, subject"},
    Entity.TASK: {("name", "subject"): "title, subject"},
    Entity.CASE: {("subject",): "title, subject", ("type",): "type"},
}
"""Columns that mean something else in records of one kind."""

KEPT = (
    "create date, created date, date created, created, created at, created time, creation time, created by, "
    "created by id, add time, added time, connected on, last modified, last modified date, last modified by, "
    "last modified by id, modified time, modified by, modified date, date modified, updated at, update time, "
    "updated time, last changed, last activity, last activity date, last activity time, last contacted, "
    "last viewed date, last referenced date, system modstamp, optin time, optin ip, confirm time, confirm ip, "
    "member rating, photo url, photo, is deleted, deleted, age, fiscal period, fiscal year, stage change time, "
    "unsubscribed time, last login, submitted at, submission date, timestamp, date updated, last updated"
)
"""Columns that the source fills by itself."""
IDS = (
    "id, record id, record, object id, leid, euid, uuid, guid, key, unique id, external id, system id, activity id, "
    "item id, ext id"
)
"""Columns that identify a record at the source."""
IDS_OF: Mapping[Entity, str] = {Entity.PERSON: "customer id, subscriber id, profile id"}
"""Columns that identify records of one kind, and may mean others elsewhere: the customer of an order."""
PROGRAMS = known_words("apollo capsule copper hubspot insightly klaviyo monday pipedrive salesforce zoho zoominfo")
"""Programs that put their names before ids: ``Apollo Contact Id``."""
NOT_TO_BE_CHANGED = ("do", "not", "modify")
"""Words that Dynamics puts before the columns by which it knows a row again."""
OWNERS = (*known.OWNER, "hubspot owner", "record owner")
"""Columns for the user who takes care of a record."""
ASPECTS: Mapping[str, str] = {
    "": "name",
    "name": "name",
    "full name": "name",
    "person": "name",
    "id": "id",
    "ids": "id",
    "name id": "id",
    "record id": "id",
    "email": "email",
    "email address": "email",
    "email work": "email",
    "work email": "email",
    "email value": "email",
    "domain": "domain",
    "domain name": "domain",
    "website": "domain",
}
"""By the words behind the kind of another record: what they say of it, as far as it can be found by that."""

EMAIL_WORDS = known_words("email emails address addresses value id")
PHONES = known_words("phone phones telephone tel mobile cell cellphone cellular")
PHONE_WORDS = PHONES | known_words("number numbers no value")
MOBILES = known_words("mobile cell cellphone cellular")
UNWANTED_PHONES = known_words("fax pager telex car radio callback isdn tty tdd assistant assistants asst sms")
"""Words for numbers at which nobody answers, or somebody else."""
SHARED_BY_ALL = known_words("company corporate switchboard")
"""Words for numbers at which many people are reached."""
CATEGORIES: Mapping[str, str] = {
    **dict.fromkeys(("work", "business", "office", "direct", "company", "main", "primary", "default", "secondary"), ""),
    **dict.fromkeys(("additional", "alternate", "alternative", "second", "tertiary", "corporate", "switchboard"), ""),
    **dict.fromkeys(("home", "personal", "private"), "home"),
    **dict.fromkeys(("mobile", "cell", "cellphone", "cellular"), "mobile"),
    "other": "other",
}
"""The category of an e-mail or phone number, by the words beside it; empty: the usual one, which is work."""

PARTS: Mapping[str, str] = {
    "street": "street",
    "street address": "street",
    "address line": "street",
    "street address line": "street",
    "address": "address",
    "postal address": "whole",
    "full address": "whole",
    "street road name": "street",
    "house number": "street2",
    "apartment suite no": "street2",
    "full combined address": "whole",
    "city": "city",
    "town": "city",
    "city town village locality": "city",
    "locality": "city",
    "state": "state",
    "province": "state",
    "state province": "state",
    "state region": "state",
    "state county": "state",
    "state prov region": "state",
    "region": "state",
    "zip": "postal_code",
    "zip code": "postal_code",
    "zip postal code": "postal_code",
    "postal code": "postal_code",
    "postal zip": "postal_code",
    "postcode": "postal_code",
    "country": "country",
    "country region": "country",
    "country name": "country",
}
PARTS_OF_A_GROUP: Mapping[str, str] = {
    **PARTS,
    "formatted": "whole",
    "full": "whole",
    "extended address": "street2",
    "province code": "state",
    "state code": "state",
    "country code": "country",
    "po box": "street2",
    "code": "postal_code",
}
"""The words for parts of an address behind a word that says which address: ``Billing Code``."""
GROUPS = (
    "mailing",
    "mail",
    "address mail",
    "po",
    "primary address",
    "billing",
    "business",
    "work",
    "office",
    "primary",
    "address",
    "postal address",
    "physical",
    "default address",
    "legal",
    "",
    "home",
    "other",
    "address other",
    "shipping",
    "alternate",
    "alternate address",
    "sa",
)
"""The addresses that exports tell apart, the one that people mean first."""
GROUPS_BEHIND = known_words("work office business home other mailing billing shipping")
"""Words behind a part of an address that say which address: ``City - Work`` of Constant Contact."""
