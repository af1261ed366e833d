"""Brings the Russian catalogue up to date with the messages of the code: `make catalogue`.

New messages are added without a translation, and those that nothing says any more are left out. A
test fails until each has its translation.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from leadboard.cli.helps import messages
from leadboard.cli.main import cli

ROOT = Path(__file__).parents[1]
RUSSIAN = ROOT / "leadboard" / "locale" / "ru" / "LC_MESSAGES" / "leadboard.po"
KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
CODE = ("leadboard", "tui", "models.py", "allocator.py")
OF_CLICK = "click"
"""The place of messages of click, which has them in its own code and in no catalogue."""

Words = str | tuple[str, ...]


def of_code() -> Catalog:
    """Return what the code says: its messages, and the helps of the commands."""
    catalogue = Catalog(charset="utf-8", fuzzy=False)
    for file, message, context in _found():
        catalogue.add(message, locations=[(file, 0)], context=context)
    for help in messages(cli):
        catalogue.add(help, locations=[("leadboard/cli", 0)])
    return catalogue


def _found() -> Iterator[tuple[str, Words, str | None]]:
    found = extract_from_dir(
        ROOT, [("**.py", "python")], keywords=KEYWORDS, directory_filter=_is_ours
    )
    for file, _line, message, _comments, context in found:
        if file.startswith(CODE):
            yield file, message, context


def _is_ours(folder: str | Path) -> bool:
    return not _NOT_OURS.search(f"{folder}/")


_NOT_OURS = re.compile(r"/(\.[^/]+|bench|build|dist|distribution|docs|examples|tests)/")


def read() -> Catalog:
    """Return the Russian catalogue as it is."""
    with RUSSIAN.open("rb") as file:
        return read_po(file, locale="ru", domain="leadboard")


def updated() -> bytes:
    """Return the file of the Russian catalogue, up to date with the code."""
    catalogue, wanted = read(), of_code()
    for each in catalogue:
        if _is_of_click(each):
            wanted.add(each.id, locations=each.locations)
    catalogue.update(wanted, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    for each in catalogue:
        # One form of click's names what the other does not, which msgfmt would not have.
        if each.pluralizable and _is_of_click(each):
            each.flags.discard("python-brace-format")
    written = BytesIO()
    write_po(written, catalogue, width=100, include_lineno=False, sort_by_file=True)
    # When it was written would be a change of its own each time.
    return re.sub(rb'"[\w-]+-Date:.*\n', b"", written.getvalue())


def _is_of_click(message: Message) -> bool:
    return [file for file, _line in message.locations] == [OF_CLICK]


def main() -> None:
    """Write the catalogue."""
    RUSSIAN.write_bytes(updated())


if __name__ == "__main__":
    main()
