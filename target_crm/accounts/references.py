"""References in accounts.yml: ``${NAME}`` for a variable of the environment, ``file:PATH`` for what a file holds.

Secrets stand in accounts.yml in no other way, so that the file can be shown to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_api.errors import SettingError
from crm_api.transport.network import secrets_in, tokens_in

ENTRY = "entry"  # in ${entry}: the name under which an entry keeps what is its own
FILE = "file:"
MOST_BYTES = 1 << 20  # of a file with a secret
_REFERENCE = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})")
_WEBHOOKS = frozenset({"notify_url", "responses_url"})
_BROKEN = re.compile(r"\$\{")
_SECRET_NAME = re.compile(
    r"passw|secret|token|api_?key|access_?key|private_?key|credential|authorization|cookie", re.IGNORECASE
)


@dataclass(frozen=True)
class References:
    """Puts in place of references what they stand for.

    Args:
        environment: The values of variables, by name.
        folder: The folder from which paths lead.
        entry: The name that ``${entry}`` stands for.
    """

    environment: Mapping[str, str]
    folder: Path
    entry: str

    def resolved(self, value: Any, place: str, secrets: set[str]) -> Any:
        """Return a JSON value with what its references stand for.

        Args:
            value: The value.
            place: Where in accounts.yml it stands.
            secrets: Gets the texts that references stand for.

        Raises:
            SettingError: A variable is not set or empty, or a file cannot be read or is empty; it shows no value.
        """
        if isinstance(value, str):
            return self._text(value, place, secrets)
        if isinstance(value, Mapping):
            return {name: self.resolved(each, f"{place}.{name}", secrets) for name, each in value.items()}
        if isinstance(value, list):
            return [self.resolved(each, f"{place}.{index}", secrets) for index, each in enumerate(value)]
        return value

    def _text(self, text: str, place: str, secrets: set[str]) -> str:
        if text.startswith(FILE):
            content = self._content(text.removeprefix(FILE), place)
            secrets.add(content)
            return content

        def stands_for(found: re.Match[str]) -> str:
            if found[2] is None:  # $${ is ${ itself
                return "${"
            if found[2] == ENTRY:
                return self.entry
            known = self.environment.get(found[2])
            if not known:
                lack = "not set" if known is None else "empty"
                raise SettingError(f"{place}: the environment variable {found[2]} is {lack}. Set it")
            secrets.add(known)
            return known

        if _BROKEN.search(_REFERENCE.sub("", text)):
            raise SettingError(f"{place}: a reference is written ${{NAME}}, and $${{ stands for ${{ itself")
        return _REFERENCE.sub(stands_for, text)

    def _content(self, path: str, place: str) -> str:
        file = self.folder / Path(path.removeprefix("//")).expanduser()
        try:
            with file.open("rb") as opened:
                content = opened.read(MOST_BYTES).decode().rstrip("\r\n")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            raise SettingError(f"{place}: the file {file} cannot be read: {why}") from None
        if not content:
            raise SettingError(f"{place}: the file {file} is empty. Write the secret into it")
        return content


def is_reference(text: str) -> bool:
    """Tell whether a text stands for something else, in whole or in part."""
    is_broken = _BROKEN.search(_REFERENCE.sub("", text)) is not None  # which is told as such
    stands_for = (found[2] for found in _REFERENCE.finditer(text))
    return text.startswith(FILE) or is_broken or any(name not in {None, ENTRY} for name in stands_for)


def bare_secrets(settings: Mapping[str, Any], schema: Mapping[str, Any] | None, place: str) -> Iterator[str]:
    """Yield the places of secrets that stand in accounts.yml themselves.

    Args:
        settings: The settings of a plugin, as they are written.
        schema: Its JSON schema, which marks what is secret; None: the names of settings tell.
        place: Where in accounts.yml the settings stand.
    """
    known = {} if schema is None else schema["properties"]
    for name, value in settings.items():
        at = f"{place}.{name}"
        if name in known and not known[name].get("secret"):
            continue
        if isinstance(value, Mapping):
            yield from bare_secrets(value, None, at)
        elif isinstance(value, str) and value and not is_reference(value) and _holds_secret(name, value, name in known):
            yield at


def _holds_secret(name: str, text: str, is_known: bool) -> bool:  # noqa: FBT001 - private, and called once
    """Tell whether a text is a secret, or holds one; of a URL what stands in it tells."""
    if name in _WEBHOOKS:
        return bool(tokens_in(text))
    if name.endswith("_url") or "://" in text:
        return bool(secrets_in(text))
    return is_known or _SECRET_NAME.search(name) is not None
