"""Declarations of Apptivo's calls, in both wire styles.

Facts: sections "Create", "Update", "Delete" of the vendor's pages and its own code for the form; Nexla's page about
Apptivo for the JSON style, where nobody else shows it. There is no upsert and no bulk call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.apptivo.declaration import Entity
from crm_api.apptivo.objects import ENTITIES
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
    return {name: _form(entity) if style is WireStyle.FORM else _rest(entity) for name, entity in ENTITIES.items()}


def _answer(entity: Entity) -> AnswerPaths:
    """Make the paths of an answer: a record is in its wrapper, ``data``, ``responseObject``, or is the body itself."""
    places = (f"$.{entity.wrapper}", "$.data", "$.responseObject", "$")
    ids = tuple(f"{place}.{name}" for name in (entity.id, "id") for place in places)
    return AnswerPaths(id=ids, record=places)


def _form(entity: Entity) -> Calls:
    path, which = f"/{entity.crm_object.name}?a=", {entity.id: "{id}"}
    return Calls(
        create=Endpoint(
            f"{path}save",
            format=Format.FORM,
            property=entity.data,
            answer=_answer(entity),
            parameters=entity.flags,
        ),
        update=Endpoint(
            f"{path}update",
            query={**which, "objectId": entity.object_id, **_LISTS},
            format=Format.FORM,
            property=entity.data,
            answer=_answer(entity),
        ),
        delete=Endpoint(f"{path}delete", query=which, format=Format.FORM, attributes=(), repeatable=True),
        read=_read(entity),
    )


def _rest(entity: Entity) -> Calls:
    path = f"/{entity.crm_object.name}"
    return Calls(
        create=Endpoint(path, answer=_answer(entity), parameters=entity.flags),
        # Not repeatable: a late first try must not undo what somebody has changed meanwhile.
        update=Endpoint(f"{path}/{{id}}", method="PUT", query=_LISTS, answer=_answer(entity), repeatable=False),
        delete=Endpoint(f"{path}/{{id}}", method="DELETE"),
        read=_read(entity),
    )


def _read(entity: Entity) -> Endpoint:
    """Make the call that reads a record, a form in either style: the JSON style is documented for writes only."""
    path, which = f"/{entity.crm_object.name}?a=getById", {entity.id: "{id}"}
    return Endpoint(path, query=which, format=Format.FORM, attributes=(), answer=_answer(entity))
