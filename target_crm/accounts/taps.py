"""The taps that run inside a worker, by the entry points of their distributions. None of them is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any, BinaryIO, ClassVar, Protocol

from crm_api.errors import SettingError
from crm_api.settings import nearest

GROUP = "singer_crm.taps"


class InsideTap(Protocol):
    """A tap that runs in a thread of another program.

    Attributes:
        schema: The JSON schema of its settings.
    """

    schema: ClassVar[dict[str, Any]]

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        select: Sequence[str],
        catalog: Any,
        state: Any,
        output: BinaryIO,
        run_id: str,
    ) -> None: ...

    @classmethod
    def check(cls, config: Mapping[str, Any]) -> None:
        """Check settings; sends nothing.

        Raises:
            SettingError: They cannot work.
        """

    def run(self) -> tuple[int, str]:
        """Read to the end; returns exit code and reason."""

    def stop(self, signal_number: int) -> None:
        """Have the run end soon; callable from any thread."""

    @property
    def requests(self) -> int:
        """How many requests were sent."""


@cache
def inside_tap(name: str) -> type[InsideTap]:
    """Return the tap of a name.

    Raises:
        SettingError: No such tap can run inside.
    """
    known = entry_points(group=GROUP)
    if name not in known.names:
        names = sorted(known.names)
        raise SettingError(
            f"No tap {name!r} can run inside{nearest(name, names)}. Give the command of any other tap: "
            f"tap: {{command: [{name}]}}"
        )
    found: type[InsideTap] = known[name].load()
    return found


def settings_of_tap(name: str) -> Mapping[str, Any]:
    """Return the JSON schema of the settings of a tap that runs inside.

    Raises:
        SettingError: There is no such tap.
    """
    return inside_tap(name).schema
