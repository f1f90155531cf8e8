"""A user's own function that groups records into bodies: imported by its name, called, and its result checked."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from crm_api.errors import SettingError

Bodies = Callable[[list[dict[str, Any]]], Iterable[tuple[Any, Sequence[dict[str, Any]]]]]
"""Takes records and returns bodies, each with the very records that it was made of."""


_ALONE = threading.RLock()  # stdout is redirected for the whole process: two threads would undo it for each other


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """Redirect to stderr what the user's code prints, since stdout may be a stream of messages."""
    with _ALONE, contextlib.redirect_stdout(sys.stderr):
        yield


@lru_cache(maxsize=64)
def imported(code: str) -> Bodies:
    """Import the function that ``package.module:function`` names.

    Raises:
        SettingError: There is no such function.
    """
    module, colon, name = code.partition(":")
    if not (module and colon and name.isidentifier()):
        raise SettingError(f"batch.code must be package.module:function, not {code!r}")
    try:
        with _aside():
            found = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:
        hint = ". Install its package, or name its folder in PYTHONPATH" if isinstance(error, ImportError) else ""
        raise SettingError(f"batch.code: {code!r} cannot be imported: {type(error).__name__}: {error}{hint}") from error
    if not callable(found):
        raise SettingError(f"batch.code: {code!r} is not a function")
    function: Bodies = found
    return function


def bodies_of(code: str, records: list[dict[str, Any]]) -> list[tuple[Any, list[int]]]:
    """Call the function, and return the bodies that it makes, each with the positions of its records.

    Raises:
        ValueError: The function raised, or did not put each record into exactly one body.
    """
    positions = {id(record): position for position, record in enumerate(records)}
    try:
        with _aside():
            made = [(body, list(its)) for body, its in imported(code)(records)]
    except (Exception, SystemExit) as error:  # SystemExit must not end the run
        raise ValueError(f"{code} failed: {type(error).__name__}: {error}") from error
    numbered = [(body, [positions.pop(id(record), None) for record in its]) for body, its in made]
    bodies = [(body, [number for number in numbers if number is not None]) for body, numbers in numbered]
    if bodies != numbered:
        raise ValueError(f"{code} returns a record twice, or one that it was not given")
    if positions:
        raise ValueError(f"{code} puts {len(positions)} of the records into no body")
    return [(body, numbers) for body, numbers in bodies if numbers]
