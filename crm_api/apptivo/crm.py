"""Apptivo as a CRM of the port: finds, reads, writes and deletes its records."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from crm_api.apptivo.calls import calls
from crm_api.apptivo.config import Config, config_of, config_path, identifier
from crm_api.apptivo.declaration import BILLING, SHIPPING, ApptivoObject
from crm_api.apptivo.names import MissingLists, employee_name
from crm_api.apptivo.objects import APPTIVO_OBJECTS, EMPLOYEES, LISTS, OBJECTS, REFUSED
from crm_api.apptivo.records import Names, created, crm_id_of, item_form, returned, revised
from crm_api.apptivo.search import PAGE_SIZE, Lists, ask
from crm_api.apptivo.session import ApptivoCredentialsError, WireStyle, says_success
from crm_api.apptivo.values import Days, custom_plain, custom_wire, plain_number
from crm_api.crm import Account, BeforeSend, CustomField, Name, Refused, Result, Written
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload, outgoing
from crm_api.endpoints.declared import DeclaredCrm
from crm_api.endpoints.endpoint import Endpoint
from crm_api.endpoints.json_paths import found_at
from crm_api.endpoints.requests import Item, prepare
from crm_api.errors import GoneError, InvalidError, SettingError
from crm_api.records.recent_records import RecentRecords
from crm_api.transport.answer import Answer
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from crm_api.values import is_empty

_LOGGER = logging.getLogger(__name__)
LIST_LAG_SECONDS = 60.0  # for which a list may show a record as it was before our own write
RECENT_SECONDS = 1800.0  # as long as a batch of records takes at one request a second
MOST_RECENT = 2_000
FEW_READS = 10  # counting first costs a request itself
_ITEMS = {"emailAddresses": "email", "phoneNumbers": "phone"}
_DELETED = "1"  # objectStatus of a record that is only marked deleted; "0" on live ones
_DOCUMENTED_DELETES = frozenset({"customers"})


class Apptivo(DeclaredCrm):
    """An account of Apptivo.

    Args:
        session: Sends the account's requests; see ``crm_api.apptivo.session.connect``.
        style: How calls are written.
        fingerprint: Id of the account where the API does not tell the firm's number.
        user: E-mail of the employee on whose behalf calls are made, for messages.
        days: The format in which the firm writes days.
        clock: Monotonic seconds.
    """

    index_lags = True
    page_size = PAGE_SIZE
    changed_at = ("version", "lastUpdateDate")

    def __init__(
        self,
        session: CrmSession,
        *,
        style: WireStyle = WireStyle.FORM,
        fingerprint: str = "",
        user: str = "",
        days: Days | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(session, OBJECTS, calls(style), REFUSED)
        self._style = style
        self._fingerprint = fingerprint
        self._user = user
        self._days = days or Days()
        self._missing = MissingLists()
        # Only attributes that an update lists are applied: an older record beside them does no harm.
        self._recent = RecentRecords(RECENT_SECONDS, clock=clock, most=MOST_RECENT)
        self._answered = RecentRecords(RECENT_SECONDS, clock=clock, most=MOST_RECENT)  # of these, from our own writes

    # The account and its lists

    @override
    def account(self) -> Account:
        """Identify the account by the number of the firm, which every record has; there is always an employee."""
        firm = self._firm()
        user = self._user or "the owner of the keys"
        if firm is None:
            host = urlsplit(self.session.base_url).hostname
            return Account(f"{host}/{self._fingerprint}", f"at {host}", user, by_address=True)
        return Account(firm, f"Apptivo firm {firm}", user)

    def _firm(self) -> str | None:
        try:
            employees = self._employees()
        except (
            InvalidError
        ):  # failures are not documented, and may pass: once more, or it would look like another account
            try:
                employees = self._employees()
            except InvalidError:
                return None
        return next((str(each["firmId"]) for each in employees if not is_empty(each.get("firmId"))), None)

    def _employees(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.once("employees", lambda: list(self._lists(EMPLOYEES).all()))
        return found

    @override
    def names(self, object_name: str) -> Sequence[Name]:
        if object_name == "employees":
            employees: Sequence[Name] = self.once("names", lambda: [employee_name(each) for each in self._employees()])
            return employees
        declaration, choice = LISTS[object_name]
        return self._config(declaration).names(choice)

    @override
    def lists(self, object_name: str) -> bool:
        if object_name not in LISTS:
            return True
        declaration, choice = LISTS[object_name]
        listed = self._config(declaration).lists(choice)
        if not listed:
            self._missing.warn(object_name)
        return listed

    @override
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        return self._config(APPTIVO_OBJECTS[crm_object.name]).custom_fields(crm_object)

    @override
    def labels(self, crm_object: CrmObject) -> Mapping[str, str]:
        return self._config(APPTIVO_OBJECTS[crm_object.name]).labels

    def _config(self, declaration: ApptivoObject) -> Config:
        path, parameters = config_path(declaration), {"objectId": declaration.object_id}
        config: Config = self.once(path, lambda: config_of(ask(self.session, path, parameters)))
        return config

    # Reading

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        lists = self._lists(APPTIVO_OBJECTS[crm_object.name])
        declared = crm_object.attribute(attribute)
        return [
            self._noted(crm_object, record)
            for value in values
            for record in lists.found(_criteria(attribute, value, None if declared is None else declared.kind))
            if not _is_deleted(record)
        ]

    @override
    def count(self, crm_object: CrmObject) -> int:
        return self._lists(APPTIVO_OBJECTS[crm_object.name]).count()

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        records = self._lists(APPTIVO_OBJECTS[crm_object.name]).all()
        return (returned(APPTIVO_OBJECTS[crm_object.name], record) for record in records if not _is_deleted(record))

    @override
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        records = self._lists(APPTIVO_OBJECTS[crm_object.name]).since(since)
        return (returned(APPTIVO_OBJECTS[crm_object.name], record) for record in records if not _is_deleted(record))

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        paged = {} if immediate else self._paged(crm_object, ids)
        fetched = {crm_id: paged.get(crm_id) or self._fetched(crm_object, crm_id) for crm_id in ids}
        return {
            crm_id: self._noted(crm_object, record)
            for crm_id, record in fetched.items()
            if record is not None and not _is_deleted(record)
        }

    def _paged(self, crm_object: CrmObject, ids: Sequence[CrmId]) -> Mapping[CrmId, CrmRecord]:
        """Read records from pages of all records, if that takes fewer requests than reading each."""
        declaration, lists = APPTIVO_OBJECTS[crm_object.name], self._lists(APPTIVO_OBJECTS[crm_object.name])
        found: dict[CrmId, CrmRecord] = {}
        if len(ids) > FEW_READS and len(ids) > 1 + -(-lists.count() // PAGE_SIZE):
            wanted = set(ids)
            with suppress(SettingError):  # some records are beyond the reach of lists
                for record in lists.all():
                    crm_id = crm_id_of(declaration, record)
                    if crm_id is not None and crm_id in wanted:
                        found[crm_id] = self._recent.get((crm_object.name, crm_id), seconds=LIST_LAG_SECONDS) or record
        return found

    def _fetched(self, crm_object: CrmObject, crm_id: CrmId) -> CrmRecord | None:
        """Read a record by its id. Few failures are documented: if the answer does not show it, a search decides."""
        declaration, endpoint = APPTIVO_OBJECTS[crm_object.name], self._call(crm_object, "read")
        try:
            value = self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]), read_only=True).value
        except GoneError:
            return None
        except InvalidError:
            value = None
        places = endpoint.answer.record or ()
        shown = (found_at(place, value) for place in places)
        candidates = itertools.chain(shown, self._lists(declaration).found({declaration.id: crm_id}))
        records = (record for record in candidates if isinstance(record, Mapping))
        return next((record for record in records if crm_id_of(declaration, record) == crm_id), None)

    def _lists(self, declaration: ApptivoObject) -> Lists:
        return Lists(self.session, declaration)

    def _noted(self, crm_object: CrmObject, raw: Mapping[str, Any]) -> CrmRecord:
        declaration = APPTIVO_OBJECTS[crm_object.name]
        record = returned(declaration, raw)
        if self.is_known(config_path(declaration)):
            self._missing.learn(declaration.choices, record, self._config(declaration))
        self._recent.remember((crm_object.name, record["id"]), raw)
        self._answered.forget((crm_object.name, record["id"]))
        return record

    # Writing

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        declaration, endpoint = APPTIVO_OBJECTS[crm_object.name], self._call(crm_object, "create")
        items = [
            Item(
                created(declaration, payload, self._names(declaration, payload)),
                parameters=outgoing(payload).parameters,
            )
            for payload in payloads
        ]
        return self.perform(crm_object, endpoint, items, before_send=before_send)

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        return [self._update(crm_object, crm_id, payload) for crm_id, payload in changes]

    def _update(self, crm_object: CrmObject, crm_id: CrmId, payload: Payload) -> Result:
        declaration = APPTIVO_OBJECTS[crm_object.name]
        key = crm_object.name, crm_id
        # A list goes whole, with what somebody may have added to it since our own write.
        lists = {BILLING, SHIPPING, "customAttributes"} if self._style is WireStyle.REST else {BILLING, SHIPPING}
        is_old = self._answered.get(key) is not None and not lists.isdisjoint(payload)
        raw = self._recent.get(key)
        if crm_id in self._made_up_ids:
            raw = raw or {}
        elif raw is None or is_old:
            raw = self._recent.get(key) if self.read(crm_object, [crm_id], immediate=True) else None
        if raw is None:
            return Refused(f"Apptivo has no such record in its {crm_object.name}", None, gone=True)
        revision = revised(declaration, raw, payload, self._names(declaration, payload))
        record = revision.record
        if self._style is WireStyle.REST:  # it lists no attributes: all that is sent is applied
            sent = {BILLING if name == "address" else name for name in revision.attributes}
            record = {name: value for name, value in record.items() if name in sent}
        (result,) = self.perform(
            crm_object, self._call(crm_object, "update"), [Item(record, crm_id, beside=revision.lists)]
        )
        return result

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        if crm_object.name not in _DOCUMENTED_DELETES:
            self.once(f"delete {crm_object.name}", lambda: _warn_of_delete(crm_object))
        endpoint = self._call(crm_object, "delete")
        try:
            answer = self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]))
        finally:
            self._recent.forget((crm_object.name, crm_id))
        if not says_success(answer.value) and self.read(crm_object, [crm_id]):
            raise InvalidError(endpoint.path, status=answer.status, said="The record is still there after deleting it")

    @override
    def perform(
        self, crm_object: CrmObject, endpoint: Endpoint, items: Sequence[Item], *, before_send: BeforeSend | None = None
    ) -> list[Result]:
        try:
            results = super().perform(crm_object, endpoint, items, before_send=before_send)
        except ApptivoCredentialsError as error:
            # "key" in a reason may mean an attribute of the record: one bad record must not stop the rest.
            path = f"/{crm_object.name}?a=getConfigData"
            ask(self.session, path, {"objectId": APPTIVO_OBJECTS[crm_object.name].object_id})
            results = [Refused(error.said, error.status, body=error.body) for _ in items]
        return [self._remembered(crm_object, result) for result in results]

    def _remembered(self, crm_object: CrmObject, result: Result) -> Result:
        if not isinstance(result, Written):
            return result
        crm_id = result.id if isinstance(result.id, int) else identifier(result.id)
        if not any(
            name != "id" and crm_object.attribute(name) for name in result.record
        ):  # the answer says SUCCESS only
            self._recent.forget((crm_object.name, crm_id))
            return Written(crm_id, {})
        record = self._noted(crm_object, {**result.record, APPTIVO_OBJECTS[crm_object.name].id: crm_id})
        self._answered.remember((crm_object.name, crm_id), {})
        return Written(crm_id, record)

    @override
    def send(
        self, endpoint: Endpoint, request: Request, *, read_only: bool = False, before_send: BeforeSend | None = None
    ) -> Answer:
        if request.form is not None:  # everything but the action goes into the form
            request = replace(request, form={**request.form, **request.params}, params={})
        return super().send(endpoint, request, read_only=read_only, before_send=before_send)

    def _names(self, declaration: ApptivoObject, payload: Payload) -> Names:
        """Read the names that belong to the ids of a payload, if it holds any."""
        needed = {BILLING, SHIPPING, *(choice.id for choice in declaration.choices)}
        config = self._config(declaration) if not needed.isdisjoint(payload) else Config()
        owned = not is_empty(payload.get(declaration.assignee.id))
        employees = {name.id: name for name in self.names("employees")} if owned else {}
        return Names(config, employees)

    # Values

    @override
    def encode(self, attribute: Attribute, value: Any) -> Any:
        if isinstance(value, date):
            return self._days.encode(value)
        if isinstance(value, bool):
            return "Y" if value else "N"
        if value is not None and attribute.name in _ITEMS:
            return item_form(_ITEMS[attribute.name], value, self._any_config())
        if attribute.kind is Kind.STRUCTURE and value and value.get("countryName"):
            return {**value, "countryName": self._any_config().country(value["countryName"])["countryName"]}
        if value is not None and attribute.names in LISTS and self.lists(attribute.names):
            return self._listed(attribute.names, value)
        return value

    def _listed(self, object_name: str, value: CrmId) -> CrmId:
        """Look up an id in its list, so that its name can be sent beside it."""
        names = self.names(object_name)
        for name in names:
            if str(name.id) == str(value):
                return name.id
        there = ", ".join(f"{name.spellings[0]} ({name.id})" for name in names) or "nothing"
        known = object_name.replace("_", " ")
        raise ValueError(f"is not an id of the CRM's {known}. Known {known}: {there}")

    @override
    def decode(self, attribute: Attribute, value: Any) -> Any:
        if value is None:
            return None
        if attribute.names in LISTS:
            value = self._missing.named(attribute.names, value)
        if attribute.kind in {Kind.DAY, Kind.MOMENT}:
            return self._days.decode(value)
        if attribute.kind is Kind.BOOLEAN and isinstance(value, str):
            return value.strip().lower() in {"y", "yes", "true"}
        if attribute.kind in {Kind.ID, Kind.NAME_ID} and isinstance(value, str):
            return identifier(value)
        if attribute.kind is Kind.NUMBER and isinstance(value, str):
            return plain_number(value)
        return value

    def _any_config(self) -> Config:
        """A configuration that was read already: countries, and kinds of e-mail and phone, are in all of them."""
        known = next((each for each in APPTIVO_OBJECTS.values() if self.is_known(config_path(each))), None)
        return self._config(known or APPTIVO_OBJECTS["customers"])

    @override
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        carried = record.get("customAttributes")
        carried = carried if isinstance(carried, list) else ()
        return dict(filter(None, (custom_plain(each) for each in carried if isinstance(each, Mapping))))

    @override
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        known = {
            each.id: each for declaration in APPTIVO_OBJECTS.values() for each in self._known_config(declaration).custom
        }
        return {"customAttributes": [custom_wire(known[key], values[key]) for key in values if key in known]}

    def _known_config(self, declaration: ApptivoObject) -> Config:
        return self._config(declaration) if self.is_known(config_path(declaration)) else Config()

    @override
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        return {"status": "SUCCESS"}


def _criteria(attribute: str, value: str, kind: Kind | None) -> dict[str, Any]:
    """Make ``searchData`` for one attribute."""
    if attribute == "emailAddresses":
        return {attribute: [{"emailAddress": value, "id": "cont_email_input"}]}
    return {attribute: identifier(value) if kind in {Kind.ID, Kind.INTEGER} else value}


def _is_deleted(record: Mapping[str, Any]) -> bool:
    return str(record.get("objectStatus")) == _DELETED


def _warn_of_delete(crm_object: CrmObject) -> None:
    _LOGGER.warning(
        "Deleting %s: Apptivo documents deleting customers only. The same call is known to work for any object in one "
        "library; look whether the records are gone.",
        crm_object.name,
    )
