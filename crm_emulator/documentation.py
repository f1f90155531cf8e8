"""The generated parts of docs/emulator.md: routes, switches, options. Run as a module, it writes them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from crm_emulator.emulator import Emulator
from crm_emulator.routing import Route
from crm_emulator.strictness import Strictness, switches_for
from crm_emulator.vendor import Vendor

_PART = re.compile(r"(<!-- begin (\w+) (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str) -> str:
    """Renew the generated parts of a page: all between ``<!-- begin PART VENDOR -->`` and ``<!-- end -->``."""
    emulator = Emulator(empty=True)
    try:
        vendors = {vendor.name: vendor for vendor in emulator.vendors}
        parts: dict[str, Callable[[Vendor], str]] = {
            "routes": lambda vendor: _routes(vendor.routes),
            "more_routes": lambda vendor: _routes(_beyond(vendor, vendors["freshsales"])),
            "switches": _switches,
        }
        return _PART.sub(lambda found: f"{found[1]}\n{parts[found[2]](vendors[found[3]])}\n{found[4]}", text)
    finally:
        emulator.store.close()


def _beyond(vendor: Vendor, other: Vendor) -> list[Route]:
    """Return the routes that another CRM does not have."""
    known = {(route.method, route.path) for route in other.routes}
    return [route for route in vendor.routes if (route.method, route.path) not in known]


def _routes(routes: Sequence[Route]) -> str:
    """Render a table of endpoints, their sources, and the differences from the vendor."""
    lines = ["| endpoint | source | differs |", "|---|---|---|"]
    lines += [f"| `{route.method} {route.path}` | {route.source} | {route.remark} |" for route in routes]
    return "\n".join([*lines, ""])


def _switches(vendor: Vendor) -> str:
    """Render a table of switches, their values and meanings, from the Attributes of their class."""
    described = vendor.described_switches()
    strict, lenient = (switches_for(vendor, each) for each in Strictness)
    lines = ["| switch | default | `--strict` | `--lenient` | what it does |", "|---|---|---|---|---|"]
    for name, value in asdict(vendor.switches).items():
        both = " | ".join(_value(values[name]) if name in values else "" for values in (strict, lenient))
        lines.append(f"| `{name}` | {_value(value)} | {both} | {described[name]} |")
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    """Render a switch's value as the command takes it."""
    return "empty" if value == "" else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def main(arguments: Sequence[str] | None = None) -> None:
    """Renew the files that are named."""
    for name in arguments if arguments is not None else sys.argv[1:]:
        path = Path(name)
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
