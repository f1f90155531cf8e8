"""CRMs as far as they are known: of some only the kind, of some accounts not every list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from crm_api.crm import Crm, CustomField, Name
from crm_api.crm_objects import CrmObject
from crm_api.errors import ForbiddenError, NoRouteError
from target_crm.mapping.fields import Fields


class _Declared:
    """The part of a CRM that names and fields are looked up in.

    Attributes:
        objects: Objects that can be written, by name.
    """

    def __init__(self, objects: Mapping[str, CrmObject]) -> None:
        self.objects = objects

    def owner(self, crm_object: CrmObject) -> Crm:  # noqa: ARG002 - as Crm has it
        return cast("Crm", self)

    def names(self, object_name: str) -> Sequence[Name]:  # noqa: ARG002 - as Crm has it
        return ()

    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:  # noqa: ARG002 - as Crm has it
        return ()

    def labels(self, crm_object: CrmObject) -> Mapping[str, str]:  # noqa: ARG002 - as Crm has it
        return {}


def declared_crm(objects: Mapping[str, CrmObject]) -> Crm:
    """Make a CRM of declared objects that knows no account: it can look up names, and can do nothing else."""
    return cast("Crm", _Declared(objects))


def names_of(account: Crm, listed: str) -> Sequence[Name] | None:
    """Read one of an account's lists; None: its key may not."""
    try:
        return account.names(listed)
    except (ForbiddenError, NoRouteError):
        return None


def titles_of(fields: Fields) -> tuple[str, ...]:
    """Read the titles of an account's custom fields; none if its key may not."""
    try:
        return fields.titles
    except (ForbiddenError, NoRouteError):
        return ()
