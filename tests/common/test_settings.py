"""The settings: what each line of the file does, and that a bad one spoils nothing else."""

import os
import stat
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from leadboard.common.errors import Refused
from leadboard.common.settings import DEFAULTS, Settings, Thresholds, read, remember_theme
from leadboard.common.settings_file import LARGEST, path


def minutes(amber: float, red: float) -> Thresholds:
    return timedelta(minutes=amber), timedelta(minutes=red)


@pytest.fixture
def file() -> Path:
    """Return where the file of this test is, in a folder that exists."""
    path().parent.mkdir(parents=True)
    return path()


def read_from(file: Path, text: str | bytes) -> Settings:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read()


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert path().is_relative_to(tmp_path)
    assert read() == DEFAULTS
    assert Settings(bell=True, waiting=minutes(5, 15)) == DEFAULTS


def test_the_environment_may_name_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADBOARD_CONFIG", str(tmp_path / "mine.toml"))
    assert read_from(tmp_path / "mine.toml", "bell = false").bell is False
    assert read_from(tmp_path / "mine.toml", "bel = false").faults == (
        "mine.toml: bel is no setting.",
    )


def test_each_line_is_read(file: Path) -> None:
    found = read_from(
        file,
        """
        theme = "nord"
        bell = false
        language = "ru"
        database = "~/sales.db"
        actor = " Анна "
        [waiting]
        amber = "45s"
        red = "1h30m"
        [waiting.sources."Ёлка 1"]
        amber = "1m"
        [waiting.sources.vk]
        red = "2h"
        [keys]
        "appeals.close" = "x"
        desk.quit = "f10"
        """,
    )
    assert found == Settings(
        theme="nord",
        bell=False,
        language="ru",
        database="~/sales.db",
        actor="Анна",
        waiting=minutes(0.75, 90),
        sources={"Ёлка 1": minutes(1, 90), "vk": minutes(0.75, 120)},
        keys={"appeals.close": "x", "desk.quit": "f10"},
        given=found.given,
    )
    assert found.given == {
        *("theme", "bell", "language", "database", "actor", "waiting.amber", "waiting.red"),
        *('waiting.sources."Ёлка 1".amber', "waiting.sources.vk.red"),
        *('keys."appeals.close"', 'keys."desk.quit"'),
    }


def test_a_source_has_its_own_thresholds_by_any_spelling_of_its_name(file: Path) -> None:
    found = read_from(file, '[waiting.sources."Ёлка"]\namber = "1m"\nred = "2m"')
    assert found.thresholds("ЕЛКА") == minutes(1, 2)
    assert found.thresholds("vk") == minutes(5, 15)
    assert DEFAULTS.thresholds("vk") == minutes(5, 15)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colour = 1", "colour is no setting."),
        ('"a b\\u001b" = 1', '"a b\\u001b" is no setting.'),
        ("theme = 5", "theme must be a line of text in quotes."),
        ('theme = "a\\u001bb"', "theme must be a line of text in quotes."),
        ('bell = "yes"', "bell must be true or false."),
        ('language = "de"', 'language must be "en" or "ru".'),
        ("database = true", "database must be a line of text in quotes."),
        ('database = "a\\u0000"', "database must be a line of text in quotes."),
        ('actor = " "', "actor must be a name that acts can be recorded under."),
        ("actor = 5", "actor must be a name that acts can be recorded under."),
        ("waiting = 5", "waiting must be a table."),
        ("waiting.yellow = '5m'", "waiting.yellow is no setting."),
        ("waiting.amber = 5", 'waiting.amber must be a length of time such as "5m" or "1h30m".'),
        (
            "waiting.red = '5 miles'",
            'waiting.red must be a length of time such as "5m" or "1h30m".',
        ),
        ("waiting.amber = '20m'", "waiting.amber (20m) must not exceed red (15m)."),
        ("waiting.sources = 5", "waiting.sources must be a table."),
        ("waiting.sources.vk = 5", "waiting.sources.vk must be a table."),
        (
            "waiting.sources.vk.red = '1m'",
            "waiting.sources.vk.amber (5m) must not exceed red (1m).",
        ),
        ("waiting.sources.vk.a = 1", "waiting.sources.vk.a is no setting."),
        (
            "[waiting.sources.vk]\n[waiting.sources.VK]",
            'waiting.sources.VK is the same source as "vk".',
        ),
        ("keys = []", "keys must be a table."),
        ("keys.a.b = 5", 'keys."a.b" must be a line of text in quotes.'),
        ("keys.a.b.c = 'x'", 'keys."a.b" must be a line of text in quotes.'),
    ],
)
def test_a_bad_line_is_one_sentence(file: Path, text: str, sentence: str) -> None:
    found = read_from(file, text)
    assert found.faults == (f"settings.toml: {sentence}",)
    assert found == Settings(faults=found.faults, sources=found.sources)
    assert set(found.sources.values()) <= {DEFAULTS.waiting}


