"""Catalogues are compiled as they are, and one that would mislead anybody is refused."""

import gettext
from pathlib import Path

import pytest

from distribution.catalogues import BrokenCatalogue, compile_all

HEAD = """msgid ""
msgstr ""
"Language: ru\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
"(n%100<10 || n%100>=20) ? 1 : 2);\\n"

"""


def catalogue(root: Path, entries: str) -> Path:
    """Write a Russian catalogue into a tree, and return where its compiled form will be."""
    source = root / "leadboard/locale/ru/LC_MESSAGES/leadboard.po"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(HEAD + entries, encoding="utf-8")
    return source.with_suffix(".mo")


def test_what_is_compiled_speaks(tmp_path: Path) -> None:
    target = catalogue(
        tmp_path,
        'msgid "Saved {name}."\nmsgstr "Сохранено: {name}."\n\n'
        'msgctxt "key"\nmsgid "Home"\nmsgstr "В начало"\n\n'
        'msgid "One appeal."\nmsgid_plural "{n} appeals."\n'
        'msgstr[0] "{n} обращение."\nmsgstr[1] "{n} обращения."\nmsgstr[2] "{n} обращений."\n\n'
        'msgid "Not yet."\nmsgstr ""\n',
    )
    assert compile_all(tmp_path) == [target]
    with target.open("rb") as file:
        russian = gettext.GNUTranslations(file)
    assert russian.gettext("Saved {name}.") == "Сохранено: {name}."
    assert russian.pgettext("key", "Home") == "В начало"
    assert russian.gettext("Home") == "Home"
    forms = [russian.ngettext("One appeal.", "{n} appeals.", number) for number in (1, 2, 5, 21)]
    assert [form.split()[1] for form in forms] == [
        *("обращение.", "обращения.", "обращений.", "обращение.")
    ]
    assert russian.gettext("Not yet.") == "Not yet."
    assert [each.name for each in target.parent.iterdir() if each.suffix != ".po"] == [target.name]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ('#, fuzzy\nmsgid "Saved."\nmsgstr "Удалено."\n', ":9: this translation is fuzzy"),
        (
            'msgid "Saved {name}."\nmsgstr "Сохранено: {nmae}."\n',
            ":8: the translation names {nmae}",
        ),
        ('msgid "Saved."\nmsgstr "{}"\n', ":8: the translation names {}"),
        ('msgid "One."\nmsgid_plural "{n}."\nmsgstr[0] "{n} раз."\n', ":8: only some"),
        ("msgid Saved.\n", "on 7"),
    ],
)
def test_a_fault_is_told_with_its_line_and_nothing_is_compiled(
    entries: str, fault: str, tmp_path: Path
) -> None:
    target = catalogue(tmp_path, entries)
    target.write_bytes(b"as it was")
    with pytest.raises(BrokenCatalogue) as refused:
        compile_all(tmp_path)
    assert str(refused.value).startswith("leadboard/locale/ru/LC_MESSAGES/leadboard.po:")
    assert fault in str(refused.value)
    assert target.read_bytes() == b"as it was"


def test_braces_that_are_not_names_are_no_fault(tmp_path: Path) -> None:
    catalogue(tmp_path, 'msgid "In JSON: {\\"a\\": {"\nmsgstr "В JSON: {\\"a\\": {"\n')
    assert len(compile_all(tmp_path)) == 1
