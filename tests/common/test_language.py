"""The language: what decides it, and how messages, numbers and moments are put into it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from leadboard.common import language
from leadboard.common.language import (
    _,
    figure,
    ngettext,
    npgettext,
    originals,
    pgettext,
    speak,
)
from leadboard.common.settings_file import path

VARIABLES = ("LEADBOARD_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    language.language.cache_clear()
    yield
    language.language.cache_clear()


@pytest.fixture
def russian(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LEADBOARD_LANG", "ru")
    language.language.cache_clear()
    yield
    language.language.cache_clear()


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "ru_RU.utf8@x"}, "ru"),
        ({"LANG": "ru_RU.KOI8-R"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "ru"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "uk:ru:en"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LEADBOARD_LANG": "en"}, "en"),
        ({"LANG": "C", "LEADBOARD_LANG": "RU-ru"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LEADBOARD_LANG": "klingon"}, "ru"),
    ],
)
@pytest.mark.usefixtures("undecided")
def test_the_environment_decides(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], wanted: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language.language() == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('language = "ru"', "ru"),
        ('\ufefflanguage = "ru"\n', "ru"),
        ('language = ""', "en"),
        ("language = 7", "en"),
        ("language = ", "en"),
        ("[language]\nru = 1", "en"),
    ],
)
@pytest.mark.usefixtures("undecided")
def test_settings_decide_before_the_locale(
    monkeypatch: pytest.MonkeyPatch, text: str, wanted: str
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    path().parent.mkdir(parents=True)
    path().write_text(text, encoding="utf-8")
    assert language.language() == wanted


@pytest.mark.usefixtures("undecided")
def test_settings_that_cannot_be_read_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    path().mkdir(parents=True)
    assert language.language() == "ru"


def test_values_are_never_read_as_a_message() -> None:
    assert _("There is no source {name}.", name="{name!r} {0} %s") == (
        "There is no source {name!r} {0} %s."
    )
    assert _("press {operators.add} to add one") == "press {operators.add} to add one"
    assert _("") == ""


def test_english_counts_one_and_many() -> None:
    assert ngettext("{n} appeal", "{n:,} appeals", 1) == "1 appeal"
    assert ngettext("{n} appeal", "{n:,} appeals", 12_345) == "12,345 appeals"
    assert npgettext("list", "{n} row", "{n} rows of {name}", 2, name="x") == "2 rows of x"
    assert pgettext("list", "Waiting") == "Waiting"


@pytest.mark.usefixtures("russian")
def test_numbers_have_the_separators_of_the_language() -> None:
    assert figure(1_234_567, ",") == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"
    assert figure(1234.5, ",.2f") == "1\N{NO-BREAK SPACE}234,50"
    assert _("{n:,} of {x:.1f}, {name}", n=1000, x=0.5, name="1,5.x") == (
        "1\N{NO-BREAK SPACE}000 of 0,5, 1,5.x"
    )


def test_a_moment_is_written_as_the_message_says() -> None:
    at = datetime(2026, 12, 1, 5, 4, tzinfo=UTC)
    assert _("since {at:%Y-%m-%d %H:%M}", at=at) == "since 2026-12-01 05:04"


def test_other_translations_may_be_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loud(NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper()

    monkeypatch.setattr(language, "_translations", None)
    speak(Loud())
    assert _("wait") == "WAIT"


def test_the_way_back_leads_to_every_message(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue, compiled = Catalog(locale="ru"), BytesIO()
    catalogue.add("Close", "Закрыть")
    catalogue.add("Shut", "Закрыть", context="door")
    catalogue.add(("{n} row", "{n} rows"), ("{n} строка", "{n} строки", "{n} строк"))
    write_mo(compiled, catalogue)
    compiled.seek(0)
    monkeypatch.setattr(language, "_translations", None)
    speak(GNUTranslations(compiled))
    assert sorted(originals("Закрыть")) == ["Close", "Shut"]
    assert originals("{n} строка") == ["{n} row"]
    assert not originals("Close")
    speak(NullTranslations())
    assert not originals("Закрыть")
