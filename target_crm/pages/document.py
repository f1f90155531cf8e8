"""A page as one file: its style, its script and its data stand in it, and nothing is fetched or sent.

The browser is told to run the page's own script and no other, by its digest, so that no record can run anything.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from crm_api.errors import SettingError
from target_crm.files import file_errors, replace_file
from target_crm.ledger.store import as_json

OPTION = "--html"
_BEGINNING = b"<!DOCTYPE html>"
_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_SHARED = ("elements.js", "values.js", "paged_list.js", "search_keys.js")
_RISKY = re.compile("[<>&\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff]")
"""Characters that could end the data's element, begin a comment or a line, or that are none to HTML."""


def document(name: str, title: str, data: Any, scripts: Sequence[str]) -> bytes:
    """Return a page.

    Args:
        name: The name of the page's body in ``templates`` and of its style in ``static``, without their endings.
        title: The text of the browser's tab.
        data: What the page shows: anything that JSON can hold.
        scripts: The names of its scripts in ``static``, beside those that all pages share, in order.
    """
    style = _file("static", "page.css") + _file("static", f"{name}.css")
    script = "\n".join(
        ['"use strict";', "(() => {", *(_file("static", each) for each in (*_SHARED, *scripts)), "})();"]
    )
    parts = {
        "policy": escape(_POLICY.format(script=_digest(script), style=_digest(style))),
        "title": escape(title),
        "style": style,
        "body": _file("templates", f"{name}.html"),
        "data": embedded(data),
        "script": script,
    }
    return Template(_file("templates", "frame.html")).substitute(parts).encode()


def embedded(value: Any) -> str:
    """Return a value as JSON text that may stand in a script element, whatever its texts hold."""
    return _RISKY.sub(lambda found: f"\\u{ord(found[0]):04x}", as_json(value))


def write_page(path: str | Path, page: bytes) -> None:
    """Write a page in place of an older one, or of nothing; only its owner can read it.

    Raises:
        SettingError: The file holds something else, such as the plan itself.
        FileError: It cannot be written; the file holds what it held.
    """
    if not _may_take(Path(path)):
        raise SettingError(f"{OPTION}: {path} is no page, and would be lost. Choose another file, or remove that one")
    with file_errors(OPTION, path):
        replace_file(Path(path), [page])


def _may_take(path: Path) -> bool:
    """Tell whether a page may take the place of a file: it is a page, or empty, or not there."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(_BEGINNING)) in {b"", _BEGINNING}
    return True


def _file(folder: str, name: str) -> str:
    return files("target_crm.pages").joinpath(folder, name).read_text("utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
