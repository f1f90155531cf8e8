"""The command ``singer-crm plan``: look at a plan that a dry run has made."""

from __future__ import annotations

import json

import click
from rich.table import Table
from rich.text import Text

from crm_api.console import on_one_line
from target_crm.cli.common import console, one_sentence
from target_crm.cli.page import page_option, put_page
from target_crm.pages.plan_page import plan_page
from target_crm.plans.plan_file import ACTIONS, Plan, PlanLine, read_plan
from target_crm.plans.plan_text import cost, count_rows, facts, header_lines, line_texts, now_utc
from target_crm.singer.stdio import emit


@click.group()
def plan() -> None:
    """Look at a plan.

    A dry run with plan_path makes it, and singer-crm apply carries it out.
    """


@plan.command()
@click.argument("file", type=click.Path())
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="json: the header and the counts.")
@click.option("--stream", help="Show only the records of this stream.")
@click.option("--action", type=click.Choice(ACTIONS), help="Show only the records of which this is to become.")
@page_option
@one_sentence
def show(file: str, output: str, stream: str | None, action: str | None, html: str | None) -> None:
    """Show what a plan would do, record by record and field by field.

    Needs no settings, and reaches no account.
    """
    if html is not None and (stream or action or output != "text"):
        raise click.UsageError("A page holds all records, to be chosen there: --html goes with no other option")
    found = read_plan(file)
    if html is not None:
        put_page(html, plan_page(found))
        return
    if output == "json":
        emit(f"{json.dumps(facts(found), indent=2, ensure_ascii=False, default=float)}\n")
        return
    _show(found, [each for each in found.lines if stream in {None, each.stream} and action in {None, each.action}])


def _show(found: Plan, lines: list[PlanLine]) -> None:
    for text in header_lines(found, now_utc()):
        click.echo(text)
    headings, rows = count_rows(found)
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "stream" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    click.echo()
    console().print(table)
    click.echo(cost(found))
    for line in lines:
        click.echo()
        for text in line_texts(line):
            click.echo(on_one_line(text))
