"""tap-copper: settings, streams, one session per account."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from types import FrameType
from typing import IO, Any, ClassVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import _ConfigInput
from typing_extensions import override

from crm_api.copper.session import connect
from crm_api.copper.settings import copper_settings
from crm_api.environment import environment_settings
from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    GoneError,
    NotEnabledError,
    RefusedError,
    SettingError,
    StopError,
)
from crm_api.settings import check_settings
from crm_api.transport.answer import Answer
from crm_api.transport.redaction import Redactor, guard_logging, secret_texts
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from tap_copper.answers import record_in, records_in
from tap_copper.bookmarks import CUT_SHORT, CUT_SHORT_ADVICE, is_foreign, sdk_form
from tap_copper.client import CopperStream
from tap_copper.command import IncompleteError, OutputClosedError, StoppedError, TapCommand, give_up
from tap_copper.concurrency import ordered_map
from tap_copper.custom_fields import Definition
from tap_copper.declared_streams import extra_streams
from tap_copper.deletions import DeletedRecordsStream
from tap_copper.events import log_event
from tap_copper.inputs import (
    checked_catalog,
    checked_state,
    checked_text,
    read_input,
    stream_states,
    unknown_selected,
    warn_of_bookmarks,
)
from tap_copper.output import PageWriter, SettlingStateWriter
from tap_copper.prefetch import Prefetch
from tap_copper.progress import Progress
from tap_copper.search_stream import SearchStream
from tap_copper.settings import SETTINGS, check_values
from tap_copper.streams import STREAMS

SHUTDOWN_SECONDS = 20.0  # a reader of our output that hangs must not keep us
NAP_SECONDS = 0.2


@dataclass(frozen=True)
class Time:
    """The clocks of a run.

    Attributes:
        now: Aware, in UTC.
        monotonic: Seconds.
        sleep: Waits so many seconds.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class TapCopper(Tap):
    """Reads a Copper CRM account: every record, incrementally, as fast as the account's quota allows."""

    name = "tap-copper"
    package_name = "singer-crm"
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(SETTINGS)
    message_writer_class = PageWriter
    message_writer: PageWriter
    capabilities: ClassVar[list[Any]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, *, clocks: Time | None = None, **kwargs: Any) -> None:
        self.time = clocks or Time()
        self.progress = Progress(self.time.monotonic)
        self.deleted_records: DeletedRecordsStream | None = None
        self._failures: list[tuple[str, Exception]] = []
        self._unanswered = False
        self.accepted = False
        """The key has been good for a whole stream."""
        self._signal: int | None = None
        super().__init__(**kwargs)
        self._state_writer = SettlingStateWriter(self.message_writer)

    # What the streams use

    @cached_property
    def session(self) -> CrmSession:
        """The session of the account."""
        return connect(copper_settings(self.config), clock=self.time.monotonic, sleep=self._pause)

    @cached_property
    def prefetch(self) -> Prefetch:
        """First questions that are asked ahead."""
        return Prefetch(self.session.network.max_concurrency, self.check)

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Send a question; see ``CrmSession.exchange`` for its options and errors.

        Raises:
            BusyError: The answer is empty, which is not the same as holding no records.
        """
        # A signal interrupts no wait for an answer: the thread that hears of it must be free.
        if threading.current_thread() is threading.main_thread():
            ((_, answer),) = ordered_map(
                [path], lambda each: self._ask(method, each, options), concurrency=1, check=self.check
            )
            return answer
        return self._ask(method, path, options)

    def _ask(self, method: str, path: str, options: Mapping[str, Any]) -> Answer:
        with self.prefetch.gate:
            answer = self.session.exchange(Request(method, path, repeatable=True, **options))
        if not answer.content:
            raise BusyError(f"{method} {path}", status=answer.status, happened="The CRM answered with nothing")
        return answer

    @property
    def definitions(self) -> Sequence[Definition]:
        """The definitions of custom fields, read once a run; none where there are no credentials to read them with.

        Raises:
            CrmError: They could not be read; the same each time.
        """
        if isinstance(self._definitions, CrmError):
            raise self._definitions
        return self._definitions

    @cached_property
    def _definitions(self) -> Sequence[Definition] | CrmError:
        if not self._has_credentials:
            return ()
        try:
            answer: list[Definition] = self.ask("GET", "/custom_field_definitions", read=records_in).value
        except (RefusedError, BusyError) as error:
            if isinstance(error, GoneError):
                error.advice = "Check base_url."
            if not isinstance(error, NotEnabledError):
                log_event(self.logger, "definitions_failed", level="WARNING", said=error.said)
            self._unanswered = isinstance(error, BusyError)
            return error
        if unknown := set(map(str, self.config["custom_field_names"])) - {str(each["id"]) for each in answer}:
            log_event(self.logger, "unknown_custom_fields", level="WARNING", ids=",".join(sorted(unknown)))
        return answer

    @cached_property
    def account(self) -> dict[str, Any]:
        """The account, read once a run."""
        answer: dict[str, Any] = self.ask("GET", "/account", read=record_in).value
        return answer

    @cached_property
    def zone(self) -> tzinfo:
        """The account's time zone."""
        try:
            return ZoneInfo(self.account.get("primary_timezone") or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def fail(self, stream: CopperStream, error: Exception) -> None:
        """A stream could not be read: the others are, then the run ends with an error. A test of one record ends now.

        Raises:
            CrmError: In a test of the connection; or two streams in a row got no usable answer, or were not let in.
        """
        if stream.ABORT_AT_RECORD_COUNT is not None:
            raise error
        log_event(self.logger, "stream_failed", stream=stream.name)
        self.progress.fail(stream)
        unanswered, self._unanswered = self._unanswered, isinstance(error, BusyError | CredentialsError)
        if unanswered and self._unanswered:
            raise error
        self._failures.append((stream.name, error))

    def finish(self, stream: CopperStream) -> None:
        """A stream has been read to its end."""
        log_event(self.logger, "stream_finished", stream=stream.name, records=stream.emitted)
        self._unanswered = False
        self.accepted = True

    def check(self) -> None:
        """Go on, unless a signal has asked to stop.

        Raises:
            StoppedError: It has.
        """
        if self._signal is not None:
            raise StoppedError(self._signal)

    # What the SDK calls

    @property
    @override
    def _env_var_config(self) -> dict[str, Any]:
        with suppress(ValueError):  # it reads the file .env too; what it makes of a wrong value is told below
            super()._env_var_config  # noqa: B018 - see above
        return environment_settings(self.config_jsonschema, self._env_var_prefix, os.environ)

    @override
    def discover_streams(self) -> list[CopperStream]:
        streams = [stream(self) for stream in STREAMS]
        if self.config.get("deletions"):
            self.deleted_records = DeletedRecordsStream(self)
            streams.append(self.deleted_records)
        return [*streams, *extra_streams(self, STREAMS)]

    @override
    def setup_mapper(self) -> None:
        """Map streams with today's schemas: a catalog only selects."""
        try:
            super(Tap, self).setup_mapper()
            self._register_streams()
        except (MapExpressionError, StreamMapConfigError) as error:
            raise SettingError(f"stream_maps is wrong: {error}") from None
        except IndexError:  # so the SDK says it
            raise SettingError("stream_maps is wrong: an expression is empty") from None

    def _register_streams(self) -> None:
        for stream in cast("Iterable[CopperStream]", self.streams.values()):
            if stream.selected:
                schema = get_selected_schema(stream.name, stream.schema, stream.mask)
            else:  # a test of the connection reads it all the same; definitions are not worth a request
                schema = stream.declared_schema
            self.mapper.register_raw_stream_schema(stream.name, schema, stream.primary_keys)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        states = stream_states(checked_state(state))
        super().load_state({"bookmarks": {name: sdk_form(each) for name, each in states.items()}})
        if foreign := [name for name, each in states.items() if is_foreign(each) and name in CUT_SHORT]:
            facts = {"streams": ",".join(foreign), "advice": CUT_SHORT_ADVICE}
            log_event(self.logger, "foreign_bookmarks", level="WARNING", **facts)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.append_builtin_config(self.config_jsonschema)
        for name, value in self._config.items():
            try:
                checked_text([name, value])
            except ValueError as error:
                raise SettingError(f"The setting {name!r} cannot be used: {error}") from None
        redact = Redactor(secret_texts(self._config, self.config_jsonschema))
        guard_logging(redact)
        for name in [name for name, value in self._config.items() if value is None]:
            del self._config[name]  # left out, as far as anybody is concerned; the SDK trips over some of them
        check_settings(self._config, self.config_jsonschema)
        extra = self._config.get("extra_streams")
        for index, declared in enumerate(extra if isinstance(extra, list) else ()):
            if not isinstance(declared, dict):  # the SDK fills in what it leaves out before it validates
                raise SettingError(f"The settings are wrong: extra_streams.{index} must be an object, not {declared!r}")
        try:
            super()._validate_config()
        except ConfigValidationError as error:
            raise SettingError(redact(f"The settings are wrong: {'; '.join(error.errors)}")) from None
        searched = [str(vars(stream)["name"]) for stream in STREAMS if issubclass(stream, SearchStream)]
        check_values(self._config, searched, self.time.now())
        return []

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            give_up(self.name, signum)
        self._signal = signum
        last = threading.Timer(SHUTDOWN_SECONDS, give_up, [self.name, signum])
        last.daemon = True
        last.start()

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        return TapCommand(
            name=command.name,
            callback=command.callback,
            params=command.params,
            context_settings=command.context_settings,
            help=command.help,
            logger=cls.logger,
        )

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # as in the SDK, whose base takes less
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        if about:
            super().invoke(about=True, about_format=about_format)
        config = config or _ConfigInput()
        tap = cls(
            config=config.config,
            state=checked_state(read_input(state, "state")),
            catalog=None if catalog is None else checked_catalog(read_input(catalog, "catalog")),
            parse_env_config=config.parse_env,
            setup_mapper=False,
        )
        try:
            tap.run()
        except BrokenPipeError as error:
            raise OutputClosedError from error

    def run(self) -> None:
        """Read all selected streams.

        Raises:
            CrmError: Nothing further could be read.
            StoppedError: A signal asked to stop.
            IncompleteError: Some streams could not be read.
        """
        self._complain_of_strangers()
        try:
            with self.progress.shown(self.session, self.requests_per_minute, self.logger):
                self._open_streams()
                self.sync_all()
        except Exception as error:
            for sentence in IncompleteError(self._failures).sentences:
                error.add_note(sentence)
            raise
        finally:
            self._state_writer.write_state(self.state)
        if self._failures:
            raise IncompleteError(self._failures)

    # Inside

    def _open_streams(self) -> None:
        """Ask the first question of every stream: where there are custom fields at once, beside their definitions.

        Of the rest then, unless the first answer says that no stream can be read.
        """
        streams = cast("Iterable[CopperStream]", self.streams.values())
        selected = sorted((each for each in streams if each.selected), key=lambda each: not each.object_type)
        first = [each for each in selected if each.object_type] or selected[:1]
        self.prefetch.begin(stream.open_early for stream in first)
        if self._mapper is None:
            self.setup_mapper()
        if self.deleted_records is not None and self.deleted_records.selected:
            self.deleted_records.open_snapshots()
        for stream in selected[:1]:
            self.prefetch.wait(stream.open_early)
            if not isinstance(stream.opening_error, StopError):
                self.prefetch.begin(other.open_early for other in selected[len(first) :])

    @property
    def requests_per_minute(self) -> int:
        """The account's quota; 0 is unlimited."""
        return copper_settings(self.config).requests_per_minute

    @property
    def _has_credentials(self) -> bool:
        return bool(self.config.get("api_key") or self.config.get("access_token"))

    def _complain_of_strangers(self) -> None:
        """Streams that the catalog or the state names and that do not exist, and what is not selected."""
        known = list(self.streams)
        self._failures += unknown_selected(self.input_catalog, known)
        if self.deleted_records is not None and not self.deleted_records.selected:
            log_event(self.logger, "deletions_not_selected", level="WARNING", advice="select deleted_records")
        if self.input_catalog is not None and not any(stream.selected for stream in self.streams.values()):
            log_event(self.logger, "nothing_selected", level="WARNING", advice="select a stream in the catalog")
        warn_of_bookmarks(self.state.get("bookmarks", {}), [*known, DeletedRecordsStream.name], self.logger)

    def _pause(self, seconds: float) -> None:
        """Sleep, unless a signal comes."""
        until = self.time.monotonic() + seconds
        while (left := until - self.time.monotonic()) > 0:
            self.check()
            self.time.sleep(min(left, NAP_SECONDS))
        self.check()
