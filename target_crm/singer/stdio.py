"""Standard input and output: reading messages, with an eye on signals and the time, and writing STATE."""

from __future__ import annotations

import json
import logging
import os
import re
import select
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import IO, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from typing_extensions import override

from crm_api.console import drop_output
from crm_api.errors import Retry
from target_crm.files import FileError, file_errors
from target_crm.singer.messages import InputError
from target_crm.singer.odd_values import NotJson

CHUNK_BYTES = 1 << 20
SILENCE_SECONDS = 0.2  # how long a silent input is waited for before signals and the time are checked
LINES_BETWEEN = 1000  # between two checks, of an input that cannot be waited for
SHOWN_CHARACTERS = 200
MOST_DIGITS = 4000  # of a number: Python reads and writes no more than 4,300
NESTED = 500  # arrays and objects inside one another; Python's decoders and encoders give up beyond 1,000
_MESSAGE = re.compile(r'\s*\{\s*"type"\s*:')
_RECORD = '"record"'
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
logger = logging.getLogger("target-crm")

_TOO_LARGE = NotJson(f"a number of more than {MOST_DIGITS} digits")


def _number(text: str) -> Decimal | NotJson:
    """Read a number with a fraction or an exponent: in a few letters it can stand for gigabytes of digits."""
    try:
        value = Decimal(text)
    except InvalidOperation:  # the exponent alone has dozens of digits
        return _TOO_LARGE
    if not value:
        return Decimal(0)
    return value if abs(value.adjusted()) <= MOST_DIGITS and len(text) <= MOST_DIGITS else _TOO_LARGE


def _whole(text: str) -> int | NotJson:
    return int(text) if len(text) <= MOST_DIGITS else _TOO_LARGE


_DECODER = msgspec.json.Decoder(float_hook=_number)


class _State(msgspec.Struct):
    value: msgspec.Raw


_STATE = msgspec.json.Decoder(_State)


def state_text(line: bytes) -> str:
    """Return the value of a STATE message as the very text that arrived."""
    try:
        return bytes(_STATE.decode(line).value).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _lenient_state_text(line.decode("utf-8", "surrogatepass"))


def _lenient_state_text(message: str) -> str:
    """Return the value's text of a message with NaN or lone surrogates, which ``decode`` accepts and JSON forbids."""
    scan, value = json.JSONDecoder().raw_decode, ""
    position = message.index("{") + 1
    while message[at := _next(message, position)] != "}":
        name, position = scan(message, at)
        begin = _next(message, message.index(":", position) + 1)
        _, position = scan(message, begin)
        value = message[begin:position] if name == "value" else value
    return value


def _next(text: str, position: int) -> int:
    """Return the position of the next character that is neither white space nor a comma."""
    while text[position] in " \t\r\n,":
        position += 1
    return position


def decode(line: bytes) -> Any:
    """Decode the message on a line; numbers with a fraction become Decimal.

    What JSON forbids and some taps send (NaN, half a surrogate pair), and what is too large or nested too deeply to be
    read, costs its record alone: it is read as ``NotJson``.

    Raises:
        ValueError: The line is not JSON, or a message that is no record is nested too deeply.
    """
    if len(line) > 2 * NESTED and line.count(b"[") + line.count(b"{") > NESTED and (cut := _cut(line)) is not None:
        deep = NotJson(f"a value nested more than {NESTED} deep")
        message = json.loads(cut, parse_float=_number, parse_int=_whole, parse_constant=lambda _: deep)
        if isinstance(message, dict) and message.get("type") == "RECORD":
            return message
        raise ValueError("it is nested too deeply")
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return json.loads(line, parse_float=_number, parse_int=_whole, parse_constant=NotJson)
        except ValueError:
            raise ValueError(str(error)) from error


def _cut(line: bytes) -> bytes | None:
    """Put NaN in place of each array and object that is nested too deeply; None if none is.

    Python's decoders cannot read those.
    """
    kept: list[bytes] = []
    depth = start = 0
    for found in _BRACKETS.finditer(line):
        if found[0] in b"[{":
            depth += 1
            if depth == NESTED + 1:
                kept.append(line[start : found.start()])
        elif found[0] in b"]}":
            if depth == NESTED + 1:
                kept.append(b"NaN")
                start = found.end()
            depth -= 1
    return b"".join([*kept, line[start:] if depth <= NESTED else b""]) if kept else None


