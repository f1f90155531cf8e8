"""Streams that go to endpoints of their own: what each declares, as an object and the calls that can be made on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from typing_extensions import override

from crm_api.crm_objects import CrmObject
from crm_api.endpoints.declared import Calls
from crm_api.endpoints.endpoint import Endpoint, Format
from crm_api.endpoints.templates import places
from crm_api.endpoints.whole_records import CRM_ID
from crm_api.endpoints.xml_bodies import is_xml_name
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.endpoints import copper_templates
from target_crm.endpoints.settings import ROLES, endpoint_of
from target_crm.load_method import LoadMethod

PREFIX = "endpoint:"
FIND_KEY = "{find}"  # the name that ledgers know: it must not change
TEMPLATES: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType({"copper": copper_templates.TEMPLATES})
"""Ready endpoints by CRM, and the name by which a stream's object chooses them."""
_SECRET = re.compile(r"key(?![a-z])|token|secret|passw|auth(?!ors?\b)|sign", re.IGNORECASE)  # no keyword, no author
LONG_WORD = 20  # letters of a part of an address that nobody would choose
SHORTEST_CREDENTIAL = 12  # a header such as X-Region: eu is ordinary text, which must not be masked everywhere
# Settings of a stream that need attributes which somebody has declared, or a record that can be read.
_MEANINGLESS = {
    "object": None,
    "custom_fields": None,
    "fields": None,
    "unknown_attributes": "leave_out",
    "unknown_names": "reject",
    "parameters": None,
}
Made = TypeVar("Made")


@dataclass(frozen=True)
class Declared:
    """One stream's endpoints.

    Attributes:
        crm_object: What its records are called in the ledger.
        calls: What can be done to them.
        found_by: The fields that the find endpoint needs.
        match_on: The fields that must agree in what it finds, where the found record has them.
        ready: A template says which attributes there are; a stream need not have them all.
    """

    crm_object: CrmObject
    calls: Calls
    found_by: tuple[str, ...] = ()
    match_on: tuple[str, ...] = ()
    ready: bool = False

    @property
    def needed(self) -> dict[str, tuple[str, ...]]:
        """The fields that each call's address needs, by role."""
        return {role: addressed_by(endpoint) for role, endpoint in self.by_role.items()}

    @property
    def by_role(self) -> dict[str, Endpoint]:
        """The endpoints that there are."""
        every = {role: getattr(self.calls, role) for role in ROLES}
        return {role: endpoint for role, endpoint in every.items() if endpoint is not None}


def addressed_by(endpoint: Endpoint) -> tuple[str, ...]:
    """The fields that path, parameters and headers name."""
    return tuple(dict.fromkeys((*places(endpoint.path), *places(endpoint.query), *places(endpoint.headers))))


def is_declared(config: Mapping[str, Any], stream: str, given: Mapping[str, Any]) -> bool:
    """Whether a stream goes to endpoints of its own, to ready ones, or to the default one."""
    if given.get("endpoint") or given.get("endpoints") or _template(config, stream, given):
        return True
    return bool(config.get("endpoint") and not given.get("object"))


def _template(config: Mapping[str, Any], stream: str, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The ready endpoints that a stream chooses by its object or its own name."""
    if given.get("endpoint") or given.get("endpoints"):
        return None
    return TEMPLATES.get(config["crm"], {}).get(given.get("object") or stream)


def declared(config: Mapping[str, Any], stream: str, given: Mapping[str, Any]) -> Declared:
    """What a stream declares.

    Args:
        config: The whole configuration.
        stream: The stream's name.
        given: Its settings.

    Raises:
        SettingError: It cannot work.
    """
    where = f"streams.{stream}"
    template = _template(config, stream, given)
    if template is not None:
        given = {**template, **{name: value for name, value in given.items() if name != "object" and value is not None}}
    if given.get("endpoint") and given.get("endpoints"):
        raise SettingError(f"{where}: give either endpoint, or endpoints, which may hold the same as create")
    for name, default in _MEANINGLESS.items():
        if given.get(name) and given[name] != default:
            raise SettingError(f"{where}.{name} has no meaning with an endpoint: the records are sent whole")
    if given.get("compare_with") == "crm":
        raise SettingError(f"{where}.compare_with: an endpoint's records cannot be read, so only source is possible")
    if given.get("missing_reference") == "link_later":
        raise SettingError(
            f"{where}.missing_reference: an endpoint's records are sent whole, and cannot be linked later"
        )
    calls = _calls(config, stream, given, where)
    find = calls.find
    found_by = addressed_by(find) if find is not None else ()
    if find is not None and not found_by and not given.get("match_on"):
        raise SettingError(
            f"{where}.endpoints.find names no {{field}} to find a record by, in path or query: give that, or match_on"
        )
    match_on = _match_on(given, calls, found_by, where)
    method = LoadMethod(given.get("load_method") or config.get("load_method") or LoadMethod.UPSERT)
    _check_roles(calls, method, given, where)
    _check_ids(calls, method, given, where)
    name = f"{PREFIX}{stream}"
    crm_object = CrmObject(
        name,
        name,
        (),
        finds={FIND_KEY: 1} if find is not None else {},
        find_key=FIND_KEY if find is not None else None,
        whole_records=True,
        readable=False,
    )
    return Declared(
        crm_object, calls, tuple(dict.fromkeys((*found_by, *match_on))), match_on, ready=template is not None
    )


def sent_whole(given: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's settings as they say how its records are mapped, for one whose records are sent whole."""
    return {**given, "null_values": given.get("null_values") or "send", "match_on": []}


def _calls(config: Mapping[str, Any], stream: str, given: Mapping[str, Any], where: str) -> Calls:
    several = given.get("endpoints")
    if several:
        found = {
            role: endpoint_of(several[role], f"{where}.endpoints.{role}", role=role)
            for role in ROLES
            if several.get(role)
        }
        return Calls(**found)
    alone = given.get("endpoint")
    if alone:
        endpoint = endpoint_of(alone, f"{where}.endpoint", role="create")
    else:
        endpoint = endpoint_of(config["endpoint"], "endpoint", role="create", stream=stream)
    return Calls(create=endpoint, update=endpoint)


def _match_on(given: Mapping[str, Any], calls: Calls, found_by: tuple[str, ...], where: str) -> tuple[str, ...]:
    alternatives = given.get("match_on")
    if alternatives is None:
        return tuple(name for name in found_by if name != "id")  # of what is found, that is the endpoint's own
    if calls.find is None:
        raise SettingError(f"{where}.match_on needs endpoints.find, by which records are looked for")
    if len(alternatives) != 1:
        raise SettingError(f"{where}.match_on: one endpoint finds by one key; fields together are an inner list")
    (names,) = alternatives
    return (names,) if isinstance(names, str) else tuple(names)


def _check_roles(calls: Calls, method: LoadMethod, given: Mapping[str, Any], where: str) -> None:
    """Refuse a load method without the endpoints that it needs."""
    needed: list[tuple[str, str]] = []
    if method not in {LoadMethod.DELETE, LoadMethod.UPDATE, LoadMethod.MATCH}:
        needed.append(("create", f"load_method {method}"))
    if method in {LoadMethod.UPDATE, LoadMethod.MATCH}:
        needed.append(("find", f"load_method {method}"))
    if method is LoadMethod.UPDATE:
        needed.append(("update", f"load_method {method}"))
    if method in {LoadMethod.DELETE, LoadMethod.OVERWRITE}:
        needed.append(("delete", f"load_method {method}"))
    if given.get("hard_delete"):
        needed.append(("delete", "hard_delete"))
    for role, why in needed:
        if getattr(calls, role) is None:
            raise SettingError(f"{where}.endpoints.{role} is missing, which {why} needs")


def _check_ids(calls: Calls, method: LoadMethod, given: Mapping[str, Any], where: str) -> None:
    """Refuse an address that needs the endpoint's own id of a record where nothing tells it."""
    told = (calls.create is not None and calls.create.answer.id is not None) or calls.find is not None
    for role, endpoint in {"update": calls.update, "delete": calls.delete}.items():
        if endpoint is None or endpoint is calls.create or CRM_ID not in addressed_by(endpoint):
            continue
        if not told and not given.get("ledger_stream"):
            raise SettingError(
                f"{where}.endpoints.{role} needs {{{CRM_ID}}}, and endpoints.create.answer.id does not say where the "
                "answer holds it"
            )
    if method is LoadMethod.OVERWRITE and calls.delete is not None and set(addressed_by(calls.delete)) - {CRM_ID}:
        raise SettingError(
            f"{where}.endpoints.delete: of a record that no longer arrives only {{{CRM_ID}}} is known, as load_method "
            "overwrite needs it"
        )
    for role, endpoint in {"create": calls.create, "find": calls.find}.items():
        if endpoint is not None and CRM_ID in addressed_by(endpoint):
            alone = role == "create" and endpoint is calls.update
            raise SettingError(f"{where}.{'endpoint' if alone else f'endpoints.{role}'}: there is no {{{CRM_ID}}} yet")


def check_fields(declared_: Declared, stream: str, known: Collection[str], given_by: Collection[str]) -> None:
    """Refuse endpoints that need fields which the stream does not have.

    Args:
        declared_: The stream's endpoints.
        stream: Its name.
        known: The fields of its schema; empty: the schema does not say.
        given_by: Further fields that references give.

    Raises:
        SettingError: Names the field, and the nearest one.
    """
    there = {*known, *given_by}
    for role, endpoint in declared_.by_role.items() if known else ():
        attributes = (*(() if declared_.ready else endpoint.attributes or ()), *endpoint.xml.attributes)
        named = (*addressed_by(endpoint), *attributes)
        for name in named if role != "find" else (*named, *declared_.match_on):
            spellings = {name} if name in attributes else {name, name.partition(".")[0]}  # a body holds whole fields
            if name != CRM_ID and there.isdisjoint(spellings):
                raise SettingError(
                    f"streams.{stream}: the {role} endpoint needs {{{name}}}, and the stream has no such field"
                    f"{nearest(name, sorted(there))}"
                )
        if endpoint.format is Format.XML and endpoint.has_body and endpoint.attributes is None:
            for name in sorted(there):
                if not is_xml_name(name):
                    raise SettingError(
                        f"streams.{stream}: its field {name!r} is no name in XML: rename it with a stream map, or list "
                        "it under exclude"
                    )


def secrets_of(every: Collection[Declared]) -> tuple[str, ...]:
    """What endpoints hold that may be a credential.

    Whatever is called like one in headers, parameters and constant properties; long values of other headers; and long
    words in a whole URL, which is how chat services spell a webhook's key.
    """
    words: set[str] = set()
    for endpoint in (each for one in every for each in one.by_role.values()):
        for value in endpoint.headers.values():
            words |= {word for word in (value, value.rpartition(" ")[2]) if len(word) >= SHORTEST_CREDENTIAL}
        for given in (endpoint.headers, endpoint.query, endpoint.extra, endpoint.batch and endpoint.batch.extra):
            words |= {part for value in _called_secret(given) for part in (value, value.rpartition(" ")[2])}
        if "://" in endpoint.path:
            words |= {word for word in endpoint.path.split("/")[3:] if len(word) >= LONG_WORD}
    return tuple(sorted(word for word in words if word and not places(word)))


def _called_secret(given: Any) -> Iterator[str]:
    """The texts in a structure whose names say that they are credentials."""
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if isinstance(value, str | int) and _SECRET.search(name):
            yield str(value)
        else:
            yield from _called_secret(value)


class ByName(Mapping[str, Made]):
    """What is made of streams' declarations, by the name of their object; streams of the default endpoint as they come.

    Args:
        make: Makes it of a stream's name; raises KeyError for a stream without an endpoint.
    """

    def __init__(self, make: Callable[[str], Made]) -> None:
        self._make = make

    @override
    def __getitem__(self, name: str) -> Made:
        if not name.startswith(PREFIX):
            raise KeyError(name)
        return self._make(name.removeprefix(PREFIX))

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(())

    @override
    def __len__(self) -> int:
        return 0
