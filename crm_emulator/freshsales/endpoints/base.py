"""Base of all chapters: turns an action into an endpoint, and reads requests (reference section 3.1)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from email.parser import BytesParser
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.answers import FORBIDDEN, InvalidError, NotFoundError, RefusedError, refused
from crm_emulator.freshsales.jobs import carry_out_due
from crm_emulator.freshsales.record_json import full_json, side_loaded
from crm_emulator.messages import Answer, Request, is_whole, json_answer
from crm_emulator.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record


class Chapter(ABC):
    """The endpoints of one chapter of the documentation, over an account and the objects that it has."""

    def __init__(self, account: FreshsalesAccount, resources: Mapping[str, Resource]) -> None:
        self.account = account
        self.resources = resources

    @abstractmethod
    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""

    def reads(self, method: str, path: str, action: Callable[[Request], Any], source: str, remark: str = "") -> Route:
        """Make a route that changes nothing."""
        return Route(method, path, self._endpoint(method, path, action), source, remark)

    def writes(self, method: str, path: str, action: Callable[[Request], Any], source: str, remark: str = "") -> Route:
        """Make a route that changes records; a refusal leaves no change behind."""

        def all_or_nothing(request: Request) -> Any:
            with self.account.store.savepoint():
                return action(request)

        return Route(method, path, self._endpoint(method, path, all_or_nothing), source, remark, writes=True)

    def _endpoint(self, method: str, path: str, action: Callable[[Request], Any]) -> Callable[[Request], Answer]:
        switches = self.account.switches

        def answer(request: Request) -> Answer:
            carry_out_due(self.account, self.resources)
            if any(fnmatchcase(f"{method} {path}", pattern) for pattern in switches.forbidden.split(";")):
                return refused(403, [FORBIDDEN])
            try:
                result = action(request)
            except InvalidError as wrong:
                return refused(switches.validation_status, wrong.messages)
            except RefusedError as refusal:
                return refusal.answer()
            return result if isinstance(result, Answer) else json_answer(200, result)

        return answer

    def one(
        self, resource: Resource, record: Record, request: Request, sent: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return one record in its wrapper; side-loaded collections of activities stand before it (section 3.1).

        What was sent is shown, whether it is included or not: a client reads a deal's ``products`` so.
        """
        include = included(request)
        include += [name for name in resource.embedded if name in (sent or {}) and name not in include]
        wrapped = {resource.singular: full_json(self.account, resource, record, include)}
        side = side_loaded(self.account, resource, [record], include)
        if resource.name == "appointments":
            return {**_of_appointment(record), **side, **wrapped}
        if resource.views:
            return {**wrapped, **side, "meta": None}
        return {**side, **wrapped}


def _of_appointment(record: Record) -> dict[str, Any]:
    """Return the collections beside every appointment (section 3.1)."""
    return {"appointment_attendees": record["attendees"], "conferences": [], "notes": []}


def included(request: Request) -> list[str]:
    """Return the names in ``?include=a,b``."""
    return [name.strip() for name in request.query.get("include", "").split(",") if name.strip()]


def sent_object(request: Request) -> Mapping[str, Any]:
    """Return the JSON object in the body; raises InvalidError."""
    sent = request.json()
    if not isinstance(sent, dict):
        raise InvalidError(["The request body must be an object"])
    return sent


def sent_record(account: FreshsalesAccount, resource: Resource, request: Request) -> Mapping[str, Any]:
    """Return the attributes in the body, under the singular name or flat (section 3.1); raises InvalidError."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _parts(request)
    return unwrapped(sent_object(request), resource.singular, flat=account.switches.flat_bodies)


def _parts(request: Request) -> dict[str, Any]:
    """Return the fields of a multipart form; of a file only its name (vendor's page on creating a file)."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    fields: dict[str, Any] = {}
    for part in BytesParser().parsebytes(head + request.body).walk():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            continue
        if part.get_filename():
            fields.setdefault("file_name", part.get_filename())
        else:
            text = bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
            fields[name] = text == "true" if name == "is_shared" else text
    return fields


def unwrapped(sent: Mapping[str, Any], singular: str, *, flat: bool) -> Mapping[str, Any]:
    """Return the object under the wrapper; without a wrapper the whole, if ``flat`` bodies are accepted."""
    if singular in sent and (len(sent) == 1 or isinstance(sent[singular], dict)):
        if not isinstance(sent[singular], dict):
            raise InvalidError([f"{singular} must be an object"])
        return dict(sent[singular])
    if not flat:
        raise InvalidError([f"{singular} is missing"])
    return sent


def record_id(request: Request, parameter: str = "id") -> int:
    """Return the id in the path; raises NotFoundError if it is not a number."""
    text = request.parameters[parameter]
    if not is_whole(text):
        raise NotFoundError
    return int(text)


def selected_ids(sent: Mapping[str, Any], name: str = "selected_ids") -> list[int]:
    """Return the ids of a bulk call, numbers or numeric strings; raises InvalidError."""
    ids = sent.get(name)
    if not isinstance(ids, list) or not ids or not all(is_whole(str(each)) for each in ids):
        raise InvalidError([f"{name} must be an array of ids"])
    return [int(each) for each in ids]