class Reader(GenericSingerReader[bytes]):
    """Reads messages as bytes.

    Args:
        between: Called while the input is silent, and now and then between lines; may raise to end the run.
    """

    def __init__(self, between: Callable[[], None]) -> None:
        super().__init__()
        self._between = between
        self.line = b""
        """The line of the message that is being processed."""
        self.number = 0
        self.ended = False
        """Whether reading ends after this message."""

    @property
    @override
    def default_input(self) -> IO[bytes]:
        if sys.stdin is None:
            raise InputError("The input cannot be read: stdin is closed")
        return sys.stdin.buffer

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        source = file_input or self.default_input
        if getattr(source, "isatty", bool)():  # what is not a file, such as a text in memory, may have none
            logger.warning("Messages are read from the terminal: pipe a tap into target-crm, or end with Ctrl-D")
        for line in lines(source):
            if line is None:
                self._between()
                continue
            self.number += 1
            self.line = line.strip()
            if not self.line:
                continue
            message = self.deserialize_json(self.line)
            kind = message.get("type") if isinstance(message, dict) else None
            callback = callbacks.get(kind) if isinstance(kind, str) else None
            if callback is None:
                raise InputError(f"The input is not a Singer message on line {self.number}{self._told(message)}")
            try:
                callback(message)
            except InputError as error:
                raise InputError(f"The input is wrong on line {self.number}: {error}") from error
            counts[str(kind)] += 1
            if self.ended:
                break
        if not counts:
            logger.warning("The input was empty: the tap before target-crm sent nothing")
        return counts

    @override
    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        try:
            message: dict[str, Any] = decode(line)
        except ValueError as error:
            raise InputError(f"The input is not JSON on line {self.number} ({error}){self._told()}") from error
        return message

    def _told(self, value: object = None) -> str:
        """Say what a line that is no message looks like, without a value of a record: that could be all there is."""
        text = self.line.decode("utf-8", "replace")
        if isinstance(value, dict) and "type" not in value:
            told = f": an object with {', '.join(map(str, value))}"
        elif _MESSAGE.match(text):
            told = f": {text.partition(_RECORD)[0]}"
        else:
            told = ""
        told = told if len(told) <= SHOWN_CHARACTERS else f"{told[:SHOWN_CHARACTERS]}…"
        return f"{told}{'. What comes in must be the output of a Singer tap' if self.number == 1 else ''}"


def lines(file: IO[Any]) -> Iterator[bytes | None]:
    """Yield the lines of a file without their ends, and None whenever there is time for something else."""
    try:
        descriptor = file.fileno()
    except (OSError, AttributeError):  # not a file of the operating system, such as a text in memory
        for number, line in enumerate(file, start=1):
            yield line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line
            if number % LINES_BETWEEN == 0:
                yield None
        return
    begun: list[bytes] = []
    while True:
        chunk = _chunk(descriptor)
        if chunk == b"":
            break
        if chunk is not None:
            *complete, rest = chunk.split(b"\n")
            if complete:
                complete[0] = b"".join([*begun, complete[0]])
                begun.clear()
                yield from complete
            if rest:
                begun.append(rest)
        yield None
    if begun:
        yield b"".join(begun)


def _chunk(descriptor: int) -> bytes | None:
    """Read what is there; None if nothing came for a while, empty at the end."""
    try:
        readable, _, _ = select.select([descriptor], [], [], SILENCE_SECONDS)
        return os.read(descriptor, CHUNK_BYTES) if readable else None
    except OSError as error:  # a folder, or a file that is open for writing only
        raise InputError(f"The input cannot be read: {error.strerror}") from error


class OutputClosedError(FileError):
    """Stdout is closed, and STATE would be lost."""

    retry = Retry.NO
    advice = "Nothing was written: send stdout to a file, to the next program or to /dev/null."

    def __init__(self) -> None:
        super().__init__("The output", "stdout", "it is closed")


def check_output() -> None:
    """Check that there is a stdout at all, before anything is written.

    Raises:
        OutputClosedError: It was closed before we began.
    """
    if sys.stdout is None:
        raise OutputClosedError


def emit(text: str) -> None:
    """Write to stdout at once.

    Raises:
        FileError: Stdout cannot be written. What Python still holds for it is discarded.
    """
    try:
        with file_errors("The output", "stdout"):
            if (beneath := getattr(sys.stdout, "buffer", None)) is not None:
                beneath.write(text.encode("utf-8", "surrogatepass"))  # UTF-8, whatever the machine's encoding
                beneath.flush()
            else:  # a text stream that a caller put there
                sys.stdout.write(text)
    except FileError:
        drop_output()
        raise
