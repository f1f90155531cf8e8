"""Declarations of Apptivo's calls, in both wire styles.

Facts: sections "Create", "Update", "Delete" of the vendor's pages and its own code for the form; Nexla's page about
Apptivo for the JSON style, where nobody else shows it. There is no upsert and no bulk call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.apptivo.declaration import ApptivoObject
from crm_api.apptivo.objects import APPTIVO_OBJECTS
from crm_api.apptivo.session import WireStyle
from crm_api.endpoints.declared import Calls
from crm_api.endpoints.endpoint import AnswerPaths, Endpoint, Format

_LISTS: Mapping[str, Any] = {
    # Sources disagree which of both names an object needs: the same list under both is accepted by all.
    "attributeName": "{attributeNames}",
    "attributeNames": "{attributeNames}",
    "attributeIds": "{attributeIds}",
    "isCustomAttributesUpdate": "{isCustomAttributesUpdate}",
    "isAddressUpdate": "{isAddressUpdate}",
    "isEmailAddressUpdate": "{isEmailAddressUpdate}",
}


def calls(style: WireStyle) -> dict[str, Calls]:
    """Make the calls of every object, by name."""
    return {
        name: _form(declaration) if style is WireStyle.FORM else _rest(declaration)
        for name, declaration in APPTIVO_OBJECTS.items()
    }


def _answer(declaration: ApptivoObject) -> AnswerPaths:
    """Make the paths of an answer: a record is in its wrapper, ``data``, ``responseObject``, or is the body itself."""
    places = (f"$.{declaration.wrapper}", "$.data", "$.responseObject", "$")
    ids = tuple(f"{place}.{name}" for name in (declaration.id, "id") for place in places)
    return AnswerPaths(id=ids, record=places)


def _form(declaration: ApptivoObject) -> Calls:
    path, which = f"/{declaration.crm_object.name}?a=", {declaration.id: "{id}"}
    return Calls(
        create=Endpoint(
            f"{path}save",
            format=Format.FORM,
            property=declaration.data,
            answer=_answer(declaration),
            parameters=declaration.flags,
        ),
        update=Endpoint(
            f"{path}update",
            query={**which, "objectId": declaration.object_id, **_LISTS},
            format=Format.FORM,
            property=declaration.data,
            answer=_answer(declaration),
        ),
        delete=Endpoint(f"{path}delete", query=which, format=Format.FORM, attributes=(), repeatable=True),
        read=_read(declaration),
    )


def _rest(declaration: ApptivoObject) -> Calls:
    path = f"/{declaration.crm_object.name}"
    return Calls(
        create=Endpoint(path, answer=_answer(declaration), parameters=declaration.flags),
        # Not repeatable: a late first try must not undo what somebody has changed meanwhile.
        update=Endpoint(f"{path}/{{id}}", method="PUT", query=_LISTS, answer=_answer(declaration), repeatable=False),
        delete=Endpoint(f"{path}/{{id}}", method="DELETE"),
        read=_read(declaration),
    )


def _read(declaration: ApptivoObject) -> Endpoint:
    """Make the call that reads a record, a form in either style: the JSON style is documented for writes only."""
    path, which = f"/{declaration.crm_object.name}?a=getById", {declaration.id: "{id}"}
    return Endpoint(path, query=which, format=Format.FORM, attributes=(), answer=_answer(declaration))
