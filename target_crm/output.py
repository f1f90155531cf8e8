"""The output: STATE messages, and an orderly end when nobody reads them any more."""

from __future__ import annotations

import os
import sys

from target_crm.files import FileError, file_errors


def emit(text: str) -> None:
    """Write to stdout at once.

    Raises:
        FileError: It cannot be written. Nothing is written to it any more, also not what Python still holds.
    """
    try:
        with file_errors("The output", "stdout"):
            if (beneath := getattr(sys.stdout, "buffer", None)) is not None:
                beneath.write(text.encode("utf-8", "surrogatepass"))  # whatever the machine's own encoding
                beneath.flush()
            else:  # a caller's own text stream
                sys.stdout.write(text)
    except FileError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise
