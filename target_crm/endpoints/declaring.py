"""The streams that go to declared endpoints: each becomes an object of its own, with the calls that endpoints make."""

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
from crm_api.http.session import telling
from crm_api.naming.spelling import spelled_as, spellings_of
from crm_api.settings import nearest
from target_crm.endpoints import copper_templates
from target_crm.endpoints.settings import ROLES, endpoint_of
from target_crm.load_method import LoadMethod

PREFIX = "endpoint:"
FIND_KEY = "{find}"  # the name that ledgers know: it must not change
TEMPLATES: Mapping[str, Mapping[str, Mapping[str, Any]]] = MappingProxyType({"copper": copper_templates.TEMPLATES})
"""Ready endpoints, by CRM and by the name that a stream's object (or the stream itself) has to have."""
_SECRET = re.compile(r"key(?![a-z])|token|secret|passw|auth(?!ors?\b)|sign", re.IGNORECASE)  # no keyword, no author
LONG_WORD = 20  # letters of a part of an address that nobody would choose
SHORTEST_CREDENTIAL = 12  # a header such as X-Region: eu is ordinary text, which must not be masked everywhere
# The settings of a stream that need declared attributes or a readable record, and the default, which does no harm.
_WITHOUT_EFFECT = {
    "object": None,
    "custom_fields": None,
    "fields": None,
    "unknown_attributes": "leave_out",
    "unknown_names": "reject",
    "parameters": None,
    "conflicts": "source",
    "dates": "unix",
}
Part = TypeVar("Part")


@dataclass(frozen=True)
class Declared:
    """The endpoints of one stream.

    Attributes:
        crm_object: The object that stands for them; the ledger knows the stream's records under its name.
        calls: The endpoint of each role.
        found_by: The fields of a record that the find endpoint needs.
        match_on: The fields in which a record that is found must agree with the stream's, where it has them.
        ready: They come from a template, whose ``attributes`` a stream need not have all.
    """

    crm_object: CrmObject
    calls: Calls
    found_by: tuple[str, ...] = ()
    match_on: tuple[str, ...] = ()
    ready: bool = False

    @property
    def needed(self) -> dict[str, tuple[str, ...]]:
        """The fields of a record that the address of each endpoint needs, by role."""
        return {role: addressed_by(endpoint) for role, endpoint in self.by_role.items()}

    @property
    def taken(self) -> tuple[str, ...] | None:
        """The fields of a record that ready endpoints take; None: all, or those that the user has chosen himself."""
        endpoints = self.by_role.values()
        if not self.ready or any(each.has_body and each.attributes is None for each in endpoints):
            return None
        named = [name for each in endpoints for name in (*(each.attributes or ()), *addressed_by(each))]
        named += self.match_on
        return tuple(dict.fromkeys(name.partition(".")[0] for name in named if name != CRM_ID))

    @property
    def by_role(self) -> dict[str, Endpoint]:
        """The endpoints that the stream has, by role."""
        endpoints = {role: getattr(self.calls, role) for role in ROLES}
        return {role: endpoint for role, endpoint in endpoints.items() if endpoint is not None}


def addressed_by(endpoint: Endpoint) -> tuple[str, ...]:
    """The fields of a record that path, query and headers of an endpoint name."""
    return tuple(dict.fromkeys((*places(endpoint.path), *places(endpoint.query), *places(endpoint.headers))))


def is_declared(config: Mapping[str, Any], stream: str, given: Mapping[str, Any]) -> bool:
    """Whether a stream goes to endpoints: its own, ready ones, or the plugin's setting ``endpoint``."""
    if given.get("endpoint") or given.get("endpoints") or _template(config, stream, given):
        return True
    return bool(config.get("endpoint") and not given.get("object"))


