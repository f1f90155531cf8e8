"""One stream into one kind of CRM object: records that the SDK hands over, checked and gathered into batches."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Protocol, cast

from singer_sdk import Target
from singer_sdk.exceptions import MissingKeyPropertiesError
from singer_sdk.mapper import StreamMap
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import BaseJSONSchemaValidator
from typing_extensions import override

from crm_api.naming.spelling import is_sdk_column
from crm_api.values import is_empty, read_boolean
from target_crm.engine.batch import StreamWriter
from target_crm.engine.destination import Stream, destination_of
from target_crm.engine.identity import SourceIds, id_of_message
from target_crm.engine.incoming import IncomingRecord, fingerprint, record_hash
from target_crm.engine.run import Run, logger
from target_crm.engine.shares import share_of
from target_crm.ledger.values import Held
from target_crm.load_method import LoadMethod
from target_crm.mapping.values import Rejection, shown_value
from target_crm.report.figures import tell_books
from target_crm.report.outcomes import RejectKind
from target_crm.settings import BATCH_SIZE
from target_crm.singer.completeness import Completeness
from target_crm.singer.odd_values import NotJson, odd_values, spelt_out
from target_crm.singer.record_validator import RecordValidator
from target_crm.singer.stream_maps import read_by_maps
from target_crm.source_names import (
    check_flags,
    check_sdk_columns,
    misspelt_stream_warnings,
    spelt_as_in,
    unknown_field_warnings,
)
from target_crm.stream_settings import stream_settings

DELETED_AT = "_sdc_deleted_at"
_CANNOT_BE_ENCODED = (TypeError, ValueError, ArithmeticError)


class RunningTarget(Protocol):
    """The target as its sinks see it."""

    schema_message: bytes
    """The SCHEMA message that is being processed, as it arrived."""
    source_stream: str
    """The name of its stream before stream maps."""

    @property
    def opened_run(self) -> Run:
        """The run that all streams share."""

    def completeness_of(self, stream: str) -> Completeness:
        """Return what the messages of a stream, after stream maps, prove so far."""

    def warn_once(self, sentence: str) -> None:
        """Log a warning, unless it was logged before."""


_ODD = "\N{REPLACEMENT CHARACTER}"
"""Stands for a value that JSON cannot carry, in an attribute of which nothing is sent."""


class CrmSink(BatchSink):
    """Takes the records of one stream and has them written batch by batch."""

    MAX_SIZE_DEFAULT = BATCH_SIZE

    def __init__(
        self, target: Target, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        running = cast("RunningTarget", target)
        run = running.opened_run
        known = set(schema.get("properties", ()))
        mapped_from = read_by_maps(target.config.get("stream_maps"), running.source_stream, stream_name)
        settings = spelt_as_in(
            stream_settings(
                target.config,
                stream_name,
                key_properties or (),
                run.crm.objects,
                run.crm.refused,
                mapped_from=mapped_from,
            ),
            known,
        )
        crm_object = run.crm.objects[settings.object]
        if run.locks.partition is None:
            run.locks.take(settings.object)  # before the CRM is asked for more than whose account it is
        destination = destination_of(run.crm, settings)
        share = (
            share_of(run.locks.partition, stream_name, settings, destination.mapper) if run.locks.partition else None
        )
        run.locks.take(settings.object, share=share)
        self._share = share
        check_sdk_columns(stream_name, settings)
        destination.check_fields(stream_name, {name for name in known if not is_sdk_column(name)})
        if settings.mapping.parameters:
            check_flags(stream_name, crm_object, settings.mapping, known)
        for sentence in misspelt_stream_warnings(running.source_stream, stream_name, target.config):
            running.warn_once(sentence)
        for sentence in unknown_field_warnings(stream_name, settings, known, crm_object):
            logger.warning("%s", sentence)
        message = running.schema_message
        digest = blake2b(message, digest_size=16).hexdigest()
        self.stream = Stream(stream_name, message, digest, settings, destination)
        if isinstance(self._validator, RecordValidator) and self._validator.warning:
            running.warn_once(self._validator.warning)
        self._run = run
        told = {name for name in known if not is_sdk_column(name)}
        self._ids = SourceIds(stream_name, settings, destination.mapper, told, keyed=bool(key_properties))
        self._writer = StreamWriter(run, self.stream, self._ids, share)
        for sentence in destination.mapper.doubts(schema.get("properties", ())):
            logger.warning("Stream %s: %s", stream_name, sentence)
        self._sdk_columns = tuple(filter(is_sdk_column, self.refers_by))
        self._is_told_by_sdk_column = any(map(is_sdk_column, settings.source_id))
        self._appends_rows = settings.load_method is LoadMethod.APPEND_ONLY and not self._ids.by_whole
        self._fingerprint = fingerprint(target.plugin_version, settings.object, settings.load_method, settings.given)
        self._keys = tuple(self.key_properties)
        self._deletes = settings.load_method is LoadMethod.DELETE
        self._delete_when = settings.delete_when if settings.hard_delete else None
        self._mirrors = settings.load_method is LoadMethod.OVERWRITE
        self._completeness = running.completeness_of(stream_name)
        self._version = run.own_version
        self._incoming_records: list[IncomingRecord] = []

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        if not self.validate_schema:
            return None
        return RecordValidator(_without_sdk_columns(self.schema), self.stream_name)

    @property
    def refers_to(self) -> set[str]:
        """Streams whose records have to be written before those of this one."""
        rules = self.stream.settings.mapping.references.values()
        return {rule.stream for rule in rules if rule.stream is not None}

    @property
    def refers_by(self) -> set[str]:
        """The fields of the records by which they refer to others."""
        rules = self.stream.settings.mapping.references.values()
        return {name for rule in rules for name in (*rule.source_id, *rule.match.values())}

    def complete_version(self, *, came_to_end: bool) -> str | None:
        """Return the version of which the stream is proved complete; None: what did not arrive may still exist.

        Args:
            came_to_end: The input was read to its end, and not cut off by ``limit``.
        """
        if not self._mirrors:
            return None
        proof, complete = self._completeness, None
        if self.stream.settings.complete_at_end:  # under which the rows of all versions are counted as one
            complete = self._run.own_version if proof.took_any and came_to_end else None
        elif proof.version is not None:
            complete = str(proof.version)
        if complete is None:
            return None
        if proof.unknown:
            why = f"{proof.unknown} records of stream {self.stream_name} have no source id that can be told"
        elif proof.has_several and not self.stream.settings.complete_at_end:
            why = f"Not all records of stream {self.stream_name} are of one version"
        else:
            return complete
        logger.warning("%s, so that it is not known which records are absent: none is deleted for that", why)
        return None

    def take(
        self, stream_map: StreamMap, record: dict[str, Any], message: bytes, *, held: Held | None, version: int | None
    ) -> bool:
        """Take a record before its stream map; tells whether it is one of this stream that this process writes."""
        try:
            mapped = stream_map.transform(record)
        except Exception as error:  # noqa: BLE001 - a user's expression may raise anything; it concerns this record alone
            return self.receive_flawed(message, map_failed(record, error), held=held)
        return mapped is not None and self.receive(mapped, message, held=held, version=version)

    def receive(
        self, record: dict[str, Any], message: bytes, *, held: Held | None = None, version: int | None = None
    ) -> bool:
        """Take a record after stream maps, unless another process has to write it; tells which.

        Args:
            record: Its values; ``_sdc_`` columns are taken out, but for those by which it refers to others.
            message: The line it came in.
            version: The version of the table that is being read, as the message says; None if it does not.
            held: The record as the ledger held it, if it comes from there; None from the input.

        Raises:
            MissingKeyPropertiesError: The tap is broken.
        """
        for key in self._keys:
            if key not in record:
                raise MissingKeyPropertiesError(
                    f"A record of stream {self.stream_name!r} lacks its key property {key!r}: the tap is broken"
                )
        gone = self._deletes or (self._delete_when is not None and _says_yes(record.get(self._delete_when)))
        aside = {name: record.pop(name) for name in tuple(filter(is_sdk_column, record))}
        if self._share is not None and not self._share.holds(self._identity(record, aside, message)):
            return False
        self.tally_record_read()
        for name, value in aside.items():
            gone = gone or (name.lower() == DELETED_AT and _has_value(value))
        if held is None and self._mirrors:
            self._completeness.arrived(version)
            own = version is None or self.stream.settings.complete_at_end
            self._version = self._run.own_version if own else str(version)
        incoming = self._incoming(record, aside, message, held, gone=gone)
        record.update({name: aside[name] for name in self._sdk_columns if name in aside})
        self._incoming_records.append(incoming)
        return True

    def receive_flawed(self, message: bytes, flaw: Rejection, *, held: Held | None = None) -> bool:
        """Take a record that did not come through its stream map, unless another process has to hold it."""
        identity = id_of_message(message)
        if self._share is not None and not self._share.holds(identity):
            return False
        self.tally_record_read()
        self._completeness.unknown += held is None
        self._incoming_records.append(
            IncomingRecord(identity, identity, {}, b"", message, held_at=held.at if held else None, flaw=flaw)
        )
        return True

    def _incoming(
        self,
        record: dict[str, Any],
        aside: Mapping[str, Any],
        message: bytes,
        held: Held | None,
        *,
        gone: bool,
    ) -> IncomingRecord:
        identity: str | None = None
        row: str | None = None
        former: tuple[str, ...] = ()
        hashed, flaw = b"", None
        unread: Collection[str] = ()
        try:
            found = self._ids.of({**record, **aside} if self._is_told_by_sdk_column else record)
            identity, flaw = (None, found) if isinstance(found, Rejection) else (found, None)
            try:
                hashed = record_hash(record, self._fingerprint)
            except _CANNOT_BE_ENCODED:
                unread = self._odd_and_unused(record, gone=gone)
                record = {**record, **dict.fromkeys(unread, _ODD)}  # which is counted as left out, as any value is
                hashed = record_hash(record, self._fingerprint)
            row = self._ids.row(record) if self._appends_rows else None
            if identity is not None:
                former = self._ids.former(record, aside)
                flaw = None if gone else self._flaw(record, unread)
        except _CANNOT_BE_ENCODED as error:
            # Of a record that goes, its source id says all.
            flaw = None if gone and identity else _not_json(record, error)
        if identity is None:
            identity = id_of_message(message)
            self._completeness.unknown += held is None
        source_id = order_id = identity
        if self._appends_rows:
            source_id = f"{identity}{row or id_of_message(message)}"
            former = tuple(f"{identity}{each}" for each in former)
        if held is not None:
            former = (held.source_id,)
        return IncomingRecord(
            source_id,
            order_id,
            record,
            hashed,
            message,
            gone,
            held.at if held else None,
            flaw,
            tuple(each for each in former if each != source_id),
            held.take if held else None,
        )

    def _identity(self, record: Mapping[str, Any], aside: Mapping[str, Any], message: bytes) -> str:
        """Return the source id of a record, or what stands in for it, as ``_incoming`` makes it."""
        try:
            found = self._ids.of({**record, **aside} if self._is_told_by_sdk_column else record)
        except _CANNOT_BE_ENCODED:
            return id_of_message(message)
        return id_of_message(message) if isinstance(found, Rejection) else found

    def _odd_and_unused(self, record: Mapping[str, Any], *, gone: bool) -> list[str]:
        """The attributes that JSON cannot carry and of which nothing is sent: they cost nobody his record."""
        used = self.stream.settings.source_id if gone else self.stream.destination.mapper.used(record)
        return [name for name in odd_values(record) if name not in used]

    def _flaw(self, record: Mapping[str, Any], unread: Collection[str]) -> Rejection | None:
        if not isinstance(self._validator, RecordValidator) or not (
            broken := self._validator.violations(record, unread)
        ):
            return None
        sentence = "; ".join(each.sentence for each in broken)
        return Rejection(RejectKind.SCHEMA, sentence, broken[0].attribute, shown_value(broken[0].value))

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        incoming_records, self._incoming_records = self._incoming_records, []
        recorder = self._run.recorder
        came = sum(incoming.held_at is None for incoming in incoming_records)
        recorder.arrived(self.stream_name, self.stream.settings.object, came)
        self.record_counter_metric.increment(len(incoming_records))
        telemetry = self._run.crm.session.telemetry
        with telemetry.part("batch", stream=self.stream_name, records=len(incoming_records)):
            if self._mirrors:
                there = [each.source_id for each in incoming_records if not each.gone and each.held_at is None]
                self._writer.see(self._version, there)
            self._writer.write(incoming_records)
        recorder.flush()
        tell_books(telemetry, recorder.books)


def _without_sdk_columns(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that requires no column which is taken out of records."""
    required = schema.get("required")
    if not isinstance(required, list):
        return schema
    return {**schema, "required": [name for name in required if not (isinstance(name, str) and is_sdk_column(name))]}


