"""Endpoints that the settings declare: records are sent to them whole."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from typing_extensions import override

from crm_api.crm import Account, BeforeSend, Result, Written
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Payload
from crm_api.endpoints.answers import id_at, items_at
from crm_api.endpoints.declared import Calls, DeclaredCrm
from crm_api.endpoints.endpoint import Endpoint
from crm_api.endpoints.requests import Item, item_of, prepare
from crm_api.errors import BusyError, CrmError, GoneError, InDoubtError, InvalidError, SettingError
from crm_api.transport.session import CrmSession

CRM_ID = "crm_id"  # the placeholder for the CRM's id, since a record may have a field named id
UNANSWERED = 10  # in a row: then the endpoint is down, and it is not one record that it fails on


class Endpoints(DeclaredCrm):
    """The endpoints that the settings declare, at an account's address or elsewhere.

    Args:
        session: Sends the account's requests.
        objects: Objects whose records are sent whole, by name.
        calls: The endpoints of each object, by name.
    """

    index_lags = True

    def __init__(self, session: CrmSession, objects: Mapping[str, CrmObject], calls: Mapping[str, Calls]) -> None:
        super().__init__(session, objects, calls, {})
        self._unanswered = 0
        self._counting = threading.Lock()

    @override
    def account(self) -> Account:
        parts = urlsplit(self.session.base_url)
        return Account(f"{parts.netloc}{parts.path}", parts.netloc, "the settings say", by_address=True)

    @override
    def may_repeat(self, crm_object: CrmObject, *, update: bool = False, age_seconds: float = 0.0) -> bool:
        return self._call(crm_object, "update" if update else "create").may_repeat_after(age_seconds)

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        return self._written(
            crm_object, self._call(crm_object, "create"), [item_of(each) for each in payloads], before_send
        )

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        endpoint = self._call(crm_object, "update")
        results = self._written(crm_object, endpoint, [item_of(payload, crm_id, CRM_ID) for crm_id, payload in changes])
        return [
            replace(result, id=crm_id) if isinstance(result, Written) else result
            for (crm_id, _), result in zip(changes, results, strict=True)
        ]

    def _written(
        self, crm_object: CrmObject, endpoint: Endpoint, items: Sequence[Item], before_send: BeforeSend | None = None
    ) -> list[Result]:
        """Send records in one request like ``perform``; a request without answer leaves only its own records in doubt.

        Raises:
            BusyError: The endpoint has left too many requests unanswered. This request was not sent.
        """
        if self._unanswered >= UNANSWERED:
            raise BusyError(
                f"{endpoint.method} {endpoint.path}",
                happened=f"The endpoint gave no answer to {UNANSWERED} requests in a row",
            )
        try:
            results = self.perform(crm_object, endpoint, items, before_send=before_send)
        except BusyError as error:
            self._count(answered=False)
            if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise
            raise InDoubtError(error.call, status=error.status, said=error.said, body=error.body) from error
        except InDoubtError:
            self._count(answered=False)
            raise
        except CrmError:
            self._count(answered=True)
            raise
        self._count(answered=True)
        return results

    def _count(self, *, answered: bool) -> None:
        with self._counting:
            self._unanswered = 0 if answered else self._unanswered + 1

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        self.delete_described(crm_object, crm_id, {})

    @override
    def delete_described(self, crm_object: CrmObject, crm_id: CrmId, payload: Payload) -> None:
        endpoint = replace(
            self._call(crm_object, "delete"), repeatable=True
        )  # deleting twice is the same as deleting once
        item = item_of(payload, crm_id, CRM_ID)
        try:
            request = prepare(endpoint, [item])
        except ValueError as error:
            raise InvalidError(f"{endpoint.method} {endpoint.path}", said=str(error)) from error
        self.send(endpoint, request)

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        return {}  # no endpoint is declared for reading, and callers can do without

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        endpoint = self._call(crm_object, "find")
        paths = endpoint.answer
        found: list[CrmRecord] = []
        for value in values:
            fields: dict[str, Any] = msgspec.json.decode(value)
            try:
                answer = self.send(endpoint, prepare(endpoint, [Item(fields)]), read_only=True)
            except GoneError:
                continue
            except ValueError as error:
                raise SettingError(f"The find endpoint of {crm_object.name} cannot be called: {error}") from error
            for item in items_at(paths.items or "$", answer.value):
                crm_id = id_at(paths.id, item)
                if crm_id is None:
                    raise SettingError(
                        f"The find endpoint of {crm_object.name} returns records without an id at {paths.id}"
                    )
                records = items_at(paths.record or "$", item)
                record = records[0] if records and isinstance(records[0], Mapping) else {}
                found.append({**record, "id": crm_id})
        return found

    @override
    def count(self, crm_object: CrmObject) -> None:
        return None
