"""tap-copper: settings, streams, one session per account."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from types import FrameType
from typing import IO, Any, ClassVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers._util import load_json
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import _ConfigInput
from typing_extensions import override

from crm_api.answer import Answer
from crm_api.copper import connect
from crm_api.errors import BusyError, CrmError, SettingError
from crm_api.redaction import Redactor, guard_logging
from crm_api.session import CrmSession
from crm_api.settings import check_settings, copper_settings, nearest
from tap_copper.bookmarks import sdk_form
from tap_copper.client import CopperStream
from tap_copper.command import SIGNALLED, IncompleteError, OutputClosedError, StoppedError, TapCommand
from tap_copper.custom_fields import Definition, needs_zone
from tap_copper.deletions import DeletedRecordsStream
from tap_copper.events import log_event
from tap_copper.extras import extra_streams
from tap_copper.messages import PageWriter
from tap_copper.progress import Progress
from tap_copper.searches import SearchStream
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
        self._signal: int | None = None
        super().__init__(**kwargs)

    # What the streams use

    @cached_property
    def session(self) -> CrmSession:
        """The session of the account."""
        return connect(copper_settings(self.config), clock=self.time.monotonic, sleep=self._pause)

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Send a question; see ``CrmSession.exchange`` for its options and errors.

        Raises:
            BusyError: The answer is empty, which is not the same as holding no records.
        """
        answer = self.session.exchange(method, path, repeatable=True, **options)
        if not answer.content:
            raise BusyError(f"{method} {path}", status=answer.status, happened="The CRM answered with nothing")
        return answer

    @cached_property
    def definitions(self) -> Sequence[Definition]:
        """The definitions of custom fields, read once a run; none where there are no credentials to read them with."""
        if not self._has_credentials:
            return ()
        answer: list[Definition] = self.ask("GET", "/custom_field_definitions").value
        return answer

    @cached_property
    def account(self) -> dict[str, Any]:
        """The account, read once a run."""
        answer: dict[str, Any] = self.ask("GET", "/account").value
        return answer

    @cached_property
    def zone(self) -> tzinfo:
        """The account's time zone, if anything depends on it."""
        if not needs_zone(self.definitions):
            return UTC
        try:
            return ZoneInfo(self.account.get("primary_timezone") or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def fail(self, stream: CopperStream, error: Exception) -> None:
        """A stream could not be read: the others are, then the run ends with an error. A test of one record ends now.

        Raises:
            CrmError: In a test of the connection.
        """
        if stream.ABORT_AT_RECORD_COUNT is not None:
            raise error
        log_event(self.logger, "stream_failed", stream=stream.name)
        self._failures.append((stream.name, error))

    def check(self) -> None:
        """Go on, unless a signal has asked to stop.

        Raises:
            StoppedError: It has.
        """
        if self._signal is not None:
            raise StoppedError(self._signal)

    # What the SDK calls

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
        super(Tap, self).setup_mapper()
        for stream in cast("Iterable[CopperStream]", self.streams.values()):
            if stream.selected:
                schema = get_selected_schema(stream.name, stream.schema, stream.mask)
            else:  # a test of the connection reads it all the same; definitions are not worth a request
                schema = stream.declared_schema
            self.mapper.register_raw_stream_schema(stream.name, schema, stream.primary_keys)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        bookmarks = state.get("bookmarks") or {}
        if not isinstance(bookmarks, dict) or not all(isinstance(each, dict) for each in bookmarks.values()):
            raise SettingError("The state holds no bookmarks by stream: it is not the state of a tap")
        super().load_state({"bookmarks": {name: sdk_form(each) for name, each in bookmarks.items()}})

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.append_builtin_config(self.config_jsonschema)
        properties = self.config_jsonschema["properties"]
        secret = (value for name, value in self._config.items() if properties.get(name, {}).get("secret"))
        redact = Redactor(text for value in secret for text in _texts(value))
        guard_logging(redact)
        check_settings(self._config, self.config_jsonschema)
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
            os._exit(SIGNALLED + signum)
        self._signal = signum
        last = threading.Timer(SHUTDOWN_SECONDS, os._exit, [SIGNALLED + signum])
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
            state=None if state is None else load_json(state.read()),
            catalog=None if catalog is None else load_json(catalog.read()),
            parse_env_config=config.parse_env,
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
            with self.progress.shown(self.session, self._quota, self.logger):
                self.sync_all()
        finally:
            self._state_writer.write_state(self.state)
        if self._failures:
            raise IncompleteError([f"{name}: {_said(error)}" for name, error in self._failures])

    # Inside

    @property
    def _quota(self) -> int:
        return copper_settings(self.config).requests_per_minute

    @property
    def _has_credentials(self) -> bool:
        return bool(self.config.get("api_key") or self.config.get("access_token"))

    def _complain_of_strangers(self) -> None:
        """Streams that a catalog or a state names and that do not exist: the others are read first."""
        known = list(self.streams)
        selected = [
            entry
            for entry in (self.input_catalog.streams if self.input_catalog else ())
            if entry.metadata.root.selected
        ]
        for where, names in (
            ("The catalog selects", [entry.tap_stream_id for entry in selected]),
            ("The state has a bookmark of", list(self.state.get("bookmarks", {}))),
        ):
            for name in names:
                if name not in known:
                    sentence = f"{where} the stream {name!r}, which does not exist{nearest(name, known)}"
                    self._failures.append((name, SettingError(sentence)))

    def _pause(self, seconds: float) -> None:
        """Sleep, unless a signal comes."""
        until = self.time.monotonic() + seconds
        while (left := until - self.time.monotonic()) > 0:
            self.check()
            self.time.sleep(min(left, NAP_SECONDS))
        self.check()


def _texts(value: Any) -> list[str]:
    """A secret setting, or the parts of one that is an object."""
    return [str(part) for part in value.values()] if isinstance(value, dict) else [str(value)]


def _said(error: Exception) -> str:
    return error.sentence if isinstance(error, CrmError) else str(error)
