"""A user's own function that groups records into bodies: found by its name, called, and its answer checked."""

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
"""Takes records and gives bodies, each with the very records that it was made of."""


_ALONE = threading.RLock()  # what follows holds for the whole process: two threads would undo it for each other


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """What the user's code prints goes to stderr: stdout may be a stream of messages."""
    with _ALONE, contextlib.redirect_stdout(sys.stderr):
        yield


@lru_cache(maxsize=64)
def imported(code: str) -> Bodies:
    """The function that ``package.module:function`` names.

    Raises:
        SettingError: There is none.
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
        raise SettingError(f"batch.code: {code!r} is no function")
    function: Bodies = found
    return function


def bodies_of(code: str, records: list[dict[str, Any]]) -> list[tuple[Any, list[int]]]:
    """The bodies that the function makes, each with the positions of its records.

    Raises:
        ValueError: The function raised, or did not say of each record, once, which body it is in.
    """
    positions = {id(record): position for position, record in enumerate(records)}
    try:
        with _aside():
            made = [(body, list(its)) for body, its in imported(code)(records)]
    except (Exception, SystemExit) as error:  # one that ends the process would take other records' books with it
        raise ValueError(f"{code} failed: {type(error).__name__}: {error}") from error
    numbered = [(body, [positions.pop(id(record), None) for record in its]) for body, its in made]
    bodies = [(body, [number for number in numbers if number is not None]) for body, numbers in numbered]
    if bodies != numbered:
        raise ValueError(f"{code} gives a body a record twice, or one that it was not given")
    if positions:
        raise ValueError(f"{code} gives {len(positions)} of the records no body")
    return [(body, numbers) for body, numbers in bodies if numbers]
