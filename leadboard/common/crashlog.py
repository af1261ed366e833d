"""The log of unexpected errors: tracebacks for developers, not for users."""

import re
import traceback
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from leadboard.common.language import _

MOST, KEPT = 5 * 1024 * 1024, 3
"""Bytes of the log, and how many older ones are kept."""

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_SECRETS = re.compile(
    r"(?P<before>://)\S*@"  # user and password of a URL
    rf"|(?P<name>(?:password|passwd|pwd)['\"]?\s*[=:]\s*)(?:{_QUOTED}|[^&\s,;)}}]+)"
    r"|(?<!\S)(?P<user>[\w.+%-]+:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)


def surprise(error: BaseException) -> str:
    """Log an unexpected error and return the sentence that tells the user where."""
    kind = type(error).__name__
    try:
        log = _logged(error)
        return _("Unexpected error ({kind}); the details are in {log}.", kind=kind, log=log)
    except OSError:
        return _(
            "Unexpected error ({kind}), and the log in {folder} cannot be written.",
            kind=kind,
            folder=log_folder(),
        )


_told: dict[str, str] = {}


def surprise_once(error: BaseException) -> str:
    """Return the sentence of `surprise`; the same failure at the same place is logged only once."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    what = f"{error!r} {[(each.filename, each.lineno) for each in place]}"[:500]
    if what not in _told:
        _told[what] = surprise(error)
    return _told[what]


def without_secrets(words: str) -> str:
    """Return the text with an ellipsis for the credentials of every address in it."""
    return _SECRETS.sub(_struck, words)


def _struck(found: "re.Match[str]") -> str:
    return (found["before"] or found["name"] or found["user"]) + "…"


def log_folder() -> Path:
    """Return the folder of the log."""
    import platformdirs

    return platformdirs.user_log_path("leadboard")


def _logged(error: BaseException) -> Path:
    # Only now: who meets no error need not load it.
    from logging import makeLogRecord

    from leadboard.common.log_files import PrivateLog

    path = log_folder() / "leadboard.log"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    details = without_secrets("".join(traceback.format_exception(error)))
    told = f"{datetime.now(UTC).isoformat(timespec='seconds')} {details}"
    with closing(PrivateLog(path, MOST, KEPT)) as log:
        log.handle(makeLogRecord({"msg": told}))
    return path
