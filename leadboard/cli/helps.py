"""The help of commands in the language of the person who asks for it.

click takes a help from the docstring of a command, which has to stay what it is; so what click
holds is put into other words before the command line is read. A message is one paragraph.
"""

import gettext
import inspect
import os
from collections.abc import Callable, Iterator

import click

from leadboard.common.language import CATALOGUES, DOMAIN, LANGUAGES, _, language

EXAMPLES = "\b\nExamples:"
"""How a paragraph of examples begins: what follows are commands, the same in every language."""


def messages(command: click.Command) -> Iterator[str]:
    """Yield what is told of a command, its options and its commands.

    That is the paragraphs of their helps, and the types of what they take.
    """
    found: list[str] = []

    def kept(message: str) -> str:
        found.append(message)
        return message

    _reword(command, kept)
    yield from found


def translate(command: click.Command) -> None:
    """Put the helps of a command, and the words of click itself, into the language in force."""
    if language() == LANGUAGES[0]:
        return
    # click asks gettext itself, which goes by the environment and the domain in force.
    os.environ["LANGUAGE"] = language()
    gettext.bindtextdomain(DOMAIN, CATALOGUES)
    gettext.textdomain(DOMAIN)
    _reword(command, _)


def _reword(command: click.Command, words: Callable[[str], str]) -> None:
    if command.help:
        command.help = _reworded(command.help, words)
    for parameter in command.params:
        if not isinstance(parameter.type, click.Choice | click.types.BoolParamType):
            parameter.type.name = words(parameter.type.name)
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = _reworded(parameter.help, words)
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _reword(each, words)


def _reworded(help: str, words: Callable[[str], str]) -> str:
    return "\n\n".join(_paragraph(each, words) for each in inspect.cleandoc(help).split("\n\n"))


def _paragraph(text: str, words: Callable[[str], str]) -> str:
    if text.startswith(EXAMPLES):
        return f"\b\n{words('Examples:')}{text.removeprefix(EXAMPLES)}"
    return words(" ".join(text.split()))
