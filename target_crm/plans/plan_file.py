"""The file of a plan: what a run would do, a line a record, each with a digest of itself.

JSON lines in UTF-8: a header, a line for each record that is not unchanged, and an end, which tells a whole file from
one that was cut off. Lines may be removed, and none may be edited.
"""

from __future__ import annotations

import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from crm_api.errors import Exit, StopError
from target_crm.files import file_errors, replace_file
from target_crm.ledger.store import as_json
from target_crm.plans.beginning import BEGINNING, SETTING

VERSION = 1
ACTIONS = ("create", "update", "link", "delete", "unchanged", "skip", "reject", "wait")
"""The words that lines and counts have for a record, in the order in which people look for them.

An unchanged record has a line only if the run recognises it in the CRM: the ledger is to learn its id.
"""
CARRIED_OUT = frozenset(ACTIONS[:5])
"""The actions that are carried out; the others are shown."""
KINDS = ("write", "undo")
_MARK = "singer_crm_plan"
_END = "singer_crm_plan_end"
_DIGEST_BYTES = 16
_CLOCKS = timedelta(minutes=5)  # by which the clocks of two machines may differ
_ANEW = "Make the plan anew"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
Part = TypeVar("Part", "PlanHeader", "PlanLine")
_SORTED = msgspec.json.Encoder(order="sorted", decimal_format="number")


