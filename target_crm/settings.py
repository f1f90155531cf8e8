"""The settings of target-crm: what they are called, and what they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from crm_api.apptivo.settings import APPTIVO_SETTINGS
from crm_api.copper.settings import COPPER_SETTINGS
from crm_api.crm_objects import CrmObject, named_object
from crm_api.errors import SettingError
from crm_api.freshsales.settings import FRESHSALES_SETTINGS
from crm_api.http.settings import HTTP_SETTINGS
from crm_api.settings import NETWORK_SETTINGS, JsonSchema, nearest
from target_crm.delete_brakes import Brakes
from target_crm.endpoints.declaring import PREFIX, Declared, declared, is_declared, sent_whole
from target_crm.endpoints.settings import ENDPOINT, ROLES
from target_crm.load_method import LoadMethod
from target_crm.mapping.rules import MAPPING_SETTINGS, rules_of
from target_crm.mapping.values import Rules
from target_crm.stream_settings import streams_by_name

INDEX_LAG_SECONDS = 60.0
SHUTDOWN_SECONDS = 20.0
BATCH_SIZE = 1000
_METHODS = [str(method) for method in LoadMethod]

STREAM_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "object": {
            "type": ["string", "null"],
            "description": "What its records become in the CRM; the stream's own name if left out.",
        },
        "load_method": {
            "type": ["string", "null"],
            "enum": [*_METHODS, None],
            "description": "As above, for one stream.",
        },
        "source_id": {
            "type": ["string", "array", "null"],
            "items": {"type": "string"},
            "description": "What identifies a record at the source; its key properties if left out.",
        },
        "no_match_key": {
            "type": "string",
            "enum": ["create", "reject"],
            "default": "create",
            "description": "What to do with a record that has no value for any match key.",
        },
        "missing_reference": {
            "type": "string",
            "enum": ["wait", "link_later", "reject", "leave_out"],
            "default": "wait",
            "description": "What to do with a record whose reference is not in the CRM yet: keep it until that comes, "
            "write it at once and link it when that comes (also in a later run), reject it, or write it without.",
        },
        "when_gone": {
            "type": "string",
            "enum": ["match_again", "recreate", "reject"],
            "default": "match_again",
            "description": "What to do when the CRM has lost a record that was written before.",
        },
        "compare_with": {
            "type": ["string", "null"],
            "enum": ["source", "crm", None],
            "description": "As above, for one stream.",
        },
        "hard_delete": {
            "type": "boolean",
            "default": False,
            "description": "A record with _sdc_deleted_at deletes; otherwise such a record is skipped.",
        },
        "delete_when": {
            "type": ["string", "null"],
            "description": "With hard_delete: an attribute that, where it is true or not empty, deletes as well.",
        },
        "delete_matched": {
            "type": "boolean",
            "default": False,
            "description": "Records that were only matched, not created, may be deleted too.",
        },
        "forget": {
            "type": "boolean",
            "default": False,
            "description": "Freshsales: what the stream deletes is deleted for good, past the recycle bin; one request "
            "each.",
        },
        "ledger_stream": {
            "type": ["string", "null"],
            "description": "With load_method delete: the stream that wrote the records.",
        },
        "max_deletes": {
            "type": "integer",
            "minimum": 0,
            "default": Brakes().most,
            "description": "If a run would delete more records of the stream, it deletes none; exit code 3.",
        },
        "max_delete_fraction": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": Brakes().fraction,
            "description": "With load_method overwrite, likewise if more than this part of the records is absent.",
        },
        "complete": {
            "type": ["string", "null"],
            "enum": ["end_of_input", None],
            "description": "With load_method overwrite: what proves that the stream is complete, beside an "
            "ACTIVATE_VERSION message after records of its version. end_of_input is a promise by hand.",
        },
        "endpoint": {**ENDPOINT, "description": "The endpoint that its records are sent to, in place of an object."},
        "endpoints": {
            "type": ["object", "null"],
            "properties": dict.fromkeys(ROLES, ENDPOINT),
            "description": f"Likewise, where there is more than one: {', '.join(ROLES)}.",
        },
        **MAPPING_SETTINGS,
    }
)

_STREAM: JsonSchema = {"type": ["object", "null"], "properties": dict(STREAM_SETTINGS)}
_NAMED_STREAM: JsonSchema = {
    "type": "object",
    "properties": {"name": {"type": "string"}, **STREAM_SETTINGS},
    "required": ["name"],
}

SETTINGS: JsonSchema = {
    "type": "object",
    "properties": {
        "crm": {
            "type": "string",
            "enum": ["copper", "freshsales", "apptivo", "http"],
            "description": "Which CRM it is; http is any API, whose endpoints are declared.",
        },
        **COPPER_SETTINGS,
        **FRESHSALES_SETTINGS,
        **APPTIVO_SETTINGS,
        **HTTP_SETTINGS,
        "api_key": {
            **COPPER_SETTINGS["api_key"],
            "description": "API key (Copper: Settings, Integrations, API Keys; Freshsales: your profile, Settings, API "
            "Settings; Apptivo: Business Settings, API Access). A key sees only what its owner may see, and does only "
            "what its owner may do.",
        },
        "user_email": {**COPPER_SETTINGS["user_email"], "description": "Copper: e-mail of the user who owns api_key."},
        "base_url": {
            "type": ["string", "null"],
            "description": "Where the CRM's API is: its whole prefix; an emulator or a proxy can stand in. The "
            "vendor's own if left out.",
        },
        "date_order": {
            "type": ["string", "null"],
            "enum": ["mdy", "dmy", None],
            "description": "Copper: the order in which the account writes close_date; found out where records show it.",
        },
        "streams": {
            "type": ["object", "array", "null"],
            "additionalProperties": _STREAM,
            "items": _NAMED_STREAM,
            "description": "What each stream becomes, by its name after stream_maps; or a list of objects with name.",
        },
        "endpoint": {
            **ENDPOINT,
            "description": "The endpoint of all streams that name neither an object nor an endpoint; {stream} in it is "
            "the stream's name.",
        },
        "default_object": {
            "type": ["string", "null"],
            "description": "What streams become that name no object and are called like none.",
        },
        "load_method": {
            "type": "string",
            "enum": _METHODS,
            "default": str(LoadMethod.UPSERT),
            "description": "upsert creates or updates; append-only creates every version; update never creates; match "
            "finds and remembers, and writes nothing; delete deletes; overwrite upserts, and deletes what a complete "
            "stream no longer holds.",
        },
        "source_name": {
            "type": "string",
            "default": "default",
            "description": "Names the source in the ledger: two sources with the same stream names need two names.",
        },
        "ledger_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Where the ledger lies: sqlite:////absolute/path.sqlite. Left out: singer-crm/ledger.sqlite "
            "in the user's state folder (XDG_STATE_HOME, else ~/.local/state).",
        },
        "require_ledger": {
            "type": "boolean",
            "default": False,
            "description": "Stop if there is no ledger yet: for machines whose disks do not last.",
        },
        "history_values": {
            "type": "boolean",
            "default": False,
            "description": "Keep in the ledger's history what each changed field was and became, and not only its "
            "name; a deleted record is kept whole in any case.",
        },
        "compare_with": {
            "type": "string",
            "enum": ["source", "crm"],
            "default": "source",
            "description": "What unchanged means: as it was at the source, or as the CRM has it, which is read for "
            "every record and mended where somebody changed it there.",
        },
        "lock_wait_seconds": {
            "type": "number",
            "minimum": 0,
            "default": 0,
            "description": "How long to wait for another run that writes the same kind of record of the same account.",
        },
        "rejected_path": {
            "type": ["string", "null"],
            "description": "File of Singer messages that holds the rejected records, each with the reason; it can be "
            "piped in again.",
        },
        "max_rejected": {
            "type": ["integer", "string"],
            "default": 0,
            "description": "How many records may be pending as rejected at the end without exit code 1: a number, or a "
            "percentage of the records that came in (5%).",
        },
        "stop_after_rejected": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "Stop early when so many records of the run are rejected.",
        },
        "retry_rejected": {
            "type": "boolean",
            "default": True,
            "description": "Try the records that earlier runs rejected first.",
        },
        "dry_run": {
            "type": "boolean",
            "default": False,
            "description": "Write nothing: read the CRM, and show on stderr for each record what would be done, field "
            "by field, and the requests. No STATE is emitted, and the ledger stays as it is.",
        },
        "limit": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "Stop after so many records of the input.",
        },
        "responses_path": {
            "type": ["string", "null"],
            "description": "File of Singer messages that gets what became of each record: its id in the CRM, the "
            "outcome, the CRM's answer. Begun anew by each run.",
        },
        "responses_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Address that gets the same as JSON arrays, posted; in place of responses_path.",
        },
        "report_path": {"type": ["string", "null"], "description": "File that gets the run's summary as JSON."},
        "index_lag_seconds": {
            "type": "number",
            "minimum": 0,
            "default": INDEX_LAG_SECONDS,
            "description": "How long the CRM's searches may lag behind its writes.",
        },
        "shutdown_seconds": {
            "type": "number",
            "minimum": 0,
            "default": SHUTDOWN_SECONDS,
            "description": "How long requests in flight may take to finish after a termination signal.",
        },
        "batch_size_rows": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": f"Records after which everything is written and STATE passes; {BATCH_SIZE} if left out.",
        },
        **NETWORK_SETTINGS,
    },
    "required": ["crm"],
}


@dataclass(frozen=True)
class StreamSettings:
    """What the configuration says about one stream.

    Attributes:
        object: The CRM object's name.
        load_method: What is done with its records.
        source_id: Attributes that identify a record at the source; empty: the whole record does.
        create_without_key: A record without any match key is created; otherwise it is rejected.
        missing_reference: ``wait``, ``link_later``, ``reject`` or ``leave_out``.
        when_gone: ``match_again``, ``recreate`` or ``reject``.
        compares_crm: A record is unchanged only if the CRM has it so.
        hard_delete: Records that their source deleted are deleted.
        delete_when: An attribute that says so too.
        delete_matched: Also those that were only matched.
        forget: What is deleted is deleted for good.
        ledger_stream: The stream that wrote what this one deletes; None: itself.
        brakes: What holds deletes back.
        complete_at_end: The end of the input proves that the stream is complete.
        rules: How its records are mapped.
        declared: The endpoints that they are sent to; None: ``object`` is the CRM's own.
        ledger_object: What ``ledger_stream`` writes into.
        given: The settings as they were given, for telling whether they changed.
    """

    object: str
    load_method: LoadMethod = LoadMethod.UPSERT
    source_id: tuple[str, ...] = ()
    create_without_key: bool = True
    missing_reference: str = "wait"
    when_gone: str = "match_again"
    compares_crm: bool = False
    hard_delete: bool = False
    delete_when: str | None = None
    delete_matched: bool = False
    forget: bool = False
    ledger_stream: str | None = None
    brakes: Brakes = field(default_factory=Brakes)
    complete_at_end: bool = False
    rules: Rules = field(default_factory=Rules)
    declared: Declared | None = None
    ledger_object: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


def stream_settings(
    config: Mapping[str, Any],
    stream: str,
    key_properties: Sequence[str],
    objects: Mapping[str, CrmObject],
    refused: Mapping[str, str],
) -> StreamSettings:
    """What the configuration says about a stream.

    Args:
        config: The whole configuration.
        stream: The stream's name, after stream maps.
        key_properties: The stream's.
        objects: What can be written, by name.
        refused: What cannot, and why.

    Raises:
        SettingError: It does not say, or wrongly, what the stream becomes.
    """
    given = streams_by_name(config).get(stream, {})
    endpoints = declared(config, stream, given) if is_declared(config, stream, given) else None
    named = given.get("object") if endpoints is None else endpoints.crm_object.name
    crm_object = named_object(objects, named or stream)
    if named is None and crm_object not in objects:
        crm_object = named_object(objects, config.get("default_object") or stream)
    if crm_object not in objects:
        raise SettingError(_unknown_object(stream, crm_object, objects, refused))
    source_id = given.get("source_id") or list(key_properties)
    names = (source_id,) if isinstance(source_id, str) else tuple(source_id)
    return StreamSettings(
        object=crm_object,
        load_method=LoadMethod(given.get("load_method") or config.get("load_method") or LoadMethod.UPSERT),
        source_id=names,
        create_without_key=given.get("no_match_key") != "reject",
        missing_reference=given.get("missing_reference") or "wait",
        when_gone=given.get("when_gone") or "match_again",
        compares_crm=endpoints is None and (given.get("compare_with") or config.get("compare_with")) == "crm",
        hard_delete=bool(given.get("hard_delete")),
        delete_when=given.get("delete_when"),
        delete_matched=bool(given.get("delete_matched")),
        forget=_forget(given, objects[crm_object]),
        ledger_stream=given.get("ledger_stream"),
        brakes=Brakes(
            int(given.get("max_deletes", Brakes().most)), float(given.get("max_delete_fraction", Brakes().fraction))
        ),
        complete_at_end=given.get("complete") == "end_of_input",
        rules=rules_of(given if endpoints is None else sent_whole(given), known=names),
        declared=endpoints,
        ledger_object=f"{PREFIX}{given['ledger_stream']}" if endpoints and given.get("ledger_stream") else crm_object,
        given=given,
    )


def _forget(given: Mapping[str, Any], crm_object: CrmObject) -> bool:
    if given.get("forget") and not crm_object.can_forget:
        raise SettingError(f"forget: {crm_object.name} have no recycle bin to be kept out of, so leave forget out")
    return bool(given.get("forget"))


def _unknown_object(stream: str, object_name: str, objects: Mapping[str, Any], refused: Mapping[str, str]) -> str:
    if object_name in refused:
        return f"Stream {stream!r} cannot be written: {refused[object_name]}"
    if not objects:
        return f"Stream {stream!r} has no endpoint. Give it streams.{stream}.endpoint, or endpoint for all streams"
    known = ", ".join(sorted(objects))
    what = (
        f"Stream {stream!r} names no object of the CRM"
        if object_name == stream
        else f"Stream {stream!r}: no object {object_name!r}"
    )
    near = nearest(object_name, list(objects))
    return f"{what}{near}. Set streams.{stream}.object, or default_object, to one of {known}"
