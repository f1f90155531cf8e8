"""tap-copper as the SDK sees it: its settings, its streams, its command and its run."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable
from contextlib import suppress
from copy import deepcopy
from functools import cached_property
from types import FrameType
from typing import IO, Any, BinaryIO, ClassVar, cast

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, MapExpressionError, StreamMapConfigError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import _ConfigInput
from typing_extensions import override

from crm_api import crm
from crm_api.console import guard_log, handle_hangup, silenced
from crm_api.copper.session import whoami
from crm_api.environment import environment_settings, texts_read
from crm_api.errors import SettingError, StopError
from crm_api.plugin_options import TAP
from crm_api.run_id import given_run_id
from crm_api.settings import TARGET_SETTINGS, check_settings
from crm_api.transport.redaction import Redactor, guard_logging, secret_texts
from crm_api.watching.asked_for import telling_early_end
from tap_copper.account import Account, Time
from tap_copper.bookmarks import CUT_SHORT, CUT_SHORT_ADVICE, is_foreign, sdk_form
from tap_copper.client import CopperStream
from tap_copper.command import TapCommand, exit_code, give_up, watched
from tap_copper.deletions.deleted_records import DeletedRecordsStream
from tap_copper.errors import IncompleteError, OutputClosedError
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
from tap_copper.progress import log_event
from tap_copper.search_stream import SearchStream
from tap_copper.settings import SETTINGS, absolute_dates, check_values, in_todays_words, own_settings
from tap_copper.streams import STREAMS

SHUTDOWN_SECONDS = 20.0  # a reader of our output that hangs must not keep us
_OF_THE_TARGET = "target-crm has it. For a file that serves both plugins, add crm: copper"


class TapCopper(Tap):
    """Reads a Copper CRM account: every record, incrementally, as fast as the account's quota allows."""

    name = "tap-copper"
    package_name = "singer-crm"
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(SETTINGS)
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

    def __init__(
        self,
        *,
        clocks: Time | None = None,
        run_id: str | None = None,
        output: BinaryIO | None = None,
        **kwargs: Any,
    ) -> None:
        self._run_id = given_run_id(run_id)
        self.time = clocks or Time()
        self.deleted_records: DeletedRecordsStream | None = None
        self._writer = PageWriter(output)
        super().__init__(message_writer=self._writer, **kwargs)
        self._state_writer = SettlingStateWriter(self._writer)

    @cached_property
    def account(self) -> Account:
        """The account that this run reads; streams get it in place of the tap."""
        account = Account(self.config, self._writer, self.time, self.logger)
        account.run_id = self._run_id
        return account

    # Called by the SDK

    @property
    @override
    def _env_var_config(self) -> dict[str, Any]:
        # It reads the file .env, too; a wrong value is refused below, with its name.
        with suppress(ValueError), silenced("singer_sdk.configuration._dict_config", "Parsing array of the form"):
            super()._env_var_config  # noqa: B018 - see above
        return environment_settings(self.config_jsonschema, self._env_var_prefix, os.environ)

    @override
    def discover_streams(self) -> list[CopperStream]:
        streams = [stream(self, self.account) for stream in STREAMS]
        if self.config.get("deletions"):
            searched = [each for each in streams if isinstance(each, SearchStream)]
            self.deleted_records = DeletedRecordsStream(self, self.account, searched)
            streams.append(self.deleted_records)
        if self.config.get("extra_streams"):
            from tap_copper.declared_streams import extra_streams  # noqa: PLC0415 - few declare a stream

            streams += extra_streams(self, self.account, STREAMS)
        return streams

    @override
    def setup_mapper(self) -> None:
        """Map streams with today's schemas: a catalog only selects."""
        try:
            super(Tap, self).setup_mapper()
            self._register_streams()
        except (MapExpressionError, StreamMapConfigError) as error:
            raise SettingError(f"stream_maps is wrong: {error}") from None
        except IndexError:  # which the SDK raises for an empty expression
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
        cut_short = CUT_SHORT.difference(self.config["resync"])  # those are read anew
        if foreign := [name for name, each in states.items() if is_foreign(each) and name in cut_short]:
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
        passed_over, elsewhere = (TARGET_SETTINGS, ()) if self._config.get("crm") else ((), TARGET_SETTINGS)
        config = texts_read(own_settings(self._config), self.config_jsonschema)
        config = {name: value for name, value in config.items() if value is not None}  # the SDK breaks on some nulls
        self._config = absolute_dates(in_todays_words(config, self._warn_of_word), self.time.now())
        check_settings(self._config, self.config_jsonschema, passed_over, elsewhere, _OF_THE_TARGET)
        extra = self._config.get("extra_streams")
        for index, declared in enumerate(extra if isinstance(extra, list) else ()):
            if not isinstance(declared, dict):  # the SDK fills in what it leaves out before it validates
                raise SettingError(f"The settings are wrong: extra_streams.{index} must be an object, not {declared!r}")
        try:
            super()._validate_config()
        except ConfigValidationError as error:
            raise SettingError(redact(f"The settings are wrong: {'; '.join(error.errors)}")) from None
        names = [str(vars(stream)["name"]) for stream in STREAMS]
        searched = [str(vars(stream)["name"]) for stream in STREAMS if issubclass(stream, SearchStream)]
        check_values(self._config, names, searched, self.time.now())
        return []

    def _warn_of_word(self, said: str) -> None:
        log_event(self.logger, "old_setting", level="WARNING", said=said)

    @override
    def _setup_signal_handlers(self) -> None:
        super()._setup_signal_handlers()
        handle_hangup(self._handle_termination)
        guard_log()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        if self.account.stopped_by is not None:
            give_up(self.name, signum)
        self.account.stopped_by = signum
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
            params=[*command.params, *TAP.own],
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
        run_id: str | None = None,
    ) -> None:
        if about:
            super().invoke(about=True, about_format=about_format)
        config = config or _ConfigInput()
        with telling_early_end(cls.name, run_id, cls.logger, exit_code):
            tap = cls(
                config=config.config,
                state=checked_state(read_input(state, "state")),
                catalog=None if catalog is None else checked_catalog(read_input(catalog, "catalog")),
                parse_env_config=config.parse_env,
                setup_mapper=False,
                run_id=run_id,
            )
        try:
            tap.run()
        except BrokenPipeError as error:
            raise OutputClosedError from error

    def run(self) -> None:
        """Read all selected streams.

        Raises:
            CrmError: Nothing further could be read.
            StoppedError: A signal has asked to stop.
            IncompleteError: Some streams could not be read; the others have been.
        """
        with watched(self.account):
            self._run()

    def _run(self) -> None:
        self._warn_of_unknown_streams()
        try:
            with self.account.progress.shown(self.account.session, self.account.requests_per_minute, self.logger):
                self._open_streams()
                self.sync_all()
        except Exception as error:
            for sentence in IncompleteError(self.account.failures).sentences:
                error.add_note(sentence)
            raise
        finally:
            self.account.prefetch.close()
            self._state_writer.write_state(self.state)
        if self.account.failures:
            raise IncompleteError(self.account.failures)

    def _open_streams(self) -> None:
        """Ask the first query of every stream: where there are custom fields at once, beside their definitions.

        The first queries of the other streams are asked then, unless the first answer says that no stream can be
        read.
        """
        streams = cast("Iterable[CopperStream]", self.streams.values())
        selected = sorted((each for each in streams if each.selected), key=lambda each: not each.object_type)
        first = [each for each in selected if each.object_type] or selected[:1]
        ahead = self.account.session.telemetry.apart
        for stream in first:
            stream.opening = self.account.prefetch.give(ahead(stream.open))
        if self._mapper is None:
            self.setup_mapper()
        if self.deleted_records is not None and self.deleted_records.selected:
            self.deleted_records.open_snapshots()
        if first and (task := first[0].opening) is not None:
            self.account.prefetch.wait(task, self.account.check)
            if not isinstance(task.error, StopError):
                for stream in selected[len(first) :]:
                    stream.opening = self.account.prefetch.give(ahead(stream.open))

    def _warn_of_unknown_streams(self) -> None:
        """Warn of streams that the catalog or the state names and that do not exist, and of what is not selected."""
        known = list(self.streams)
        self.account.failures += unknown_selected(self.input_catalog, known)
        if self.deleted_records is not None and not self.deleted_records.selected:
            log_event(self.logger, "deletions_not_selected", level="WARNING", advice="select deleted_records")
        if self.input_catalog is not None and not any(stream.selected for stream in self.streams.values()):
            log_event(self.logger, "nothing_selected", level="WARNING", advice="select a stream in the catalog")
        warn_of_bookmarks(self.state.get("bookmarks", {}), [*known, DeletedRecordsStream.name], self.logger)


def account_of(config: dict[str, Any], *, parse_env: bool) -> crm.Account:
    """Check all settings and the store of the snapshots, and ask whose account and user the credentials are.

    ``singer-crm check`` calls it.

    Args:
        config: The settings of files.
        parse_env: Settings of the environment count, too.

    Raises:
        CrmError: A setting is wrong, or Copper does not answer.
    """
    tap = TapCopper(config=config, parse_env_config=parse_env, setup_mapper=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a tap would go on to its next STATE
    account = whoami(tap.account.session)
    if tap.config.get("deletions"):
        from tap_copper.deletions.snapshots import check_store, default_url  # noqa: PLC0415 - few runs keep any

        check_store(tap.config.get("snapshot_url") or default_url())
    return account
