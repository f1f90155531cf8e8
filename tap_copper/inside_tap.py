"""tap-copper inside another program, such as a worker of ``singer-crm sync``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, BinaryIO, ClassVar

from crm_api.errors import Exit
from tap_copper.command import exit_code, sentences
from tap_copper.inputs import checked_catalog, checked_state
from tap_copper.settings import SETTINGS
from tap_copper.tap import TapCopper


class InsideTap:
    """Reads an account in a thread, and takes no signal of its process.

    Args:
        config: The settings.
        select: Names of the streams to read; empty: those that are read without a catalog.
        catalog: A catalog as JSON values, in place of ``select``; None without one.
        state: The value of the last STATE; None without one.
        output: Takes the Singer messages.
        run_id: Names the run for those who share its quota.

    Attributes:
        schema: The JSON schema of the settings.
    """

    schema: ClassVar[dict[str, Any]] = SETTINGS

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        select: Sequence[str],
        catalog: Any,
        state: Any,
        output: BinaryIO,
        run_id: str,
    ) -> None:
        self._arguments: dict[str, Any] = {"config": deepcopy(dict(config)), "output": output, "run_id": run_id}
        self._select = select
        self._catalog = catalog
        self._state = state
        self._tap: TapCopper | None = None
        self._stopped_by: int | None = None

    @classmethod
    def check(cls, config: Mapping[str, Any]) -> None:
        """Check settings; sends nothing.

        Raises:
            SettingError: They cannot work.
        """
        TapCopper(config=deepcopy(dict(config)), setup_mapper=False)

    def run(self) -> tuple[int, str]:
        """Read all selected streams, in a thread that is not the main one; returns exit code and reason.

        A reader of the output that has gone ends the run well: whoever reads knows why it went.
        """
        try:
            self._tap = TapCopper(
                **self._arguments,
                state=checked_state(self._state),
                catalog=self._checked_catalog(),
                setup_mapper=False,
            )
            self._tap.account.stopped_by = self._stopped_by
            self._tap.run()
        except BrokenPipeError:
            return Exit.DONE, ""
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            return exit_code(error), " ".join(sentences(error))
        return Exit.DONE, ""

    def _checked_catalog(self) -> dict[str, Any] | None:
        if self._catalog is not None:
            return checked_catalog(self._catalog)
        if not self._select:
            return None
        chosen = {"breadcrumb": [], "metadata": {"selected": True}}
        return {"streams": [{"tap_stream_id": each, "metadata": [chosen]} for each in self._select]}

    def stop(self, signal_number: int) -> None:
        """Have the run end soon; callable from any thread."""
        self._stopped_by = signal_number
        if self._tap is not None:
            self._tap.account.stopped_by = signal_number

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return 0 if self._tap is None else self._tap.account.session.traffic.requests
