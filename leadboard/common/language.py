"""The language in which people are spoken to: English, or Russian from its catalogue.

A process has one: that of `LEADBOARD_LANG`, else of the settings, else of the locale. The messages
in the code are the English ones, so English needs no catalogue.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from leadboard.common.settings_file import LARGEST, path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from gettext import NullTranslations

LANGUAGES = ("en", "ru")
VARIABLE = "LEADBOARD_LANG"
"""The variable of the environment that goes before the settings and the locale."""
DOMAIN = "leadboard"
"""The name of the catalogues."""
CATALOGUES = Path(__file__).parents[1] / "locale"

_MARKS = {"ru": str.maketrans({",": "\N{NO-BREAK SPACE}", ".": ","})}
"""What separates thousands and decimals, where it is not as in English."""


def _(message: str, /, **values: object) -> str:
    """Return a message in the language in force, with `values` in the place of its `{names}`.

    A format of numbers, `{n:,}` or `{n:.1f}`, gives the separators of the language; one of moments,
    `{at:%d.%m}`, is a part of the message, so that a translation may have another.
    """
    return _filled(_catalogue().gettext(message) if message else message, values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the form of a message that fits a number, which stands in it as `{n}`."""
    return _filled(_catalogue().ngettext(one, many, number), {"n": number, **values})


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Return a message whose English has several meanings, of which `context` tells one."""
    return _filled(_catalogue().pgettext(context, message), values)


def npgettext(context: str, one: str, many: str, number: int, /, **values: object) -> str:
    """Return the form that fits a number of a message whose English has several meanings."""
    message = _catalogue().npgettext(context, one, many, number)
    return _filled(message, {"n": number, **values})


def figure(number: float, form: str) -> str:
    """Return a number in a format such as `,` or `.1f`, with the separators of the language."""
    return format(number, form).translate(_MARKS.get(language(), {}))


def _filled(message: str, values: "Mapping[str, object]") -> str:
    return _LOCAL.vformat(message, (), values) if values else message


class _LocalFormatter(Formatter):
    """Fills messages; numbers get the separators of the language."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Return a value as the message wants it."""
        if format_spec and isinstance(value, int | float):
            return figure(value, format_spec)
        return super().format_field(value, format_spec)


_LOCAL = _LocalFormatter()


@cache
def language() -> str:
    """Return the language in force, one of LANGUAGES."""
    named = (_of_environment, _of_settings, _of_locale)
    found = (_known(name()) for name in named)
    return next((each for each in found if each), LANGUAGES[0])


def originals(text: str) -> "Sequence[str]":
    """Return the English messages of which a text is the translation; none if it is English."""
    return _originals().get(text, ())


@cache
def _originals() -> "Mapping[str, Sequence[str]]":
    found: dict[str, list[str]] = {}
    # A private attribute: gettext has no other way back. Without it nothing is found.
    for key, text in getattr(_catalogue(), "_catalog", {}).items():
        message = key if isinstance(key, str) else key[0]
        found.setdefault(text, []).append(message.rpartition("\x04")[2])
    return found


def speak(translations: "NullTranslations") -> None:
    """Take messages from other translations from now on; those that were read already stay."""
    global _translations
    _translations = translations
    _originals.cache_clear()


_translations: "NullTranslations | None" = None


def _catalogue() -> "NullTranslations":
    if _translations is None:
        speak(_read(language()))
    assert _translations is not None
    return _translations


def _read(language: str) -> "NullTranslations":
    import gettext

    if language == LANGUAGES[0]:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True)


def _known(name: str) -> str:
    """Return the language of a name such as `ru_RU.UTF-8`, empty if it is not one of ours."""
    short = name.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    return short if short in LANGUAGES else ""


def _of_environment() -> str:
    return os.environ.get(VARIABLE, "")


def _of_settings() -> str:
    """Return what the settings say; who reads all of them tells what is wrong with them."""
    with suppress(OSError, ValueError, RecursionError):
        file = path()
        # Reading from a pipe at that path would wait forever.
        if file.is_file() and file.stat().st_size <= LARGEST:
            import tomllib  # only where there is a file

            return str(tomllib.loads(file.read_text("utf-8-sig")).get("language", ""))
    return ""


def _of_locale() -> str:
    """Return what the locale says, by the rules of gettext: LANGUAGE counts where there is one."""
    names = (os.environ.get(each, "") for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale, _dot, codeset = next(filter(None, names), "").partition(".")
    # Cyrillic may come out as anything in another codeset, and English is the same in all.
    is_unicode = codeset.partition("@")[0].lower().replace("-", "") in ("", "utf8")
    if locale in ("", "C", "POSIX") or not is_unicode:
        return ""
    preferred = os.environ.get("LANGUAGE", "").split(":")
    return next(filter(_known, preferred), "") or locale
