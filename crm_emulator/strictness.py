"""One switch over the many: every CRM as strict as any source has it, or as lenient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any

from crm_emulator.vendor import Vendor


class Strictness(StrEnum):
    """How the emulated CRMs take what is doubtful; without it each switch has its documented value."""

    STRICT = "strict"  # what any source refuses is refused: who passes here passes anywhere
    LENIENT = "lenient"  # what any source takes is taken


_EVERYWHERE: Mapping[str, tuple[Any, Any]] = {
    "unknown_attributes": ("reject", "ignore"),
    "read_only_attributes": ("reject", "ignore"),
}
"""The strict and the lenient value of a switch, for each CRM that has it."""

_OF_CRM: Mapping[str, Mapping[str, tuple[Any, Any]]] = {
    "copper": {
        "oversized_page": ("reject", "clamp"),
        "query_paging": (False, True),
        "activities_sorting": (False, True),
        "retry_after": (False, True),
        "company_id_on_person_update": ("reject", "accept"),
        "company_name_on_person": ("ignore", "link_or_create"),
        "primary_contact_required": (True, False),
        "activity_type_required_on_update": (True, False),
        "fields_parameter": ("ignore", "project"),
        "https_only": (True, False),
    },
    "freshsales": {
        "flat_bodies": (False, True),
        "contact_requires": ("email", "any"),
        "recycled_hold_unique": (True, False),
        "ambiguous_upsert": ("reject", "first"),
        "concurrent_jobs": (1, 0),
        "retry_after": (False, True),
        "lenient_aliases": (False, True),
        "basic_auth": (False, True),
    },
    "apptivo": {
        "rest_style": (False, True),
        "attribute_list": ("documented", "either"),
        "email_flag_required": (True, False),
        "names_without_ids": ("reject", "resolve"),
        "text_numbers": ("reject", "accept"),
        "account_id_parameter": ("ignore", "read"),
        "opportunity_duplicates": (True, False),
        "customer_assignee_required": (True, False),
        "delete_only_customers": (True, False),
        "unknown_criteria": ("reject", "ignore"),
    },
    "anything": {
        "auth": ("any", "none"),
        "put_creates": (False, True),
    },
}


def switches_for(vendor: Vendor, strictness: Strictness) -> dict[str, Any]:
    """Return the values of a vendor's switches that make it strict or lenient; the others stay as they are."""
    known = {each.name for each in fields(vendor.switches)}
    of_crm = _OF_CRM[vendor.name.removesuffix("_classic")]
    values = {name: pair for name, pair in _EVERYWHERE.items() if name in known} | dict(of_crm)
    index = list(Strictness).index(strictness)
    return {name: pair[index] for name, pair in values.items()}


def set_strictness(vendor: Vendor, strictness: Strictness) -> None:
    """Make a vendor strict or lenient."""
    for name, value in switches_for(vendor, strictness).items():
        setattr(vendor.switches, name, value)
