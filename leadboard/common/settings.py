"""The settings: one TOML file that people write. A mistake in it is a sentence and nothing more."""

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from leadboard.common.case_folding import fold
from leadboard.common.durations import length_of, written
from leadboard.common.errors import Refused
from leadboard.common.language import LANGUAGES, _
from leadboard.common.os_reasons import reason_of
from leadboard.common.settings_file import LARGEST, path
from leadboard.common.text import clean
from leadboard.common.validation import checked_name

Thresholds = tuple[timedelta, timedelta]
"""For how long an appeal may wait before it is amber, and before it is red."""


@dataclass(frozen=True)
class Settings:
    """What the file says, and the defaults for what it does not say; empty text means unset."""

    theme: str = ""
    bell: bool = True
    language: str = ""
    database: str = ""
    actor: str = ""
    waiting: Thresholds = (timedelta(minutes=5), timedelta(minutes=15))
    sources: Mapping[str, Thresholds] = field(default_factory=dict)
    """The thresholds of sources that have their own, by name as written."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The keys of bindings by id, as written; the screen checks them."""
    given: frozenset[str] = frozenset()
    """The settings that come from the file, such as `waiting.amber`."""
    faults: tuple[str, ...] = ()
    """A sentence for each mistake in the file."""

    def thresholds(self, source_name: str) -> Thresholds:
        """Return for how long an appeal of a source may wait until it is amber, and until red."""
        return self._by_fold.get(fold(source_name), self.waiting) if self.sources else self.waiting

    @cached_property
    def _by_fold(self) -> Mapping[str, Thresholds]:
        return {fold(name): thresholds for name, thresholds in self.sources.items()}


DEFAULTS = Settings()


def fault(key: str, what: str) -> str:
    """Return the sentence for a mistake: the file, the key, and what is wrong with it."""
    return clean(_("{file}: {key} {what}.", file=path().name, key=key, what=what))


def quoted(text: str) -> str:
    """Return a text as a basic string of TOML."""
    return '"' + re.sub(r'[\x00-\x1f\x7f"\\]', _escaped, text) + '"'


def _escaped(match: re.Match[str]) -> str:
    letter = match.group()
    return f"\\{letter}" if letter in '"\\' else f"\\u{ord(letter):04x}"


def dotted(*parts: str) -> str:
    """Return a key of TOML, each part in quotes where it needs them."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part, re.A) else quoted(part) for part in parts)


def brief(length: timedelta) -> str:
    """Return a length as the file writes it, such as `1h30m`."""
    return written(length)


# Reading.


def read() -> Settings:
    """Return the settings; whatever is wrong with the file becomes one of their faults."""
    file = path()
    try:
        content = _content(file)
    except OSError as error:
        return _unread(file, reason_of(error))
    except Refused as refusal:
        sentence = _("{file} {what}, so the defaults hold.", file=file.name, what=refusal)
        return Settings(faults=(clean(sentence),))
    if content is None:
        return DEFAULTS
    try:
        return _settings(_parsed(content))
    except Refused as refusal:
        return _unread(file, str(refusal))


def _unread(file: Path, why: str) -> Settings:
    sentence = _("{file} cannot be read, so the defaults hold: {why}.", file=file.name, why=why)
    return Settings(faults=(clean(sentence),))


def _content(file: Path) -> str | None:
    """Return the text of the file, None if there is none; raises OSError or Refused."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    # Reading from a pipe at that path would wait forever.
    if not stat.S_ISREG(found.st_mode):
        raise Refused(_("is not a file"))
    if found.st_size > LARGEST:
        raise Refused(_("has more than {most:,} bytes", most=LARGEST))
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(_("is not UTF-8 text")) from None


def _parsed(content: str) -> dict[str, Any]:
    """Return what a TOML text holds; raises Refused with the parser's reason and its line."""
    import tomllib  # only where there is a file

    try:
        # Some editors put a byte-order mark first.
        return tomllib.loads(content.removeprefix("\ufeff"))
    # A ValueError besides the parser's own: a number with thousands of digits.
    except ValueError as error:
        raise Refused(str(error).rstrip(".")) from error
    except RecursionError:
        raise Refused(_("it is nested too deep")) from None


def _settings(content: Mapping[str, Any]) -> Settings:
    """Return the settings that a parsed file gives."""
    taking = _Taking()
    plain = taking.values({key: content[key] for key in content if key not in _TABLES}, _CHECKS)
    waiting = taking.table(content, "waiting")
    usual = taking.thresholds({k: waiting[k] for k in waiting if k != "sources"}, DEFAULTS.waiting)
    return Settings(
        **plain,
        waiting=usual,
        sources=taking.sources(waiting, usual),
        keys=taking.keys(content),
        given=frozenset(taking.given),
        faults=tuple(taking.faults),
    )


