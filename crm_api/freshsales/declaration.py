"""Kinds of Freshsales records: what a declaration holds, the endpoints, and attributes that several kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_api.crm_objects import Attribute, CrmObject, Kind
from crm_api.endpoints.declared import Calls
from crm_api.endpoints.endpoint import AnswerPaths, Endpoint
from crm_api.naming import known
from crm_api.naming.known import others

VALUES_PER_FIND = 100  # in one filter: as many as the largest page holds records


@dataclass(frozen=True)
class FreshsalesObject(CrmObject):
    """A kind of record of Freshsales.

    Attributes:
        path: Path below the base URL, without a slash at either end.
        model: Its name in ``targetable_type``; empty if no record can be about one.
        views: Names of the views that together show every record; empty if it has no views.
        lists: Query parameters of the plain lists that together show every record.
        of_parent: Whether records are listed below the record that they are about.
        filters: Names that ``filtered_search`` gives to attributes, by attribute.
        lookups: Names that ``lookup`` gives to attributes, by attribute.
        include: Value of ``include``, which makes single reads and views show more of a record.
        fields_path: Path of its field definitions; empty if it has no custom fields.
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


def calls_of(crm_object: FreshsalesObject) -> Calls:
    """Make the endpoints of one kind of record: requests and answers hold the record under its singular name."""
    one, query = f"/{crm_object.path}/{{id}}", {"include": crm_object.include} if crm_object.include else {}
    answer = AnswerPaths(id=f"$.{crm_object.singular}.id", record=f"$.{crm_object.singular}")
    return Calls(
        create=Endpoint(f"/{crm_object.path}", property=crm_object.singular, query=query, answer=answer),
        # A record that cannot be read cannot be checked before a change is repeated: the change is simply repeated.
        update=Endpoint(
            one,
            "PUT",
            property=crm_object.singular,
            query=query,
            answer=answer,
            repeatable=None if not crm_object.readable else False,
        ),
        delete=Endpoint(one, "DELETE"),
        read=Endpoint(one, "GET", query=query, answer=answer),
    )


def read_only(*names: str) -> tuple[Attribute, ...]:
    """Make attributes that Freshsales writes itself."""
    return tuple(Attribute(name, creatable=False, updatable=False) for name in names)


ID = read_only("id")
STAMPS = read_only("created_at", "updated_at", "creater_id", "updater_id")
OWNER = Attribute("owner_id", Kind.NAME_ID, names="owners", flat=known.OWNER, label="Sales owner")
TERRITORY = Attribute("territory_id", Kind.NAME_ID, names="territories", flat=("territory",))
SOURCE = Attribute("lead_source_id", Kind.NAME_ID, names="lead_sources", flat=known.LEAD_SOURCE, label="Source")
CAMPAIGN = Attribute("campaign_id", Kind.NAME_ID, names="campaigns", flat=("campaign",))
TAGS = Attribute("tags", Kind.TEXTS, flat=others(known.TAGS, "tags"), appended=True)
CUSTOM = Attribute("custom_field", Kind.CUSTOM)
SOCIALS = (
    Attribute("facebook", flat=others(known.FACEBOOK, "facebook")),
    Attribute("twitter", flat=others(known.TWITTER, "twitter")),
    Attribute("linkedin", flat=others(known.LINKEDIN, "linkedin"), label="LinkedIn"),
)


def _place(name: str, names: tuple[str, ...]) -> Attribute:
    return Attribute(name, flat=others(names, name), prefixes=known.ADDRESS_PREFIXES)


PLACE = (
    _place("address", known.STREET),
    _place("city", known.CITY),
    _place("state", known.STATE),
    _place("zipcode", known.POSTAL_CODE),
    _place("country", known.COUNTRY),
)
ACCOUNT_NAME = Attribute(
    "sales_account",
    flat=("sales_account_name", *known.COMPANY),
    label="Account",
)
"""An account by its name: Freshsales creates it if it is new."""
TARGET = Attribute("targetable", Kind.IDENTIFIER, flat=("related_resource", "parent"), label="Related to")
FIGURES = read_only("open_deals_amount", "open_deals_count", "won_deals_amount", "won_deals_count")
