"""What is written can be written: a letter that the terminal or pipe cannot hold is replaced."""

import codecs
import io
import sys

PLAIN = "leadboard_ascii"
"""ASCII by a name of ours: click would take ASCII for a mistake, and write UTF-8 instead."""


def replace_unwritable() -> None:
    """Write `?` on standard output, and the number on standard error, for an unwritable letter."""
    codecs.register(_plain)
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=PLAIN if is_ascii else None, errors=errors)


def takes_all_letters() -> bool:
    """Tell whether standard output can hold every letter that there is."""
    return codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")


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
