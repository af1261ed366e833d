"""Write the man page: `python -m distribution.manual VERSION`, in the language in force.

One page for the whole program, so that a search in it finds any command. What the commands do comes
from their helps, everything else from `manual.LANGUAGE.man` beside this module.
"""

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import cleandoc
from pathlib import Path

import click

from leadboard.cli.helps import translate
from leadboard.cli.main import cli
from leadboard.common.language import language

PROGRAM = "leadboard"
EXAMPLES = "\b\n"
"""What begins a paragraph whose lines stay as they are: its first is a heading, the rest code."""

_ROFF = str.maketrans({"\\": r"\e", "~": r"\(ti", "^": r"\(ha", "`": r"\(ga"})
# A hyphen stays one only within a word: elsewhere it is the minus of an option or of a number.
_MINUS = re.compile(r"(?<!\w)-|-(?!\w)")
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-ZА-Я])")


def page(version: str, day: str) -> str:
    """Return the page of a version as roff."""
    context = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    parts = {
        "@version@": _escaped(version),
        "@day@": day,
        "@usage@": _escaped(_usage(context)),
        "@help@": "\n".join(_help(cli)),
        "@options@": "\n".join(_options(cli.get_params(context), context)),
        "@commands@": "\n".join(_commands(context)),
    }
    text = Path(__file__).with_name(f"manual.{language()}.man").read_text(encoding="utf-8")
    return re.sub("@[a-z]+@", lambda found: parts[found[0]], text)


def _commands(context: click.Context) -> Iterator[str]:
    """Yield the lines about every command of a group, and about theirs."""
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.commands[name]
        inner = click.Context(command, parent=context, info_name=name)
        yield f".SS {_escaped(_usage(inner))}"
        yield from _help(command)
        yield from _options(command.params, inner)
        if isinstance(command, click.Group):
            yield from _commands(inner)


def _usage(context: click.Context) -> str:
    words = context.command.collect_usage_pieces(context)
    path = [PROGRAM]
    while context.parent:
        path.insert(1, context.info_name or "")
        context = context.parent
    return " ".join([*path, *words])


def _help(command: click.Command) -> Iterator[str]:
    for number, paragraph in enumerate(cleandoc(command.help or "").split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith(EXAMPLES):
            yield from _examples(paragraph.removeprefix(EXAMPLES).splitlines())
        else:
            yield from _prose(paragraph)


def _examples(lines: list[str]) -> Iterator[str]:
    heading, *code = lines
    yield from _prose(heading)
    yield from (".RS 4", ".EX")
    yield from (_line(_code(each.strip())) for each in code)
    yield from (".EE", ".RE")


def _options(parameters: list[click.Parameter], context: click.Context) -> Iterator[str]:
    for each in parameters:
        record = each.get_help_record(context) if isinstance(each, click.Option) else None
        if record:
            yield from (".TP", f".B {_code(record[0])}")
            yield from _prose(record[1])


def _prose(text: str) -> Iterator[str]:
    """Yield the lines of a paragraph: a sentence begins a line, as roff wants it."""
    for sentence in _SENTENCES.split(" ".join(text.split())):
        for line in textwrap.wrap(sentence, 78, break_long_words=False, break_on_hyphens=False):
            yield _line(_escaped(line))


def _escaped(text: str) -> str:
    return _MINUS.sub(lambda _: r"\-", text.translate(_ROFF))


def _code(text: str) -> str:
    """Return a text to be copied from the page: each hyphen and quote as it is typed."""
    return text.translate(_ROFF).replace("-", r"\-").replace("'", r"\(aq")


def _line(text: str) -> str:
    """Return a line of text that is not taken for an instruction."""
    return rf"\&{text}" if text.startswith((".", "'")) else text


def today() -> str:
    """Return the day of the build; SOURCE_DATE_EPOCH, where it is set, makes it the same again."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.now(UTC) if given is None else datetime.fromtimestamp(int(given), UTC)
    return f"{moment:%Y-%m-%d}"


def main() -> None:
    """Write the page of the version that is named on standard output."""
    translate(cli)
    sys.stdout.buffer.write(page(sys.argv[1], today()).encode())


if __name__ == "__main__":
    main()