class _Taking:
    """Takes values out of tables, and notes which could be taken and what is wrong with others."""

    def __init__(self) -> None:
        self.given: set[str] = set()
        self.faults: list[str] = []

    def values(
        self, table: Mapping[str, Any], checks: Mapping[str, "_Check"], *place: str
    ) -> dict[str, Any]:
        """Return the values of a table that pass their checks."""
        taken = {}
        for key, value in table.items():
            name = dotted(*place, key)
            try:
                taken[key] = checks.get(key, _refuse_unknown)(value)
                self.given.add(name)
            except Refused as refusal:
                self.faults.append(fault(name, str(refusal)))
        return taken

    def table(self, content: Mapping[str, Any], *place: str) -> Mapping[str, Any]:
        """Return a table, an empty one if there is none."""
        found = content.get(place[-1], {})
        if isinstance(found, dict):
            return found
        self.faults.append(fault(dotted(*place), _("must be a table")))
        return {}

    def thresholds(self, table: Mapping[str, Any], usual: Thresholds, *place: str) -> Thresholds:
        """Return two thresholds, `usual` for what the table leaves out or gets wrong."""
        place = ("waiting", *place)
        taken = self.values(table, {"amber": _length, "red": _length}, *place)
        amber, red = taken.get("amber", usual[0]), taken.get("red", usual[1])
        if amber <= red:
            return amber, red
        self.given -= {dotted(*place, "amber"), dotted(*place, "red")}
        lengths = {"amber": brief(amber), "red": brief(red)}
        what = _("({amber}) must not exceed red ({red})", **lengths)
        self.faults.append(fault(dotted(*place, "amber"), what))
        return usual

    def sources(self, waiting: Mapping[str, Any], usual: Thresholds) -> dict[str, Thresholds]:
        """Return the thresholds of each source in the table of waiting."""
        found: dict[str, Thresholds] = {}
        names: dict[str, str] = {}
        content = self.table(waiting, "waiting", "sources")
        for name in content:
            table = self.table(content, "waiting", "sources", name)
            if (first := names.setdefault(fold(name), name)) == name:
                found[name] = self.thresholds(table, usual, "sources", name)
            else:
                what = _("is the same source as {first}", first=quoted(first))
                self.faults.append(fault(dotted("waiting", "sources", name), what))
        return found

    def keys(self, content: Mapping[str, Any]) -> dict[str, str]:
        """Return the keys of bindings, unchecked: only the screen knows which there are."""
        table = dict(_joined(self.table(content, "keys")))
        return self.values(table, dict.fromkeys(table, _text), "keys")


def _joined(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a table; an id without quotes has become a table of its own."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{rest}", each) for rest, each in value.items())
        else:
            yield key, value


_Check = Callable[[object], object]
"""Returns a value of the file in its own type; raises Refused with the rest of a sentence."""


def _refuse_unknown(_unknown: object) -> object:
    raise Refused(_("is no setting"))


def _text(value: object) -> str:
    if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f]", value):
        raise Refused(_("must be a line of text in quotes"))
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused(_("must be true or false"))
    return value


def _language(value: object) -> str:
    if value not in ("", *LANGUAGES):
        raise Refused(_('must be "en" or "ru"'))
    return str(value)


def _actor(value: object) -> str:
    try:
        return checked_name(value) if value != "" else ""
    except Refused:
        raise Refused(_("must be a name that acts can be recorded under")) from None


def _length(value: object) -> timedelta:
    length = length_of(value) if isinstance(value, str) else None
    if length is None:
        raise Refused(_('must be a length of time such as "5m" or "1h30m"'))
    return length


_TABLES = ("waiting", "keys")
_CHECKS: Mapping[str, _Check] = {
    "theme": _text,
    "bell": _flag,
    "language": _language,
    "database": _text,
    "actor": _actor,
}


# Writing.


def remember_theme(name: str) -> None:
    """Write the theme into the file and leave all else in it as it is.

    Raises OSError, or Refused where the file cannot be read: it is then not written over.
    """
    # The file itself where the path is a link, as in a folder of dotfiles.
    file = Path(os.path.realpath(path()))
    changed = _with_theme(_content(file) or "", name).encode("utf-8")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Renamed once complete, and named by process: several desks may start and save at once.
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        # Private from the start: the address of a database may hold a password.
        with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as output:
            output.write(changed)
        with suppress(FileNotFoundError):
            partial.chmod(stat.S_IMODE(file.stat().st_mode))
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _with_theme(content: str, name: str) -> str:
    """Return a TOML text with another theme; raises Refused for a text that is no TOML."""
    present = _parsed(content)
    import tomlkit  # only to write, which takes as long as reading the settings ten times
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(content.removeprefix("\ufeff"))
        document["theme"] = name
        changed = tomlkit.dumps(document)
        is_kept = _parsed(changed) == present | {"theme": name}
    except (TOMLKitError, Refused, RecursionError):
        is_kept = False
    if not is_kept or isinstance(present.get("theme"), dict):
        raise Refused(_("its theme cannot be replaced without changing the rest"))
    return "\ufeff" * content.startswith("\ufeff") + changed
