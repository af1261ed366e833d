"""The command that opens the HTTP door."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from headless.cli import Choice

TOKEN = "LEADBOARD_TOKEN"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0 takes any that is free.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The token that every request must bring; else LEADBOARD_TOKEN.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=5000,
    show_default=True,
    help="Requests a second of one client; 0 for any number.",
)
@click.pass_context
def serve(
    context: click.Context, host: str, port: int, token_file: Path | None, rate: float
) -> None:
    """Answer HTTP: appeals from bots, operators, sources and weights; /docs shows how.

    Any address but loopback needs a token, which requests bring as "Authorization: Bearer TOKEN".
    Acts are recorded under --as, else under your login.

    \b
    Examples:
      leadboard serve
      LEADBOARD_TOKEN=... leadboard --as site serve --host 0.0.0.0 --port 8080
    """
    try:
        from headless.door.running import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"fastapi", "pydantic", "uvicorn"}:
            raise
        raise click.ClickException(
            "The HTTP door needs more packages: pip install 'leadboard[api]'."
        ) from error

    choice: Choice = context.obj
    token = _token(token_file)
    choice.open(may_create=True)
    context.exit(run(host, port, choice.actor, token, rate))


def _token(file: Path | None) -> str | None:
    """Return the token of the file or of the environment, None where there is neither."""
    given = os.environ.get(TOKEN) if file is None else file.read_text(encoding="utf-8")
    token = None if given is None else given.strip()
    if token == "":
        raise click.UsageError("The token is empty: write one, or leave it out.")
    return token
