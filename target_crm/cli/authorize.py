"""The command ``singer-crm authorize``: an OAuth access token for a Copper account, in two steps."""

from __future__ import annotations

import sys

import click

from crm_api.copper.oauth import OAUTH_URL, Client
from crm_api.errors import CrmError


@click.command()
@click.option("--client-id", required=True, help="Of the application that Copper registered.")
@click.option("--redirect-uri", required=True, help="Where Copper POSTs the code: https, exactly as registered.")
@click.option("--code", help="The code that Copper POSTed to the redirect address; it works once.")
@click.option(
    "--client-secret",
    envvar="COPPER_CLIENT_SECRET",
    help="Needed with --code; asked for if left out. Better given as COPPER_CLIENT_SECRET: a command line can be seen.",
)
@click.option("--state", default="", help="Comes back with the code, unchanged.")
@click.option("--oauth-url", default=OAUTH_URL, show_default=True, help="Where Copper's OAuth pages are.")
def authorize(
    *, client_id: str, redirect_uri: str, code: str | None, client_secret: str | None, state: str, oauth_url: str
) -> None:
    """Get an access token, which does not expire.

    Without --code, print the page where the account's user agrees; Copper then POSTs a code to the redirect address.
    With it, exchange the code and print the token, alone, on stdout: it is the setting access_token of both plugins.
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
