"""Cells that hold several values, as spreadsheets and exports of other systems have them, taken apart.

What stands between the values, the surest mark first: ``:::`` (Google), a line's end, a semicolon (HubSpot,
Salesforce), a comma (people, and Mailchimp, which puts quotes around each).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MARKS = (":::", "\n", ";", ",")
MOST_JOINED = 8  # pieces of a cell that together may be one name of the CRM's list
_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_ELEMENT = r'(?:"(?:[^"\\]|\\.)*"|(?!\'[^\']*\'\s*:)[^\s"{},\\](?:[^"{},\\]*[^\s"{},\\])?)'
_ARRAY = re.compile(rf"\{{\s*{_ELEMENT}\s*(?:,\s*{_ELEMENT}\s*)*\}}", re.DOTALL)
_ELEMENTS = re.compile(_ELEMENT, re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LEAST_DIGITS = 5  # of a phone number that may stand beside another
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+|[\w-]+(?:\.[\w-]+)+(?:/\S*)?", re.IGNORECASE)


def never(text: str) -> bool:  # noqa: ARG001 - it stands for a list that is not known
    """Say that nothing is on the CRM's list."""
    return False


def names_in(cell: str, is_listed: Callable[[str], bool] = never) -> list[str]:
    """Take a cell of tags or options apart; what the CRM lists under that very name stays whole.

    Args:
        cell: The text.
        is_listed: Whether the CRM lists something of that name.
    """
    mark = next((mark for mark in MARKS if len(_pieces(cell, mark)) > 1), None)
    if mark is None:
        return [_unquoted(cell)]
    if is_listed(cell):
        return [cell.strip()]
    return _joined(_pieces(cell, mark), mark, is_listed)


def _joined(pieces: Sequence[str], mark: str, is_listed: Callable[[str], bool]) -> list[str]:
    """The values in the pieces: as many as the CRM lists as one name together, else each piece alone."""
    found: list[str] = []
    at = 0
    while at < len(pieces):
        ends = range(min(at + MOST_JOINED, len(pieces)), at, -1)
        whole = next((end for end in ends if end > at + 1 and is_listed(mark.join(pieces[at:end]))), at + 1)
        text = mark.join(pieces[at:whole])
        if whole > at + 1 or is_listed(text):
            found.append(text.strip())
        else:
            inner = names_in(text, is_listed)  # apart once more, where the CRM knows each part
            found += inner if len(inner) > 1 and all(map(is_listed, inner)) else [_unquoted(text)]
        at = whole
    return [each for each in found if each]


def array_in(cell: str) -> list[str] | None:
    """Read an array as PostgreSQL spells it in text, ``{vip,"trade fair"}``; None: the cell is none."""
    if not _ARRAY.fullmatch(cell.strip()):
        return None
    found = [each for each in _ELEMENTS.findall(cell.strip()[1:-1]) if each.upper() != "NULL"]
    return [_ESCAPED.sub(r"\1", each[1:-1]) if each.startswith('"') else each for each in found]


def emails_in(cell: str) -> list[str]:
    """Take a cell of e-mail addresses apart; quotes may stand around the name before one: ``"Bee, Ann" <a@x.org>``."""
    return _by_every_mark(cell, MARKS)


def phones_in(cell: str) -> list[str]:
    """Take a cell of phone numbers apart, unless a piece is too short for one: an extension, or pauses in dialling."""
    found = _by_every_mark(cell, MARKS)
    return found if all(sum(map(str.isdecimal, each)) >= _LEAST_DIGITS for each in found) else [cell]


def urls_in(cell: str) -> list[str]:
    """Take a cell of addresses on the web apart, unless a piece is none: commas and semicolons may be part of one."""
    found = _by_every_mark(cell, MARKS)
    return found if all(_URL.fullmatch(each) for each in found) else [cell]


def ids_in(cell: str) -> list[str]:
    """Take a cell of ids apart."""
    return _by_every_mark(cell, MARKS)


def _by_every_mark(cell: str, marks: Sequence[str]) -> list[str]:
    pieces = [cell]
    for mark in marks:
        pieces = [piece for each in pieces for piece in _pieces(each, mark)]
    return [text for each in pieces if (text := _unquoted(each))]


def _pieces(cell: str, mark: str) -> list[str]:
    """Divide a cell at a mark that stands outside quotes; a quote inside a word is a mere character."""
    if mark not in cell:
        return [cell]
    pieces: list[str] = []
    start = at = 0
    while at < len(cell):
        if not cell[start:at].strip() and (quoted := _QUOTED.match(cell, at)) and cell[at] != mark:
            at = quoted.end()
        elif cell.startswith(mark, at):
            pieces.append(cell[start:at])
            start = at = at + len(mark)
        else:
            at += 1
    return [*pieces, cell[start:]]


def _unquoted(piece: str) -> str:
    """A piece without the blanks around it, and without quotes around the whole of it."""
    quoted = _QUOTED.fullmatch(piece)
    return (quoted[1].replace('""', '"') if quoted else piece).strip()
