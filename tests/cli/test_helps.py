"""What is told of commands: every word of it is in the catalogue."""

from leadboard.cli.helps import messages
from leadboard.cli.main import cli


def test_the_types_of_what_commands_take_are_messages() -> None:
    """They stand in usages and errors: `--port INTEGER RANGE`, `File '…' does not exist.`"""
    found = set(messages(cli))
    assert {"file", "text", "integer range"} <= found
    # These are shown as their values, or not at all.
    assert not {"choice", "boolean"} & found


def test_helps_are_paragraphs_and_their_examples_are_left_as_they_are() -> None:
    found = set(messages(cli))
    assert "Store appeals, one JSON object per line, from FILE or standard input." in found
    assert "Examples:" in found
    assert not [each for each in found if "\n" in each]
