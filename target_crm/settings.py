"""The settings of target-crm itself, as one JSON schema; those of one stream are in ``target_crm.stream_settings``."""

from __future__ import annotations

from crm_api.apptivo.settings import APPTIVO_SETTINGS
from crm_api.copper.settings import COPPER_SETTINGS
from crm_api.freshsales.settings import FRESHSALES_SETTINGS
from crm_api.http.settings import HTTP_SETTINGS
from crm_api.settings import NETWORK_SETTINGS, JsonSchema
from target_crm.endpoints.settings import ENDPOINT
from target_crm.load_method import LOAD_METHODS, LoadMethod
from target_crm.partition import MOST_SHARES
from target_crm.stream_settings import STREAM_SETTINGS

INDEX_LAG_SECONDS = 60.0
SHUTDOWN_SECONDS = 20.0
HISTORY_DAYS = 400  # a year and a month, so that a yearly question can be answered
BATCH_SIZE = 1000
_SECRET_TEXT: JsonSchema = {"type": ["string", "null"], "secret": True, "writeOnly": True}

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
            "description": "The CRM to write to: copper, freshsales, apptivo, or http for any other API, whose "
            "endpoints are then declared.",
        },
        **COPPER_SETTINGS,
        **FRESHSALES_SETTINGS,
        **APPTIVO_SETTINGS,
        **HTTP_SETTINGS,
        "api_key": {
            **COPPER_SETTINGS["api_key"],
            "description": "API key (Copper: Settings, Integrations, API Keys; Freshsales: your profile, "
            "Settings, API Settings; Apptivo: Business Settings, API Access). A key sees only what its owner may "
            "see, and does only what its owner may do.",
        },
        "user_email": {**COPPER_SETTINGS["user_email"], "description": "Copper: e-mail of the user who owns api_key."},
        "base_url": {
            "type": ["string", "null"],
            "description": "The address of the CRM's API, up to where the paths begin; an emulator or a proxy can "
            "stand in. The vendor's own address if left out.",
        },
        "date_order": {
            "type": ["string", "null"],
            "enum": ["mdy", "dmy", None],
            "description": "Copper: the order of day and month in the account's close_date. If left out, it is "
            "read from the account's own records.",
        },
        "streams": {
            "type": ["object", "array", "string", "null"],
            "additionalProperties": _STREAM,
            "items": _NAMED_STREAM,
            "description": "The settings of each stream, by its name after stream_maps; or a list of objects with "
            "name; or one of the two as JSON text.",
        },
        "endpoint": {
            **ENDPOINT,
            "description": "The endpoint of every stream that has neither an object nor an endpoint of its own; "
            "{stream} in it stands for the stream's name.",
        },
        "default_object": {
            "type": ["string", "null"],
            "description": "The object of the CRM for streams that have no object and whose name is not an object.",
        },
        "load_method": {
            "type": "string",
            "enum": [str(method) for method in LoadMethod],
            "default": str(LoadMethod.UPSERT),
            "description": f"The load method of streams that have none of their own: {LOAD_METHODS}.",
        },
        "account_name": {
            "type": ["string", "null"],
            "description": "The name of the account in the ledger, for accounts that share an address (crm http with "
            "one base_url, or a proxy). If left out, the account's id as the CRM tells it, else base_url. Another name "
            "is another account, with records and locks of its own.",
        },
        "source_name": {
            "type": "string",
            "default": "default",
            "description": "The name of the source in the ledger. Two sources that have streams of the same name "
            "need two names.",
        },
        "ledger_url": {
            **_SECRET_TEXT,
            "description": "URL of the ledger: sqlite:////absolute/path.sqlite, or postgresql://. If left out, "
            "singer-crm/ledger.sqlite in the user's state folder (XDG_STATE_HOME, else ~/.local/state).",
        },
        "require_ledger": {
            "type": "boolean",
            "default": False,
            "description": "Stop if there is no ledger yet, or an empty one. For machines whose disks are not kept.",
        },
        "history_values": {
            "type": ["boolean", "null"],
            "description": "The old name of keep_values_days: 30 (true). It is taken in this version only.",
        },
        "history_days": {
            "type": "number",
            "minimum": 0,
            "default": HISTORY_DAYS,
            "description": "Days for which the ledger keeps its history, deleted records included; 0 keeps all.",
        },
        "keep_values_days": {
            "type": "number",
            "minimum": 0,
            "default": 0,
            "description": "Days for which the ledger keeps the value of each field before and after each write, and "
            "of each deleted record; 0 keeps none. Each record is then read before it is updated, which costs "
            "requests. The history keeps a deleted record whole in any case. singer-crm undo needs them.",
        },
        "compare_with": {
            "type": "string",
            "enum": ["source", "crm"],
            "default": "source",
            "description": "The condition under which a record counts as unchanged: source (it is as it last came from "
            "the source) or crm (the CRM has it so: every record is read, and what somebody changed there is written "
            "again).",
        },
        "partition": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "of": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_SHARES,
                    "description": "The number of shares, which is that of the processes.",
                },
                "index": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "The number of the share that this process writes, from 0 on.",
                },
            },
            "required": ["of", "index"],
            "description": "Write one share of every stream: several processes read the same input and write it "
            "together, with one ledger. Each gets its own index and keeps its own STATE. Only target-crm itself and "
            "singer-crm sync divide streams.",
        },
        "lock_wait_seconds": {
            "type": "number",
            "minimum": 0,
            "default": 0,
            "description": "Seconds to wait for another run that writes the same object of the same account, "
            "before stopping.",
        },
        "rejected_path": {
            "type": ["string", "null"],
            "description": "File of Singer messages that gets the rejected records, each with its reason. It can "
            "be piped in again.",
        },
        "log_values": {
            "type": "boolean",
            "default": False,
            "description": "Tell the value for which a record is rejected on stderr and in the report, too. The ledger "
            "and the reject file hold it in any case.",
        },
        "max_rejected": {
            "type": ["integer", "string"],
            "default": 0,
            "description": "The most rejected records that may be pending at the end of a run; with more, the "
            "exit code is 1. A number, or a percentage of the records that came in (5%).",
        },
        "stop_after_rejected": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "Stop early when this many records of the run are rejected.",
        },
        "retry_rejected": {
            "type": "boolean",
            "default": True,
            "description": "Try the records that earlier runs rejected again, before the input.",
        },
        "dry_run": {
            "type": "boolean",
            "default": False,
            "description": "Write nothing. The CRM is read, and stderr shows for each record what would be done, "
            "field by field, and the requests. No STATE is emitted, and the ledger is not changed.",
        },
        "plan_path": {
            "type": ["string", "null"],
            "description": "With dry_run: file that gets the plan of what would be done, record by record and field by "
            "field. singer-crm plan show reads it, and singer-crm apply carries it out where it is still true.",
        },
        "limit": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "Stop after this many records of the input.",
        },
        "responses_path": {
            "type": ["string", "null"],
            "description": "File of Singer messages that gets the result of each record: its id in the CRM, the "
            "outcome and the CRM's answer. Each run begins it anew.",
        },
        "responses_url": {
            **_SECRET_TEXT,
            "description": "URL that the result of each record is posted to, as JSON arrays, in place of "
            "responses_path.",
        },
        "report_path": {"type": ["string", "null"], "description": "File that gets the summary of the run as JSON."},
        "metrics_path": {
            "type": ["string", "null"],
            "description": "File that gets the figures of the run as OpenMetrics text, for the textfile collector of "
            "node_exporter: counts, no values of records. It is replaced as a whole at the end of each run but a dry "
            "run; its name without .prom is the label pipeline.",
        },
        "notify_url": {
            **_SECRET_TEXT,
            "description": "URL that gets one JSON message (POST) when a threshold of notify_when is crossed, and one "
            "when that is over: counts, no values of records. A receiver that is down is told by the next run.",
        },
        "notify_when": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "rejected": {
                    "type": ["integer", "string"],
                    "description": "From how many rejected records on, of this run and of earlier ones, at the end of "
                    "a run: a number, or a percentage of the records that came in (5%).",
                },
                "waiting": {
                    "type": ["integer", "string"],
                    "description": "From how many records on that wait for what they refer to, at the end of a run: a "
                    "number or a percentage.",
                },
                "left_out": {
                    "type": ["integer", "string"],
                    "description": "From how many records on whose attribute was left out, in one run: a number or a "
                    "percentage. Of each stream the attribute counts that was left out of most records.",
                },
                "deleted": {
                    "type": ["integer", "string"],
                    "description": "From how many deleted records on, in one run: a number or a percentage.",
                },
                "not_run_for": {
                    "type": "string",
                    "description": "From how long on no run came to its end, such as 90m, 26h or 2d: told by "
                    "singer-crm runs --notify, which cron calls.",
                },
            },
            "description": "The thresholds that notify_url is told of. Left out: one rejected record.",
        },
        "allow_deletes": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "Let the run delete this many records that are missing from the input, whatever "
            "max_deletes, max_delete_fraction and max_delete_fraction_7_days say. It is meant for one run, as the "
            "option --allow-deletes or the variable TARGET_CRM_ALLOW_DELETES; the history keeps it, and these deletes "
            "do not count as missing in the next seven days.",
        },
        "index_lag_seconds": {
            "type": "number",
            "minimum": 0,
            "default": INDEX_LAG_SECONDS,
            "description": "Seconds by which the CRM's searches may lag behind its writes.",
        },
        "shutdown_seconds": {
            "type": "number",
            "minimum": 0,
            "default": SHUTDOWN_SECONDS,
            "description": "Seconds that requests in flight may take to finish after a termination signal.",
        },
        "batch_size_rows": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": "The number of records after which everything is written and STATE is emitted; "
            f"{BATCH_SIZE} if left out.",
        },
        **NETWORK_SETTINGS,
    },
    "required": ["crm"],
}