def _has_value(value: Any) -> bool:
    """Tell whether there is a value: a data frame has NaN where there is none."""
    is_nan = isinstance(value, NotJson) or (isinstance(value, float) and not math.isfinite(value))
    return value is not None and not is_nan


def _says_yes(value: Any) -> bool:
    """Tell whether a value is true or not empty; no word for false is, which text such as a CSV file's may hold."""
    if isinstance(value, str):
        with suppress(ValueError):
            return read_boolean(value)
    return _has_value(value) and bool(value)


def map_failed(record: Mapping[str, Any], error: Exception) -> Rejection:
    """Say why a stream map failed on a record; apart where the words hold a value of it, or may."""
    for name, odd in odd_values(record).items():
        sentence = f"The stream map failed: {spelt_out(name)} holds {odd}, which JSON forbids"
        return Rejection(RejectKind.STREAM_MAP, sentence, name)
    kind, said = type(error).__name__, str(error)
    if any(str(value) in said for value in record.values() if not is_empty(value)):
        return Rejection(RejectKind.STREAM_MAP, f"The stream map failed: {kind}", "", shown_value(said))
    return Rejection(RejectKind.STREAM_MAP, f"The stream map failed: {kind}: {said}")


def _not_json(record: Mapping[str, Any], error: Exception) -> Rejection:
    """Say which attribute of a record JSON cannot carry, and why, as far as that can be told."""
    for name, odd in odd_values(record).items():
        shown = spelt_out(name)
        sentence = f"{shown} holds {odd}, which cannot be sent. Mend it at the source, or list {shown} under exclude"
        return Rejection(RejectKind.NOT_JSON, sentence, name)
    return Rejection(RejectKind.NOT_JSON, f"It holds a value that JSON cannot carry: {error}")