def test_bad_lines_change_nothing_else(file: Path) -> None:
    found = read_from(
        file,
        """
        bel = true
        bell = false
        actor = 5
        theme = "nord"
        [waiting]
        amber = "1 mile"
        red = "10m"
        [waiting.sources.vk]
        amber = "11m"
        [waiting.sources.tg]
        amber = "2m"
        [keys]
        "desk.undo" = 5
        "desk.quit" = "f10"
        """,
    )
    assert [fault.split()[1] for fault in found.faults] == [
        *("bel", "actor", "waiting.amber", "waiting.sources.vk.amber", 'keys."desk.undo"'),
    ]
    assert (found.bell, found.theme, found.actor) == (False, "nord", "")
    assert found.waiting == minutes(5, 10)
    assert found.sources == {"vk": minutes(5, 10), "tg": minutes(2, 10)}
    assert found.keys == {"desk.quit": "f10"}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"bell = false\ntheme =\n", "Invalid value (at line 2, column 8)."),
        (b"bell = false\nbell = true\n", "(at line 2, column 12)."),
        (b"bell = false\n[", "(at end of document)."),
        (b"a = " + b"[" * 20_000, "nested too deep."),
        (b"a = " + b"1" * 5_000, "4300 digits"),
        (b"\xff\xfe", "is not UTF-8 text, so the defaults hold."),
        (b"#" * (LARGEST + 1), "has more than 65,536 bytes, so the defaults hold."),
        (b"null\n", "(at line 1, column 5)."),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(file: Path, content: bytes, part: str) -> None:
    found = read_from(file, content)
    (fault,) = found.faults
    assert fault.startswith("settings.toml ")
    assert "the defaults hold" in fault
    assert part in fault
    assert "\n" not in fault
    assert found == Settings(faults=found.faults)


def test_what_is_no_file_is_one_sentence(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(file)
    assert read().faults == ("settings.toml is not a file, so the defaults hold.",)
    monkeypatch.setenv("LEADBOARD_CONFIG", str(file.parent))
    assert read().faults == ("leadboard is not a file, so the defaults hold.",)
    file.unlink()
    file.symlink_to(file)
    monkeypatch.setenv("LEADBOARD_CONFIG", str(file))
    (fault,) = read().faults
    assert fault.startswith("settings.toml cannot be read, so the defaults hold: Too many levels")


def test_an_empty_file_and_a_byte_order_mark_are_no_mistakes(file: Path) -> None:
    assert read_from(file, "") == DEFAULTS
    assert read_from(file, "\ufefftheme = 'nord'").theme == "nord"


# Writing.


MINE = """\
# My settings.
bell = false      # at night

[waiting]   # as agreed
amber = '5m'
red = "15m"
"""


def test_the_theme_is_the_only_line_that_changes(file: Path) -> None:
    file.write_text(MINE)
    remember_theme("nord")
    assert file.read_text() == MINE.replace("at night\n", 'at night\ntheme = "nord"\n')
    file.write_text('theme="a" # mine\n' + MINE)
    remember_theme("b")
    assert file.read_text() == 'theme="b" # mine\n' + MINE


def test_line_ends_and_a_byte_order_mark_stay(file: Path) -> None:
    file.write_bytes('\ufefftheme = "a"\r\nbell = true\r\n'.encode())
    remember_theme("b")
    assert file.read_bytes() == '\ufefftheme = "b"\r\nbell = true\r\n'.encode()


def test_the_first_theme_makes_a_private_file_in_a_private_folder() -> None:
    remember_theme("nord")
    file = path()
    assert file.read_text() == 'theme = "nord"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_rights_and_links_stay(file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(MINE)
    real.chmod(0o640)
    file.symlink_to(real)
    remember_theme("nord")
    assert file.is_symlink()
    assert tomllib.loads(real.read_text())["theme"] == "nord"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "content", [b"theme = \n# mine", b"\xff", b"[theme]\na = 1", b"#" * (LARGEST + 1)]
)
def test_a_file_that_is_not_understood_is_not_written_over(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Refused):
        remember_theme("nord")
    assert file.read_bytes() == content
    assert list(file.parent.iterdir()) == [file]


def test_nothing_is_left_behind_where_the_file_cannot_be_replaced(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no")

    file.write_text(MINE)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="no"):
        remember_theme("nord")
    assert file.read_text() == MINE
    assert list(file.parent.iterdir()) == [file]
