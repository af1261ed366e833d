"""Output in any encoding: characters that the terminal or pipe cannot hold are replaced."""

import codecs
import io
import sys
from collections.abc import Callable, Mapping

import click

from leadboard.common.errors import Refused
from leadboard.common.json_lines import json_line
from leadboard.common.language import _

PLAIN = "leadboard_ascii"
"""ASCII under a name of our own: click takes ASCII for a mistake and writes UTF-8 instead."""


def replace_unwritable() -> None:
    """Write `?` on standard output, and an escape on standard error, for such a character."""
    codecs.register(_plain)
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=PLAIN if is_ascii else None, errors=errors)


def takes_all_letters() -> bool:
    """Tell whether standard output can hold every character."""
    return codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")


def write_json(fields: Mapping[str, object]) -> None:
    """Write an object on standard output, as one line; nothing where that is closed."""
    if sys.stdout is None:
        return
    click.echo(json_line(fields, is_plain=not takes_all_letters()), nl=False)


def show_once(secret: str, take_back: Callable[[], None]) -> None:
    """Write a secret on standard output, or take it back, since nobody could ever see it.

    Raises OSError.
    """
    try:
        click.echo(secret)
        sys.stdout.flush()
    except OSError:
        take_back()
        raise


def require_output() -> None:
    """Raise Refused where there is no standard output, before something is done for its sake."""
    if sys.stdout is None:
        raise Refused(_("There is no standard output to write to."))


def _plain(name: str) -> codecs.CodecInfo | None:
    if name != PLAIN:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        name=PLAIN,
        encode=known.encode,
        decode=known.decode,
        incrementalencoder=known.incrementalencoder,
        incrementaldecoder=known.incrementaldecoder,
    )
