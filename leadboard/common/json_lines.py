"""JSON as programs read it from a pipe and people from a terminal: one object a line."""

import json
from collections.abc import Mapping

_AS_WRITTEN = json.JSONEncoder(ensure_ascii=False).encode


def json_line(fields: Mapping[str, object], *, is_plain: bool = False) -> bytes:
    """Return an object as one line of UTF-8, or in ASCII alone if `is_plain`."""
    line = _AS_WRITTEN(fields)
    if is_plain or not line.isprintable():  # names may hold what a terminal would obey
        line = json.dumps(fields)
    return line.encode() + b"\n"
