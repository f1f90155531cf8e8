"""The command ``singer-crm authorize``: get an OAuth access token for a Copper account, in two steps."""

from __future__ import annotations

import sys

import click

from crm_api.copper.oauth import OAUTH_URL, Client
from crm_api.errors import CrmError


@click.command()
@click.option("--client-id", required=True, help="The id of the application that Copper registered.")
@click.option(
    "--redirect-uri", required=True, help="The https address to which Copper POSTs the code, exactly as registered."
)
@click.option("--code", help="The code that Copper POSTed to the redirect address. It works once.")
@click.option(
    "--client-secret",
    envvar="COPPER_CLIENT_SECRET",
    help="The application's secret, needed with --code. Asked for if left out. Better given as COPPER_CLIENT_SECRET, "
    "since other users of the machine can see a command line.",
)
@click.option("--state", default="", help="A text that Copper sends back unchanged with the code.")
@click.option("--oauth-url", default=OAUTH_URL, show_default=True, help="The address of Copper's OAuth pages.")
def authorize(
    *, client_id: str, redirect_uri: str, code: str | None, client_secret: str | None, state: str, oauth_url: str
) -> None:
    """Get an access token, which does not expire.

    Without --code, print the page on which the account's user agrees. Copper then POSTs a code to the redirect address.
    With --code, exchange the code and print the token alone on stdout. Both plugins take it as access_token.
    """
    try:
        if not code:
            click.echo(Client(client_id, redirect_uri).grant_url(state, oauth_url))
            click.echo("Open this page, agree, and run this command again with --code.", err=True)
            return
        secret = client_secret or click.prompt("Client secret", hide_input=True, err=True)
        click.echo(Client(client_id, redirect_uri, secret).redeem(code, oauth_url=oauth_url))
    except CrmError as error:
        click.echo(error.sentence, err=True)
        sys.exit(2)
