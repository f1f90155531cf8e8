"""Routes as declarations, and the router that finds one for a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from crm_emulator.messages import Answer, Request

Endpoint = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint of a vendor, and what the documentation says about it.

    Attributes:
        method: The method, in capitals.
        path: The template below the vendor's prefix, with parameters in braces: ``/people/{id}``.
        endpoint: The function that answers a request.
        source: The section of the vendor's reference in which its behaviour is written down.
        remark: The differences from the vendor, or the guesses; empty where nothing known is left out.
        writes: Whether it changes records, so that a lost answer matters.
    """

    method: str
    path: str
    endpoint: Endpoint
    source: str
    remark: str = ""
    writes: bool = False


@dataclass(slots=True)
class _Branch:
    literals: dict[str, _Branch] = field(default_factory=dict)
    parameter: _Branch | None = None
    parameter_name: str = ""
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Router that finds the route of a method and a path; a literal segment wins over a parameter."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._root = _Branch()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        branch = self._root
        for segment in _segments(route.path):
            if segment.startswith("{"):
                if branch.parameter is None:
                    branch.parameter = _Branch()
                    branch.parameter_name = segment[1:-1]
                branch = branch.parameter
            else:
                branch = branch.literals.setdefault(segment, _Branch())
        if route.method in branch.routes:
            raise ValueError(f"two routes for {route.method} {route.path}")
        branch.routes[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route and the values of its parameters; a trailing slash makes no difference."""
        return _find(self._root, method, _segments(path))


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _find(branch: _Branch, method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
    if not segments:
        route = branch.routes.get(method)
        return None if route is None else (route, {})
    literal = branch.literals.get(segments[0])
    if literal is not None:
        found = _find(literal, method, segments[1:])
        if found is not None:
            return found
    if branch.parameter is None:
        return None
    found = _find(branch.parameter, method, segments[1:])
    if found is not None:
        found[1][branch.parameter_name] = segments[0]
    return found
