"""Every attribute that any CRM declares: a new one is tested with the others."""

from __future__ import annotations

import pytest

from crm_api.apptivo.objects import OBJECTS as APPTIVO
from crm_api.copper.objects import OBJECTS as COPPER
from crm_api.freshsales.objects import SUITE as FRESHSALES

DECLARED = {"copper": COPPER, "freshsales": FRESHSALES, "apptivo": APPTIVO}


def attributes(*kinds, where=lambda _: True):
    """The writable attributes of some kinds: as pytest parameters of CRM, object and attribute."""
    return [
        pytest.param(crm, crm_object.name, attribute, id=f"{crm}-{crm_object.name}-{attribute.name}")
        for crm, objects in DECLARED.items()
        for crm_object in objects.values()
        for attribute in crm_object.attributes
        if attribute.kind in kinds and (attribute.creatable or attribute.updatable) and where(attribute)
    ]
