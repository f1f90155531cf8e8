"""One stream into one kind of CRM object: records that the SDK hands over, checked and gathered into batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol, cast

import jsonschema_rs
from singer_sdk import Target
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord, MissingKeyPropertiesError
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import BaseJSONSchemaValidator
from typing_extensions import override

from crm_api.crm_objects import CrmObject
from crm_api.endpoints.templates import places
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.engine.batch import StreamWriter
from target_crm.engine.destination import Stream, destination_of
from target_crm.engine.incoming import IncomingRecord, fingerprint, record_hash, source_id
from target_crm.engine.run import Run, logger
from target_crm.ledger.values import Held
from target_crm.load_method import LoadMethod
from target_crm.mapping.settings import MappingSettings
from target_crm.mapping.values import Rejection
from target_crm.report.outcomes import RejectKind
from target_crm.settings import BATCH_SIZE
from target_crm.singer.completeness import Completeness
from target_crm.singer.stdio import NotJson
from target_crm.stream_settings import StreamSettings, stream_settings

FLAWS_SHOWN = 3  # of one record
MASK = "the value"  # in place of what a record holds
DELETED_AT = "_sdc_deleted_at"
SDC = frozenset(
    f"_sdc_{name}"
    for name in (
        "extracted_at",
        "received_at",
        "batched_at",
        "deleted_at",
        "sequence",
        "table_version",
        "sync_started_at",
    )
)
"""Columns about a record that taps and other targets add; no CRM has them."""


class RunningTarget(Protocol):
    """The target as its sinks see it."""

    schema_message: bytes
    """The SCHEMA message that is being processed, as it arrived."""

    @property
    def opened_run(self) -> Run:
        """The run that all streams share."""

    def completeness_of(self, stream: str) -> Completeness:
        """Return what the messages of a stream, after stream maps, prove so far."""


class CrmSink(BatchSink):
    """Takes the records of one stream and has them written batch by batch."""

    MAX_SIZE_DEFAULT = BATCH_SIZE

    def __init__(
        self, target: Target, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        running = cast("RunningTarget", target)
        run = running.opened_run
        settings = stream_settings(target.config, stream_name, key_properties or (), run.crm.objects, run.crm.refused)
        run.locks.take(settings.object)  # before the CRM is asked for more than whose account it is
        destination = destination_of(run.crm, settings)
        known = set(schema.get("properties", ()))
        destination.check_fields(stream_name, known - SDC)
        if settings.mapping.parameters:
            check_flags(stream_name, run.crm.objects[settings.object], settings.mapping, known)
        for sentence in unknown_field_warnings(stream_name, settings, known):
            logger.warning("%s", sentence)
        message = running.schema_message
        digest = blake2b(message, digest_size=16).hexdigest()
        self.stream = Stream(stream_name, message, digest, settings, destination)
        self._run = run
        self._writer = StreamWriter(run, self.stream)
        self._appends = settings.load_method is LoadMethod.APPEND_ONLY
        self._fingerprint = fingerprint(target.plugin_version, settings.object, settings.load_method, settings.given)
        self._keys = tuple(self.key_properties)
        self._deletes = settings.load_method is LoadMethod.DELETE
        self._delete_when = settings.delete_when if settings.hard_delete else None
        self._mirrors = settings.load_method is LoadMethod.OVERWRITE
        self._completeness_of = running.completeness_of
        self._version = run.own_version
        self._took_any = False
        self._unknown = 0  # records whose source id cannot be told, of a stream that mirrors its source
        self._incoming_records: list[IncomingRecord] = []

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        return Validator(self.schema, self.stream_name) if self.validate_schema else None

    @property
    def refers_to(self) -> set[str]:
        """Streams whose records have to be written before those of this one."""
        rules = self.stream.settings.mapping.references.values()
        return {rule.stream for rule in rules if rule.stream is not None}

    def complete_version(self, *, came_to_end: bool) -> str | None:
        """Return the version of which the stream is proved complete; None: what did not arrive may still exist.

        Args:
            came_to_end: The input was read to its end, and not cut off by ``limit``.
        """
        if not self._mirrors:
            return None
        complete = None
        if (version := self._completeness_of(self.stream_name).version) is not None:
            complete = str(version)
        elif self.stream.settings.complete_at_end and self._took_any and came_to_end:
            complete = self._run.own_version
        if complete is not None and self._unknown:
            logger.warning(
                "%d records of stream %s have no source id that can be told, so that it is not known which records are "
                "absent: none is deleted for that",
                self._unknown,
                self.stream_name,
            )
            return None
        return complete

    def receive(
        self, record: dict[str, Any], message: bytes, *, held: Held | None = None, version: int | None = None
    ) -> None:
        """Take a record after stream maps.

        Args:
            record: Its values; ``_sdc_`` columns are taken out.
            message: The line it came in.
            version: The version of the table that is being read, as the message says; None if it does not.
            held: The record as the ledger held it, if it comes from there; None from the input.

        Raises:
            MissingKeyPropertiesError: The tap is broken.
        """
        self.tally_record_read()
        for key in self._keys:
            if key not in record:
                raise MissingKeyPropertiesError(
                    f"A record of stream {self.stream_name!r} lacks its key property {key!r}: the tap is broken"
                )
        gone = self._deletes
        if not SDC.isdisjoint(record):
            gone = gone or record.get(DELETED_AT) is not None
            for name in SDC:
                record.pop(name, None)
        if self._delete_when is not None:
            gone = gone or bool(record.get(self._delete_when))
        if held is None and self._mirrors:
            self._completeness_of(self.stream_name).arrived(version)
            self._took_any = True
            own = version is None or self.stream.settings.complete_at_end
            self._version = self._run.own_version if own else str(version)
        self._incoming_records.append(self._incoming(record, message, held, gone=gone))

    def receive_flawed(self, message: bytes, flaw: Rejection, *, held: Held | None = None) -> None:
        """Take a record that did not come through its stream map."""
        self.tally_record_read()
        identity = self._of_message(message)
        self._unknown += held is None and self._mirrors
        self._incoming_records.append(
            IncomingRecord(identity, identity, {}, b"", message, held_at=held.at if held else None, flaw=flaw)
        )

    def _incoming(self, record: dict[str, Any], message: bytes, held: Held | None, *, gone: bool) -> IncomingRecord:
        held_at = held.at if held else None
        names = self.stream.settings.source_id
        identity, hashed = None, b""
        try:
            identity = source_id([record.get(name) for name in names]) if names else None
            hashed = record_hash(record, self._fingerprint)
            flaw = None if gone else self._flaw(record)
            if not names:
                identity = f"#{hashed.hex()}"
            elif identity is None:
                flaw = Rejection(RejectKind.NO_SOURCE_ID, _no_source_id(names, record))
        except (TypeError, ValueError, ArithmeticError) as error:
            # Of a record that goes, its source id says all.
            flaw = None if gone and identity else Rejection(RejectKind.NOT_JSON, _not_json(record, error))
        if identity is None:
            identity = self._of_message(message)
            self._unknown += held is None and self._mirrors
        if self._appends and names:
            row = f"#{hashed.hex()}" if hashed else self._of_message(message)
            return IncomingRecord(f"{identity}{row}", identity, record, hashed, message, gone, held_at, flaw)
        take = held.take if held else None
        return IncomingRecord(identity, identity, record, hashed, message, gone, held_at, flaw, take)

    def _flaw(self, record: Mapping[str, Any]) -> Rejection | None:
        if isinstance(self._validator, Validator) and (said := self._validator.flaw(record)) is not None:
            return Rejection(RejectKind.SCHEMA, said)
        return None

    @staticmethod
    def _of_message(message: bytes) -> str:
        return f"#{blake2b(message, digest_size=16).hexdigest()}"

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        incoming_records, self._incoming_records = self._incoming_records, []
        recorder = self._run.recorder
        recorder.arrived(self.stream_name, sum(incoming.held_at is None for incoming in incoming_records))
        self.record_counter_metric.increment(len(incoming_records))
        if self._mirrors:
            came = [each.source_id for each in incoming_records if not each.gone and each.held_at is None]
            self._writer.see(self._version, came)
        self._writer.write(incoming_records)
        recorder.flush()


def _not_json(record: Mapping[str, Any], error: Exception) -> str:
    """Say which attribute of a record JSON cannot carry, and why, as far as that can be told."""
    for name, value in record.items():
        if isinstance(odd := _odd_in(value), NotJson):
            return f"{name} holds {odd.spelling}, which cannot be sent"
    return f"It holds a value that JSON cannot carry: {error}"


def _odd_in(value: Any) -> NotJson | None:
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, NotJson):
            return part
        if isinstance(part, dict | list):
            parts.extend(part.values() if isinstance(part, dict) else part)
    return None


def _no_source_id(names: Sequence[str], record: Mapping[str, Any]) -> str:
    lacking = [name for name in names if name not in record]
    if lacking:
        there = f"{' or '.join(lacking)} is missing{nearest(lacking[0], list(record))}"
    else:
        there = f"{' or '.join(names)} is null"
    return f"{there}: every record needs a source id"


class Validator(BaseJSONSchemaValidator):
    """Checks records against a schema; formats are not checked.

    Args:
        schema: The stream's schema.
        stream: The stream's name.

    Raises:
        InvalidJSONSchema: The schema is not a JSON schema.
    """

    def __init__(self, schema: dict[str, Any], stream: str) -> None:
        super().__init__(schema)
        try:
            self._validator = jsonschema_rs.Draft202012Validator(
                schema, validate_formats=False, mask=MASK, retriever=_refuse
            )
        except (jsonschema_rs.ValidationError, ValueError) as error:
            said = _spelled(error) if isinstance(error, jsonschema_rs.ValidationError) else error
            raise InvalidJSONSchema(f"The SCHEMA of stream {stream!r} is not a JSON schema: {said}") from error

    def flaw(self, record: Mapping[str, Any]) -> str | None:
        """Say what is wrong with a record, in words that show no values; None if nothing is."""
        if self._validator.is_valid(record):
            return None
        flaws = [
            _spelled(error) for _, error in zip(range(FLAWS_SHOWN), self._validator.iter_errors(record), strict=False)
        ]
        return "; ".join(flaws)

    @override
    def validate(self, record: dict[str, Any]) -> None:
        if (flaw := self.flaw(record)) is not None:
            raise InvalidRecord(flaw, record)


def _spelled(error: jsonschema_rs.ValidationError) -> str:
    path = ".".join(map(str, error.instance_path))
    return f"{path}: {error.message}" if path else error.message


def _refuse(uri: str) -> Any:
    """A schema is checked with what it holds: nothing is fetched because an input says so."""
    raise ValueError(f"{uri} stands outside the SCHEMA")


def check_flags(stream: str, crm_object: CrmObject, settings: MappingSettings, known: Collection[str]) -> None:
    """Refuse flags that would be filled from a field which neither the records nor the object have.

    Args:
        stream: The stream's name.
        crm_object: What its records become.
        settings: The stream's settings of mapping.
        known: The fields of its schema; empty: the schema does not say.

    Raises:
        SettingError: Names the flag, the field and the nearest one.
    """
    for flag, template in settings.parameters.items() if known else ():
        for name in places(template):
            if _is_missing(name, known) and crm_object.attribute(name) is None:
                raise SettingError(
                    f"streams.{stream}.parameters.{flag} needs {{{name}}}, and the stream has no such field"
                    f"{nearest(name, sorted(known))}"
                )


def unknown_field_warnings(stream: str, settings: StreamSettings, known: Collection[str]) -> list[str]:
    """Return a sentence for each setting that names a field which the schema does not have.

    Records may hold more than their schema says, so that this is not an error.
    """
    return [
        f"streams.{stream}.{setting}: the stream's SCHEMA has no {name!r}{nearest(name, sorted(known))}"
        for setting, name in (_named(settings) if known else ())
        if _is_missing(name, known)
    ]


def _named(settings: StreamSettings) -> Iterator[tuple[str, str]]:
    yield from (("source_id", name) for name in settings.source_id)
    for attribute, rule in settings.mapping.references.items():
        yield from ((f"references.{attribute}.source_id", name) for name in rule.source_id)
        yield from ((f"references.{attribute}.match", name) for name in rule.match.values())
    yield from ((f"custom_fields[{title}]", name) for title, name in settings.mapping.custom_fields.items())
    yield from (("exclude", name) for name in sorted(settings.mapping.exclude))
    if settings.hard_delete and settings.delete_when:
        yield "delete_when", settings.delete_when


def _is_missing(name: str, known: Collection[str]) -> bool:
    return name not in known and name.partition(".")[0] not in known