class PlanFileError(StopError):
    """A file cannot be carried out as a plan; nothing of it was sent."""

    exit = Exit.SETTINGS

    def __init__(self, path: str | Path, what: str, advice: str = _ANEW) -> None:
        super().__init__(happened=f"{path} {what}", advice=f"{advice}. Nothing was sent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHeader:
    """The first line of a plan.

    Attributes:
        plan_id: Names the plan: 32 hexadecimal digits, random.
        made_at: When it was made, in ISO 8601, UTC.
        program: The version of singer-crm that made it.
        kind: ``write`` for what an input would write, ``undo`` for a run taken back.
        run_id: The id of the run that made the plan.
        undo_of: The id of the run that goes back; None for a plan of another kind.
        crm: The value of the setting ``crm``.
        account: The account, as the ledger keys it.
        account_name: The account, as the CRM names it for people.
        source_name: The value of the setting ``source_name``.
        ledger: The name of the ledger; None: there was none yet.
        settings: A digest of the settings that decide what is written.
        counts: The number of records by stream and by what the plan says of them, every word of ``ACTIONS`` named.
        requests: The number of requests that the run would need.
        seconds: The least time that the quota makes them take.
        lines: The number of records in the file as it was made.
        schemas: SCHEMA messages as they arrived, by the id by which lines name them.
    """

    plan_id: str
    made_at: str
    program: str
    kind: str = "write"
    run_id: str = ""
    undo_of: str | None = None
    crm: str = ""
    account: str = ""
    account_name: str = ""
    source_name: str = ""
    ledger: str | None = None
    settings: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0
    lines: int = 0
    schemas: Mapping[str, str] = field(default_factory=dict)

    @property
    def made(self) -> datetime:
        """The moment at which it was made."""
        return datetime.fromisoformat(self.made_at)

    @property
    def totals(self) -> dict[str, int]:
        """The counts of all streams together, every word of ``ACTIONS`` named."""
        return {word: sum(counts.get(word, 0) for counts in self.counts.values()) for word in ACTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One record of a plan. Values are in readable form, as a dry run shows them.

    Attributes:
        line: The digest of all that follows, and of the plan's id. The writer sets it.
        number: Its place among the plan's records, from 1. The writer sets it.
        stream: The record's stream, after stream maps.
        source_id: What the ledger calls the record.
        object: The CRM object's name.
        action: One of ``ACTIONS``.
        crm_id: The CRM's id of the record; None if it has none yet.
        reason: Why, for people; may be empty.
        fields: The fields that are written: ``name``, ``current``, ``new``; ``last_sent`` where it is kept, and
            ``current_is_unknown`` where the CRM's value was not read.
        left_out: The record's attributes that have a value and are not sent.
        conflicts: Fields that both sides changed, and that stay: ``attribute``, ``new``, and ``current`` or
            ``current_is_unknown``; ``last_sent`` where it is kept.
        seen: A digest of the CRM's record as it was seen; None if there was none to see.
        written: Who wrote the record last, as the ledger knew it: ``run_id`` and ``at`` in Unix seconds; None: nobody.
        waits_on: The records of this plan that it refers to: streams and source ids.
        carry: What carrying it out needs besides; for nobody else.
    """

    line: str = ""
    number: int = 0
    stream: str
    source_id: str
    object: str
    action: str
    crm_id: int | str | None = None
    reason: str = ""
    fields: Sequence[Mapping[str, Any]] = ()
    left_out: Sequence[str] = ()
    conflicts: Sequence[Mapping[str, Any]] = ()
    seen: str | None = None
    written: Mapping[str, Any] | None = None
    waits_on: Sequence[tuple[str, str]] = ()
    carry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was read and is sound.

    Attributes:
        path: Its file.
        header: Its first line.
        lines: The records that are still in it, in the order of their numbers.
        sha256: The digest of the whole file in hexadecimal digits, as ``sha256sum`` prints it.
    """

    path: Path
    header: PlanHeader
    lines: Sequence[PlanLine]
    sha256: str

    @property
    def removed(self) -> int:
        """The number of records that were taken out of the file since it was made."""
        return self.header.lines - len(self.lines)


def made_now(now: float | None = None) -> str:
    """Return the present moment as a header gives it.

    Args:
        now: Unix seconds; None: as the clock says.
    """
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def write_plan(path: str | Path, header: PlanHeader, lines: Iterable[PlanLine], setting: str = SETTING) -> None:
    """Write a plan in place of what the file holds; only its owner can read it.

    Args:
        path: The file.
        header: The header. Its number of lines is set here.
        lines: The records in order. Their numbers and digests are set here.
        setting: The setting or option that names the file, for the sentence.

    Raises:
        FileError: It cannot be written; the file holds what it held.
    """
    numbered = [{**asdict(line), "number": number} for number, line in enumerate(lines, 1)]
    head = {_MARK: VERSION, **asdict(header), "lines": len(numbered)}

    def parts() -> Iterator[bytes]:
        yield _sealed(head, "digest", header.plan_id)
        for body in numbered:
            del body["line"]
            yield _sealed(body, "line", header.plan_id)
        yield _sealed({_END: len(numbered)}, "digest", header.plan_id)

    with file_errors(setting, path):
        replace_file(Path(path), parts())


def read_plan(
    path: str | Path, *, max_age_seconds: float | None = None, clock: Callable[[], float] = time.time
) -> Plan:
    """Read a plan, and verify that nothing of it was edited or cut off.

    Args:
        path: The file.
        max_age_seconds: How old it may be; None: of any age.
        clock: Unix seconds.

    Raises:
        PlanFileError: It is no plan that can be carried out; says why, in one sentence.
    """
    try:
        content = Path(path).read_bytes()
        sha = sha256(content).hexdigest()
    except OSError as error:
        raise PlanFileError(path, f"cannot be read: {error.strerror or error}", "Check the name of the file") from error
    content = content.removeprefix(BOM_UTF8)  # which some editors put there
    header = _header_of(path, content)
    if max_age_seconds is not None:
        _check_age(path, header, timedelta(seconds=max_age_seconds), datetime.fromtimestamp(clock(), UTC))
    lines = sorted(_lines_of(path, header.plan_id, content), key=lambda line: line.number)
    return Plan(Path(path), header, lines, sha)


def _sealed(body: Mapping[str, Any], seal: str, plan_id: str) -> bytes:
    """Return a line of a plan with the digest of itself; the version stands first, then the digest."""
    text = as_json(body)
    digest = _digest(_DECODER.decode(text), plan_id)
    first, rest = (text[1:].split(",", 1)) if _MARK in body else ("", text[1:])
    return f'{{{first}{"," if first else ""}"{seal}":"{digest}",{rest}\n'.encode()


def _digest(body: Mapping[str, Any], plan_id: str) -> str:
    """Return a digest of the values of a line, however it is spaced and whatever the order of its keys."""
    return blake2b(_SORTED.encode(body), digest_size=_DIGEST_BYTES, key=plan_id.encode()[:64]).hexdigest()


def _header_of(path: str | Path, content: bytes) -> PlanHeader:
    first, newline, _ = content.partition(b"\n")
    if not content.strip():
        raise PlanFileError(path, "is empty")
    body = _decoded(first)
    if body is None and not newline and first.startswith(BEGINNING[: len(first)]):
        raise _cut_off(path)
    if body is None or _MARK not in body:
        what = "is not a plan of singer-crm"
        raise PlanFileError(path, what, f"Name a file that {SETTING} made in a dry run")
    if (version := body[_MARK]) != VERSION:
        what = f"is a plan of version {version!r}, and this singer-crm reads version {VERSION}"
        raise PlanFileError(path, what, f"{_ANEW}, or use the version of singer-crm that made it")
    if body.pop("digest", None) != _digest(body, str(body.get("plan_id"))):
        raise PlanFileError(path, "was edited in its first line: the digest does not fit")
    header = _of_type(path, body, PlanHeader)
    try:
        header.made  # noqa: B018 - which reads it
    except ValueError as error:
        raise PlanFileError(path, f"says that it was made at {header.made_at!r}, which is no time") from error
    return header


def _check_age(path: str | Path, header: PlanHeader, allowed: timedelta, now: datetime) -> None:
    age = now - header.made
    if age > allowed:
        raise PlanFileError(path, f"was made at {header.made_at}, {spelled_age(age)} ago: --max-age allows less")
    if age < -_CLOCKS:
        advice = "Check the clocks of both machines, or make the plan anew on this one"
        raise PlanFileError(path, f"says that it was made at {header.made_at}, which is still to come", advice)


def spelled_age(age: timedelta) -> str:
    """Spell a time span for people, in its largest unit."""
    seconds = max(int(age.total_seconds()), 0)
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"


def _lines_of(path: str | Path, plan_id: str, content: bytes) -> Iterator[PlanLine]:
    """Yield the records of a plan.

    Raises:
        PlanFileError: One of them was edited, or the end is missing.
    """
    *whole, last = content.split(b"\n")
    if last.strip():
        whole.append(last)  # an editor may have taken the last line's end away
    seen: set[str] = set()
    ended = False
    for number, text in enumerate(whole[1:], 2):
        if not text.strip():
            continue
        body = _decoded(text)
        if ended:
            raise PlanFileError(path, f"goes on behind its end, on line {number}")
        if body is None and number == len(whole) and last:
            raise _cut_off(path)
        ended = body is not None and _END in body
        seal = None if body is None else body.pop("digest" if ended else "line", None)
        if body is None or seal != _digest(body, plan_id):
            what = f"holds a line that was edited or is of another plan: line {number}, whose digest does not fit"
            raise PlanFileError(path, what, f"Lines may be removed, not edited. {_ANEW}")
        if ended:
            continue
        if seal in seen:
            raise PlanFileError(path, f"holds a line twice: line {number}", "Remove one of them")
        seen.add(seal)
        yield _of_type(path, {**body, "line": seal}, PlanLine)
    if not ended:
        raise _cut_off(path)


def _of_type(path: str | Path, body: Mapping[str, Any], kind: type[Part]) -> Part:
    """Return a header or a line; raises PlanFileError if its digest fits, and its values do not."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise PlanFileError(path, f"was made by another program than singer-crm: {error}") from error


def _cut_off(path: str | Path) -> PlanFileError:
    return PlanFileError(path, "was cut off: its end is missing", "Copy the whole file, or make the plan anew")


def _decoded(text: bytes) -> dict[str, Any] | None:
    """Decode a line that is a JSON object; None if it is not."""
    try:
        body = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