def _template(config: Mapping[str, Any], stream: str, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The ready endpoints that a stream chooses by its object or its own name; None: it does not."""
    if given.get("endpoint") or given.get("endpoints"):
        return None
    return TEMPLATES.get(config["crm"], {}).get(given.get("object") or stream)


def declared(config: Mapping[str, Any], stream: str, given: Mapping[str, Any]) -> Declared:
    """Make the endpoints of a stream for which ``is_declared`` holds.

    Args:
        config: The whole configuration.
        stream: The stream's name.
        given: The stream's settings, as they are given.

    Raises:
        SettingError: Something in them cannot work.
    """
    where = f"streams.{stream}"
    template = _template(config, stream, given)
    if template is not None:
        given = {**template, **{name: value for name, value in given.items() if name != "object" and value is not None}}
    if given.get("endpoint") and given.get("endpoints"):
        raise SettingError(f"{where} has both endpoint and endpoints. Remove endpoint, or move it to endpoints.create")
    for name, default in _WITHOUT_EFFECT.items():
        if given.get(name) and given[name] != default:
            raise SettingError(f"{where}.{name} has no effect with an endpoint: its records are sent whole. Remove it")
    if given.get("compare_with") == "crm":
        raise SettingError(f"{where}.compare_with must be source: the records of an endpoint cannot be read")
    if given.get("missing_reference") == "link_later":
        raise SettingError(
            f"{where}.missing_reference must not be link_later: the records of an endpoint are sent whole and cannot "
            "be linked later"
        )
    calls = _calls(config, stream, given, where)
    find = calls.find
    found_by = addressed_by(find) if find is not None else ()
    if find is not None and not found_by and not given.get("match_on"):
        raise SettingError(
            f"{where}.endpoints.find names no {{field}} to find a record by. Put one into path or query, or give "
            "match_on"
        )
    match_on = _match_on(given, calls, found_by, where)
    method = load_method_of(config, given)
    _check_roles(calls, method, given, where)
    if given.get("update_with") == "changed":
        _check_partial_updates(calls, where)
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


def load_method_of(config: Mapping[str, Any], given: Mapping[str, Any]) -> LoadMethod:
    """Return the load method of a stream: its own, else the plugin's; a stream that can only delete does.

    Args:
        config: The whole configuration.
        given: The stream's settings, as they are given.
    """
    if own := given.get("load_method"):
        return LoadMethod(own)
    method = LoadMethod(config.get("load_method") or LoadMethod.UPSERT)
    roles = {role for role, endpoint in (given.get("endpoints") or {}).items() if endpoint}
    only_deletes = roles == {"delete"} and not given.get("hard_delete")
    return LoadMethod.DELETE if only_deletes and method is LoadMethod.UPSERT else method


def sent_whole(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a stream of whole records, changed where they mean something else for mapped ones."""
    return {
        **given,
        "null_values": given.get("null_values") or "send",
        "update_with": given.get("update_with") or "whole",
        "match_on": [],
    }


def _check_partial_updates(calls: Calls, where: str) -> None:
    """Refuse updates of single fields where the update endpoint takes the place of whole records.

    Raises:
        SettingError: It is no PATCH.
    """
    update = calls.update
    if update is None or update.method != "PATCH":
        is_now = "the stream has no update endpoint" if update is None else f"its update is a {update.method}"
        raise SettingError(
            f"{where}.update_with must be whole, since {is_now}: only a PATCH leaves alone what it does not send"
        )


def _calls(config: Mapping[str, Any], stream: str, given: Mapping[str, Any], where: str) -> Calls:
    by_role = given.get("endpoints")
    if by_role:
        return Calls(
            **{
                role: endpoint_of(by_role[role], f"{where}.endpoints.{role}", role=role)
                for role in ROLES
                if by_role.get(role)
            }
        )
    own = given.get("endpoint")
    if own:
        endpoint = endpoint_of(own, f"{where}.endpoint", role="create")
    else:
        endpoint = endpoint_of(config["endpoint"], "endpoint", role="create", stream=stream)
    return Calls(create=endpoint, update=endpoint)


def _match_on(given: Mapping[str, Any], calls: Calls, found_by: tuple[str, ...], where: str) -> tuple[str, ...]:
    alternatives = given.get("match_on")
    if alternatives is None:
        return tuple(name for name in found_by if name != "id")  # of what is found, that is the endpoint's own
    if calls.find is None:
        raise SettingError(f"{where}.match_on needs endpoints.find, the endpoint by which records are looked for")
    if len(alternatives) != 1:
        raise SettingError(
            f"{where}.match_on must hold one match key, since one endpoint looks for records. Put fields that belong "
            "together into an inner list"
        )
    (names,) = alternatives
    return (names,) if isinstance(names, str) else tuple(names)


def _check_roles(calls: Calls, method: LoadMethod, given: Mapping[str, Any], where: str) -> None:
    """Refuse a load method without the endpoints that it needs."""
    needed = [(role, f"load_method {method}") for role in method.endpoints_needed]
    if given.get("hard_delete"):
        needed.append(("delete", "hard_delete"))
    for role, setting in needed:
        if getattr(calls, role) is None:
            raise SettingError(f"{where}.endpoints.{role} is missing: {setting} needs it")


def _check_ids(calls: Calls, method: LoadMethod, given: Mapping[str, Any], where: str) -> None:
    """Refuse an address that needs the endpoint's id of a record where no answer gives it."""
    has_id = (calls.create is not None and calls.create.answer.id is not None) or calls.find is not None
    for role, endpoint in {"update": calls.update, "delete": calls.delete}.items():
        if endpoint is None or endpoint is calls.create or CRM_ID not in addressed_by(endpoint):
            continue
        if not has_id and not given.get("ledger_stream"):
            raise SettingError(
                f"{where}.endpoints.{role} needs {{{CRM_ID}}}, which no answer gives. Set endpoints.create.answer.id "
                "to the JSONPath of the id"
            )
    if method is LoadMethod.OVERWRITE and calls.delete is not None and set(addressed_by(calls.delete)) - {CRM_ID}:
        raise SettingError(
            f"{where}.endpoints.delete must name no field but {{{CRM_ID}}}: load_method overwrite deletes records that "
            "no longer arrive, and their other fields are not known"
        )
    for role, endpoint in {"create": calls.create, "find": calls.find}.items():
        if endpoint is not None and CRM_ID in addressed_by(endpoint):
            one_for_all = role == "create" and endpoint is calls.update
            name = "endpoint" if one_for_all else f"endpoints.{role}"
            raise SettingError(f"{where}.{name} must not name {{{CRM_ID}}}: a record has none before it is created")


def check_fields(declared_: Declared, stream: str, known: Collection[str], given_by: Collection[str]) -> None:
    """Refuse endpoints that need fields which the stream does not have.

    Args:
        declared_: The stream's endpoints.
        stream: The stream's name.
        known: The fields of the stream's schema; empty: the schema does not say.
        given_by: Further fields, which references give.

    Raises:
        SettingError: An endpoint needs another field, or one whose name cannot stand in XML.
    """
    there = {*known, *given_by}
    for role, endpoint in declared_.by_role.items() if known else ():
        attributes = (*(() if declared_.ready else endpoint.attributes or ()), *endpoint.xml.attributes)
        named = (*addressed_by(endpoint), *attributes)
        for name in named if role != "find" else (*named, *declared_.match_on):
            spellings = {name} if name in attributes else {name, name.partition(".")[0]}  # a body holds whole fields
            if name != CRM_ID and not any(spelled_as(spelling, there) for spelling in spellings):
                several = sorted(spellings_of(name, there))
                lacks = f"has it in several spellings, {' and '.join(several)}: name one of them as it is spelt"
                raise SettingError(
                    f"streams.{stream}: the {role} endpoint needs {{{name}}}, and the stream "
                    + (lacks if several else f"has no such field{nearest(name, sorted(there))}")
                )
        if endpoint.format is Format.XML and endpoint.has_body and endpoint.attributes is None:
            for name in sorted(there):
                if not is_xml_name(name):
                    raise SettingError(
                        f"streams.{stream}: the field {name!r} is not a valid XML name. Rename it with a stream map, "
                        "or list it under exclude"
                    )


def secrets_of(every: Collection[Declared]) -> tuple[str, ...]:
    """The texts in declared endpoints that may be credentials, and must not be shown.

    They are the headers, parameters and constant properties that are called like one, the long values of other headers,
    and the long words of a whole URL, which is where chat services put a webhook's key.
    """
    words: set[str] = set()
    for endpoint in (each for one in every for each in one.by_role.values()):
        for value in endpoint.headers.values():
            words |= {word for word in (value, value.rpartition(" ")[2]) if len(word) >= SHORTEST_CREDENTIAL}
        for given in (endpoint.headers, endpoint.query, endpoint.extra, endpoint.batch and endpoint.batch.extra):
            words |= {part for value in _named_secret(given) for part in (value, value.rpartition(" ")[2])}
        words.update(_long_words(endpoint.path))
    return tuple(sorted(word for word in words if word and not places(word)))


def told_by(every: Collection[Declared]) -> set[str]:
    """Return what each declared endpoint says beside the sign-in that may tell accounts apart; empty where nothing."""
    return {
        "\n".join((*telling(endpoint.headers), *sorted(_secret_parts(endpoint))))
        for endpoint in (each for one in every for each in one.by_role.values())
    }


def _secret_parts(endpoint: Endpoint) -> Iterator[str]:
    """Yield the constants of an endpoint that are called like a credential, outside its headers."""
    for given in (endpoint.query, endpoint.extra, endpoint.batch and endpoint.batch.extra):
        yield from (value for value in _named_secret(given) if not places(value))
    yield from (word for word in _long_words(endpoint.path) if not places(word))


def _long_words(path: str) -> Iterator[str]:
    """Yield the words of a whole URL that may be a credential."""
    if "://" in path:
        yield from (word for word in path.split("/")[3:] if len(word) >= LONG_WORD)


def _named_secret(given: Any) -> Iterator[str]:
    """The texts in a structure whose names are those of credentials."""
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if isinstance(value, str | int) and _SECRET.search(name):
            yield str(value)
        else:
            yield from _named_secret(value)


class ByObject(Mapping[str, Part]):
    """A part of each stream's endpoints, by the name of the stream's object; made when it is asked for.

    It lists nothing, since the plugin's setting ``endpoint`` serves streams whose names nobody knows beforehand.

    Args:
        make: Makes the part of a stream's name; raises KeyError for a stream without an endpoint.
    """

    def __init__(self, make: Callable[[str], Part]) -> None:
        self._make = make

    @override
    def __getitem__(self, name: str) -> Part:
        if not name.startswith(PREFIX):
            raise KeyError(name)
        return self._make(name.removeprefix(PREFIX))

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(())

    @override
    def __len__(self) -> int:
        return 0
