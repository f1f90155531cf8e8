"""The version of these files, and whether the distributions that brought them agree with it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

VERSION = "0.1.0"
DISTRIBUTIONS = ("singer-crm", "crm-emulator")
"""The distributions that bring this package: where both are installed, the later one has overwritten the files."""


class UnequalVersionsError(RuntimeError):
    """A distribution that brings this package is installed in another version."""


@cache
def installed() -> dict[str, str]:
    """Return the versions of the distributions that are installed, by name."""
    found = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def require_equal_versions() -> None:
    """Raise UnequalVersionsError unless all that brings these files has their version."""
    for name, found in installed().items():
        if found != VERSION:
            raise UnequalVersionsError(
                f"these files are of version {VERSION}, and {name} {found} is installed, which brings the same files; "
                "install singer-crm and crm-emulator in one version, or one of them alone"
            )
