"""The sync log as the SDK sees it: a tap whose source is the ledger."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar

from singer_sdk import Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.helpers.capabilities import TapCapabilities
from typing_extensions import override

from crm_api.console import handle_hangup
from crm_api.errors import SIGNAL_OFFSET
from crm_api.transport.redaction import Redactor
from target_crm.ledger.looks import looked_at
from target_crm.ledger.store import default_url
from target_crm.ledger.tables import key_of
from target_crm.sync_log.opened_log import OpenedLog
from target_crm.sync_log.streams import STREAMS, LedgerStream

LOOKER = "sync log"
logger = logging.getLogger("singer-crm")


class SyncLog(Tap):
    """Reads the ledger of target-crm: its runs, the outcomes of records, what was changed, and what is held.

    Args:
        redact: Hides the secrets of the settings.
        activates_versions: Whether ACTIVATE_VERSION follows what is read whole.
        arguments: As the SDK's taps take them.

    Attributes:
        redact, activates_versions: See above.
        signalled: The number of the signal that asks to end after the next record; None: none does.
    """

    name = "singer-crm-log"
    package_name = "singer-crm"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "properties": {
            "ledger_url": {"type": ["string", "null"], "secret": True, "description": "URL of the ledger."},
            "account_name": {"type": ["string", "null"], "description": "The account that is meant; else all of them."},
        },
    }
    capabilities: ClassVar[list[Any]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
    ]

    def __init__(self, *, redact: Redactor | None = None, activates_versions: bool = False, **arguments: Any) -> None:
        self.redact = redact or Redactor()
        self.activates_versions = activates_versions
        self.signalled: int | None = None
        super().__init__(message_writer=MsgSpecWriter(), **arguments)

    @contextmanager
    def opened(self) -> Iterator[OpenedLog]:
        """Open the ledger for the block.

        Raises:
            SettingError: There is no ledger.
            LedgerError: It cannot be read.
        """
        name = self.config.get("account_name")
        with looked_at(self.config.get("ledger_url") or default_url(), LOOKER, logger.warning) as store:
            yield OpenedLog(store, None if name is None else key_of(name))

    @override
    def _setup_signal_handlers(self) -> None:
        super()._setup_signal_handlers()
        handle_hangup(self._handle_termination)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Set a flag, so that no message is cut in two; a second signal ends at once."""
        if self.signalled is not None:
            os._exit(SIGNAL_OFFSET + signum)
        self.signalled = signum

    @override
    def discover_streams(self) -> list[LedgerStream]:
        return [stream(self, self) for stream in STREAMS]
