"""Compile the catalogues: `python -m distribution.catalogues` makes of each .po the .mo beside it.

A program reads only the .mo, which is in no commit. With Babel, because the msgfmt of GNU is not on
every machine that builds a wheel.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

ROOT = Path(__file__).resolve().parents[1]
LOCALE = Path("leadboard", "locale")


class BrokenCatalogue(Exception):
    """A catalogue that nobody should be spoken to from; the text has a line for each fault."""


def compile_all(root: Path) -> list[Path]:
    """Compile every catalogue of a tree; return what was written. Raises BrokenCatalogue."""
    sources = sorted((root / LOCALE).glob("*/LC_MESSAGES/*.po"))
    compiled = [(source.with_suffix(".mo"), _compiled(source, root)) for source in sources]
    for target, content in compiled:
        _write(target, content)
    return [target for target, _ in compiled]


def _compiled(source: Path, root: Path) -> bytes:
    place = source.relative_to(root)
    language = source.parents[1].name
    try:
        catalogue = read_po(BytesIO(source.read_bytes()), locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise BrokenCatalogue(f"{place}: {error}") from error
    if faults := [f"{place}:{line}: {fault}" for line, fault in _faults(catalogue)]:
        raise BrokenCatalogue("\n".join(faults))
    written = BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def _faults(catalogue: Catalog) -> Iterator[tuple[int, str]]:
    """Yield the line and the fault of each translation that is a guess or cannot be filled in.

    One that is missing is none: then the message is said in English.
    """
    for message in catalogue:
        line = message.lineno or 0
        if message.id and message.fuzzy:
            yield line, "this translation is fuzzy: confirm or mend it."
        # Babel takes `100% of` for a format; only click has such messages, with names.
        if "%(" not in str(message.id):
            message.flags.discard("python-format")
        for error in message.check(catalogue):
            yield line, f"{error}."
        forms = [message.string] if isinstance(message.string, str) else message.string or ()
        if any(forms) and not all(forms):
            yield line, "only some of its plural forms are translated."
        for name in sorted(_unknown_names(message)):
            yield line, f"the translation names {{{name}}}, which the message does not have."


def _unknown_names(message: Message) -> set[str]:
    if not message.id:
        return set()
    return _names(message.string or "") - _names(message.id)


def _names(texts: str | list[str] | tuple[str, ...]) -> set[str]:
    """Return the names that are filled in; a text of other braces, such as JSON, has none."""
    found: set[str] = set()
    for text in [texts] if isinstance(texts, str) else texts:
        with suppress(ValueError):
            found |= {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return found


def _write(target: Path, content: bytes) -> None:
    """Write a file as a whole: programs may be reading the one before it."""
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(target)


def main() -> None:
    """Compile the catalogues of this tree, or say what is wrong with them and exit with 1."""
    try:
        compile_all(ROOT)
    except BrokenCatalogue as broken:
        sys.exit(str(broken))


if __name__ == "__main__":
    main()
