"""The parts that declarations of Apptivo's objects are made of.

Facts: the ``create…`` and ``update…`` pages of https://www.apptivo.com/developer-api/ for attributes, and the vendor's
own plugins for parameters and wrappers. Attributes have Apptivo's names, and those names in small letters with
underscores. Of a choice (``leadStatus`` and ``leadStatusMeaning``), the id is the attribute, and the name is a further
name of it: both are sent. Addresses are one list in Apptivo; here the billing and the shipping address are structures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crm_api.crm_objects import Attribute, CrmObject, Kind
from crm_api.naming import known
from crm_api.naming.known import each_as
from crm_api.naming.spelling import title_of

EMPLOYEE_OBJECT = 8
"""The value of ``assigneeObjectId`` for employees."""

AUTOMATIC_NUMBER = "Auto generated number"
BILLING, SHIPPING = "addresses", "shippingAddress"


@dataclass(frozen=True)
class Choice:
    """A value from one of the firm's lists, which records hold as id and name.

    Attributes:
        id: Name of the attribute that holds the id or code.
        name: Name of the attribute that holds the name.
        listed: Name of the list (see ``Crm.names``).
        keys: Keys under which getConfigData may hold the list; sources show few, and firms may differ.
        flat: Further names of the attribute in flat records.
        label: The name that Apptivo's screens show; empty: the words of ``name``.
    """

    id: str
    name: str
    listed: str
    keys: tuple[str, ...]
    flat: tuple[str, ...] = ()
    label: str = ""

    @property
    def attribute(self) -> Attribute:
        """The attribute that a payload holds."""
        return Attribute(
            self.id,
            Kind.NAME_ID,
            names=self.listed,
            flat=(self.name, *self.flat),
            label=self.label or title_of(self.id),
        )


@dataclass(frozen=True)
class Assignee:
    """The attributes that say who a record is assigned to: the kind of owner, its id and its name."""

    kind: str
    id: str
    name: str

    @property
    def attribute(self) -> Attribute:
        """The attribute that a payload holds."""
        flat = (self.name, *known.OWNER)
        return Attribute(self.id, Kind.NAME_ID, names="employees", flat=flat, label="Assigned To")


@dataclass(frozen=True)
class ApptivoObject:
    """One kind of record in Apptivo's API: the object of the port, and what calls about it need.

    Attributes:
        crm_object: The object of the port.
        data: Name of the parameter that holds the record.
        id: Name of the parameter, and of the attribute, that holds the record's id.
        object_id: Apptivo's number of the kind of record.
        wrapper: Property that holds a saved record in an answer.
        choices: Values from the firm's lists.
        assignee: The attributes that say who a record is assigned to.
        phone_item: The ``id`` of each item of ``phoneNumbers``.
        numbered: Name of the attribute that Apptivo numbers by itself when asked to; empty if there is none.
        flags: Parameters of a create, by the flags' names in settings.
    """

    crm_object: CrmObject
    data: str
    id: str
    object_id: int
    wrapper: str
    choices: tuple[Choice, ...]
    assignee: Assignee
    phone_item: str = ""
    numbered: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)


ASSIGNEE = Assignee("assigneeObjectId", "assigneeObjectRefId", "assigneeObjectRefName")
ASSIGNED_TO = Assignee("assignedToObjectId", "assignedToObjectRefId", "assignedToObjectRefName")
ASSIGNED = Assignee("assignedObjectId", "assignedObjectRefId", "assignedObjectRefName")

EMAILS = Attribute(
    "emailAddresses",
    Kind.ITEMS,
    flat=("emails", *known.EMAIL),
    label="Email",
    item="emailAddress",
    category="business",
    category_name="emailType",
    categories=each_as("home", known.PERSONAL_EMAIL),
    normalise="email",
)
PHONES = Attribute(
    "phoneNumbers",
    Kind.ITEMS,
    flat=("phones", *known.PHONE),
    label="Phone",
    item="phoneNumber",
    category="business",
    category_name="phoneType",
    categories={**each_as("mobile", known.MOBILE), **each_as("home", known.HOME_PHONE)},
    normalise="phone",
)
ADDRESS_PARTS = ("addressLine1", "addressLine2", "city", "state", "zipCode", "countryName")
_PARTS = {
    **each_as("addressLine1", known.STREET),
    **each_as("addressLine2", known.STREET_2),
    **each_as("city", known.CITY),
    **each_as("state", known.STATE),
    **each_as("zipCode", known.POSTAL_CODE),
    **each_as("countryName", known.COUNTRY),
}
BILLING_ADDRESS = Attribute(
    BILLING,
    Kind.STRUCTURE,
    parts=ADDRESS_PARTS,
    flat=("address", "billing_address"),
    flat_parts=_PARTS,
    prefixes=known.ADDRESS_PREFIXES,
    label="Billing Address",
)
SHIPPING_ADDRESS = Attribute(
    SHIPPING,
    Kind.STRUCTURE,
    parts=ADDRESS_PARTS,
    flat=("shipping_address",),
    flat_parts={f"shipping_{name}": part for name, part in _PARTS.items()},
)
CUSTOM_ATTRIBUTES = Attribute("customAttributes", Kind.CUSTOM, flat=("custom_fields",))
_READ_ONLY = tuple(
    Attribute(name, creatable=False, updatable=False)
    for name in (
        "firmId", "version", "objectStatus", "isActive", "createdBy", "createdByName", "lastUpdatedBy",
        "lastUpdatedByName", "creationDate", "lastUpdateDate", "fullName", "labels",
    )
)  # fmt: skip

CAMPAIGN = Choice("campaignId", "campaignName", "campaigns", ("campaigns", "campaignList"), ("campaign",))
TERRITORY = Choice("territoryId", "territoryName", "territories", ("territories", "territoryList"), ("territory",))
MARKET = Choice("marketId", "marketName", "markets", ("markets", "marketList"), ("market",))
INDUSTRIES = ("industries", "industryList", "industryTypes")


def listed_for(singular: str, *choices: Choice) -> tuple[Choice, ...]:
    """Make choices that many kinds of record have refer to the lists of one kind."""
    return tuple(replace(choice, listed=f"{singular}_{choice.listed}") for choice in choices)


def object_of(
    name: str,
    singular: str,
    *attributes: Attribute,
    match_on: tuple[tuple[str, ...], ...],
    finds: tuple[str, ...],
    flags: Mapping[str, str] | None = None,
) -> CrmObject:
    """Make an object with these attributes and those that every record has.

    Args:
        name: Plural name, as in Apptivo's URLs.
        singular: Singular name.
        attributes: The attributes that can be written.
        match_on: The default match keys.
        finds: Names of the attributes that can be searched by, one value at a time.
        flags: Parameters of a create, by the flags' names in settings.
    """
    read_only = tuple(each for each in _READ_ONLY if each.name not in {attribute.name for attribute in attributes})
    own_id = Attribute("id", creatable=False, updatable=False, flat=(f"{singular}Id",))
    return CrmObject(
        name,
        singular,
        (own_id, *attributes, *read_only),
        match_on=match_on,
        finds=dict.fromkeys(finds, 1),  # a search takes one value
        parameters=tuple(flags or ()),
    )


def texts(*names: str) -> tuple[Attribute, ...]:
    """Make attributes that hold text."""
    return tuple(Attribute(name) for name in names)
