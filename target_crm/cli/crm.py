"""The CRM that ``singer-crm map`` and ``objects`` are about: an account, or its kind alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from crm_api.crm import Crm
from crm_api.errors import SettingError
from target_crm.cli.common import target_of
from target_crm.crms import account_of, objects_of
from target_crm.proposals.declared import declared_crm

KINDS = ("copper", "freshsales", "apptivo")
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class OpenedCrm:
    """A CRM.

    Attributes:
        kind: The value of the setting crm.
        crm: Its objects; what an account has of its own only where there is one.
        account: The account; None: only the kind of CRM is known.
        config: The settings as they are given; empty where there are none.
    """

    kind: str
    crm: Crm
    account: Crm | None
    config: Mapping[str, Any]


def account_options(command: Command) -> Command:
    """Give a command the options that say which CRM it is about."""
    config = click.option(
        "--config",
        multiple=True,
        help="The plugin's settings: a file, or ENV for the environment. May be given several times.",
    )
    crm = click.option("--crm", type=click.Choice(KINDS), help="The kind of CRM, where no account is at hand.")
    return config(crm(command))


def opened_crm(config: Sequence[str], kind: str | None) -> OpenedCrm:
    """Open the account that the settings name, or else what is known of all accounts of a kind.

    Raises:
        SettingError: Neither is given, or the CRM has no objects.
        CrmError: The account cannot be reached.
    """
    if not config:
        if kind is None:
            raise SettingError("Say which CRM is meant: --config with the settings of an account, or --crm copper")
        return OpenedCrm(kind, declared_crm(objects_of(kind)), None, {})
    target = target_of(config)
    named = target.config["crm"]
    if kind not in {None, named}:
        raise SettingError(f"--crm says {kind}, and the settings {named}. Leave --crm out")
    if named not in KINDS:
        raise SettingError(
            f"crm is {named}, whose records go to endpoints as they are: it has no objects. See docs/endpoints.md"
        )
    crm = target.connect()
    account = account_of(crm)
    click.echo(f"Account {account.name} (id {account.id}), as {account.user}", err=True)
    return OpenedCrm(named, crm, crm, target.config)
