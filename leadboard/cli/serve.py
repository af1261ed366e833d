"""The command that opens the HTTP door."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadboard.common.language import _

if TYPE_CHECKING:
    from leadboard.cli.context import Choice

TOKEN = "LEADBOARD_TOKEN"
LONGEST_TOKEN = 4096
"""Bytes; servers in front of the door accept no longer header."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 picks a free one.",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The token that every request must carry; else LEADBOARD_TOKEN.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=5000,
    show_default=True,
    help="Requests per second from one client; 0 for no limit.",
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that gets a line for each request; without it none is kept.",
)
@click.pass_context
def serve(
    context: click.Context,
    host: str,
    port: int,
    token_file: Path | None,
    rate: float,
    log: Path | None,
) -> None:
    """Answer HTTP: appeals from bots, operators, sources and weights; /docs shows how.

    Any address but loopback needs a token, which requests send as "Authorization: Bearer TOKEN".
    Acts are recorded under --as, else under your login.

    \b
    Examples:
      leadboard serve
      LEADBOARD_TOKEN=... leadboard --as site serve --host 0.0.0.0 --port 8080
    """
    from leadboard.cli.extras import SERVING, extra

    with extra(*SERVING):
        from leadboard.api.server import run

    choice: Choice = context.obj
    token = _token(token_file)
    choice.open(may_create=True)
    context.exit(run(host, port, choice.actor, token, rate, log))


def _token(file: Path | None) -> str | None:
    """Return the token of the file or of the environment, None where there is neither.

    Raises UsageError for one that no request could send.
    """
    given = os.environ.get(TOKEN) if file is None else _text_of(file)
    if given is None:
        return None
    token = given.removeprefix("\ufeff").strip()
    if not token:
        raise click.UsageError(_("The token is empty: write one, or leave it out."))
    if len(token.splitlines()) > 1:
        raise click.UsageError(_("The token has several lines: write it alone, on one."))
    if token[0] == token[-1] and token[0] in "'\"":
        raise click.UsageError(_("The token is in quotes: write it without them."))
    if not all("!" <= letter <= "~" for letter in token):
        raise click.UsageError(
            _(
                "The token holds a space or a letter that HTTP cannot carry: use ASCII letters and "
                "digits."
            )
        )
    return token


def _text_of(file: Path) -> str:
    with file.open("rb") as opened:
        content = opened.read(LONGEST_TOKEN + 1)
    if len(content) > LONGEST_TOKEN:
        sentence = _("The token file is longer than {most:,} bytes.", most=LONGEST_TOKEN)
        raise click.UsageError(sentence)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    # UTF-16 without a byte-order mark can pass for UTF-8 with a NUL after each letter.
    if "\0" in text:
        raise click.UsageError(_("The token file is not UTF-8 text: save it as UTF-8."))
    return text
