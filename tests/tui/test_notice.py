"""The notice line: a sentence with its time, until it fades; the log keeps it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.screen import LARGE, SMALL, USUAL, open_desk
from tui.notices import MOST, Log, with_told

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def told(*sentences: str, is_bad: bool = False) -> Log:
    log: Log = ()
    for minute, sentence in enumerate(sentences):
        log = with_told(log, sentence, NOON + timedelta(minutes=minute), is_bad=is_bad)
    return log


def test_the_log_has_the_newest_first_and_counts_repeats() -> None:
    log = told("one", "two", "two", "one")
    assert [(each.sentence, each.times) for each in log] == [("one", 1), ("two", 2), ("one", 1)]
    assert [each.at.minute for each in log] == [3, 2, 0]
    assert len({each.id for each in log}) == 3


def test_the_same_words_in_another_tone_are_no_repeat() -> None:
    log = with_told(told("one"), "one", NOON, is_bad=True)
    assert [(each.is_bad, each.times) for each in log] == [(True, 1), (False, 1)]


def test_the_log_keeps_a_bounded_number_and_no_id_twice() -> None:
    log = told(*map(str, range(MOST + 50)))
    assert len(log) == len({each.id for each in log}) == MOST
    assert (log[0].sentence, log[-1].sentence) == (str(MOST + 49), "50")


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
async def test_a_sentence_has_its_time_in_front_and_fades(
    file: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("1", "plus")
        assert re.search(r"^ \d\d:\d\d Anna: limit 1 → 2", desk.text, re.MULTILINE)
        monkeypatch.setattr("tui.screen.footer.FADES", 0.05)
        await desk.press("plus")
        await desk.until(lambda: "limit 2 → 3" not in desk.text)
        assert [each.sentence for each in desk.app.desk_screen.notices] == [
            "Anna: limit 2 → 3",
            "Anna: limit 1 → 2; 1 waiting handed out",
        ]


async def test_a_term_that_is_still_typed_is_said_and_not_kept(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "slash", *"older:x")
        assert "older:x is no" in desk.text
        await desk.press("backspace", "5", "m")
        assert "is no" not in desk.text
        assert desk.app.desk_screen.notices == ()


async def test_what_strangers_wrote_is_kept_without_what_a_terminal_obeys(file: Path) -> None:
    async with open_desk(file) as desk:
        desk.app.desk_screen.say("[b]\x1b]0;x\x07[/]")
        await desk.settle()
        assert "[b]␛]0;x␇[/]" in desk.text
        assert desk.app.desk_screen.notices[0].sentence == "[b]␛]0;x␇[/]"
