"""The option ``--html`` of commands that can make a page for a browser."""

from __future__ import annotations

from pathlib import Path

import click

from target_crm.pages.document import OPTION, write_page

page_option = click.option(
    OPTION,
    "html",
    metavar="PAGE",
    type=click.Path(dir_okay=False),
    help="Write a page to look at in a browser into this file, in place of printing. Only its owner can read it.",
)


def put_page(path: str, page: bytes) -> None:
    """Write a page, and tell where it is.

    Raises:
        FileError: It cannot be written.
    """
    write_page(path, page)
    click.echo(f"Written to {path}. Open it in a browser: {Path(path).resolve().as_uri()}", err=True)
