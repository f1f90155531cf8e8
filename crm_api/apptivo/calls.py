"""Apptivo's calls as declarations, in both styles of writing them.

Facts: sections "Create", "Update", "Delete" of the vendor's pages and its own code for the form; Nexla's page about
Apptivo for the JSON style, where nobody else shows it. There is no upsert and no bulk call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.apptivo.declaration import Kept
from crm_api.apptivo.objects import KEPT
from crm_api.apptivo.session import WireStyle
from crm_api.endpoints.declared import Calls
from crm_api.endpoints.endpoint import AnswerPaths, Endpoint, Format

_LISTS: Mapping[str, Any] = {
    # Sources disagree which of both names an object wants: the same list under both is what all of them take.
    "attributeName": "{attributeNames}",
    "attributeNames": "{attributeNames}",
    "attributeIds": "{attributeIds}",
    "isCustomAttributesUpdate": "{isCustomAttributesUpdate}",
    "isAddressUpdate": "{isAddressUpdate}",
    "isEmailAddressUpdate": "{isEmailAddressUpdate}",
}


def calls(style: WireStyle) -> dict[str, Calls]:
    """The calls of every object."""
    return {name: _form(kept) if style is WireStyle.FORM else _rest(kept) for name, kept in KEPT.items()}


def _answer(kept: Kept) -> AnswerPaths:
    """A saved record is wrapped in its kind, in ``data``, in ``responseObject``, or in nothing."""
    places = (f"$.{kept.wrapper}", "$.data", "$.responseObject", "$")
    ids = tuple(f"{place}.{name}" for name in (kept.id, "id") for place in places)
    return AnswerPaths(id=ids, record=places)


def _form(kept: Kept) -> Calls:
    path, which = f"/{kept.crm_object.name}?a=", {kept.id: "{id}"}
    return Calls(
        create=Endpoint(
            f"{path}save",
            format=Format.FORM,
            property=kept.data,
            answer=_answer(kept),
            parameters=kept.flags,
        ),
        update=Endpoint(
            f"{path}update",
            query={**which, "objectId": kept.object_id, **_LISTS},
            format=Format.FORM,
            property=kept.data,
            answer=_answer(kept),
        ),
        delete=Endpoint(f"{path}delete", query=which, format=Format.FORM, attributes=(), repeatable=True),
        read=_read(kept),
    )


def _rest(kept: Kept) -> Calls:
    path = f"/{kept.crm_object.name}"
    return Calls(
        create=Endpoint(path, answer=_answer(kept), parameters=kept.flags),
        # Read before it is done again: a late first try must not undo what somebody changed meanwhile.
        update=Endpoint(f"{path}/{{id}}", method="PUT", query=_LISTS, answer=_answer(kept), repeatable=False),
        delete=Endpoint(f"{path}/{{id}}", method="DELETE"),
        read=_read(kept),
    )


def _read(kept: Kept) -> Endpoint:
    """In either style: the JSON style is described for writes alone."""
    path, which = f"/{kept.crm_object.name}?a=getById", {kept.id: "{id}"}
    return Endpoint(path, query=which, format=Format.FORM, attributes=(), answer=_answer(kept))
