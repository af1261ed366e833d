"""The settings as a text of TOML, each with where it comes from."""

import os
from collections.abc import Iterable, Iterator, Mapping

from leadboard.common.crashlog import without_secrets
from leadboard.common.language import _, pgettext
from leadboard.common.settings import Settings, Thresholds, brief, dotted, quoted
from leadboard.common.settings_file import path
from leadboard.common.text import clean

WHAT: Mapping[str, str] = {
    "theme": _("the colours of the screen; empty for the screen's own"),
    "bell": _("whether the terminal may ring"),
    "language": _("en or ru; empty for that of your locale"),
    "database": _("a path or URL; empty for a file in your data directory"),
    "actor": _("the name your acts are recorded under; empty for your login"),
}
VARIABLES: Mapping[str, str] = {
    "theme": "TEXTUAL_THEME",
    "language": "LEADBOARD_LANG",
    "database": "LEADBOARD_DB",
}
"""The variables of the environment that go before a setting."""


def lines_of(settings: Settings, keys: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the lines of a file with these settings, without the credentials of the database.

    `keys` has each binding's id, its keys as people write them, and where they come from.
    """
    file = path()
    named = str(file) if file.exists() else _("{file} (there is no such file yet)", file=file)
    yield clean(f"# {named}")
    for key, what in WHAT.items():
        yield ""
        yield f"# {what}"
        yield f"{key} = {_value(getattr(settings, key))}  # {_origin(settings, key)}"
    yield ""
    what = _("for how long an appeal may wait before it is amber, and before it is red")
    yield f"# {what}"
    yield from _thresholds(settings, settings.waiting, "waiting")
    for name, thresholds in settings.sources.items():
        yield ""
        yield from _thresholds(settings, thresholds, "waiting", "sources", name)
    yield ""
    what = _("the keys of each binding, separated by commas")
    yield f"# {what}"
    yield "[keys]"
    for id, written, remark in keys:
        yield f"{quoted(id)} = {quoted(written)}  # {remark}"


def _thresholds(settings: Settings, thresholds: Thresholds, *place: str) -> Iterator[str]:
    yield f"[{dotted(*place)}]"
    for key, length in zip(("amber", "red"), thresholds, strict=True):
        yield f"{key} = {quoted(brief(length))}  # {_origin(settings, dotted(*place, key))}"


def _value(value: object) -> str:
    return quoted(without_secrets(value)) if isinstance(value, str) else str(value).lower()


def _origin(settings: Settings, key: str) -> str:
    origin = pgettext("origin", "file") if key in settings.given else pgettext("origin", "default")
    variable = VARIABLES.get(key, "")
    if variable not in os.environ:
        return origin
    return _("{origin}, but {variable} goes first", origin=origin, variable=variable)
