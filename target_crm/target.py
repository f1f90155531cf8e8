"""TargetCrm: settings, the CRM they select, a sink per stream, and STATE only when it is safe."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property
from types import FrameType
from typing import IO, Any, ClassVar, cast

import click
from singer_sdk import Target
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import RemoveRecordTransform, StreamMap
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.sinks import Sink
from typing_extensions import override

from crm_api.console import as_typed, guard_log, handle_hangup
from crm_api.crm import Crm
from crm_api.errors import Exit
from crm_api.run_id import given_run_id
from crm_api.transport.redaction import guard_logging
from target_crm.command import end_early, target_command
from target_crm.concurrency import Stopping
from target_crm.crms import connected, requests_per_minute
from target_crm.engine.approval import Approval
from target_crm.engine.deletes import Deleter
from target_crm.engine.finish import RunEnd, forecast
from target_crm.engine.held_records import HeldRecordRetrier
from target_crm.engine.run import Run
from target_crm.exit_codes import BROKEN_INPUT, EXPECTED, Ending, TooManyRejectedError, told_ending
from target_crm.ledger.locks import LockLostError
from target_crm.ledger.values import Held
from target_crm.partition import Partition, partition_of, refuse_version
from target_crm.plans.beginning import begin_plan
from target_crm.report.books import Books
from target_crm.report.outcomes import Outcome
from target_crm.report.progress import shown_progress
from target_crm.settings import BATCH_SIZE, SETTINGS
from target_crm.settings_checks import ConfiguredTarget
from target_crm.singer.completeness import Completeness
from target_crm.singer.messages import record_of, register, schema_of, state_of, stream_of, version_of
from target_crm.singer.stdio import Reader, check_output, emit, state_text
from target_crm.singer.stream_order import parents_first
from target_crm.sinks import CrmSink
from target_crm.stream_settings import NoObjectError, StreamSettings, stream_settings

DRAIN_SECONDS = 30.0  # after which everything is written and STATE passes, also when the input is silent


class TargetCrm(ConfiguredTarget):
    """Writes Singer records from any tap into a CRM: creates, updates, upserts; never one record twice."""

    name = "target-crm"
    package_name = "singer-crm"
    default_sink_class = CrmSink
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(dict(SETTINGS))
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        PluginCapabilities.BATCH,
        PluginCapabilities.ACTIVATE_VERSION,
        TargetCapabilities.VALIDATE_RECORDS,
    ]
    clock: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def __init__(self, *, run_id: str | None = None, allow_deletes: int | None = None, **arguments: Any) -> None:
        self.run_id = given_run_id(run_id) or uuid.uuid4().hex
        self.stopping = Stopping(clock=self.clock, sleep=self.sleep)
        self.books = Books()
        self.approval: Approval | None = None
        self.planned_absences: dict[str, set[str]] = {}
        self.partition: Partition | None = None
        self.began = self.clock()
        self.schema_message = b""
        self.source_stream = ""
        self._drained_at = self.began
        self._buffered = 0
        self._safe_state: Any = None
        """The last STATE that came when everything before it was done; None once it is emitted."""
        self.schema_lines: dict[str, bytes] = {}
        self._crm: Crm | None = None
        self._run: Run | None = None
        self._without_object: dict[str, NoObjectError] = {}
        self._completeness: dict[str, Completeness] = {}
        self._warned_of: set[str] = set()
        self.braked: list[str] = []
        self._reader = Reader(self._between)
        # The SDK takes __else__ out of the very stream_maps that it is given.
        super().__init__(message_reader=self._reader, **{**arguments, "config": deepcopy(arguments.get("config"))})
        self.allow_deletes = self._config.get("allow_deletes") if allow_deletes is None else allow_deletes
        self._batch_size: int = self._config.get("batch_size_rows") or BATCH_SIZE
        self._limit: int | None = self._config.get("limit")
        self.max_parallelism = 1  # sinks are drained in order: what is referred to first

    # The account and what is opened with it

    def connect(self) -> Crm:
        """Make the account that the settings name; sends nothing yet.

        Raises:
            SettingError: They cannot work.
        """
        if self._crm is None:
            self._crm = connected(self.config, self.stopping.nap, self.clock)
            self._crm.session.quota.run_id = self.run_id
            self._crm.session.quota.way_to_end = as_typed("quota clear")
            guard_logging(self._crm.session.redact)
        return self._crm

    @property
    def opened_run(self) -> Run:
        """The run that all streams share, opened with the first of them."""
        if self._run is None:
            # SQLAlchemy comes with it: what only shows help, or refuses settings, ends without.
            from target_crm.engine.start import open_run  # noqa: PLC0415 - see above

            self._run = open_run(
                self.config,
                self.connect(),
                run_id=self.run_id,
                books=self.books,
                began=self.began,
                stopping=self.stopping,
                clock=self.clock,
                approval=self.approval,
                partition=self.partition,
            )
            self._end.opened(self._run)
        return self._run

    @cached_property
    def _end(self) -> RunEnd:
        return RunEnd(self.run_id, self._config, self.books, self.began, self.clock)

    @cached_property
    def retrier(self) -> HeldRecordRetrier:
        """Tries again what was held, of earlier runs and of this one."""
        return HeldRecordRetrier(self.opened_run, self, self.settings_of, self.drain)

    @override
    def get_sink(
        self,
        stream_name: str,
        *,
        record: dict[str, Any] | None = None,
        schema: dict[str, Any] | None = None,
        key_properties: Sequence[str] | None = None,
    ) -> Sink:
        """Return a stream's sink; what a replaced sink holds is written before its successor takes anything."""
        old = self._sinks_active.get(stream_name)
        if old and schema and (old.original_schema != schema or old.key_properties != (key_properties or [])):
            self.drain_one(old)
        sink = super().get_sink(stream_name, record=record, schema=schema, key_properties=key_properties)
        sinks = cast("dict[str, CrmSink]", self._sinks_active)
        if len(sinks) > 1:
            order = parents_first({name: each.refers_to for name, each in sinks.items()})
            self._sinks_active = {name: self._sinks_active[name] for name in order}
        return sink

    # Messages

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        if self._run is None:
            self.retrier.at_start(retry_rejected=self.config["retry_rejected"])
        self.take_schema(message_dict, self._reader.line)

    def take_schema(self, message: dict[str, Any], line: bytes) -> None:
        """Take a SCHEMA message."""
        came = schema_of(message)
        self.schema_message, self.source_stream = line, came.stream
        maps = self.mapper.stream_maps.get(came.stream)
        if maps is None or (maps[0].raw_schema, maps[0].raw_key_properties) != (came.schema, came.key_properties):
            register(self.mapper, came)
            for stream_map in self.mapper.stream_maps[came.stream]:
                # The SDK makes a sink for a stream that its map drops, too: one that may be no object of the CRM.
                if not isinstance(stream_map, RemoveRecordTransform):
                    self._open_sink(stream_map)
        self.schema_lines[came.stream] = line

    def _open_sink(self, stream_map: StreamMap) -> None:
        alias = stream_map.stream_alias
        self._without_object.pop(alias, None)
        try:
            self.get_sink(
                alias, schema=stream_map.transformed_schema, key_properties=stream_map.transformed_key_properties
            )
        except NoObjectError as error:
            self._without_object[alias] = error

    def check_object(self, stream: str) -> None:
        """Refuse a stream that becomes nothing, once it has a record: a mapper may have let none pass."""
        if stream in self._without_object:
            raise self._without_object[stream]

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        self._process_line(message_dict, self._reader.line)

    def _process_line(self, message: dict[str, Any], line: bytes) -> None:
        self.take_record(message, line)
        if self._limit is not None:
            self._limit -= 1
            self._reader.ended = self._limit <= 0
        if self._buffered >= self._batch_size:
            self.drain()

    def take_record(self, message: dict[str, Any], line: bytes, held: Held | None = None, only: str = "") -> bool:
        """Take a RECORD message, a held one for its stream alone, or for the only one named; tell if one took it."""
        record, stream, taken = record_of(message), stream_of(message), 0
        if (stream_maps := self.mapper.stream_maps.get(stream)) is None:
            raise RecordsWithoutSchemaException(
                f"The RECORD of stream {stream!r} on line {self._reader.number} of the input comes before its SCHEMA"
            )
        for stream_map in stream_maps:
            alias = stream_map.stream_alias
            if (held.stream if held is not None else only) not in {"", alias}:
                continue
            self.check_object(alias)
            sink = cast("CrmSink | None", self._sinks_active.get(alias))
            if sink is None:
                continue  # the stream map drops the stream
            own, version = dict(record) if len(stream_maps) > 1 else record, message.get("version")
            taken += sink.take(stream_map, own, line, held=held, version=version)
        self._buffered += taken
        return bool(taken)

    @override
    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        from target_crm.singer.batch_files import record_messages  # noqa: PLC0415 - few inputs have them

        for message, line in record_messages(message_dict):
            self._process_line(message, line)
            self._between()

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        value = state_of(message_dict)
        self._latest_state = cast("Any", state_text(self._reader.line) if value else None)
        if not self._buffered:
            self._safe_state = self._latest_state

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        version = version_of(message_dict)
        refuse_version(self.partition, stream_of(message_dict))
        for stream_map in self.mapper.stream_maps.get(stream_of(message_dict), ()):
            self.completeness_of(stream_map.stream_alias).activated(version)

    def completeness_of(self, stream: str) -> Completeness:
        """Return what the messages of a stream, after stream maps, prove so far."""
        return self._completeness.setdefault(stream, Completeness())

    def warn_once(self, sentence: str) -> None:
        """Log a warning, unless it was logged before: a stream may send its SCHEMA many times."""
        if sentence not in self._warned_of:
            self._warned_of.add(sentence)
            self.logger.warning("%s", sentence)

    def _between(self) -> None:
        """The input is silent, or a good deal of it was read."""
        self.stopping.check()
        if self.clock() - self._drained_at >= DRAIN_SECONDS:
            self.drain()

    def drain(self) -> None:
        """Write everything that was received, and what waited for it; then let STATE pass."""
        self.drain_all()
        while self._run is not None and self.retrier.after_writes():
            self.drain_all()
        self._buffered = 0
        self._drained_at = self.clock()
        most = self.config.get("stop_after_rejected")
        if most is not None and (rejected := self.books.total(Outcome.REJECTED)) >= most:
            raise TooManyRejectedError(rejected)

    @override
    def process_endofpipe(self) -> None:
        self.stopping.check()  # a tap that the same signal has stopped leaves an end, too: its input is not whole
        self.drain()
        run = self._run
        if run is not None:
            self.retrier.at_end()
            sinks = cast("dict[str, CrmSink]", self._sinks_active)
            at_end = not self._reader.ended
            complete = {stream: sink.complete_version(came_to_end=at_end) for stream, sink in sinks.items()}
            complete = complete if self.approval is None else {}  # of a plan no stream is complete
            deleter = Deleter(run, self.settings_of, self.allow_deletes)
            self.braked = deleter.carry_out(complete, self.planned_absences)
            run.recorder.flush()
            run.approval.end(self.books, forecast(run.crm, self._config))
        super().process_endofpipe()

    def settings_of(self, stream: str) -> StreamSettings:
        """Return the settings of a stream; raises SettingError."""
        sink = cast("CrmSink | None", self._sinks_active.get(stream))
        return sink.stream.settings if sink else stream_settings(self.config, stream, (), self.connect().objects, {})

    @override
    def _write_state_message(self, state: Any) -> None:
        """Emit the very text that came, once, as the only writer; nothing that a dry run does is done."""
        if self._run is not None:
            self._run.locks.check()
        self._latest_state = self._safe_state = None
        if not self.config["dry_run"]:
            emit(f"{state}\n")

    # The run

    @override
    def _setup_signal_handlers(self) -> None:
        super()._setup_signal_handlers()
        handle_hangup(self._handle_termination)
        guard_log()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Set a flag: requests in flight finish, and what was not sent stays behind the last STATE that was emitted.

        If they do not finish in time, the process ends without them.
        """
        self.stopping.signalled = signum
        self._end.limit(float(self._config["shutdown_seconds"]), self._crm, signum)

    def run(self, file_input: IO[str] | None) -> int:
        """Read the input to its end, or to what stops it; returns the exit code."""

        def read() -> None:
            self.partition = partition_of(self.config)
            begin_plan(self.config)
            if not self.config["dry_run"]:
                check_output()
            try:
                self.listen(file_input)
            except BROKEN_INPUT:
                self.drain()  # what came before is sound, however the input goes on
                raise

        return self.carry_out(read)

    def carry_out(self, work: Callable[[], None]) -> int:
        """Do work to its end, or to what stops it; tell how it ended, and return the exit code."""
        ending = Ending(Exit.DONE, "")
        try:
            self._end.begin()
            traffic = self._end.watched(self.connect().session).traffic
            with shown_progress(self.config, self.books, traffic, requests_per_minute(self.config), self.clock):
                work()
            if self.braked:
                ending = Ending(Exit.BRAKE, " ".join(self.braked))
                self.logger.error("%s", ending.sentence)
        except Exception as error:  # noqa: BLE001 - whatever it is, the report tells of it
            ending = self._failed(error)
        return self._end.finish(self._run, self._crm, ending)

    def _failed(self, error: Exception) -> Ending:
        """Say what ended the run, and emit the last STATE that is safe."""
        ending = told_ending(error, self.stopping.signalled, self.logger)
        if self._safe_state is not None and not isinstance(error, LockLostError):
            try:
                self._write_state_message(self._safe_state)
            except EXPECTED as unwritten:
                self.logger.error("%s", unwritten)  # noqa: TRY400 - one sentence
        return ending

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        return target_command(super().get_singer_command(), cls.logger)

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # the SDK's own targets narrow the arguments so
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[str] | None = None,
        run_id: str | None = None,
        allow_deletes: int | None = None,
    ) -> None:
        super(Target, cls).invoke(about=about, about_format=about_format)
        config = config or _ConfigInput()
        try:
            target = cls(
                run_id=run_id, allow_deletes=allow_deletes, config=config.config, parse_env_config=config.parse_env
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the report tells of it
            sys.exit(end_early(error, config.config, run_id, cls.logger))
        sys.exit(target.run(file_input))
